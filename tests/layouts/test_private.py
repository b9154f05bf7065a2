"""What is marked sensitive is counted, and stands nowhere: not on a screen, not in an answer, not in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clawpipe_tui.errors import LogError
from clawpipe_tui.session import LogSession
from tests.tiny_log import START, TinyLog, ask

SECRETS = ("Ada Lovelace", "Grace Hopper", "tenant-4711", "ada wrote this")


@pytest.fixture
def session(tmp_path: Path) -> LogSession:
    """A log with names of persons in four columns, all marked."""
    log = TinyLog(tmp_path)
    rows = 50
    columns: Mapping[str, Sequence[object]] = {
        "served_at": [START + timedelta(seconds=place) for place in range(2 * rows)],
        "person": [SECRETS[0]] * rows + [SECRETS[1]] * rows,
        "client": [SECRETS[2]] * 2 * rows,
        "outcome": ["error"] * 2 * rows,
        "error": [SECRETS[3]] * 2 * rows,
        "amount": [float(place) for place in range(2 * rows)],
    }
    log.write("a.parquet", columns)
    return LogSession(replace(log.config(), sensitive=("person", "client", "error")), cache=log.cache)


def test_a_sensitive_text_is_nowhere_in_the_store(session: LogSession, tmp_path: Path) -> None:
    """Neither in the bins nor in the counts, compressed or not."""
    session.read()
    session.close()
    for path in tmp_path.joinpath("cache").rglob("*.parquet"):
        text = str(pq.read_table(path).to_pylist())
        assert not any(secret in text for secret in SECRETS), path


def test_a_sensitive_column_is_counted_and_compared_all_the_same(session: LogSession) -> None:
    """Two persons are two categories, one client is one."""
    session.read()
    categories = {row["category"] for row in ask(session, "histogram", column="person").records() if row["category"]}
    (client,) = {row["client"] for row in ask(session, "errors_by_client").records()}
    session.close()
    assert len(categories) == 2
    assert all(str(name).startswith("#") and len(str(name)) == 11 for name in (*categories, client))


def test_a_digest_cannot_be_guessed_without_the_stores_salt(session: LogSession, tmp_path: Path) -> None:
    """It is not the text's own, another store has another one, and the salt is its owner's alone."""
    session.read()
    first = {row["client"] for row in ask(session, "errors_by_client").records()}
    session.close()
    (salt,) = tmp_path.joinpath("cache").rglob("salt")
    assert salt.stat().st_mode & 0o777 == 0o600
    assert first != {"#" + hashlib.sha256(SECRETS[2].encode()).hexdigest()[:10]}
    other = LogSession(session.config, cache=tmp_path / "other")
    other.read()
    second = {row["client"] for row in ask(other, "errors_by_client").records()}
    other.close()
    again = LogSession(session.config, cache=tmp_path / "cache")
    assert {row["client"] for row in ask(again, "errors_by_client").records()} == first != second
    again.close()


def test_an_error_that_quotes_a_value_is_told_without_it(tmp_path: Path) -> None:
    """A number was expected where a name stands: the Files list says so, and not the name."""
    log = TinyLog(tmp_path, columns={"latency_ms": "cast(person as integer)"})
    log.write("a.parquet", {"served_at": [START], "person": [SECRETS[0]]})
    session = LogSession(replace(log.config(), sensitive=("person",)), cache=log.cache)
    with pytest.raises(LogError) as told:
        session.read()
    (row,) = ask(session, "files").records()
    session.close()
    assert row["state"] == "corrupt"
    assert not any(word in f"{told.value} {row['reason']}" for word in SECRETS[0].split())
