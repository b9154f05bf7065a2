"""The diff decides: three verdicts, effects with intervals, and one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from clawpipe_tui.config import find_config
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.statistics.restarted import restarted_log_e

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """The sample log, read."""
    opened = LogSession(find_config(str(SAMPLE), Path.cwd()), cache=tmp_path_factory.mktemp("cache"))
    opened.read()
    yield opened
    opened.close()


def asked(session: LogSession, query: str, a: str, b: str, hours: float, until: datetime | None = None) -> list[
    dict[str, Value]
]:  # fmt: skip
    """A query about two versions in the hours up to a moment."""
    end = until or session.now()
    bound: dict[str, Value] = {"version": a, "other": b, "since": end - timedelta(hours=hours), "until": end}
    step = cast("Value", timedelta(minutes=1))
    return session.ask(query, {**bound, "step": step, "now": session.now(), "baseline": "training"}).records()


def test_the_incident_is_a_rollback_with_its_numbers(session: LogSession) -> None:
    """Worse in errors, timeouts and latency; not in fallbacks and rejections."""
    rows = {str(row["measure"]): row for row in asked(session, "version_diff", "v42", "v43", 3)}
    verdicts = {name: row["verdict"] for name, row in rows.items()}
    assert [verdicts[f"{kind}_pct"] for kind in ("failed", "error", "timeout")] == ["worse"] * 3
    assert [verdicts[f"{kind}_pct"] for kind in ("fallback", "rejected")] == ["not shown worse"] * 2
    failed = rows["failed_pct"]
    low, difference, high = (cast("float", failed[name]) for name in ("low", "difference", "high"))
    assert 0 < low < difference < high
    assert 0 < cast("float", failed["detectable"]) < difference
    decided = asked(session, "version_decision", "v42", "v43", 3)[0]
    assert str(decided["sentence"]).startswith("Roll back v43: 4.9 % of its requests fail, v42 1.5 % (+2.0 to +4.9")


def test_before_the_incident_nothing_is_shown_and_that_is_not_called_fine(session: LogSession) -> None:
    """One hour of a canary rules out only large rises; the line says which."""
    quiet_until = session.now() - timedelta(hours=1, minutes=5)
    decided = asked(session, "version_decision", "v42", "v43", 1, quiet_until)[0]
    assert decided["verdict"] in {"cannot tell", "not shown worse"}
    assert str(decided["sentence"]).startswith(("Wait: ", "Go on with v43: "))


def test_a_version_that_did_not_serve_is_said(session: LogSession) -> None:
    """v41 left four hours ago."""
    decided = asked(session, "version_decision", "v41", "v42", 1)[0]
    assert decided["verdict"] == "cannot tell"
    assert "v41 has not served in this window" in str(decided["sentence"])


def looks(rate: float, rng: np.random.Generator, count: int = 300) -> int | None:
    """Requests of a 10 % canary until the diff says worse, in steps of 20; None where it never does. Live fails 1 %."""
    live, canary = rng.binomial(180, 0.01, count), rng.binomial(20, rate, count)
    shares = [0.1] * count
    for until in range(5, count + 1, 5):
        log_e = restarted_log_e(live[:until].tolist(), canary[:until].tolist(), shares[:until], 0)
        if log_e is not None and log_e >= np.log(20):
            return 20 * until
    return None


def test_a_canary_that_fails_three_times_as_often_is_found_after_about_what_s4_says() -> None:
    """S4: 850 per arm at 50/50; at 10 % the other arm is better known, and a moving window has its price."""
    rng = np.random.default_rng(3)
    found = [looks(0.03, rng) for _ in range(40)]
    assert all(found)
    assert 300 <= float(np.median([count for count in found if count])) <= 1_700


def test_a_canary_that_is_the_same_is_hardly_ever_called_worse() -> None:
    """At most one in twenty; more runs and looks are in benchmarks."""
    rng = np.random.default_rng(4)
    assert sum(looks(0.01, rng) is not None for _ in range(40)) <= 2
