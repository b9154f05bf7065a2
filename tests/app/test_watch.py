"""The watch goes on after the logs have confirmed a move; what traffic was asked for is read again and again."""

from __future__ import annotations

import threading

from tiny_log import wait_until

from clawpipe_tui.dashboard.asked import AskedRoutes
from clawpipe_tui.dashboard.watch import Watch
from clawpipe_tui.errors import ServingError
from clawpipe_tui.operations.observing import Observation, ObservationState
from tests.app.fakes import MODEL, FakeServing, FakeSession


def told_by(*states: ObservationState) -> list[str]:
    """What a watch tells of these looks, the last of which comes again and again."""
    looks, told, ended = iter(states), list[str](), threading.Event()

    def look() -> Observation:
        state = next(looks, None)
        if state is None:
            ended.set()
        return Observation(state or states[-1], "…")

    watch = Watch(look, lambda seen: told.append(seen.state), every_s=0.001)
    if states[-1] != "reverted":
        ended.wait(5)
        watch.stop()
    assert watch.wait(5)
    return told


def test_a_revert_after_the_confirmation_is_told() -> None:
    """By another controller, minutes later; then there is nothing more to wait for."""
    assert told_by("waiting", "done", "done", "reverted") == ["waiting", "done", "reverted"]


def test_a_confirmation_is_told_once() -> None:
    """Though it is looked at again and again."""
    assert told_by("waiting", "done", "done", "done")[:2] == ["waiting", "done"]
    assert told_by("done", "done", "done").count("done") == 1


def test_a_stuck_version_that_gives_way_at_last_is_told() -> None:
    """First an alarm, then its end."""
    told = told_by("overdue", "overdue", "done")
    assert (told[0], told[-1]) == ("overdue", "done")


def test_what_was_asked_of_traffic_is_told_once_for_each_change() -> None:
    """An API that does not answer is asked again later, and nothing is told meanwhile."""
    serving, session = FakeServing(unreachable=ServingError("away")), FakeSession()
    asked = AskedRoutes(lambda: (serving, serving), lambda: session, lambda: MODEL, every_s=0.001)
    try:
        serving.unreachable = None
        assert wait_until(lambda: session.routes == [[("v42", 90.0), ("v43", 10.0)]])
        serving.routes = serving.routes[:1]
        assert wait_until(lambda: len(session.routes) == 2)
        assert session.routes[1] == [("v42", 90.0)]
    finally:
        asked.stop()
