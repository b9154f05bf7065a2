"""What charts over time share: legend on top, values to the left, moments below, and the plot between them."""

from __future__ import annotations

from dataclasses import dataclass

from clawpipe_tui.panels.axis import Axis, time_of_day, time_ticks
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, cut
from clawpipe_tui.panels.look import Mark
from clawpipe_tui.panels.series import Series, Timeline
from clawpipe_tui.panels.values import text_of

_LEAST_WORDS = 5
"""So many cells of a mark's words say something."""


@dataclass(frozen=True)
class Plot:
    """The part of a canvas in which the curves stand."""

    x: int
    y: int
    width: int
    height: int
    cells: bool = False
    """Values fill whole rows (a heat map) instead of standing on a line through them."""

    def row_of(self, share: float) -> int:
        """The canvas row of a share of the value axis."""
        if self.cells:
            return self.y + self.height - 1 - min(self.height - 1, int(share * self.height))
        return self.y + round((1 - share) * (self.height - 1))


def plot_rows(height: int) -> int:
    """How many rows the plot has when legend and moments have theirs."""
    return height - (height >= 3) - (height >= 2)


def draw_axes(canvas: Canvas, axis: Axis, since_s: float, until_s: float, *, cells: bool = False) -> Plot:
    """Draw both axes, with faint lines at the ticks of a curve; gives the plot that is left."""
    labels = max((cell_width(label) for _, label in axis.ticks), default=0)
    left = labels + 1 if canvas.width >= labels + 9 else 0
    top = 1 if canvas.height >= 3 else 0
    plot = Plot(left, top, canvas.width - left, plot_rows(canvas.height), cells)
    if plot.width < 1 or plot.height < 1:
        return plot
    if left:
        for row in range(plot.y, plot.y + plot.height):
            canvas.put(left - 1, row, "│", "axis")
    taken: set[int] = set()
    for value, label in sorted(axis.ticks, key=lambda tick: (abs(tick[0] - axis.low) > 0, -tick[0])):
        row = plot.row_of(axis.share(value))
        if row in taken:
            continue
        taken.add(row)
        _value_tick(canvas, plot, row, label)
    if canvas.height >= 2:
        _moments(canvas, plot, since_s, until_s)
    if not cells:
        for x, _ in _marks(canvas, plot, since_s, until_s):
            for row in range(plot.y, plot.y + plot.height):
                canvas.put(x, row, "┊", "axis")
    return plot


def _marks(canvas: Canvas, plot: Plot, since_s: float, until_s: float) -> list[tuple[int, Mark]]:
    """The column of each change in this span, oldest first; of several in one column the newest."""
    span_s = until_s - since_s
    inside = sorted((mark for mark in canvas.look.marks if since_s <= mark.at_s < until_s), key=lambda mark: mark.at_s)
    found = {plot.x + int((mark.at_s - since_s) / span_s * plot.width): mark for mark in inside}
    return list(found.items())


def draw_marks(canvas: Canvas, plot: Plot, line: Timeline) -> None:
    """What changed and when, over the curves: a glyph on top of its line, its words in the legend's row."""
    marks = _marks(canvas, plot, line.since_s, line.until_s) if plot.width > 0 and plot.height > 0 else []
    for x, mark in marks:
        canvas.put(x, plot.y, mark.glyph, "mark")
    right = canvas.width - 1
    for _, mark in reversed(marks if canvas.height >= 3 else []):
        brief, room = f"{mark.glyph} {time_of_day(mark.at_s)}", canvas.blank_before(right, 0) - 2
        said = cut(f"{brief} {mark.text}", room) if room >= cell_width(brief) + _LEAST_WORDS else brief
        if cell_width(said) > room:
            return
        canvas.put_right(right, 0, said, "mark")
        right -= cell_width(said) + 2


def _value_tick(canvas: Canvas, plot: Plot, row: int, label: str) -> None:
    if plot.x:
        canvas.put_right(plot.x - 1, row, label, "axis")
        canvas.put(plot.x - 1, row, "┤", "axis")
    if not plot.cells:
        canvas.put(plot.x, row, "┈" * plot.width, "grid")


def _moments(canvas: Canvas, plot: Plot, since_s: float, until_s: float) -> None:
    """The row below the plot: round moments, each centred under its place."""
    row, free = plot.y + plot.height, plot.x
    for at, label in time_ticks(since_s, until_s, max(1, plot.width // 9)):
        x = plot.x + int((at - since_s) / (until_s - since_s) * plot.width)
        start = max(plot.x, x - len(label) // 2)
        if start >= free and start + len(label) <= canvas.width:
            canvas.put(start, row, label, "axis")
            free = start + len(label) + 1
    if free == plot.x and canvas.height >= 2:
        label = next((label for _, label in time_ticks(since_s, until_s, 99)), "")
        canvas.put(plot.x, row, label if len(label) <= plot.width else "", "axis")


def draw_legend(canvas: Canvas, line: Timeline, glyphs: dict[str, str] | None = None) -> None:
    """The top row: each series' glyph, name and last value; where it is narrow, no values, and the rest as +2."""
    if canvas.height < 3:
        return
    entries = [_entry(series, line.column, glyphs) for series in line.series]
    bare = [(glyph, name, "") for glyph, name, _ in entries]
    room = canvas.width - 4 * bool(line.left_out)
    layouts = [(kept, gap) for kept in (entries, bare) for gap in (2, 1)]
    chosen, gap = next((layout for layout in layouts if _wide(*layout) <= room), (bare, 1))
    shown = next((n for n in range(len(chosen), 1, -1) if _wide(chosen[:n], gap) <= canvas.width - 4), 1)
    shown = len(chosen) if _wide(chosen, gap) <= room else shown
    x = 1 if _wide(chosen, gap) < room else 0
    for series, (glyph, name, value) in zip(line.series[:shown], chosen, strict=False):
        x = canvas.put(x, 0, f"{glyph} ", series.style)
        x = canvas.put(x, 0, cut(name, max(1, canvas.width - x - cell_width(value) - bool(value))), "muted")
        x = canvas.put(x, 0, f" {value}" if value else "") + gap
    if hidden := line.left_out + len(entries) - shown:
        canvas.put_right(canvas.width, 0, f" +{hidden}", "muted")


_Entry = tuple[str, str, str]
"""Glyph, name and last value of a series."""


def _entry(series: Series, column: str, glyphs: dict[str, str] | None) -> _Entry:
    return (glyphs or {}).get(series.name, series.mark), series.name, text_of(column, series.last)


def _wide(entries: list[_Entry], gap: int) -> int:
    """The cells that these entries take side by side."""
    return sum(cell_width(" ".join(filter(None, entry))) for entry in entries) + gap * max(0, len(entries) - 1)
