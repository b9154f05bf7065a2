"""When the one thread that asks asks again."""

from __future__ import annotations

import threading
from dataclasses import replace

from clawpipe_tui.dashboard.asker import Asker
from clawpipe_tui.snapshot import Snapshot, Wanted
from clawpipe_tui.warehouse import Progress
from tests.app.fakes import MODEL, FakeSession

WANTED = Wanted(1, "overview", (), MODEL, 3_600, "training")


def told_after(session: FakeSession, refresh_s: float, wanted: Wanted = WANTED) -> bool:
    """Whether a second snapshot comes, within ten seconds, after the log has grown."""
    told: list[Snapshot] = []
    came = threading.Semaphore(0)
    asker = Asker(lambda: session, wanted, lambda snapshot: (told.append(snapshot), came.release()), refresh_s)
    asker.start()
    try:
        assert came.acquire(timeout=10)
        session.number += 1
        return came.acquire(timeout=10 if refresh_s > 1 and not wanted.paused else 0.5)
    finally:
        asker.stop()


def test_the_first_rows_of_a_log_are_shown_without_waiting_for_a_tick() -> None:
    """A console that opens on a log that is still being read does not sleep while the first counts are there."""
    assert told_after(FakeSession(progress_now=Progress(0, 360, 0, reading=True)), refresh_s=60)


def test_what_lands_in_a_quiet_log_is_shown_at_once() -> None:
    """Not at the next tick: the last snapshot is older than one."""
    asker = Asker(FakeSession, WANTED, lambda _snapshot: None, refresh_s=60)
    asker._told_at = -120.0
    assert asker._may_follow()


def test_a_paused_console_asks_for_nothing() -> None:
    """Whatever lands."""
    session = FakeSession(progress_now=Progress(0, 360, 0, reading=True))
    assert not told_after(session, 60, replace(WANTED, paused=True))


def test_another_wish_gives_up_the_question_that_is_being_answered() -> None:
    """Who pages through a year does not wait for each page."""
    session = FakeSession()
    came = threading.Event()
    asker = Asker(lambda: session, WANTED, lambda _snapshot: came.set(), 60)
    asker.start()
    try:
        assert came.wait(10)
        asker.want(replace(WANTED, number=2, width_s=900))
        assert session.given_up == [asker._thread.ident]
    finally:
        asker.stop()


def test_a_clock_that_stands_is_not_asked_again() -> None:
    """A log of the past grows no older: however long ago it was asked, nothing is asked and nothing is sent."""
    session, told = FakeSession(), list[Snapshot]()
    asker = Asker(lambda: session, WANTED, told.append, refresh_s=60)
    asker._ask(WANTED)
    asker._answered_at = -1_000.0
    asker._ask(WANTED)
    assert len(told) == 1
    session.number += 1
    asker._ask(WANTED)
    assert len(told) == 2
