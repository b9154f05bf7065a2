"""`?`: the keys that exist here, and why some of them cannot work now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.text import MARGIN, heading, told
from clawpipe_tui.panels.cells import cell_width, fit
from clawpipe_tui.panels.look import Line, Span

LEGEND = (
    "A panel says its state in its title: loading, empty, stale or failed; without a word its numbers are fresh.",
    "Every number is a column of a named query: s shows it.",
    "B only opens a plan. One request is sent, after a reason and enter; then the logs are watched.",
)


@dataclass(frozen=True)
class HelpLine:
    """One key as the help shows it."""

    label: str
    words: str
    blocked: str = ""


def help_lines(keys: Sequence[HelpLine], legend: Sequence[str], width: int) -> list[Line]:
    """Every key with its words; one that cannot work now says why."""
    labels = max(cell_width(key.label) for key in keys)
    lines: list[Line] = [()]
    for key in keys:
        style = "muted" if key.blocked else "strong"
        spans = [Span(" " * MARGIN), Span(fit(key.label, labels), style), Span("  ")]
        lines.append((*spans, Span(key.words, "muted" if key.blocked else "")))
        if key.blocked:
            lines += told(f"not now: {key.blocked}", width, "warn", 2 * MARGIN + labels)
    return [*lines, *heading("How to read it"), *(line for text in legend for line in told(text, width))]


class HelpPage(Dialog[None]):
    """The keys."""

    def __init__(self, skin: Skin, keys: Sequence[HelpLine], legend: Sequence[str]) -> None:
        super().__init__(skin, "Keys")
        self.keys_here, self.legend = keys, legend

    def body(self, width: int) -> list[Line]:
        """Key, words, reason."""
        return help_lines(self.keys_here, self.legend, width)
