"""Verdicts about versions, and what the window could have shown where nothing was shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.parquet as pq
import pytest
from test_drift import between, last_hour
from tiny_log import START, Columns, TinyLog, ask

from clawpipe_tui.session import LogSession
from clawpipe_tui.statistics.restarted import restarted_p
from clawpipe_tui.window import window_between

HOUR = timedelta(hours=1)


def served(rng: np.random.Generator, version: str, count: int, failing: float, at: datetime = START) -> Columns:
    """An hour of requests, evenly spread, of which some fail."""
    failed = rng.random(count) < failing
    return {
        "served_at": [at + k * HOUR / count for k in range(count)],
        "version": [version] * count,
        "role": ["canary" if version == "v2" else "live"] * count,
        "outcome": ["error" if one else "ok" for one in failed],
        "latency_ms": [float(x) for x in rng.lognormal(3, 0.3, count)],
    }  # fmt: skip


def test_the_sample_canary_is_worse_within_two_minutes_and_the_live_one_is_not(sample: LogSession) -> None:
    """In a window of an hour, two minutes after the incident began."""
    until = datetime(2026, 11, 7, 13, 11, tzinfo=UTC)
    rows = ask(sample, "health", **between(window_between(until - HOUR, until))).records()
    assert {row["version"]: row["verdict"] for row in rows} == {"v42": "not shown worse", "v43": "worse"}


def test_a_quiet_headline_says_what_it_could_have_seen(sample: LogSession) -> None:
    """Before the incident: not shown worse, and how much worse it would have had to be."""
    until = datetime(2026, 11, 7, 13, tzinfo=UTC)
    [row] = ask(sample, "headline", **between(window_between(until - HOUR, until))).records()
    assert row["verdict"] == "not shown worse"
    assert "could only see failures ≥ " in str(row["sentence"])
    [worse] = ask(sample, "headline", **last_hour(sample)).records()
    assert "could only see" not in str(worse["sentence"])


def test_fewer_requests_see_less(tmp_path: Path) -> None:
    """The smallest ratio that a window can show grows as its requests shrink, and never is below 1."""
    rng, seen = np.random.default_rng(1), list[float]()
    for count in (6_000, 600):
        log = TinyLog(tmp_path / str(count))
        log.write("a.parquet", served(rng, "v1", count, 0.02))
        log.write("b.parquet", served(rng, "v2", count, 0.02))
        with log.opened() as session:
            window = between(window_between(START, START + HOUR))
            rows = {row["version"]: row for row in ask(session, "health", **window).records()}
        assert rows["v2"]["verdict"] == "not shown worse"
        seen.append(cast("float", rows["v2"]["smallest_ratio_seen"]))
    assert 1 < seen[0] < seen[1]


def test_a_change_that_the_window_can_show_is_shown(tmp_path: Path) -> None:
    """Half again as large as the smallest ratio, the canary is worse."""
    log = TinyLog(tmp_path)
    rng = np.random.default_rng(2)
    log.write("a.parquet", served(rng, "v1", 3_000, 0.02))
    log.write("b.parquet", served(rng, "v2", 3_000, 0.08))
    with log.opened() as session:
        window = between(window_between(START, START + HOUR))
        rows = {row["version"]: row for row in ask(session, "health", **window).records()}
    assert cast("float", rows["v2"]["smallest_ratio_seen"]) < 4
    assert rows["v2"]["verdict"] == "worse"


def test_a_live_version_is_compared_with_its_own_past_under_a_stricter_rule(tmp_path: Path) -> None:
    """1 % to 1.4 % is within a day's rhythm, whatever its p-value; 1 % to 5 % is not."""
    for folder, failing, verdict in (("rhythm", 0.014, "not shown worse"), ("incident", 0.05, "worse")):
        log = TinyLog(tmp_path / folder)
        rng = np.random.default_rng(3)
        log.write("a.parquet", served(rng, "v1", 20_000, 0.01, START - HOUR))
        log.write("b.parquet", served(rng, "v1", 20_000, failing))
        with log.opened() as session:
            [row] = ask(session, "health", **between(window_between(START, START + HOUR))).records()
        assert [row["version"], row["reference"], row["verdict"]] == ["v1", "v1", verdict]


def test_forty_requests_cannot_tell(tmp_path: Path) -> None:
    """Not even when every one of them failed."""
    log = TinyLog(tmp_path)
    rng = np.random.default_rng(4)
    log.write("a.parquet", served(rng, "v1", 1_000, 0.01))
    log.write("b.parquet", served(rng, "v2", 40, 1.0))
    with log.opened() as session:
        window = between(window_between(START, START + HOUR))
        rows = {row["version"]: row for row in ask(session, "health", **window).records()}
    assert rows["v2"]["verdict"] == "cannot tell"


def test_the_screens_and_the_diff_ask_the_test_that_the_benchmark_measures(tmp_path: Path) -> None:
    """Their p is that of the raw rows counted by the minute; in a window that moved on, of the bets begun inside it."""
    log, rng = TinyLog(tmp_path), np.random.default_rng(5)
    for version, failing, at in (("v1", 0.02, START), ("v2", 0.05, START + HOUR / 12)):
        log.write(f"{version}.parquet", served(rng, version, 900, failing, at))
    for minutes in (0, 20):
        window = window_between(START + minutes * HOUR / 60, START + HOUR)
        bad_other, bad, share = slices(log, max(minutes, 5))
        expected = restarted_p(bad_other, bad, share, max(minutes, 5) - 5)
        with log.opened() as session:
            health = {row["version"]: row for row in ask(session, "health", **between(window)).records()}
            rows = ask(session, "version_diff", version="v1", other="v2", **between(window)).records()
        assert health["v2"]["failing_p"] == pytest.approx(expected)
        assert expected is not None
        verdict = "worse" if expected <= 0.04 else "not shown worse"
        failed = next(row for row in rows if row["measure"] == "failed_pct")
        assert [health["v2"]["verdict"], failed["verdict"]] == [verdict] * 2


def slices(log: TinyLog, first: int) -> tuple[list[float], list[float], list[float]]:
    """Failures of v1 and of v2 and v2's share of the requests, in each minute from this one to the hour's end."""
    counts = np.zeros((2, 2, 60))
    for row in pq.read_table(log.folder, columns=["served_at", "version", "outcome"]).to_pylist():
        minute = int((row["served_at"] - START) / (HOUR / 60))
        if first <= minute < 60:
            counts[int(row["version"] == "v2"), int(row["outcome"] != "ok"), minute] += 1
    (ok_other, bad_other), (ok, bad) = counts[:, :, first:]
    return [*bad_other], [*bad], [*((ok + bad) / (ok + bad + ok_other + bad_other))]
