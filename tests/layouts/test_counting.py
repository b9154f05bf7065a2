"""Each request counts once, for as many as it stands for, at a time that can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clawpipe_tui.config import Config
from clawpipe_tui.session import LogSession
from tests.tiny_log import START, TinyLog, counted

ROWS = 60
REPEATED = "rows left out: their request id is counted already, in this file or in one near it"


@pytest.fixture
def log(tmp_path: Path) -> TinyLog:
    """An empty log."""
    return TinyLog(tmp_path)


def rows(**columns: Sequence[object]) -> dict[str, Sequence[object]]:
    """Sixty requests a second apart, with these columns beside the usual ones."""
    return {
        "served_at": [START + timedelta(seconds=place) for place in range(ROWS)],
        "version": ["v1"] * ROWS,
        "outcome": ["ok"] * 50 + ["error"] * 10,
        "latency_ms": [20.0] * ROWS,
        "client": ["web"] * ROWS,
        "amount": [float(place) for place in range(ROWS)],
        "country": ["DE", "FR"] * 30,
        **columns,
    }


def test_every_count_is_weighed_by_the_inverse_of_the_sampling_fraction(log: TinyLog) -> None:
    """Requests, outcomes, latencies, clients, and the values of every column."""
    log.write("a.parquet", rows(sampling_fraction=[0.25] * 30 + [0.5] * 30))
    seen = log.read()
    assert seen.requests == {("v1", "ok"): 4 * 30 + 2 * 20, ("v1", "error"): 2 * 10}
    assert seen.latencies == 180
    assert seen.clients == {"web": 180}
    for column in ("amount", "country"):
        assert sum(n for (name, _), n in seen.bins.items() if name == column) == 180


@pytest.mark.parametrize("fraction", [None, 0.0, -1.0, 7.0, float("nan")])
def test_a_sampling_fraction_that_is_no_share_weighs_nothing(log: TinyLog, fraction: float | None) -> None:
    """A row then stands for itself."""
    log.write("a.parquet", rows(sampling_fraction=[1.0] * 30 + [fraction] * 30))
    assert sum(log.read().requests.values()) == ROWS


def test_a_request_that_a_file_holds_twice_counts_once_and_is_reported(log: TinyLog) -> None:
    """Rows without an id are all counted."""
    ids = [f"r{place % 50}" for place in range(ROWS - 5)] + [None] * 5
    log.write("a.parquet", rows(request_id=list(ids)))
    seen = log.read()
    assert sum(seen.requests.values()) == 55
    assert seen.files["a.parquet"] == ("read", f"5 {REPEATED}")
    assert sum(n for (name, _), n in seen.bins.items() if name == "amount") == 55


def test_a_shadow_that_answers_the_same_request_is_counted_beside_it(log: TinyLog) -> None:
    """Role and version belong to what makes a request."""
    ids = [f"r{place // 2}" for place in range(ROWS)]
    log.write("a.parquet", rows(request_id=list(ids), role=["live", "shadow"] * 30))
    assert sum(log.read().requests.values()) == ROWS


def test_rows_far_ahead_of_the_wall_clock_are_left_out_and_reported(log: TinyLog) -> None:
    """An hour is a clock's business, a year is not."""
    now = datetime.now(UTC)
    times = [now + timedelta(hours=1)] * 55 + [now + timedelta(days=400)] * 5
    log.write("a.parquet", rows(served_at=times))
    with LogSessionOf(log) as session:
        seen = counted(session)
        assert sum(seen.requests.values()) == 55
        assert seen.files["a.parquet"][1] == "5 rows left out: their time is more than a day ahead of the clock"
        assert session._warehouse.last_at == times[0]


def test_with_a_clock_that_stands_nothing_is_ahead_of_it(log: TinyLog) -> None:
    """A post-mortem looks at what came after, too."""
    log.write("a.parquet", rows(served_at=[datetime(2199, 1, 1, tzinfo=UTC)] * ROWS))
    assert sum(log.read().requests.values()) == ROWS


class LogSessionOf:
    """A console on a log by the wall clock."""

    def __init__(self, log: TinyLog) -> None:
        self.session = LogSession(Config((f"{log.folder}/*.parquet",)), cache=log.cache)

    def __enter__(self) -> LogSession:
        self.session.read()
        return self.session

    def __exit__(self, *_: object) -> None:
        self.session.close()
