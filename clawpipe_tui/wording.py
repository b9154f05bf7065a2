"""Numbers and moments as people read them: 12300 → "12.3k", 0.0871 s → "87 ms", by the unit in a column's name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

NOTHING = "–"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


def clean(text: str, limit: int = 2_000) -> str:
    """Text from a log or an API made harmless for a terminal: no control codes, no direction changes, bounded."""
    return _CONTROL.sub(" ", text[: limit + 1])[:limit]


def number(value: float) -> str:
    """A count in at most five characters: 999, 12.3k, 4.56M."""
    if not math.isfinite(value):
        return NOTHING
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size * 0.99995:
            return _digits(value / size) + unit
    return f"{value:.0f}" if float(value).is_integer() else _digits(value)


def _digits(value: float) -> str:
    """Three significant digits without a trailing zero fraction."""
    magnitude = abs(value)
    if magnitude >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    places = 0 if magnitude >= 99.95 else 1 if magnitude >= 9.995 else 2
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def milliseconds(value_ms: float) -> str:
    """A latency with its unit: 0.42 ms, 87 ms, 1.2 s, 3.5 min."""
    if not math.isfinite(value_ms):
        return NOTHING
    if abs(value_ms) < 999.5:
        return f"{_digits(value_ms)} ms"
    return seconds(value_ms / 1e3)


def seconds(value_s: float) -> str:
    """A span with its unit: 45 s, 2 min, 3.5 h, 2 d."""
    if not math.isfinite(value_s):
        return NOTHING
    if abs(value_s) < 1 and value_s != 0:
        return milliseconds(value_s * 1e3)
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if abs(value_s) >= size:
            return f"{_digits(value_s / size)} {unit}"
    return f"{_digits(value_s)} s"


def percent(value_pct: float) -> str:
    """A share in percent: 0.03 %, 1.2 %, 45 %. A share that is not 0 is never shown as 0."""
    if not math.isfinite(value_pct):
        return NOTHING
    if 0 < abs(value_pct) < 0.01:
        return "<0.01 %"
    return f"{_digits(value_pct)} %"


def size(value_bytes: float) -> str:
    """A file size: 812 B, 4.1 kB, 2.3 MB."""
    if not math.isfinite(value_bytes):
        return NOTHING
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(value_bytes) >= scale:
            return f"{_digits(value_bytes / scale)} {unit}"
    return f"{value_bytes:.0f} B"


def moment(value: datetime) -> str:
    """A time of day, in UTC: 02:41:07."""
    return _utc(value).strftime("%H:%M:%S")


def day_and_moment(value: datetime) -> str:
    """A full moment, in UTC: 2026-11-07 02:41:07."""
    return f"{_utc(value):%Y-%m-%d %H:%M:%S}"


def _utc(value: datetime) -> datetime:
    """In UTC; at the ends of the calendar, where that would be outside of it, as it is."""
    try:
        return value.astimezone(UTC) if value.tzinfo else value
    except OverflowError:
        return value


def worded(column: str, value: object) -> str:
    """One cell of a named query as text: the suffix of the column's name is its unit."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        try:
            return _worded_number(column, float(value))
        except OverflowError:
            return NOTHING  # an integer larger than any measure
    return clean(str(value))


def _worded_number(column: str, value: float) -> str:
    for suffix, words in _UNITS:
        if column.endswith(suffix):
            return words(value)
    if abs(value) < 1 and value != 0:
        return f"{value:.3f}" if abs(value) >= 0.0005 else "<0.001"
    return number(value)


_UNITS: tuple[tuple[str, Callable[[float], str]], ...] = (
    ("_ms", milliseconds),
    ("_pct", percent),
    ("_bytes", size),
    ("_per_s", lambda value: f"{number(value)}/s"),
    ("_s", seconds),
)
"""The suffix of a column's name → how its numbers are worded."""
