"""A short list to choose one thing from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.text import MARGIN
from clawpipe_tui.panels.cells import cell_width, fit
from clawpipe_tui.panels.look import Line, Span

if TYPE_CHECKING:
    from textual.events import Key

Choice = tuple[str, str]
_STEPS = {"down": 1, "j": 1, "up": -1, "k": -1}


def pick_lines(choices: Sequence[Choice], at: int, width: int) -> list[Line]:
    """The choices with their notes, the one under the cursor marked by a sign and by colour."""
    names = max((cell_width(name) for name, _ in choices), default=0)
    lines: list[Line] = [()]
    for row, (name, note) in enumerate(choices):
        text = f"{'›' if row == at else ' '} {fit(name, names)}  {note}"
        lines.append((Span(" " * MARGIN), Span(fit(text, width - 2 * MARGIN), "cursor" if row == at else "")))
    return lines


class Pick(Dialog[str | None]):
    """One of a few: arrows and enter."""

    hints = (("↑↓", "choose"), ("enter", "take it"), ("esc", "leave"))

    def __init__(self, skin: Skin, heading: str, choices: Sequence[Choice], chosen: str = "") -> None:
        super().__init__(skin, heading)
        self.choices = choices
        self.at = next((row for row, (name, _) in enumerate(choices) if name == chosen), 0)

    def body(self, width: int) -> list[Line]:
        """The choices."""
        return pick_lines(self.choices, self.at, width)

    def on_key(self, event: Key) -> None:
        """Move, take, or what every dialog does."""
        if event.key in _STEPS:
            event.stop()
            event.prevent_default()
            self.at = max(0, min(self.at + _STEPS[event.key], len(self.choices) - 1))
            self.redraw()
        elif event.key == "enter" and self.choices:
            event.stop()
            event.prevent_default()
            self.dismiss(self.choices[self.at][0])
