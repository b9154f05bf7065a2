"""The thread that asks: a snapshot of the visible screen whenever something changed, made off the event loop."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from clawpipe_tui.snapshot import CLOCK_S, Answers, OutdatedError, Snapshot, Wanted, failed_snapshot, take_snapshot
from clawpipe_tui.terminal.memory import give_back_code, give_back_memory
from clawpipe_tui.window import window_ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from clawpipe_tui.opened import Session

_RETRY_S = 5.0
_OPENING_S = 0.3
"""How long the end waits for a log that is being opened: there is nothing to close yet."""
_FIRST_COUNTS_S = 1.5
"""How long the first question waits for the newest part of a log that nobody has read: before it there is no answer."""
_LOOK_S = 0.1
"""How often a quiet log is asked whether it has grown; this reads a number and costs nothing."""
_GIVE_BACK_S, _GIVE_BACK_AT_REST_S = 5.0, 60.0
"""How often memory is given back, while there are questions and while there are none."""
_SILENCE_SHARE, _SILENT_MOST_S = 0.1, 60.0
"""A log that has been silent for so long is asked after this share of it, and at least once a minute."""
_AT_REST_S = 1.5
"""So long after the last answer the console is at rest."""


class Asker:
    """One long-lived thread that opens the session and asks when something changed; it never touches a widget.

    A thread of our own and not a Textual worker: quitting waits for those, however long a query takes.
    """

    def __init__(
        self, open_session: Callable[[], Session], wanted: Wanted, post: Callable[[Snapshot], object], refresh_s: float
    ) -> None:
        self.session: Session | None = None
        self.refresh_s = refresh_s
        """How often to ask, as the user wants it."""
        self.line_s = 0.0
        """How often the line can take an answer."""
        self._open_session = open_session
        self._wanted = wanted
        self._post = post
        self._answers = Answers()
        self._last: Snapshot | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self.asking_since: float | None = None
        """When the present question was put, by the monotonic clock; None while there is none."""
        self._given_back_at = time.monotonic()
        """By the monotonic clock, like the following."""
        self._answered_at = time.monotonic()
        """When the last answers came; by the monotonic clock, because the clock of the day may jump."""
        self._told_at = 0.0
        """When the log was last asked, by the monotonic clock."""
        self._grew_at = time.monotonic()
        """When it was last seen to have grown."""
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    @property
    def pace_s(self) -> float:
        """How often to ask: no oftener than the line can take it."""
        return max(self.refresh_s, self.line_s)

    def start(self) -> None:
        """Open the session and begin to ask."""
        self._thread.start()

    def want(self, wanted: Wanted, *, again: bool = False) -> None:
        """Ask for this now; `again` also asks what was answered before."""
        with self._changed:
            self._wanted = wanted
            if again:
                self._answers.revision = -1
            self._changed.notify_all()
        if self.session:
            self._answers.give_up(self.session)

    def lateness(self, snapshot: Snapshot | None) -> tuple[float, float]:
        """How long the present question has been waiting, and how old the last answers are."""
        since = self.asking_since
        waited_s = time.monotonic() - since if since is not None else 0.0
        return waited_s, time.monotonic() - self._answered_at if snapshot else 0.0

    def stop(self, within_s: float = 1.5) -> None:
        """Stop asking and close the session; a query that is still running is given up."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + within_s
        if self.session is not None:
            closing = threading.Thread(target=self.session.close, name="closing", daemon=True)
            closing.start()
            closing.join(within_s)
        else:
            deadline = time.monotonic() + _OPENING_S
        if self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopped:
            wanted = self._wanted
            self.asking_since = time.monotonic()
            try:
                self._ask(wanted)
            except OutdatedError:
                continue
            except Exception as error:  # noqa: BLE001  the edge of the worker: every panel says it, and r tries again
                self._tell(failed_snapshot(wanted, error))
            self.asking_since = None
            self._give_back(time.monotonic())
            self._rest(wanted)

    def _give_back(self, now: float) -> None:
        """Between two questions, so that no answer waits for it; at rest also what the next one will fetch again."""
        if self.session:
            self.session.tidy()
        progress = self._last.progress if self._last else None
        at_rest = now - self._answered_at >= _AT_REST_S and not (progress and progress.reading)
        is_first = at_rest and self._given_back_at < self._answered_at + _AT_REST_S
        if is_first or now - self._given_back_at >= (_GIVE_BACK_AT_REST_S if at_rest else _GIVE_BACK_S):
            if self.session:
                self.session.give_back()
            give_back_memory()
            if at_rest:
                give_back_code()
            self._given_back_at = now

    def _rest(self, wanted: Wanted) -> None:
        """Until the user wants something else, a tick has passed, or a quiet log has grown.

        What lands in a quiet log is shown at once; a log that grows all the time is asked once a tick.
        """
        ends = time.monotonic() + self.pace_s
        with self._changed:
            while self._wanted is wanted and not self._stopped and (left_s := ends - time.monotonic()) > 0:
                if self._may_follow() and self._grew(wanted):
                    return
                self._changed.wait(min(left_s, _LOOK_S))

    def _may_follow(self) -> bool:
        """Whether the last snapshot is a tick old, or shows a log of which nothing was read yet."""
        progress = self._last.progress if self._last else None
        return time.monotonic() >= self._told_at + self.pace_s or bool(progress and not progress.rows)

    def _grew(self, wanted: Wanted) -> bool:
        """Whether there are counts that the last snapshot does not have."""
        last, session = self._last, self.session
        return not wanted.paused and last is not None and session is not None and session.revision() != last.revision

    def _ask(self, wanted: Wanted) -> None:
        if self.session is None:
            if self._last is not None and self._last.number == wanted.number:
                return
            self.session = self._open_session()
            if self._stopped:
                self.session.close()
                return
            self._await_counts(self.session)
        if self._has_news(self.session, wanted):
            self._told_at = time.monotonic()
            self._tell(take_snapshot(self.session, wanted, self._answers, lambda: self._wanted is not wanted))
            self._answered_at = time.monotonic()
        elif self._last is not None and self._last.progress != (progress := self.session.progress()):
            self._tell(replace(self._last, progress=progress))

    def _await_counts(self, session: Session) -> None:
        ends = time.monotonic() + _FIRST_COUNTS_S
        with self._changed:
            while (read := session.progress()).reading and not read.rows and not self._stopped:
                if time.monotonic() >= ends:
                    return
                self._changed.wait(0.01)

    def _has_news(self, session: Session, wanted: Wanted) -> bool:
        last = self._last
        if last is None or last.number != wanted.number or last.window is None:
            return True
        if wanted.paused:
            return False
        if session.revision() != last.revision:
            return True
        failed = any(state.kind == "failed" for state in last.states.values())
        if not failed and session.now() == last.now:
            return False  # a clock that stands: nothing grows old by it
        now = time.monotonic()
        age_s, pause_s = now - self._answered_at, pause_after(now - self._grew_at)
        if age_s >= (_RETRY_S if failed else max(CLOCK_S, pause_s)):
            return True
        return age_s >= pause_s and window_ending(wanted.end or session.now(), wanted.width_s) != last.window

    def _tell(self, snapshot: Snapshot) -> None:
        if self._last is None or self._last.revision != snapshot.revision:
            self._grew_at = time.monotonic()
        self._last = snapshot
        if not self._stopped:
            self._post(snapshot)


def pause_after(silent_s: float) -> float:
    """How long a log that has been silent for so long need not be asked just because its window moves on."""
    return min(_SILENT_MOST_S, _SILENCE_SHARE * silent_s)
