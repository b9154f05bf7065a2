"""The benchmark that proves the verdicts: its fast rules are the console's own, and it runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from clawpipe_tui.statistics.psi import psi, psi_noise
from clawpipe_tui.statistics.restarted import restarted_log_e

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Benchmarks are scripts that import each other by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield
    for name in ("bench_statistics", "peers", "raw_rows", "rules", "streams", "log"):
        sys.modules.pop(name, None)


def test_the_fast_drift_rule_is_that_of_the_console() -> None:
    """PSI and its critical value of a few windows, one by one."""
    rules = import_module("rules")

    rng = np.random.default_rng(1)
    baseline, live = rng.poisson(40, (3, 9)).astype(float), rng.poisson(12, (3, 5, 9)).astype(float)
    baseline[0, 0] = live[0, :, 0] = 0.0
    index, _, _ = rules.psi(baseline, live)
    alarms = rules.drifted(baseline, live, 0.02, 0.2)
    for day in range(3):
        for look in range(5):
            ours, noise = psi(baseline[day], live[day, look]), psi_noise(baseline[day], live[day, look], 0.2)
            assert ours is not None
            assert noise is not None
            assert index[day, look] == pytest.approx(ours)
            assert alarms[day, look] == (ours >= 0.02 and ours > noise)


def test_the_fast_sequential_rule_is_that_of_the_console() -> None:
    """At the end of a slice it alarms where the bets of all slices so far reach 1/α."""
    rules, streams = import_module("rules"), import_module("streams")

    rng = np.random.default_rng(2)
    parts = [rng.poisson(mean, (40, 60)).astype(float) for mean in (20, 5, 0.4, 0.3)]
    alarms = rules.fails_more(streams.Pair(*parts), 0.2)[:, 5::6]
    for stream in range(40):
        other, own, bad_other, bad = (part[stream].reshape(10, 6).sum(1) for part in parts)
        shares = own / (own + other)
        logs = [restarted_log_e([*bad_other[:n]], [*bad[:n]], [*shares[:n]], 0) or 0.0 for n in range(1, 11)]
        assert [bool(alarm) for alarm in alarms[stream]] == [log >= np.log(5) for log in logs]


def test_a_planted_change_is_seen_no_later_than_the_method_says() -> None:
    """S4: 20 requests a version and look, 1 % fail; 2 % is to be seen after 2 300, 3 % after 850, 5 % after 360."""
    bench = import_module("bench_statistics")

    _, *rows = bench.planted_failures(200)
    even = {row[1]: row for row in rows if row[0] == "50 %"}
    for rate, most in (("2 %", 2_300), ("3 %", 850), ("5 %", 360)):
        *_, seen, requests = even[rate]
        assert float(seen.removesuffix(" %")) >= 99
        assert int(requests) <= most
    assert all(float(row[4].removesuffix(" %")) <= 5 for row in rows if row[1] == "1 %")


def test_the_quick_benchmark_runs_and_finds_no_false_alarm_of_ours() -> None:
    """Ten days of each kind; the usual rules alarm on most of them."""
    script = FOLDER / "bench_statistics.py"
    done = subprocess.run([sys.executable, script, "--quick"], capture_output=True, text=True, check=True, timeout=300)
    drift = [line.split(" | ") for line in done.stdout.splitlines() if re.search(r"\| (1 h|5 min) \|", line)]
    assert len(drift) >= 10
    assert all(row[3] == "0 (0.00 %)" for row in drift)
    assert sum(row[4].startswith("10 ") for row in drift) >= 10
