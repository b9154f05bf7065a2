"""Stacked bars over time, to an eighth of a cell; where steps share a column, their mean is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clawpipe_tui.panels.axis import Axis, settled, value_axis
from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.look import Look
from clawpipe_tui.panels.plot import Plot, draw_axes, draw_legend, draw_marks, plot_rows
from clawpipe_tui.panels.series import Timeline, timeline
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

EIGHTHS = " ▁▂▃▄▅▆▇█"
_FILLS = "█▒░▓▚▞▤▥"
_ASCII_FILLS = "#=:+%*o-"


def draw_bars(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """The rows of a query over time as stacked bars."""
    line = timeline(spec, result, look)
    if line is None:
        return words("Nothing to draw: the rows hold no times or no numbers.", width, height, look)
    canvas = Canvas(width, height, look)
    stacks = _stacks(line)
    axis = settled(bars_axis(spec, line, plot_rows(height)), look.held)
    plot = draw_axes(canvas, axis, line.since_s, line.until_s)
    if plot.width > 0 and plot.height > 0:
        for x, stack in enumerate(_columns(stacks, plot.width)):
            _column(canvas, plot, x, [value / axis.high for value in stack], line)
    draw_legend(canvas, _seen(line), _fills(line, look))
    draw_marks(canvas, plot, line)
    return canvas


def bars_axis(spec: PanelSpec, line: Timeline, rows: int) -> Axis:
    """From 0 to the tallest stack."""
    del spec
    tallest = max((sum(stack) for stack in _stacks(line)), default=0.0)
    return value_axis(line.column, 0.0, tallest, rows)


def _seen(line: Timeline) -> Timeline:
    """Without the series that no bar has a part of: its place in the legend is wanted for those that are there."""
    seen = tuple(series for series in line.series if any(value for _, value in series.points))
    return replace(line, series=seen or line.series)


def _fills(line: Timeline, look: Look) -> dict[str, str]:
    """The glyph that names each series: its mark in colour, else the shade with which its part is filled."""
    if look.colour and not look.ascii:
        return {series.name: series.mark for series in line.series}
    fills = _ASCII_FILLS if look.ascii else _FILLS
    return {series.name: fills[index % len(fills)] for index, series in enumerate(line.series)}


def _stacks(line: Timeline) -> list[list[float]]:
    """For each step of the window, the values of all series from the bottom up; what is missing is 0."""
    steps = max(1, min(10_000, round((line.until_s - line.since_s) / line.step_s)))
    stacks = [[0.0] * len(line.series) for _ in range(steps)]
    for layer, series in enumerate(line.series):
        for at, value in series.points:
            step = round((at - line.since_s) // line.step_s)
            if value is not None and value > 0 and 0 <= step < steps:
                stacks[step][layer] = value
    return stacks


def _columns(stacks: Sequence[Sequence[float]], width: int) -> list[list[float]]:
    """One stack per cell column: repeated where there is room, the mean where steps share a column."""
    columns: list[list[float]] = []
    for x in range(width):
        first = x * len(stacks) // width
        last = max(first + 1, (x + 1) * len(stacks) // width)
        columns.append([sum(values) / (last - first) for values in zip(*stacks[first:last], strict=True)])
    return columns


def _column(canvas: Canvas, plot: Plot, x: int, stack: list[float], line: Timeline) -> None:
    """One column from the bottom up; where two series share a cell, one is the other's background."""
    levels = _eighths(stack, plot.height * 8)
    plain = canvas.look.colour and not canvas.look.ascii
    fills = _fills(line, canvas.look)
    for row in range(plot.height):
        base, parts = row * 8, _parts(levels, row * 8)
        if not parts:
            break
        y = plot.y + plot.height - 1 - row
        if plain:
            glyph, style = _shared(parts, line)
            canvas.put(plot.x + x, y, glyph, style)
        elif levels[-1] - base >= 4 or row == 0:
            largest = line.series[max(parts, key=lambda part: part[1])[0]]
            canvas.put(plot.x + x, y, fills[largest.name], largest.style)


def _shared(parts: list[tuple[int, int]], line: Timeline) -> tuple[str, str]:
    """The glyph and style of a cell from its parts, lowest first: (series, eighths)."""
    layer, eighths = parts[0]
    filled = sum(part for _, part in parts)
    largest = max(parts, key=lambda part: part[1])[0]
    if len(parts) == 1 or filled < 8:
        return EIGHTHS[filled], line.series[largest].style
    above = max(parts[1:], key=lambda part: part[1])[0]
    return EIGHTHS[eighths], f"{line.series[layer].style} on {line.series[above].style}"


def _eighths(stack: list[float], most: int) -> list[int]:
    """The top of each series' part in eighths; a part that is not 0 keeps an eighth of its own."""
    tops: list[int] = []
    total, floor = 0.0, 0
    for value in stack:
        total += value
        floor = max(min(most, round(total * most)), floor + (value > 0)) if value > 0 else floor
        tops.append(min(most, floor))
    return tops


def _parts(levels: list[int], base: int) -> list[tuple[int, int]]:
    """Which series fill the cell that begins at `base` eighths, and how many eighths each."""
    parts: list[tuple[int, int]] = []
    below = base
    for layer, top in enumerate(levels):
        reach = min(top, base + 8)
        if reach > below:
            parts.append((layer, reach - below))
            below = reach
    return parts
