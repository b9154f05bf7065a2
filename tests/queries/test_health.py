"""Verdicts about versions, and what the window could have shown where nothing was shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
from test_drift import between, last_hour
from tiny_log import START, Columns, TinyLog, ask

from clawpipe_tui.session import LogSession
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
