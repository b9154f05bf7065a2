"""What a column may hold can be declared; what is outside is counted by column and by client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clawpipe_tui.config import Config, DeclaredRange, load_config
from clawpipe_tui.errors import ConfigError
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from tests.tiny_log import START, TinyLog, ask, write

ROWS = 100


@pytest.fixture
def log(tmp_path: Path) -> TinyLog:
    """A log whose baseline has amounts from 0 to 99 and two countries."""
    amounts = [float(place) for place in range(ROWS)]
    baseline = write(tmp_path / "baseline.parquet", {"amount": amounts, "country": ["DE", "FR"] * (ROWS // 2)})
    return TinyLog(tmp_path, baseline=str(baseline))


def rows(**columns: Sequence[object]) -> dict[str, Sequence[object]]:
    """A hundred requests of two clients."""
    times = [START + timedelta(seconds=place) for place in range(ROWS)]
    return {"served_at": times, "client": ["shop"] * 80 + ["bank"] * 20, **columns}


def columns_of(config: Config, log: TinyLog) -> dict[str, dict[str, Value]]:
    """`data_columns` by column."""
    session = LogSession(config, cache=log.cache)
    session.read()
    found = {str(row["column"]): row for row in ask(session, "data_columns").records()}
    session.close()
    return found


def test_where_nothing_is_declared_the_baselines_range_is_meant_and_said(log: TinyLog) -> None:
    """A third of the values outside it is not accepted."""
    log.write("a.parquet", rows(amount=[5.0] * 66 + [-7.0] * 34, country=["DE"] * ROWS))
    found = columns_of(log.config(), log)
    amount = found["amount"]
    assert (amount["verdict"], amount["outside_pct"], amount["range"]) == ("not accepted", 34, "0 to 99, baseline")
    assert found["country"]["verdict"] == "accepted"


def test_a_declared_range_counts_instead_of_the_baselines(log: TinyLog) -> None:
    """Wider or narrower; its own ends are inside."""
    log.write("a.parquet", rows(amount=[-7.0] * 34 + [200.0] * 64 + [200.1] * 2, country=["DE"] * 90 + ["XX"] * 10))
    ranges = (DeclaredRange("amount", -7, 200), DeclaredRange("country", allowed=("DE", "XX")))
    found = columns_of(replace(log.config(), ranges=ranges), log)
    assert (found["amount"]["outside_pct"], found["amount"]["range"]) == (2, "-7 to 200, declared")
    assert (found["country"]["outside_pct"], found["country"]["range"]) == (0, "DE, XX, declared")


def test_a_few_rows_are_no_evidence(log: TinyLog) -> None:
    """Two of a hundred, where one is accepted."""
    log.write("a.parquet", rows(amount=[5.0] * 98 + [-7.0] * 2, country=["DE"] * ROWS))
    assert columns_of(log.config(), log)["amount"]["verdict"] == "cannot tell"


def test_the_accepted_rate_of_missing_values_can_be_declared(log: TinyLog) -> None:
    """A fifth may be missing; without a word a hundredth may."""
    log.write("a.parquet", rows(amount=[5.0] * 82 + [None] * 18, country=["DE"] * ROWS))
    assert columns_of(log.config(), log)["amount"]["verdict"] == "not accepted"
    declared = replace(log.config(), ranges=(DeclaredRange("amount", null_pct=20),))
    assert columns_of(declared, log)["amount"]["verdict"] == "accepted"


def test_who_breaks_a_declaration_is_told_by_client(log: TinyLog) -> None:
    """Counted with the weight of the rows, and the columns named."""
    amount = [5.0] * 80 + [500.0] * 20
    log.write("a.parquet", rows(amount=amount, country=["DE"] * ROWS, sampling_fraction=[0.5] * ROWS))
    config = replace(
        log.config(), ranges=(DeclaredRange("amount", high=100), DeclaredRange("country", allowed=("DE",)))
    )
    session = LogSession(config, cache=log.cache)
    session.read()
    found = {
        row["client"]: (row["violations"], row["violated"]) for row in ask(session, "rejected_by_client").records()
    }
    session.close()
    assert found == {"bank": (40, "amount"), "shop": (0, None)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("amuont = { min = 0 }", "watches no column 'amuont'"),
        ("amount = { mini = 0 }", "has no key 'mini'"),
        ("amount = { min = 'a' }", "min of 'amount' cannot be 'a'"),
        ("amount = { min = 9, max = 1 }", "is empty"),
        ("amount = 3", "must be a table"),
        ("amount = { allowed = [] }", "must be a list of values"),
        ("amount = { allowed = ['x'], min = 1 }", "both allowed values and min or max"),
        ("name = { allowed = ['Ada'] }", "is sensitive"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    """File, line, and what is meant."""
    path = tmp_path / "clawpipe.toml"
    head = (
        '[log]\nfiles = "*.parquet"\n[features]\nnumeric = ["amount"]\ncategorical = ["name"]\nsensitive = ["name"]\n'
    )
    path.write_text(f"{head}[features.ranges]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"line 8.*{words}"):
        load_config(path)
