"""Cells of a result as the drawings need them: a finite number or nothing, seconds since 1970, words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from clawpipe_tui.wording import NOTHING, worded

_HEADINGS = {
    "sees": "would show",
    "words": "why not",
    "accepted_pct": "limit",
    "labelled_pct": "labels in",
}
"""Headings of columns whose names say little to somebody who has not read the query."""
_SUFFIXES = ("_ms", "_pct", "_bytes", "_at", "_s")
_HUGE = 1e100
"""Beyond this a number is a mistake in the log, and arithmetic on axes would overflow."""


def finite(value: object) -> float | None:
    """The number, or None for everything that cannot be drawn to scale: NULL, NaN, infinity, text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) < _HUGE else None
    return value if math.isfinite(value) and abs(value) < _HUGE else None


def epoch_s(value: object) -> float | None:
    """A moment as seconds since 1970; one without a zone is UTC."""
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def span_s(value: object) -> float | None:
    """A positive span of time as seconds, whether it comes as an interval or as a number of them."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else finite(value)
    return seconds if seconds and seconds > 0 else None


def numbers(value: object) -> list[float | None]:
    """A list column's cell as numbers; anything else is an empty list."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [finite(part) for part in value]
    return []


def text_of(column: str, value: object) -> str:
    """One cell in words, by the unit in the column's name (`_per_s` is a rate, no span of time); never an exception."""
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    rate = column.endswith("_per_s") and finite(value) is not None
    try:
        return f"{worded('', value)}/s" if rate else worded(column, value)
    except (OverflowError, ValueError):
        return NOTHING


def label_of(column: str) -> str:
    """A column's name as a heading: its unit goes, because the cells carry it."""
    if column in _HEADINGS:
        return _HEADINGS[column]
    for suffix in _SUFFIXES:
        if column.endswith(suffix) and len(column) > len(suffix) and not column.endswith("_per_s"):
            column = column.removesuffix(suffix)
            break
    return column.replace("_per_s", "/s").replace("_", " ")
