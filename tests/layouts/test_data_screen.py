"""What the Data screen says: columns beside the baseline, schema changes, bad files, refusals, freshness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest

from clawpipe_tui.catalog import query_folders, shipped
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.spec import BrokenScreen
from clawpipe_tui.spec.reading import load_screens
from tests.tiny_log import START, TinyLog, write

ROWS = 100
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def log(tmp_path: Path) -> TinyLog:
    """A log whose baseline has no fault but for 2 % missing amounts."""
    clean = [float(place) for place in range(98)]
    baseline = write(tmp_path / "baseline.parquet", {"amount": [*clean, None, None], "country": ["DE", "FR"] * 50})
    return TinyLog(tmp_path, baseline=str(baseline))


def rows(hour: int = 0, **columns: Sequence[object]) -> dict[str, Sequence[object]]:
    """A hundred requests, a second apart."""
    times = [START + timedelta(hours=hour, seconds=place) for place in range(ROWS)]
    return {"served_at": times, **columns}


def asked(session: LogSession, query: str) -> list[dict[str, Value]]:
    """A query over four hours."""
    values: dict[str, Value] = dict.fromkeys(("model", "version", "other", "column", "client"))
    window: dict[str, Value] = {
        "since": START,
        "until": START + timedelta(hours=4),
        "now": START + timedelta(hours=4),
        "step": cast("Value", timedelta(minutes=1)),
    }
    return session.ask(query, {**values, **window, "baseline": "training"}).records()


def test_each_fault_of_a_column_has_its_rate_beside_the_baselines(log: TinyLog) -> None:
    """Missing, no number, infinite, outside; the verdict is against the accepted rate on top of the baseline's."""
    amount = [None] * 4 + [NAN] * 3 + [INF] * 2 + [1e9] + [5.0] * 90
    country = ["DE"] * 98 + ["ZZ", ""]
    log.write("a.parquet", rows(amount=amount, country=country))
    with log.opened() as session:
        first, second = asked(session, "data_columns")
    assert (first["column"], first["verdict"]) == ("amount", "not accepted")
    names = ("null_pct", "nan_pct", "inf_pct", "outside_pct", "invalid_pct", "baseline_invalid_pct")
    assert [first[name] for name in names] == pytest.approx([4, 3, 2, 1, 9, 2])
    assert [second[name] for name in ("unseen_pct", "empty_pct", "invalid_pct")] == pytest.approx([1, 1, 2])


def test_a_column_that_comes_goes_or_changes_its_type_is_an_event(log: TinyLog) -> None:
    """In the order of the rows, each with the file that brought it; the numbers stay right."""
    log.write("a.parquet", rows(0, amount=[1.0] * ROWS, old=[1] * ROWS))
    log.write("b.parquet", pa.table({**rows(1), "amount": pa.array([1] * ROWS, pa.int32()), "new": ["x"] * ROWS}))
    log.write("c.parquet", rows(2, amount=["1.0"] * ROWS, new=["x"] * ROWS))
    with log.opened() as session:
        found = {(row["column"], row["change"]) for row in asked(session, "schema_changes")}
        (row,) = (row for row in asked(session, "data_columns") if row["column"] == "amount")
    assert found == {
        ("old", "went, was int64"), ("new", "came as string"), ("amount", "double became int32"),
        ("amount", "int32 became string"),
    }  # fmt: skip
    assert (row["rows"], row["invalid_pct"]) == (3 * ROWS, 0)


def test_two_writers_that_take_turns_are_one_event_each_way(log: TinyLog) -> None:
    """A rolling deployment must not fill the screen."""
    for hour in range(4):
        log.write(f"{hour}.parquet", rows(hour, amount=[1.0] * ROWS, **({"new": [1] * ROWS} if hour % 2 else {})))
    with log.opened() as session:
        changes = asked(session, "schema_changes")
    assert {(row["change"], row["times"]) for row in changes} == {("came as int64", 2), ("went, was int64", 1)}


