"""`?`: the keys that exist here, and why some of them cannot work now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.picture import Pages
from clawpipe_tui.dialogs.text import MARGIN, heading, told
from clawpipe_tui.panels.cells import cell_width, fit
from clawpipe_tui.panels.look import Line, Span

if TYPE_CHECKING:
    from textual.events import Key

LEGEND = (
    "A panel says its state in its title: loading, empty, stale or failed; without a word its numbers are fresh.",
    "A dotted line through a chart marks a change: V a version came, S the columns changed, L the first labels.",
    "Every number is a column of a named query: s shows it.",
    "B only opens a plan. One request is sent, after a reason and enter; then the logs are watched.",
)


@dataclass(frozen=True)
class HelpLine:
    """One key as the help shows it."""

    label: str
    words: str
    blocked: str = ""
    id: str = ""


def help_lines(keys: Sequence[HelpLine], legend: Sequence[str], width: int, at: int = -1) -> list[Line]:
    """Every key with its words; one that cannot work now says why; the one under the cursor is marked."""
    labels = max(cell_width(key.label) for key in keys)
    lines: list[Line] = [()]
    for row, key in enumerate(keys):
        style = "muted" if key.blocked else "strong"
        mark = Span("▸ " if row == at else " " * MARGIN, "cursor" if row == at else "")
        spans = [mark, Span(fit(key.label, labels), "cursor" if row == at else style), Span("  ")]
        lines.append((*spans, Span(key.words, "muted" if key.blocked else "")))
        if key.blocked:
            lines += told(f"not now: {key.blocked}", width, "warn", 2 * MARGIN + labels)
    return [*lines, *heading("How to read it"), *(line for text in legend for line in told(text, width))]


class HelpPage(Dialog[str | None]):
    """The keys; enter does what the one under the cursor does."""

    hints = (("↑↓", "choose"), ("enter", "do it"), ("pgdn", "read on"), ("esc", "close"))

    def __init__(self, skin: Skin, keys: Sequence[HelpLine], legend: Sequence[str]) -> None:
        super().__init__(skin, "Keys")
        self.keys_here, self.legend = keys, legend
        self.at = 0

    def body(self, width: int) -> list[Line]:
        """Key, words, reason."""
        return help_lines(self.keys_here, self.legend, width, self.at)

    def on_key(self, event: Key) -> None:
        """Choose one, do it, or what every dialog does."""
        step = {"down": 1, "j": 1, "up": -1, "k": -1}.get(event.key, 0)
        if step:
            self.at = max(0, min(self.at + step, len(self.keys_here) - 1))
            self.redraw()
            self._keep_in_sight()
        elif event.key == "enter":
            chosen = self.keys_here[self.at]
            self.dismiss(None if chosen.blocked else chosen.id)
        else:
            return
        event.stop()
        event.prevent_default()

    def _keep_in_sight(self) -> None:
        width, _ = self.app.size
        row = len(help_lines(self.keys_here[: self.at + 1], (), width)) - 2
        page = self.query_one(Pages)
        if row < page.scroll_y:
            page.scroll_rows(row - round(page.scroll_y))
        elif row >= page.scroll_y + page.size.height:
            page.scroll_rows(row - round(page.scroll_y) - page.size.height + 1)
