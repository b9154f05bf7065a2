"""The rows of one column as lines of text."""

from __future__ import annotations

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cut
from clawpipe_tui.panels.look import Look
from clawpipe_tui.panels.values import text_of
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec


def visible_lines(count: int, height: int, cursor: int | None) -> range:
    """Which lines are shown: those from the cursor's page on."""
    if height <= 0 or count <= height:
        return range(min(count, max(0, height)))
    page = min(max(cursor or 0, 0), count - 1) // height
    first = min(page * height, count - height)
    return range(first, first + height)


def draw_text(
    spec: PanelSpec, result: Result, width: int, height: int, look: Look, *, focused: bool, cursor: int | None
) -> Canvas:
    """One line a row, cut with a sign where it is too long."""
    canvas = Canvas(width, height, look)
    name = next((name for name in spec.columns if name in result.columns), result.columns[0])
    values = result.column(name)
    for y, row in enumerate(visible_lines(len(values), height, cursor)):
        canvas.put(1, y, cut(text_of(name, values[row]), width - 1))
        if row == cursor and focused:
            canvas.put(0, y, "▸")
            canvas.restyle(y, "cursor")
    return canvas
