"""Axes with round numbers: how far they reach, where their ticks stand, what the ticks say."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from clawpipe_tui.panels.values import text_of

_TOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 10.0)
_TRAILING_ZEROS = re.compile(r"(\.\d*[1-9])0+(?!\d)")
_TIME_STEPS_S = (
    *(1, 2, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(3_600 * hours for hours in (1, 2, 3, 4, 6, 12)),
    *(86_400 * days for days in (1, 2, 7, 14, 30, 90, 365)),
)


@dataclass(frozen=True)
class Axis:
    """A value axis from `low` to `high` with its ticks; positions are shares of the way up."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def share(self, value: float) -> float:
        """How far up the axis a value stands, 0 to 1; outside values stand on the edge."""
        if self.log:
            value = math.log10(max(value, self.low))
            low, high = math.log10(self.low), math.log10(self.high)
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (value - low) / (high - low)))


def value_axis(column: str, low: float, high: float, rows: int) -> Axis:
    """A linear axis that holds 0 and these values, with as many round ticks as the rows can carry."""
    top, bottom = _round_up(high) if high > 0 else 0.0, -_round_up(-low) if low < 0 else 0.0
    if top == bottom:
        top = 1.0
    count = max(1, min(5, (rows - 1) // (2 if rows < 8 else 3)))
    parts = next((n for n in range(count, 0, -1) if _is_round((top - bottom) / n)), 1)
    # With values on both sides of 0 a round division of the span need not meet 0, so 0 is a tick of its own.
    values = sorted({bottom, 0.0, top}) if bottom < 0 else [top * part / parts for part in range(parts + 1)]
    return Axis(bottom, top, tuple((value, tick_label(column, value)) for value in values))


_SMALLEST = 1e-300
"""Below this a power of ten is 0 by the machine's arithmetic."""
_WHOLE = 100.0
"""More than all there is, in percent, is on no axis."""


def near_axis(column: str, low: float, high: float, rows: int) -> Axis:
    """A linear axis that holds these values and need not hold 0, from round to round tick."""
    count = max(1 + (low < 0 < high), min(5, (rows - 1) // 2))
    # Never less than a tenth of the value, so that noise does not look like a fall.
    span = max(high - low, abs(high) / 10)
    step = _round_up((span if span > _SMALLEST else 1.0) / count)
    whole = _WHOLE if column.endswith("_pct") and low >= 0 and high <= _WHOLE else math.inf
    while (top := math.ceil(high / step)) - (bottom := math.floor(low / step)) > count or top * step > whole:
        step = _round_up(step * 1.01)
    if bottom == top:
        bottom, top = (bottom - 1, top) if top > 0 else (bottom, top + 1)
    values = [tick * step for tick in range(bottom, top + 1)]
    return Axis(values[0], values[-1], tuple((value, tick_label(column, value)) for value in values))


_HELD = 0.6
"""An axis is kept while the values reach at least so far up: round ticks do not flip with each new value."""


def settled(fresh: Axis, held: Axis | None) -> Axis:
    """The axis of the last drawing where the values of this one stand well on it, else the one made for them."""
    if held is None or held.log != fresh.log or held.low > fresh.low or held.high < fresh.high:
        return fresh
    return held if held.share(fresh.high) >= _HELD and held.share(fresh.low) <= 1 - _HELD else fresh


def log_axis(column: str, low: float, high: float, rows: int) -> Axis:
    """A logarithmic axis over whole decades, or from 1-2-5 to 1-2-5 where less than a decade is needed."""
    bottom, top = _floor_125(low), _ceil_125(high)
    if top <= bottom:
        top = _ceil_125(bottom * 2)
    marks = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1)
        for factor in (1.0, 2.0, 5.0)
    ]
    inside = [mark for mark in marks if bottom * 0.999 <= mark <= top * 1.001]
    decades = [mark for mark in inside if math.isclose(mark, 10.0 ** round(math.log10(mark)))]
    most = max(2, rows // 2)
    shown = inside if len(inside) <= most else decades if len(decades) >= 2 else inside[:: max(1, len(inside) - 1)]
    shown = shown[:: math.ceil(len(shown) / most)]
    return Axis(bottom, top, tuple((mark, tick_label(column, mark)) for mark in shown), log=True)


def tick_label(column: str, value: float) -> str:
    """A tick in words: 10 %, 500 ms, 1.5 s, 20k."""
    return "0" if value == 0 else _TRAILING_ZEROS.sub(r"\1", text_of(column, value))


def time_ticks(since_s: float, until_s: float, most: int) -> list[tuple[float, str]]:
    """Round moments between these, at most so many, as HH:MM (with seconds or as a date where that says more)."""
    span = until_s - since_s
    if span <= 0 or most < 1:
        return []
    step = next((step for step in _TIME_STEPS_S if span / step <= most), None)
    if step is None:
        return []
    first = math.ceil(since_s / step)
    pattern = "%m-%d" if step >= 86_400 else "%H:%M" if step >= 60 else "%H:%M:%S"
    moments = [index * step for index in range(first, math.floor(until_s / step) + 1)]
    return [(at, label) for at in moments if (label := _moment(at, pattern))]


def time_of_day(at_s: float) -> str:
    """A moment as HH:MM in UTC."""
    return _moment(at_s, "%H:%M")


def _moment(at_s: float, pattern: str) -> str:
    """A moment in UTC by a pattern; empty where the calendar ends."""
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime(pattern)
    except (OverflowError, ValueError, OSError):
        return ""


def _round_up(value: float) -> float:
    """The smallest round number that is not below a positive value."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next((top * scale for top in _TOPS if top * scale >= value * (1 - 1e-9)), 10.0 * scale)


def _is_round(step: float) -> bool:
    """Whether a step between ticks reads as a round number."""
    scale = 10.0 ** math.floor(math.log10(step))
    return any(math.isclose(step, known * scale) for known in _STEPS)


def _floor_125(value: float) -> float:
    value = max(value, _SMALLEST)
    scale = 10.0 ** math.floor(math.log10(value))
    return max(factor * scale for factor in (1.0, 2.0, 5.0) if factor * scale <= value * 1.001)


def _ceil_125(value: float) -> float:
    value = max(value, _SMALLEST)
    scale = 10.0 ** math.floor(math.log10(value))
    return min(factor * scale for factor in (1.0, 2.0, 5.0, 10.0) if factor * scale >= value * 0.999)
