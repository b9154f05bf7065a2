"""Where a rollback stands, by what the logs and the API say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from fake_router import MODEL, NOON, WRITE, FakeAPI, FakeLog, at, canary, promoted
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.errors import QueryError
from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent, observe, plan_rollback, send
from clawpipe_tui.result import Result
from clawpipe_tui.serving.errors import Unavailable
from clawpipe_tui.serving.seam import Route

Row = tuple[str, str, int, datetime | None]
V42: Row = ("v42", "live", 412, at(12))


def rolled_back(api: FakeAPI) -> tuple[MovePlan, Sent]:
    """Planned and sent at noon."""
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
    return plan, send(api, plan, "errors rose", now=lambda: NOON, safety=WRITE)


def observed(*rows: Row, seconds: float = 13, api: FakeAPI | None = None, **error_pct: float) -> Observation:
    """What is said some time after the change."""
    backend = api or canary()
    plan, sent = rolled_back(backend)
    return observe(FakeLog(list(rows), error_pct).ask, backend, plan, sent, at(seconds), 60)


def test_a_silent_version_is_reported_with_numbers() -> None:
    """The last request, how long ago by the logs' own clock, what others served, and the errors before and after."""
    now = observed(V42, ("v43", "canary", 9, at(3.6)), v42=0.9, v43=9.1)
    assert (now.state, now.requests_after) == ("done", 412)
    assert now.silent_s == pytest.approx(8.4)
    assert now.sentence == (
        "v43 has been silent for 8 s (last request 12:00:03); "
        "v42 served 412 requests since, errors 0.9 % (v43 had 9.1 %)."
    )


def test_a_version_without_any_request_since_is_silent_since_the_change() -> None:
    """And errors that are not counted yet are not called 0."""
    now = observed(V42)
    assert now.state == "done"
    assert now.sentence == (
        "v43 has been silent for 12 s (no request since the change); "
        "v42 served 412 requests since, errors not counted yet."
    )


@pytest.mark.parametrize(
    ("rows", "seconds", "state", "words"),
    [
        ([], 3, "waiting", "no request of v42 has reached the logs in the 3 s since the change"),
        ([], 61, "unknown", "Cannot tell: no request of v42"),
        (
            [V42, ("v43", "canary", 9, at(11))],
            13,
            "waiting",
            "v43 is not silent yet, 13 s after the change: 9 requests",
        ),
        (
            [("v42", "live", 900, at(61)), ("v43", "canary", 9, at(60))],
            62,
            "overdue",
            "v43 still serves 62 s after the change",
        ),
        ([("v43", "canary", 9, at(60))], 62, "overdue", "A server has not taken the change"),
        (
            [("v42", "live", 11, at(12))],
            13,
            "waiting",
            "silent for 12 s, but others served only 11 requests: 12 are needed to be sure",
        ),
        ([("v42", "live", 11, at(61))], 62, "unknown", "Cannot tell: v43 silent for 61 s, but others"),
        ([("v42", "live", 99, at(4))], 5, "waiting", "v43 silent for 4 s of 5 s; v42 is serving"),
        (
            [("v42", "live", 0, at(4)), ("v43", "canary", 0, at(3))],
            5,
            "waiting",
            "v43 is not silent yet, 5 s after the",
        ),
        ([("v42", "live", 0, at(-1)), ("v43", "canary", 0, at(-2))], 5, "waiting", "no request of v42 has reached"),
        ([("v42", "live", 0, at(9)), ("v43", "canary", 0, at(-2))], 9, "waiting", "12 are needed to be sure"),
    ],
)
def test_what_is_not_proven_is_not_claimed(rows: list[Row], seconds: float, state: str, words: str) -> None:
    """Too early, too few requests, a log that stands still, a server that did not follow."""
    now = observed(*rows, seconds=seconds)
    assert now.state == state
    assert words in now.sentence


def test_a_log_that_stands_still_proves_no_silence() -> None:
    """An hour by the wall clock, two seconds by the log."""
    now = observed(("v42", "live", 500, at(4)), ("v43", "canary", 9, at(2)), seconds=3_600)
    assert (now.state, now.sentence) == ("unknown", "Cannot tell: the logs end at 12:00:04.")
    assert now.silent_s == 2.0


