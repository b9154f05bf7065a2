"""The watch goes on after the logs have confirmed a move: who puts the old version back is told."""

from __future__ import annotations

import threading

from clawpipe_tui.dashboard.watch import Watch
from clawpipe_tui.operations.observing import Observation, ObservationState


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
