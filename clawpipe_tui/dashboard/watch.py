"""The watch after a rollback: looks at the logs every second, off the event loop; once they have confirmed it, more
seldom, for somebody or something may put the old version back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.rollback_page import OBSERVED_MARKS, OBSERVED_STYLES
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cut, wrap
from clawpipe_tui.panels.look import Line, Look

if TYPE_CHECKING:
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent

_WIDE = 160
_LASTING = {"done": 5.0, "overdue": 5.0}
"""States that may still change, and how many seconds lie between two looks by then."""
_AT_MOST_S = 3_600.0


@dataclass(frozen=True)
class Watched:
    """One rollback that was sent, and the last look at what became of it."""

    plan: MovePlan
    sent: Sent
    observation: Observation | None = None

    @property
    def ended(self) -> bool:
        """Whether the logs have had the last word."""
        return self.observation is not None and self.observation.state in {"done", "overdue", "reverted"}


def watch_rows(width: int) -> int:
    """How many rows the line takes: fixed, so that its words never move the panels."""
    return 1 if width >= _WIDE else 2


def watch_lines(watched: Watched, width: int, look: Look) -> list[Line]:
    """What became of the rollback; it stays on the dashboard until it is dismissed."""
    observation = watched.observation
    text = f"{watched.plan.action} sent ({watched.plan.result}); watching the logs until they confirm it"
    style, mark = "warn", "…"
    if observation is not None:
        style, mark = OBSERVED_STYLES[observation.state], OBSERVED_MARKS[observation.state]
        text = f"{observation.state}: {observation.sentence}"
    rows, hint = watch_rows(width), "  esc hides" if watched.ended else ""
    canvas = Canvas(width, rows, look)
    for y, line in enumerate(wrap(f"{mark} {text}", width - 2, rows)):
        canvas.put(1, y, cut(line, width - 2 - len(hint)) if y == rows - 1 else line, style)
    canvas.put_right(width - 1, rows - 1, hint, "muted")
    return canvas.lines()


class Watch:
    """A thread that looks once a second, tells every observation that says something new, and ends after an hour."""

    def __init__(
        self, look: Callable[[], Observation], tell: Callable[[Observation], object], every_s: float = 1.0
    ) -> None:
        self._look, self._tell, self._every_s = look, tell, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def wait(self, within_s: float) -> bool:
        """Whether it has come to an end by itself, or after `stop`, in that time."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        until, told = time.monotonic() + _AT_MOST_S, None
        while not self._stop.is_set() and time.monotonic() < until:
            observation = self._observe()
            # A confirmation is told once, though its numbers go on growing.
            if observation is not None and not (told == observation.state == "done"):
                self._tell(observation)
                told = observation.state
            if told == "reverted":
                return
            self._stop.wait(self._every_s * _LASTING.get(told or "", 1.0))

    def _observe(self) -> Observation | None:
        try:
            return self._look()
        except Exception:  # noqa: BLE001  one failed look must not end the watch; its panels say what failed
            return None
