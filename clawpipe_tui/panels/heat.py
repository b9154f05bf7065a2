"""Time across, latency upward, shade by how many: dense cells are dark in mono and bright in colour."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from clawpipe_tui.panels.axis import Axis, log_axis
from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.look import HEATS, Look
from clawpipe_tui.panels.plot import Plot, draw_axes, plot_rows
from clawpipe_tui.panels.values import epoch_s, finite, label_of, span_s, text_of
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

_SHADES = "·░░▒▒▓▓█"
_ASCII_SHADES = ".:-=+*#@"
_LEAST_TOP = 1e-280
"""Far enough from 0 that no part of it is 0 by the machine's arithmetic."""


@dataclass(frozen=True)
class _Bucket:
    """So many requests of one step between two latencies."""

    at_s: float
    low: float
    high: float
    count: float


def draw_heat(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """Rows of (moment, low, high, count) as a heat map with a logarithmic value axis."""
    del spec
    buckets = _buckets(result)
    if not buckets:
        return words("Nothing to draw: a heat map needs times, a low, a high and a count above 0.", width, height, look)
    canvas = Canvas(width, height, look)
    step_s, since_s, until_s = _span(result, buckets)
    axis = _axis(result.columns[1], buckets, plot_rows(height))
    plot = draw_axes(canvas, axis, since_s, until_s, cells=True)
    counts = _counts(buckets, axis, plot, (step_s, since_s, until_s))
    most = max(counts.values(), default=0.0)
    for (x, y), count in counts.items():
        _cell(canvas, plot.x + x, plot.y + y, _level(count, most))
    _legend(canvas, most, label_of(result.columns[3]))
    return canvas


def _buckets(result: Result) -> list[_Bucket]:
    """The rows that can be drawn: a moment, bounds in order, a count above 0."""
    if len(result.columns) < 4:
        return []
    buckets: list[_Bucket] = []
    tops = [high for row in result.rows if (high := finite(row[2]))]
    for row in result.rows:
        at, count = epoch_s(row[0]), finite(row[3])
        low, high = finite(row[1]) or 0.0, finite(row[2]) or max(tops, default=0.0)
        if at is not None and count and count > 0 and high > 0:
            buckets.append(_Bucket(at, max(0.0, min(low, high)), high, count))
    return buckets


def _span(result: Result, buckets: list[_Bucket]) -> tuple[float, float, float]:
    """The step, the beginning and the end of the time axis, in seconds: as bound, else as the rows have them."""
    moments = sorted({bucket.at_s for bucket in buckets})
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    step = span_s(result.bound.get("step")) or min(gaps, default=60.0)
    since, until = epoch_s(result.bound.get("since")), epoch_s(result.bound.get("until"))
    since = moments[0] if since is None else since
    return max(step, 1e-3), since, moments[-1] + step if until is None or until <= since else until


def _axis(column: str, buckets: list[_Bucket], rows: int) -> Axis:
    """From the lowest bound to the highest one, with the round ticks between them."""
    top = max(_LEAST_TOP, *(bucket.high for bucket in buckets))
    bottom = min((bucket.low for bucket in buckets if bucket.low > 0), default=top / 10)
    bottom = max(min(bottom, top / 1.5), top / 1e9)
    ticks = log_axis(column, bottom, top, rows).ticks
    return Axis(bottom, top, tuple(tick for tick in ticks if bottom <= tick[0] <= top), log=True)


def _counts(
    buckets: list[_Bucket], axis: Axis, plot: Plot, span: tuple[float, float, float]
) -> dict[tuple[int, int], float]:
    """The count of each cell of the plot; where buckets or steps share one, their mean, so that no stripes appear."""
    if plot.width < 1 or plot.height < 1:
        return {}
    step_s, since_s, until_s = span
    steps = max(1, min(10_000, round((until_s - since_s) / step_s)))
    bounds = {(bucket.low, bucket.high) for bucket in buckets}
    rows = {(low, high): _rows(plot, axis, low, high) for low, high in bounds}
    sharing_row = Counter(row for places in rows.values() for row in places)
    per_cell: dict[tuple[int, int], float] = {}
    for bucket in buckets:
        step = int((bucket.at_s - since_s) // step_s)
        for x in _cells_of(step, steps, plot.width) if 0 <= step < steps else ():
            sharing = max(1, (x + 1) * steps // plot.width - x * steps // plot.width)
            for y in rows[bucket.low, bucket.high]:
                per_cell[x, y] = per_cell.get((x, y), 0.0) + bucket.count / sharing / sharing_row[y]
    return per_cell


def _cells_of(step: int, steps: int, width: int) -> range:
    """The columns in which a step is drawn: several where there is room, else one that it shares."""
    if steps >= width:
        # The column x holds the steps from x * steps // width on; this is the one that holds this step.
        column = ((step + 1) * width - 1) // steps
        return range(column, column + 1)
    return range(-(-step * width // steps), -(-(step + 1) * width // steps))


def _rows(plot: Plot, axis: Axis, low: float, high: float) -> range:
    """The rows of a bucket, top to bottom: at least the one in whose share of the axis its lower bound lies."""
    top, bottom = (plot.row_of(axis.share(bound)) - plot.y for bound in (high, low))
    return range(min(top + 1, bottom), bottom + 1)


def _level(count: float, most: float) -> int:
    """Which of the eight shades: by the logarithm, so that a slow tail is seen beside a busy middle."""
    return min(HEATS - 1, int(math.log1p(count) / math.log1p(most) * HEATS)) if most > 0 else 0


def _cell(canvas: Canvas, x: int, y: int, level: int) -> int:
    glyph = (_ASCII_SHADES if canvas.look.ascii else _SHADES)[level]
    return canvas.put(x, y, glyph, f"heat{level}")


def _legend(canvas: Canvas, most: float, what: str) -> None:
    """The top row: the ramp of shades and the count that its darkest one stands for."""
    if canvas.height < 3:
        return
    x = canvas.put(1, 0, "1 ", "muted")
    for level in range(HEATS):
        x = _cell(canvas, x, 0, level)
    canvas.put(x + 1, 0, f"{text_of('', most)} {what}", "muted")
