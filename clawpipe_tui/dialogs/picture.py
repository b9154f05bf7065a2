"""The widget that shows drawn lines, and the paint that turns their meaning into colours. It draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from clawpipe_tui.panels.cells import CUT, cell_width, char_width
from clawpipe_tui.panels.look import PALETTES, Line, paint

if TYPE_CHECKING:
    from textual.events import Resize

Cells = list[tuple[str, str]]


@lru_cache(maxsize=1_024)
def rich_style(theme: str, style: str) -> Style:
    """The paint of a semantic style, as Rich takes it."""
    palette = PALETTES[theme]
    found, ground = paint(palette, style), paint(palette, "")
    return Style(
        color=found.fg or ground.fg,
        bgcolor=found.bg or ground.bg or "default",
        bold=found.bold,
        dim=found.dim,
        reverse=found.reverse,
    )


def strip_of(line: Line, theme: str) -> Strip:
    """A drawn line, painted."""
    return Strip([Segment(span.text, rich_style(theme, span.style)) for span in line])


def cells_of(line: Line) -> Cells:
    """A line as one entry per terminal cell, to compare two lines by; wide characters take two."""
    cells: Cells = []
    for span in line:
        for character in span.text:
            width = char_width(character)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + character, span.style)
            else:
                cells.extend([(character, span.style), *[("", span.style)] * (width - 1)])
    return cells


def changed_span(before: Line, after: Line) -> tuple[int, int] | None:
    """From which cell to which (excluded) two lines differ; None where they are the same picture.

    One span a row: Textual sends a row from the widget's left edge to the span's end, so that two cost more than one.
    """
    if before == after:
        return None
    old, new = cells_of(before), cells_of(after)
    if len(old) != len(new):
        return 0, max(len(old), len(new))
    differing = [x for x, (left, right) in enumerate(zip(old, new, strict=True)) if left != right]
    return (differing[0], differing[-1] + 1) if differing else None


class Picture(Widget):
    """Drawn lines on the screen; showing others repaints the cells that differ and no more."""

    DEFAULT_CSS = "Picture { width: 1fr; height: 1fr; }"

    def __init__(self, theme: str, *, id: str | None = None) -> None:  # noqa: A002  Textual's own name for it
        super().__init__(id=id)
        self.theme_name = theme
        self.lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        before, self.lines = self.lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, lines, strict=True)):
            span = changed_span(old, new)
            if span:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def render_line(self, y: int) -> Strip:
        """The line API: what stands in this row."""
        blank = rich_style(self.theme_name, "")
        if y >= len(self.lines):
            return Strip.blank(self.size.width, blank)
        return strip_of(self.lines[y], self.theme_name).adjust_cell_length(self.size.width, blank)


class Pages(ScrollView, can_focus=True):
    """More than fits: scrolled by keys, without animation. Whoever holds it says where one is."""

    DEFAULT_CSS = "Pages { width: 1fr; height: 1fr; background: ansi_default; scrollbar-size: 0 0; }"

    class Scrolled(Message):
        """Other lines are in sight."""

    def __init__(self, theme: str, *, id: str | None = None) -> None:  # noqa: A002  Textual's own name for it
        super().__init__(id=id)
        self.theme_name = theme
        self.lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead, at the same place."""
        if self.lines == lines:
            return
        self.lines = lines
        self._measure()
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        """Measure again: a bar may have come or gone."""
        self._measure()

    def _measure(self) -> None:
        width = max((sum(cell_width(span.text) for span in line) for line in self.lines), default=0)
        self.virtual_size = Size(width, len(self.lines))

    @property
    def position(self) -> str:
        """Which lines of how many are in sight; empty where all of them are."""
        first, height, count = round(self.scroll_y), self.size.height, len(self.lines)
        return f"{first + 1}-{min(first + height, count)} of {count}" if 0 < height < count else ""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Textual's own reaction to scrolling, and a word to the dialog."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def scroll_rows(self, rows: int) -> None:
        """Some rows down, or up."""
        self.scroll_relative(y=rows, animate=False)

    def scroll_cells(self, cells: int) -> None:
        """Some cells to the right, or to the left."""
        self.scroll_relative(x=cells, animate=False)

    def render_line(self, y: int) -> Strip:
        """The line API: what stands in this row, after scrolling; what goes on beyond an edge ends in …."""
        blank, cut = rich_style(self.theme_name, ""), Segment(CUT, rich_style(self.theme_name, "warn"))
        left, top = self.scroll_offset
        width = self.size.width
        if top + y >= len(self.lines):
            return Strip.blank(width, blank)
        strip = strip_of(self.lines[top + y], self.theme_name)
        shown = strip.crop_extend(left, left + width, blank)
        if strip.cell_length > left + width:
            shown = Strip([*shown.crop(0, width - 1), cut])
        return Strip([cut, *shown.crop(1, width)]) if 0 < left < strip.cell_length else shown