@pytest.mark.parametrize("name", ['a "quoted" one', "two words", "🙂", "x; drop table files; --", "a/b~c", "' or 1=1"])
def test_a_column_may_have_any_name(log: TinyLog, name: str) -> None:
    """Counted, compared, and an event when it comes."""
    log.write("a.parquet", rows(0, amount=[1.0] * ROWS))
    log.write("b.parquet", rows(1, amount=[1.0] * ROWS, **{name: [1.0] * ROWS}))
    with log.opened() as session:
        assert [row["column"] for row in asked(session, "schema_changes")] == [name]
        assert [row["requests"] for row in asked(session, "health")] == [2 * ROWS]


def test_what_changed_is_an_event_with_its_time(log: TinyLog) -> None:
    """A version and a column that came, for the time axes; what was there from the beginning is none."""
    log.write("a.parquet", rows(0, amount=[1.0] * ROWS, version=["v1"] * ROWS))
    log.write("b.parquet", rows(1, amount=[1] * ROWS, version=["v2"] * ROWS))
    with log.opened() as session:
        found = asked(session, "events")
    assert [(row["kind"], row["mark"], row["text"]) for row in found] == [
        ("schema", "S", "amount double became int64"), ("version", "V", "v2 first seen (live)"),
    ]  # fmt: skip
    assert {row["since_at"] for row in found} == {START + timedelta(hours=1)}


def test_a_window_without_rows_has_no_histogram(log: TinyLog) -> None:
    """Not one with bars of 0 %."""
    log.write("a.parquet", rows(8, amount=[1.0] * ROWS, country=["DE"] * ROWS))
    values: dict[str, Value] = {"since": START, "until": START + timedelta(hours=4), "column": "amount"}
    with log.opened() as session:
        assert session.ask("histogram", values).rows == ()


def test_files_that_cannot_be_read_are_listed_with_reason_and_age(log: TinyLog) -> None:
    """Whole files with nothing to say of them are not."""
    log.write("a.parquet", rows(amount=[1.0] * ROWS))
    (log.folder / "b.parquet").write_bytes(b"hello")
    with log.opened() as session:
        (bad,) = asked(session, "bad_files")
    assert (bad["state"], bad["reason"]) == ("corrupt", "not a Parquet file: its first bytes are not PAR1")
    assert bad["age_s"] is not None


def test_refused_requests_are_counted_by_client(log: TinyLog) -> None:
    """Malformed, unauthorised, limited."""
    outcome = ["rejected"] * 10 + ["limited"] * 5 + ["ok"] * 85
    log.write("a.parquet", rows(outcome=outcome, client=["shop"] * ROWS, amount=[1.0] * ROWS))
    with log.opened() as session:
        (row,) = asked(session, "rejected_by_client")
    assert [row[name] for name in ("rejected_pct", "limited_pct", "unauthorised_pct")] == [10, 5, 0]


def test_freshness_tells_lag_sampling_and_bad_files(log: TinyLog) -> None:
    """Four hours behind, a quarter logged, one file torn."""
    log.write("a.parquet", rows(amount=[1.0] * ROWS, sampling_fraction=[0.25] * ROWS))
    whole = (log.folder / "a.parquet").read_bytes()
    (log.folder / "b.parquet").write_bytes(whole[:-9])
    with log.opened() as session:
        (row,) = asked(session, "freshness")
    assert (row["requests"], row["logged"], row["logged_pct"], row["bad_files"]) == (4 * ROWS, ROWS, 25, 1)
    assert row["last_at"] == datetime(2026, 11, 7, 12, 1, 39, tzinfo=UTC)
    assert row["lag_s"] == pytest.approx(4 * 3600 - 99)


def test_the_data_screen_is_whole() -> None:
    """Its grids and its queries."""
    queries = {path.stem for folder in query_folders() for path in folder.glob("[!_]*.sql")}
    (screen,) = (screen for screen in load_screens((shipped("screens"),), queries) if screen.name == "data")
    assert not isinstance(screen, BrokenScreen)
    assert screen.key == "7"
