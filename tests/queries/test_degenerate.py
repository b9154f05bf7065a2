"""Whatever lies in a log: no warning, no NaN, no division by zero, and nothing is green that has no rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from many_columns import make_log
from test_drift import between
from tiny_log import END, START, Columns, TinyLog, ask, random_rows

from clawpipe_tui.catalog import Query, load_catalog
from clawpipe_tui.result import Result, Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.window import window_between

CATALOG = load_catalog()
BASELINES = ("training", "previous window", "same hour yesterday", "same hour last week", "version v2", "version none")


def one_row(outcome: str = "ok") -> Columns:
    """A log of a single request."""
    return {**{name: values[:1] for name, values in random_rows(1).items()}, "outcome": [outcome]}


def constant(count: int) -> Columns:
    """Every request like every other, at the same moment."""
    rows = random_rows(2, count)
    return {name: [values[0]] * count for name, values in rows.items()}


def without_features() -> Columns:
    """Only what a log must have."""
    return {"served_at": [START + timedelta(seconds=k) for k in range(70)]}


LOGS: dict[str, list[Columns]] = {
    "one row": [one_row()],
    "one failure": [one_row("error")],
    "constant": [constant(60)],
    "no features": [without_features()],
    "only failures": [{**random_rows(3, 200), "outcome": ["timeout"] * 200}],
    "no latency": [{**random_rows(4, 200), "latency_ms": [float("nan")] * 200}],
    "random": [random_rows(seed, 400) for seed in range(3)],
}


@pytest.fixture(scope="module", params=LOGS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """An open console on one of these logs."""
    log = TinyLog(tmp_path_factory.mktemp("odd"))
    for number, part in enumerate(LOGS[request.param]):
        log.write(f"{number}.parquet", part)
    with log.opened() as opened:
        yield opened


def cells(result: Result) -> Iterator[Value]:
    """Every number of an answer, those inside lists, too."""
    for row in result.rows:
        for value in row:
            yield from value if isinstance(value, list | tuple) else (value,)


def is_sound(result: Result) -> bool:
    """No NaN and no infinity anywhere."""
    return not any(isinstance(value, float) and not math.isfinite(value) for value in cells(result))


def limits_of(query: str) -> dict[str, Value]:
    """What a query wants to know that every console sets: limits, as numbers."""
    known = CATALOG[query]
    assert isinstance(known, Query)
    return {name: 0.05 for name in known.parameters if "limit" in name or name == "alpha"}


@pytest.mark.parametrize("query", sorted(CATALOG))
def test_every_query_answers_every_odd_log(session: LogSession, query: str) -> None:
    """Over the hours of the log, over a minute of it, and over hours without a row; picked and not."""
    windows = (
        window_between(START - timedelta(hours=1), END),
        window_between(START, START + timedelta(minutes=1)),
        window_between(START - timedelta(days=9), START - timedelta(days=8)),
    )
    for window in windows:
        for picks in ({}, {"version": "v1", "other": "v2", "column": "amount", "client": "web"}):
            assert is_sound(ask(session, query, **limits_of(query), **between(window), **picks))


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("query", ["drift", "headline", "histogram", "drift_over_time", "what_moved_first"])
def test_every_baseline_answers_every_odd_log(session: LogSession, query: str, baseline: str) -> None:
    """Also where nothing was served then."""
    assert is_sound(ask(session, query, baseline=baseline, column="country"))


def test_an_empty_window_cannot_tell(session: LogSession) -> None:
    """No data is never green."""
    window = window_between(START - timedelta(days=9), START - timedelta(days=8))
    verdicts = {row["verdict"] for row in ask(session, "drift", **between(window)).records()}
    assert verdicts <= {"cannot tell"}
    assert ask(session, "health", **between(window)).rows == ()
    assert {row["verdict"] for row in ask(session, "headline", **between(window)).records()} <= {"cannot tell"}


@pytest.mark.parametrize(("rows", "baseline_rows"), [(2, 2), (1, 500), (500, 1)])
def test_every_odd_column_has_a_sound_answer(tmp_path: Path, rows: int, baseline_rows: int) -> None:
    """Fifty columns of heavy tails, ties, constants, NULL, NaN and infinity, with hardly any rows."""
    log = make_log(tmp_path, seed=5, rows=rows, baseline_rows=baseline_rows)
    with log.tiny.opened() as opened:
        found = ask(opened, "drift")
    assert is_sound(found)
    assert {row["verdict"] for row in found.records()} == {"cannot tell"}
