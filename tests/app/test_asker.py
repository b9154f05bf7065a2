"""When the one thread that asks asks again."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clawpipe_tui.dashboard.asker import Asker
from clawpipe_tui.opened import Progress
from clawpipe_tui.snapshot import Snapshot, Wanted
from clawpipe_tui.window import window_ending
from tests.app.fakes import MODEL, NOW, FakeSession

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
    session = FakeSession(slow={"headline": threading.Event()})
    asker = Asker(lambda: session, WANTED, lambda _snapshot: None, 60)
    asker.start()
    try:
        deadline = time.monotonic() + 10
        while not session.asked_for("headline") and time.monotonic() < deadline:
            time.sleep(0.005)
        asker.want(replace(WANTED, number=2, width_s=900))
        assert session.given_up
        assert threading.get_ident() not in session.given_up
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


@dataclass
class TickingSession(FakeSession):
    """Its clock goes on; nothing lands."""

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)


def test_a_silent_log_is_asked_the_seldomer_the_longer_it_is_silent() -> None:
    """Its window moves on every five seconds; after a minute of silence every six, at last once a minute."""
    session, told, wanted = TickingSession(), list[Snapshot](), replace(WANTED, width_s=300)
    asker = Asker(lambda: session, wanted, told.append, refresh_s=60)
    asker._ask(wanted)
    assert asker._last is not None
    moved_on = replace(asker._last, window=window_ending(NOW, 300))
    for silent_s, age_s, asked in ((1, 1, 1), (200, 15, 0), (200, 25, 1), (86_400, 50, 0), (86_400, 65, 1)):
        told.clear()
        asker._last = moved_on
        asker._grew_at, asker._answered_at = time.monotonic() - silent_s, time.monotonic() - age_s
        asker._ask(wanted)
        assert len(told) == asked
    session.number += 1
    asker._ask(wanted)
    assert len(told) == 2


def given_back_at(progress: Progress, *gone_s: float) -> list[int]:
    """How often memory had been given back at some seconds after an answer."""
    session = FakeSession(progress_now=progress)
    asker = Asker(lambda: session, WANTED, lambda _snapshot: None, refresh_s=60)
    asker._ask(WANTED)
    asker._given_back_at = asker._answered_at
    counts: list[int] = []
    for passed_s in gone_s:
        asker._give_back(asker._answered_at + passed_s)
        counts.append(session.given_back)
    return counts


def test_a_console_at_rest_gives_memory_back_once() -> None:
    """Soon after the last answer, and then hardly ever: giving back costs something, too."""
    assert given_back_at(Progress(360, 360, 9), 1.0, 2.0, 30.0, 63.0) == [0, 1, 1, 2]


def test_a_question_that_takes_long_is_no_rest() -> None:
    """What it used is not let go of the moment it is answered: the next one will need it."""
    session = FakeSession()
    asker = Asker(lambda: session, WANTED, lambda _snapshot: None, refresh_s=60)
    asker._ask(WANTED)
    asker._told_at -= 5.0
    asker._give_back(asker._answered_at + 0.1)
    assert not session.given_back


def test_a_log_that_is_being_read_is_not_at_rest() -> None:
    """What reading uses would be fetched again at once: it is given back now and then."""
    assert given_back_at(Progress(0, 360, 9, reading=True), 2.0, 4.0, 5.0, 9.0, 10.0) == [0, 0, 1, 1, 2]


def test_the_first_question_about_an_unread_log_waits_for_its_newest_counts() -> None:
    """An answer about nothing would only keep the reading from its work."""
    session = FakeSession(progress_now=Progress(0, 360, 0, reading=True))
    asker = Asker(lambda: session, WANTED, lambda _snapshot: None, 60)
    asker.start()
    try:
        time.sleep(0.1)
        assert not session.asked
        session.progress_now = Progress(4, 360, 500_000, reading=True)
        deadline = time.monotonic() + 1.0
        while not session.asked and time.monotonic() < deadline:
            time.sleep(0.005)
        assert session.asked
    finally:
        asker.stop()
