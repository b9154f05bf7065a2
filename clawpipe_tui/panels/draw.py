"""One panel as lines: the border with title and state, and inside it the drawing that the screen file asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clawpipe_tui.panels.axis import Axis, settled
from clawpipe_tui.panels.bars import bars_axis, draw_bars
from clawpipe_tui.panels.border import draw_border, edge_look, inner_size
from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.heat import draw_heat
from clawpipe_tui.panels.histogram import draw_histogram
from clawpipe_tui.panels.line import draw_line, line_axis
from clawpipe_tui.panels.look import Line, Look
from clawpipe_tui.panels.number import draw_number
from clawpipe_tui.panels.plot import plot_rows
from clawpipe_tui.panels.series import Timeline, timeline
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.panels.status import draw_status
from clawpipe_tui.panels.table import draw_table, visible_rows
from clawpipe_tui.panels.text import draw_text, visible_lines
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

NO_ROWS = "no rows in this window"

_CHARTS: Mapping[str, Callable[[PanelSpec, Result, int, int, Look], Canvas]] = {
    "number": draw_number,
    "line": draw_line,
    "bars": draw_bars,
    "histogram": draw_histogram,
    "heat": draw_heat,
    "status": draw_status,
}
_WALKED = {"table": (draw_table, visible_rows), "text": (draw_text, visible_lines)}


_AXES: Mapping[str, Callable[[PanelSpec, Timeline, int], Axis]] = {"line": line_axis, "bars": bars_axis}


def axis_of(spec: PanelSpec, state: PanelState, width: int, height: int, look: Look) -> Axis | None:
    """The value axis that this panel's drawing has, to be held for the next one; None where it has none."""
    result = state.rows_shown
    if spec.draw not in _AXES or result is None or not result.rows or not result.columns:
        return None
    line = timeline(spec, result, look)
    _, _, _, rows = inner_size(width, height, edge_look(spec.draw, look))
    return settled(_AXES[spec.draw](spec, line, plot_rows(rows)), look.held) if line else None


def row_count(spec: PanelSpec, state: PanelState) -> int:
    """How many rows a cursor can walk in this panel."""
    result = state.rows_shown
    return len(result.rows) if result and spec.draw in _WALKED else 0


def table_rows(width: int, height: int, look: Look) -> int:
    """How many rows a table shows in this room, border included."""
    _, _, _, inner_height = inner_size(width, height, look)
    return max(1, inner_height - 1)


def draw_panel(
    spec: PanelSpec,
    state: PanelState,
    width: int,
    height: int,
    look: Look,
    *,
    focused: bool = False,
    cursor: int | None = None,
) -> list[Line]:
    """Exactly `height` lines of exactly `width` cells, border and state included, whatever the rows hold."""
    look = edge_look(spec.draw, look)
    canvas = Canvas(width, height, look)
    x, y, inner_width, inner_height = inner_size(width, height, look)
    draw_border(canvas, spec.title or spec.name, _note(spec, state, inner_height, cursor), state, focused=focused)
    if inner_width > 0 and inner_height > 0:
        canvas.paste(x, y, _content(spec, state, inner_width, inner_height, look, focused=focused, cursor=cursor))
    return canvas.lines()


def _content(
    spec: PanelSpec, state: PanelState, width: int, height: int, look: Look, *, focused: bool, cursor: int | None
) -> Canvas:
    """What stands inside the border: the drawing of the rows, or the words of a state that has none."""
    result = state.rows_shown
    if state.kind == "loading":
        return words(state.message or f"loading {state.age_s:.0f} s", width, height, look)
    if state.kind == "failed":
        return words(state.message or "This panel failed without saying why.", width, height, look, "bad")
    if state.kind == "empty" or result is None or not result.rows or not result.columns:
        return words(_why_empty(state), width, height, look)
    if spec.draw in _WALKED:
        draw, _ = _WALKED[spec.draw]
        return draw(spec, result, width, height, look, focused=focused, cursor=cursor)
    return _CHARTS[spec.draw](spec, result, width, height, look)


def _why_empty(state: PanelState) -> str:
    """What the log cannot say is not a lack of rows."""
    if state.result and state.result.note:
        return state.result.note
    return f"{NO_ROWS}: {state.message}" if state.message else NO_ROWS


def _note(spec: PanelSpec, state: PanelState, height: int, cursor: int | None) -> str:
    """Which rows of how many are shown, where not all of them are."""
    count = row_count(spec, state)
    if not count:
        return state.message if state.kind == "fresh" else ""
    _, visible = _WALKED[spec.draw]
    shown = visible(count, height, cursor)
    if not shown or len(shown) == count:
        return ""
    whole_pages = shown.start or not spec.only_first
    return f"{shown.start + 1}-{shown.stop} of {count}" if whole_pages else f"{len(shown)} of {count}"
