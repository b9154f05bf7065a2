"""What DuckDB is told about memory: what is gone goes back, and what is there stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from clawpipe_tui.rollups.source import connect, give_back

LIMIT = "select current_setting('memory_limit')"


def test_giving_memory_back_changes_neither_the_limit_nor_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often: the limit must not creep. Nothing is written beside the user's files."""
    monkeypatch.chdir(tmp_path)
    with connect() as connection:
        connection.execute("create table t as select range as n, 'name ' || range as name from range(300000)")
        before = connection.execute(LIMIT).fetchall()
        for _ in range(50):
            give_back(connection)
        assert connection.execute(LIMIT).fetchall() == before
        assert connection.execute("select sum(n)::bigint, max(name) from t").fetchall() == [(44999850000, "name 99999")]
    assert not list(tmp_path.iterdir())


def test_questions_are_answered_while_memory_is_given_back() -> None:
    """A question on another connection must not find itself short of memory."""
    with connect() as connection, connection.cursor() as other:
        connection.execute("create table t as select range % 1000 as k, range as n from range(200000)")
        done = threading.Event()

        def give() -> None:
            while not done.is_set():
                give_back(connection)

        giving = threading.Thread(target=give)
        giving.start()
        try:
            for _ in range(30):
                assert len(other.execute("select k, sum(n) from t group by k order by k").fetchall()) == 1_000
        finally:
            done.set()
            giving.join()
