"""The pure function from a grid drawing to rectangles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate

from clawpipe_tui.spec import CHROME_ROWS, Grid, Rect, ScreenSpec

LEAST_ROWS = 4
"""No panel is shown with fewer rows than this, where there is a choice."""
_LEAST_GRID_ROW = 2
"""Fixed heights hold as long as every other row of the drawing keeps a title and a line."""


def tracks(grid: Grid) -> dict[str, tuple[int, int, int, int]]:
    """Each panel's tracks in reading order: first column, first row, one past the last of both."""
    spans: dict[str, tuple[int, int, int, int]] = {}
    for y, row in enumerate(grid.rows):
        for x, name in enumerate(row):
            left, top, right, bottom = spans.get(name, (x, y, x + 1, y + 1))
            spans[name] = (min(left, x), min(top, y), max(right, x + 1), max(bottom, y + 1))
    return spans


def rectangles(screen: ScreenSpec, width: int, height: int, taken: int = 0) -> dict[str, Rect]:
    """Where each panel stands in an area of this size (the terminal without its header and footer line).

    Rows that are taken at the bottom make panels lower, and never choose another grid.
    """
    fitting = [grid for grid in screen.grids if grid.min_width <= width and grid.min_height <= height + CHROME_ROWS]
    if not fitting:
        return _one_column(tracks(screen.grids[0]), width, max(0, height - taken))
    grid = max(fitting, key=lambda grid: (grid.min_width * grid.min_height, grid.min_width))
    spans = tracks(grid)
    columns = len(grid.rows[0])
    xs = [width * column // columns for column in range(columns + 1)]
    fixed = {name: fixed_height for name, panel in screen.panels.items() if (fixed_height := panel.height)}
    ys = [0, *accumulate(_row_heights(len(grid.rows), spans, fixed, max(0, height - taken)))]
    placed = {
        name: Rect(xs[left], ys[top], xs[right] - xs[left], ys[bottom] - ys[top])
        for name, (left, top, right, bottom) in spans.items()
    }
    return {name: rect for name, rect in placed.items() if rect.width and rect.height}


def _row_heights(
    rows: int, spans: Mapping[str, tuple[int, int, int, int]], fixed: Mapping[str, int], height: int
) -> list[int]:
    """The height of each grid row: fixed panels get theirs where the others keep room, the rest is shared evenly."""
    wanted: dict[int, int] = {}
    for name in fixed.keys() & spans.keys():
        _, top, _, bottom = spans[name]
        for row, share in zip(range(top, bottom), shares(fixed[name], bottom - top), strict=True):
            wanted[row] = max(wanted.get(row, 0), share)
    free = [row for row in range(rows) if row not in wanted]
    if not free or height - sum(wanted.values()) < len(free) * _LEAST_GRID_ROW:
        return shares(height, rows)
    heights = wanted | dict(zip(free, shares(height - sum(wanted.values()), len(free)), strict=True))
    return [heights[row] for row in range(rows)]


def shares(total: int, parts: int) -> list[int]:
    """A whole number in parts that differ by one at most, the larger ones spread evenly."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


def _one_column(names: Collection[str], width: int, height: int) -> dict[str, Rect]:
    """For a very small terminal: the panels in grid order, as many as keep four rows each."""
    shown = list(names)[: max(1, height // LEAST_ROWS)]
    heights = shares(height, len(shown))
    ys = [0, *accumulate(heights)]
    placed = {name: Rect(0, ys[i], width, heights[i]) for i, name in enumerate(shown)}
    return placed if width and height else {}
