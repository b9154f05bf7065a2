"""A page over the dashboard: a title, something to read, the keys that work in it. Opaque: cheap to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from textual.screen import ModalScreen

from clawpipe_tui.dialogs.picture import Pages, Picture
from clawpipe_tui.dialogs.text import shown
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, fit
from clawpipe_tui.panels.look import Line, Look, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.events import Key, Resize

Answer = TypeVar("Answer")
_SCROLLS = {"j": 1, "down": 1, "k": -1, "up": -1, "g": -1_000_000, "home": -1_000_000, "G": 1_000_000, "end": 1_000_000}
_SIDEWAYS = {"l": 8, "right": 8, "h": -8, "left": -8}
"""Cells, for lines that are never wrapped, such as SQL."""


@dataclass(frozen=True)
class Skin:
    """How a dialog looks: the palette by name, and what its drawings may rely on."""

    theme: str
    look: Look
    band: Span | None = None
    """The environment, at the right of every dialog's title."""


class Dialog(ModalScreen[Answer]):
    """A page that `esc` closes and whose body scrolls."""

    DEFAULT_CSS = """
    Dialog { background: ansi_default; layout: vertical; }
    Dialog Picture { height: 1; }
    """
    hints: tuple[tuple[str, str], ...] = (("↑↓", "scroll"), ("esc", "close"))

    def __init__(self, skin: Skin, heading: str) -> None:
        super().__init__()
        self.skin = skin
        self.heading = heading

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        yield Picture(self.skin.theme, id="title")
        yield Pages(self.skin.theme, id="body")
        yield Picture(self.skin.theme, id="hints")

    def body(self, width: int) -> list[Line]:
        """What there is to read; every dialog says its own."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """First drawing."""
        self.redraw()

    def on_resize(self, _event: Resize) -> None:
        """The same, for another width."""
        self.redraw()

    def redraw(self) -> None:
        """Draw title, body and keys again; what did not change is not repainted."""
        width, _ = self.app.size
        self.query_one(Pages).show(shown(self.body(width), self.skin.look))
        self.on_pages_scrolled()
        self.query_one("#hints", Picture).show(_one_line(_fitting(self.hints, width), width, self.skin.look))

    def on_pages_scrolled(self) -> None:
        """The title says which lines are in sight."""
        width, position = self.app.size.width, self.query_one(Pages).position
        band = self.skin.band
        room = width - (cell_width(band.text) if band else 0)
        title = fit(f" {self.heading}", room - cell_width(position) - 2) + f" {position} "
        spans = [Span(fit(title, room), "cursor"), *([band] if band else [])]
        self.query_one("#title", Picture).show(_one_line(spans, width, self.skin.look))

    def on_key(self, event: Key) -> None:
        """Scrolling and closing; a dialog that has an input sees only what the input leaves."""
        pressed = event.character if event.is_printable and event.character else event.key
        if pressed in ("escape", "q"):
            event.stop()
            self.close()
        elif pressed in ("pagedown", "pageup", " "):
            event.stop()
            page = self.query_one(Pages)
            page.scroll_rows((page.size.height - 1) * (-1 if pressed == "pageup" else 1))
        elif pressed in _SCROLLS:
            event.stop()
            self.query_one(Pages).scroll_rows(_SCROLLS[pressed])
        elif pressed in _SIDEWAYS:
            event.stop()
            self.query_one(Pages).scroll_cells(_SIDEWAYS[pressed])

    def close(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


def _fitting(hints: Sequence[tuple[str, str]], width: int) -> list[Span]:
    """The keys that there is room for; the last one, which leaves, is always among them."""
    kept = list(hints)
    while len(kept) > 1 and sum(cell_width(f" {key} {word} ") for key, word in kept) > width + 1:
        del kept[-2]
    return [span for key, word in kept for span in (Span(f" {key}", "strong"), Span(f" {word} ", "muted"))]


def _one_line(spans: list[Span], width: int, look: Look) -> list[Line]:
    canvas, x = Canvas(width, 1, look), 0
    for span in spans:
        x = canvas.put(x, 0, span.text, span.style)
    return canvas.lines()
