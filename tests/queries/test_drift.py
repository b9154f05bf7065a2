"""What the drift queries answer: the sample log's story, every baseline, one-sided categories, small windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq
import pytest
from tiny_log import START, Columns, TinyLog, ask, write

from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.window import Window, window_between

INCIDENT = datetime(2026, 11, 7, 13, 8, tzinfo=UTC)
NAMES = ("a", "b", "c")


def between(window: Window) -> dict[str, Value]:
    """A window as a query's values."""
    return {"since": window.since, "until": window.until, "step": window.step}


def last_hour(session: LogSession) -> dict[str, Value]:
    """The window of the sample log's README."""
    assert session.now() > INCIDENT
    return between(window_between(datetime(2026, 11, 7, 13, tzinfo=UTC), datetime(2026, 11, 7, 14, tzinfo=UTC)))


def rows_of(categories: Sequence[str], at: datetime, version: str = "v1") -> Columns:
    """A request a second, each with its category."""
    count = len(categories)
    return {
        "served_at": [at + timedelta(seconds=k) for k in range(count)],
        "version": [version] * count, "outcome": ["ok"] * count, "place": list(categories),
    }  # fmt: skip


def tiny(folder: Path, *parts: Columns, categorical: str = "place") -> TinyLog:
    """A log of these parts; where none is given as a baseline, the oldest file is it."""
    log = TinyLog(folder)
    assert categorical in parts[0]
    for number, part in enumerate(parts):
        log.write(f"part-{number}.parquet", part)
    return log


def test_the_sample_log_drifted_in_two_columns_and_a_category_since_the_incident(sample: LogSession) -> None:
    """Nothing else, and each with what makes it believable."""
    rows = ask(sample, "drift", **last_hour(sample)).records()
    drifted = {row["column"]: row for row in rows if row["verdict"] == "drifted"}
    assert set(drifted) == {"temperature_f", "wind_speed_mph", "carrier"}
    assert {row["since_at"] for row in drifted.values()} == {INCIDENT}
    assert {row["severity"] for row in drifted.values()} == {"large"}
    carrier = drifted["carrier"]
    assert [carrier["unseen"], carrier["linf_category"]] == ["ZZ 10 %", "ZZ"]
    assert carrier["unseen_since_at"] == INCIDENT
    assert all(cast("float", row["smallest_psi_seen"]) < 0.12 for row in rows)


def test_what_moved_first_puts_inputs_failures_and_latency_on_one_axis(sample: LogSession) -> None:
    """All at 13:08: the cause is upstream."""
    rows = ask(sample, "what_moved_first", **last_hour(sample)).records()
    assert {row["what"] for row in rows} == {
        "temperature_f", "wind_speed_mph", "carrier", "failures of v43", "latency of v43",
    }  # fmt: skip
    assert {row["since_at"] for row in rows} == {INCIDENT}


def test_the_statistic_over_time_crosses_its_noise_at_the_incident(sample: LogSession) -> None:
    """Inside its noise before 13:08, far outside afterwards."""
    rows = ask(sample, "drift_over_time", column="temperature_f", **last_hour(sample)).records()
    outside = [row["step_at"] for row in rows if cast("float", row["psi"]) > cast("float", row["noise"])]
    assert min(cast("list[datetime]", outside)) == INCIDENT
    assert len(rows) == 60


@pytest.mark.parametrize("baseline", ["previous window", "version v42"])
def test_other_baselines_answer_from_the_log_itself(sample: LogSession, baseline: str) -> None:
    """The hour before the incident shows it; v42 beside v43 does not, because both have it."""
    rows = ask(sample, "drift", baseline=baseline, **last_hour(sample)).records()
    drifted = {row["column"] for row in rows if row["verdict"] == "drifted"}
    assert drifted == ({"temperature_f", "wind_speed_mph", "carrier"} if baseline == "previous window" else set())
    assert all(row["psi"] is not None for row in rows)


@pytest.mark.parametrize("baseline", ["same hour yesterday", "same hour last week", "version v99", "nonsense"])
def test_a_baseline_without_rows_cannot_tell(sample: LogSession, baseline: str) -> None:
    """Never green."""
    rows = ask(sample, "drift", baseline=baseline, **last_hour(sample)).records()
    assert {row["verdict"] for row in rows} == {"cannot tell"}


@pytest.mark.parametrize(("baseline", "back"), [("same hour yesterday", 1), ("same hour last week", 7)])
def test_the_same_hour_of_another_day_is_compared(tmp_path: Path, baseline: str, back: int) -> None:
    """A category that was there then and is gone now is named, and when it was last seen."""
    then = START - timedelta(days=back)
    log = tiny(tmp_path, rows_of(["a", "b", "c"] * 200, then), rows_of(["a", "b"] * 300, START))
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(minutes=15)))
        [row] = [
            row for row in ask(session, "drift", baseline=baseline, **window).records() if row["column"] == "place"
        ]
    assert [row["verdict"], row["vanished"], row["unseen"]] == ["drifted", "c (was 33 %)", ""]
    assert row["vanished_since_at"] == then + timedelta(minutes=9)


