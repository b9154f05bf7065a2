"""The watch after a rollback: looks at the logs every second, off the event loop, until they have the last word."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.rollback_page import OBSERVED_MARKS, OBSERVED_STYLES
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import wrap
from clawpipe_tui.panels.look import Line, Look

if TYPE_CHECKING:
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent

_WIDE = 160


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
    for y, line in enumerate(wrap(f"{mark} {text}", width - 2 - len(hint), rows)):
        canvas.put(1, y, line, style)
    canvas.put_right(width - 1, rows - 1, hint, "muted")
    return canvas.lines()


class Watch:
    """A thread that looks once a second, tells every new observation, and ends with the last."""

    def __init__(
        self, look: Callable[[], Observation], tell: Callable[[Observation], object], every_s: float = 1.0
    ) -> None:
        self._look, self._tell, self._every_s = look, tell, every_s
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            observation = self._observe()
            if observation is not None:
                self._tell(observation)
                if observation.state in {"done", "overdue", "reverted"}:
                    return
            self._stop.wait(self._every_s)

    def _observe(self) -> Observation | None:
        try:
            return self._look()
        except Exception:  # noqa: BLE001  one failed look must not end the watch; its panels say what failed
            return None
