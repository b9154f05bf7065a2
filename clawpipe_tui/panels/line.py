"""Curves over time: gaps stay gaps, single points are seen, every series carries its mark at its end."""

from __future__ import annotations

from clawpipe_tui.panels.axis import Axis, log_axis, near_axis, settled, value_axis
from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.look import Look
from clawpipe_tui.panels.plot import Plot, draw_axes, draw_legend, draw_marks, plot_rows
from clawpipe_tui.panels.raster import Raster
from clawpipe_tui.panels.series import Series, Timeline, timeline
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

_JOINED_STEPS = 1.5
"""Rows further apart than this many steps have a gap between them."""
_MARK_EVERY = 12
"""Cells between the marks along a curve, where colour cannot tell curves apart."""


def draw_line(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """The rows of a query over time as curves."""
    line = timeline(spec, result, look)
    if line is None:
        return words("Nothing to draw: the rows hold no times or no numbers.", width, height, look)
    canvas = Canvas(width, height, look)
    axis = settled(line_axis(spec, line, plot_rows(height)), look.held)
    plot = draw_axes(canvas, axis, line.since_s, line.until_s)
    if plot.width > 0 and plot.height > 0:
        _curves(canvas, plot, line, axis)
    draw_legend(canvas, line)
    draw_marks(canvas, plot, line)
    return canvas


def line_axis(spec: PanelSpec, line: Timeline, rows: int) -> Axis:
    """From 0, or from near the smallest value, to the largest; logarithmic where file and values allow."""
    values = line.values()
    positive = [value for value in values if value > 0]
    if spec.log and positive:
        return log_axis(line.column, max(min(positive), 1e-9), max(positive), rows)
    if spec.near and values:
        return near_axis(line.column, min(values), max(values), rows)
    return value_axis(line.column, min(values, default=0.0), max(values, default=0.0), rows)


def _curves(canvas: Canvas, plot: Plot, line: Timeline, axis: Axis) -> None:
    raster = Raster(plot.width, plot.height, canvas.look.charts)
    ends: list[tuple[int, int, Series]] = []
    for layer, series in enumerate(line.series):
        places = _places(raster, series, line, axis)
        _trace(raster, places, line.step_s, layer)
        ends += [(x // raster.across, y // raster.down, series) for x, y in _marked(places, raster, layer, canvas.look)]
    for (x, y), (bits, layer) in raster.cells.items():
        series = line.series[layer]
        canvas.put(plot.x + x, plot.y + y, raster.glyph(bits, series.mark), series.style)
    if len(line.series) > 1:
        for x, y, series in ends:
            canvas.put(plot.x + x, plot.y + y, series.mark, series.style)


_Place = tuple[float, int, int]
"""A moment and the dot where its value stands."""


def _places(raster: Raster, series: Series, line: Timeline, axis: Axis) -> list[_Place | None]:
    """Each row's dot, in the middle of its step; None where the curve is interrupted."""
    places: list[_Place | None] = []
    span = line.until_s - line.since_s
    for at, value in series.points:
        share = (at + line.step_s / 2 - line.since_s) / span
        if value is None or (axis.log and value <= 0):
            places.append(None)
        elif 0 <= share <= 1:
            x = min(raster.dots_wide - 1, int(share * raster.dots_wide))
            places.append((at, x, round((1 - axis.share(value)) * (raster.dots_high - 1))))
    return places


def _trace(raster: Raster, places: list[_Place | None], step_s: float, layer: int) -> None:
    """Lines between neighbours in time, and a visible point where there is no neighbour."""
    for index, place in enumerate(places):
        if place is None:
            continue
        before = places[index - 1] if index else None
        after = places[index + 1] if index + 1 < len(places) else None
        joined = bool(before and place[0] - before[0] <= step_s * _JOINED_STEPS)
        joins = bool(after and after[0] - place[0] <= step_s * _JOINED_STEPS)
        if before and joined:
            raster.line(before[1:], place[1:], layer)
        elif not joins:
            raster.blob(place[1], place[2], layer)


def _marked(places: list[_Place | None], raster: Raster, layer: int, look: Look) -> list[tuple[int, int]]:
    """Where the series' mark stands: at its last value, and along it where colour is not there to help."""
    known = [place[1:] for place in places if place]
    if not known or look.ascii:
        return []
    if look.colour:
        return known[-1:]
    every = _MARK_EVERY * raster.across
    offset = layer * every // 3
    along: dict[int, tuple[int, int]] = {}
    for x, y in known:
        along.setdefault((x + offset) // every, (x, y))
    return [*along.values(), known[-1]]