def test_a_log_that_is_behind_is_not_taken_for_silence() -> None:
    """Its newest request is older than the change: nobody can tell, and it is said why."""
    now = observed(("v42", "live", 0, at(-300)), ("v43", "canary", 0, at(-301)), seconds=90)
    assert now.state == "unknown"
    assert "the logs end at 11:55:00, 5 min before the change: they are late, or their clock is behind" in now.sentence


def test_a_log_whose_clock_is_ahead_is_judged_by_its_own_clock() -> None:
    """Requests of before the change carry times after it: silence begins with the last of them."""
    ahead = ("v43", "canary", 60, at(300))
    assert observed(("v42", "live", 240, at(302)), ahead, seconds=2).state == "waiting"
    assert observed(("v42", "live", 280, at(312)), ahead, seconds=12).state == "done"


def test_a_full_switch_needs_one_request_of_the_other() -> None:
    """Nothing else could have served it."""
    now = observed(("v42", "live", 1, at(6)), api=promoted(), v42=0.0, v43=9.0)
    assert now.state == "done"
    assert "v42 served 1 request since, errors 0 % (v43 had 9 %)" in now.sentence


def test_a_shadow_of_the_old_version_is_not_traffic() -> None:
    """It answers nobody."""
    assert observed(V42, ("v43", "shadow", 50, at(12))).state == "done"


def test_a_version_that_is_put_back_is_an_alarm() -> None:
    """Named with who did it and why, whatever the logs say."""
    api = canary()
    plan, sent = rolled_back(api)
    api.now = replace(
        api.now, routes=(Route("v43", 100.0),), token="x", change_key="robot", changed_by="autopilot", reason="sync"
    )
    now = observe(FakeLog([V42]).ask, api, plan, sent, at(13), 60)
    assert now.state == "reverted"
    assert now.sentence == 'v43 is back in the routing: autopilot changed it at 12:00:00 ("sync").'


def test_another_change_that_leaves_the_old_version_out_is_mentioned() -> None:
    """The rollback holds all the same."""
    api = canary()
    plan, sent = rolled_back(api)
    api.now = replace(api.now, routes=(Route("v41", 100.0),), token="x", change_key="k", changed_by="bob")
    now = observe(FakeLog([V42]).ask, api, plan, sent, at(13), 60)
    assert now.state == "done"
    assert now.sentence.endswith("bob has changed the routing again since.")


def test_a_change_that_never_arrived_is_not_called_a_rollback() -> None:
    """The routing is still what it was."""
    api = canary()
    plan, sent = rolled_back(api)
    api.now = canary().now
    now = observe(FakeLog([V42]).ask, api, plan, sent, at(13), 60)
    assert (now.state, now.sentence) == ("unknown", "The routing is still as it was: v43 has its traffic.")


def test_the_logs_are_believed_where_the_api_is_down() -> None:
    """And it is said that the API does not answer."""
    api = canary()
    plan, sent = rolled_back(api)
    api.broken = Unavailable("Cannot reach it.")
    now = observe(FakeLog([V42]).ask, api, plan, sent, at(13), 60)
    assert now.state == "done"
    assert now.sentence.endswith("The API does not say: Cannot reach it.")


def test_a_log_that_cannot_be_asked_leaves_it_unknown() -> None:
    """No verdict without evidence."""
    api = canary()
    plan, sent = rolled_back(api)

    def ask(query: str, _context: object) -> Result:
        raise QueryError(f"{query} failed.")

    now = observe(ask, api, plan, sent, at(13), 60)
    assert (now.state, now.sentence) == ("unknown", "Cannot tell: the logs cannot be asked. silence failed.")


def test_the_logs_are_asked_from_the_servers_moment_on() -> None:
    """The sender's clock may be off."""
    api, log = canary(), FakeLog([V42])
    plan, sent = rolled_back(api)
    observe(log.ask, api, plan, replace(sent, sent_at=at(-500)), at(13), 60)
    assert log.asked[0] == ("silence", {"model": MODEL, "since": NOON, "until": at(13)})


@given(last=st.floats(0, 100), newest=st.floats(0, 100), requests=st.integers(0, 1_000))
def test_done_is_never_said_without_five_seconds_and_enough_requests(last: float, newest: float, requests: int) -> None:
    """Whatever the numbers are: three requests of the canary would have been expected."""
    now = observed(("v42", "live", requests, at(newest)), ("v43", "canary", 1, at(last)), seconds=30)
    if now.state == "done":
        assert newest - last >= 4.999
        assert requests * 0.25 >= 3
