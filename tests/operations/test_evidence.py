"""What the logs say before a move, on the sample log, whose incident is known (sample_data/README.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_router import MODEL, NOON, FakeAPI, canary, promoted

from clawpipe_tui.config import Objectives, find_config
from clawpipe_tui.errors import QueryError
from clawpipe_tui.operations.evidence import Logs, candidates, outlook
from clawpipe_tui.operations.planning import plan_rollback
from clawpipe_tui.result import Result
from clawpipe_tui.session import LogSession

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """The sample log, read."""
    opened = LogSession(find_config(str(SAMPLE), Path.cwd()), cache=tmp_path_factory.mktemp("cache"))
    opened.read()
    yield opened
    opened.close()


@pytest.fixture
def logs(session: LogSession) -> Logs:
    """At the log's end."""
    return Logs(session.ask, session.now())


def test_each_version_is_judged_by_its_objectives_while_it_served(logs: Logs) -> None:
    """v43 fails 10 % since the incident; it, too, was healthy before."""
    known = candidates(logs, MODEL)
    assert {name: found.standing for name, found in known.items()} == {"v42": "met", "v43": "missed", "v41": "met"}
    assert "v42 met its objectives from 09:30:00 to 13:59:59 (until now)" in known["v42"].sentence
    assert "(limit 5 %); it last met them from 11:00:00 to 12:59:57" in known["v43"].sentence
    assert "4.5 h ago" in known["v41"].sentence


def test_a_latency_objective_counts_too(session: LogSession) -> None:
    """No version answers 95 % of its requests within 50 ms."""
    known = candidates(Logs(session.ask, session.now(), Objectives(5.0, 50.0)), MODEL)
    assert {found.standing for found in known.values()} == {"missed"}


def test_a_rollback_from_the_canary_helps_and_says_by_how_much(logs: Logs) -> None:
    """Difference in differences: v42 saw the same inputs and did not get worse."""
    found = outlook(logs, MODEL, "v43", "v42")
    assert found.verdict == "helps"
    assert "points more than it would have, had it moved like v42" in found.sentence


def test_a_version_that_never_served_beside_the_other_cannot_be_compared(logs: Logs) -> None:
    """v41 left before v43 came."""
    found = outlook(logs, MODEL, "v43", "v41")
    assert found.verdict == "cannot tell"
    assert "v41 has not served beside v43" in found.sentence


def upstream(query: str, _context: object) -> Result:
    """Logs in which both versions got worse together."""
    if query == "candidates":
        raise QueryError("The query candidates failed.")
    rows = (("will not help", "It will not help: v43 and v42 got worse together."),)
    return Result(query, ("verdict", "sentence"), rows)


def test_where_the_cause_is_upstream_the_plan_says_so() -> None:
    """Above the request, and in red."""
    api = canary()
    plan = plan_rollback(api, api, MODEL, to=None, key="k", logs=Logs(upstream, NOON))
    remark = next(remark for remark in plan.remarks if remark.about == "Will it help")
    assert (remark.tone, "will not help" in remark.text) == ("bad", True)


def standing(**standings: str) -> Logs:
    """Logs with these versions, newest first, each met or missed."""
    columns = (
        *("version", "verdict", "last_failed_pct", "met_from_at", "met_until_at", "met_requests", "met_failed_pct"),
        *("met_p95_ms", "met_age_s"),
    )
    begin = datetime(2026, 11, 7, 9, tzinfo=UTC)
    rows = tuple((name, said, 9.0, begin, NOON, 500, 1.0, 80.0, 60.0) for name, said in standings.items())

    def ask(query: str, _context: object) -> Result:
        if query == "candidates":
            return Result(query, columns, rows)
        return Result(query, ("verdict", "sentence"), (("cannot tell", "Cannot tell."),))

    return Logs(ask, NOON)


def without(version: str) -> FakeAPI:
    """v43 live, and one version deleted from the registry."""
    return replace(promoted(), names=tuple(name for name in promoted().names if name != version))


def forgetful() -> FakeAPI:
    """v43 live, by an API that remembers nothing of what served before."""
    return replace(promoted(), now=replace(promoted().now, previous=None))


@pytest.mark.parametrize(
    ("api", "logs", "returning", "why"),
    [
        (promoted(), standing(v43="missed", v42="met", v41="met"), "v42", "v42 served before v43"),
        (promoted(), standing(v43="missed", v42="missed", v41="met"), "v41", "the last version that met its object"),
        (promoted(), standing(v43="missed", v42="missed"), "v42", "v42 served before v43"),
        (canary(), standing(v43="missed", v42="met", v41="met"), "v42", "is the canary"),
        (canary(), standing(v43="missed", v42="cannot tell"), "v42", "is the canary"),
        (canary(), standing(v43="missed", v42="cannot tell", v41="met"), "v42", "is the canary"),
        (promoted(), standing(v43="missed", v42="cannot tell", v41="met"), "v41", "too few requests in the logs"),
        (promoted(), standing(v43="missed", v42="missed", v40="met", v41="met"), "v41", "the last version that met"),
        (without("v42"), standing(v43="missed", v42="met", v41="met"), "v41", "the registry no longer has it"),
        (forgetful(), standing(v43="missed", v41="met"), "v41", "the last version that met its objectives"),
    ],
)
def test_the_target_is_the_last_version_that_was_healthy(api: FakeAPI, logs: Logs, returning: str, why: str) -> None:
    """What served before, unless it was not healthy and another was."""
    plan = plan_rollback(api, api, MODEL, to=None, key="k", logs=logs)
    assert plan.returning == returning
    assert why in plan.why


def test_other_candidates_are_listed_with_why_not() -> None:
    """Not those that go silent."""
    api = canary()
    plan = plan_rollback(api, api, MODEL, to=None, key="k", logs=standing(v43="missed", v42="met", v41="met"))
    others = [remark.text for remark in plan.remarks if remark.about == "Not chosen"]
    assert len(others) == 1
    assert others[0].startswith("v41 met its objectives")