@pytest.mark.parametrize(("strays", "verdict"), [(1, "inside noise"), (100, "drifted")])
def test_a_new_category_needs_more_than_a_stray_row(tmp_path: Path, strays: int, verdict: str) -> None:
    """1.25 % of new rows are drift although the PSI is small; one of 8 000 is only named."""
    live = ["new"] * strays + ["a", "b"] * ((8_000 - strays) // 2)
    log = tiny(tmp_path, rows_of(["a", "b"] * 4_000, START - timedelta(hours=3)), rows_of(live, START))
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(hours=3)))
        row = ask(session, "drift", baseline="previous window", **window).records()[0]
    assert row["verdict"] == verdict
    assert str(row["unseen"]).startswith("new ")
    assert cast("float", row["psi"]) < 0.1


def test_a_window_of_forty_nine_rows_cannot_tell(tmp_path: Path) -> None:
    """However different they are."""
    log = tiny(tmp_path, rows_of(["a"] * 900, START - timedelta(minutes=30)), rows_of(["b"] * 49, START))
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(minutes=30)))
        row = ask(session, "drift", baseline="previous window", **window).records()[0]
    assert row["verdict"] == "cannot tell"


def test_a_large_shift_in_a_small_window_is_drift(tmp_path: Path) -> None:
    """Where the effect is far outside the noise, a hundred rows are enough."""
    log = tiny(tmp_path, rows_of(["a"] * 900, START - timedelta(minutes=30)), rows_of(["b"] * 100, START))
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(minutes=30)))
        row = ask(session, "drift", baseline="previous window", **window).records()[0]
    assert row["verdict"] == "drifted"
    assert cast("float", row["psi_critical"]) > 0.1


def test_the_limit_of_noise_tightens_with_the_number_of_columns(sample: LogSession) -> None:
    """Benjamini and Hochberg across thirteen columns: psi_critical is that of α times the columns found over all."""
    rows = ask(sample, "drift", alpha=0.05, psi_limit=9.0, **last_hour(sample)).records()
    over = [row for row in rows if cast("float", row["psi"]) > cast("float", row["psi_critical"])]
    found = [row for row in rows if cast("float", row["false_discovery"]) <= 0.05]
    assert [row["column"] for row in over] == [row["column"] for row in found]
    assert not [row for row in rows if math.isnan(cast("float", row["psi"]))]


def test_a_sampled_log_is_as_certain_as_its_rows(tmp_path: Path) -> None:
    """One row for a hundred requests: the shares are those of requests, the noise is that of rows."""
    parts = (rows_of(["a", "b"] * 300, START - timedelta(hours=1)), rows_of(["a", "a", "b"] * 100, START))
    for part in parts:
        part["sampling_fraction"] = [0.01] * len(part["place"])
    log = tiny(tmp_path, *parts)
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(hours=1)))
        row = ask(session, "drift", baseline="previous window", **window).records()[0]
        [health] = ask(session, "health", **window).records()
    assert [row["rows"], health["requests"]] == [300, 30_000]
    assert row["verdict"] == "cannot tell"


def day_and_night(folder: Path, changed_hours_ago: float) -> TinyLog:
    """Two days up to START + 1 h, a request every ten seconds, whose mean swings by 1 a day and then falls by 2."""
    rng = np.random.default_rng(1)
    hours = np.arange(-48, 1, 1 / 360)
    log = TinyLog(folder, baseline=str(folder / "baseline.parquet"))
    whole_day = np.sin(np.arange(8_640) * 2 * np.pi / 8_640)
    write(folder / "baseline.parquet", {"amount": [*map(float, rng.normal(whole_day, 1))]})
    mean = np.sin((hours + 6) * 2 * np.pi / 24) - 2.0 * (hours > 1 - changed_hours_ago)  # the last hour is a high one
    rows: Columns = {"served_at": [START + timedelta(hours=float(h)) for h in hours], "outcome": ["ok"] * len(hours)}
    log.write("a.parquet", rows | {"amount": [*map(float, rng.normal(mean, 1))]})
    return log


@pytest.mark.parametrize(
    ("changed_hours_ago", "verdict", "note"),
    [
        (0, "inside noise", "as yesterday at this time"),
        (1, "drifted", None),
        (13, "drifted", None),
        (29, "drifted", None),
    ],
)
def test_a_daily_rhythm_is_no_drift_and_hides_none(
    tmp_path: Path, changed_hours_ago: float, verdict: str, note: str | None
) -> None:
    """Against the training data: what is as yesterday is a rhythm, unless the whole day is unlike the training data."""
    with day_and_night(tmp_path, changed_hours_ago).opened() as session:
        [row] = ask(session, "drift", **between(window_between(START, START + timedelta(hours=1)))).records()
    assert cast("float", row["psi"]) > cast("float", row["psi_critical"])
    assert [row["verdict"], row["note"]] == [verdict, note]


def test_a_rhythm_without_a_yesterday_is_drift(tmp_path: Path) -> None:
    """Nobody could tell: the log began three hours ago."""
    log = day_and_night(tmp_path, 0)
    log.write("a.parquet", pq.read_table(log.folder / "a.parquet").slice(46 * 360))
    with log.opened() as session:
        [row] = ask(session, "drift", **between(window_between(START, START + timedelta(hours=1)))).records()
    assert [row["verdict"], row["note"]] == ["drifted", None]
