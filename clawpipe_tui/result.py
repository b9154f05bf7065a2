"""What a named query answered: the one shape in which numbers travel to screens, commands and rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

Value = str | int | float | bool | datetime | timedelta | Sequence[float | None] | None

_NO_MEASURES = frozenset({"at", "model", "version", "role", "client", "requests", "answered", "labelled", "low_ms"})


@dataclass(frozen=True)
class Result:
    """The rows of one answered query, with the SQL and the values that were bound to it."""

    query: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    sql: str = ""
    bound: Mapping[str, Value] = field(default_factory=dict[str, Value])
    took_s: float = 0.0
    note: str = ""
    """What the log cannot say of this, in words."""

    def column(self, name: str) -> tuple[Value, ...]:
        """All values of one column, top to bottom. Raises KeyError where there is no such column."""
        try:
            index = self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None
        return tuple(row[index] for row in self.rows)

    def says_nothing(self) -> bool:
        """Whether there is not one value in it beside the axis and the counts of requests."""
        measures = [
            place for place, name in enumerate(self.columns) if name not in _NO_MEASURES and not name.endswith("_at")
        ]
        return all(row[place] is None for row in self.rows for place in measures)

    def records(self) -> list[dict[str, Value]]:
        """The rows as name → value, for JSON and for tests."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def plain_value(value: object) -> Value:
    """A cell as the rest of the house knows it: times in UTC, spans in seconds, no NaN (nothing can be said)."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list):
        return cast("Value", [plain_value(item) for item in cast("list[object]", value)])
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return _plain_time(value)


def _plain_time(value: object) -> Value:
    if isinstance(value, tuple):  # Arrow's interval
        months, days, nanoseconds = cast("tuple[int, int, int]", value)
        return (months * 30 + days) * 86_400.0 + nanoseconds / 1e9
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, date) else str(value)
