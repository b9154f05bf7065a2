"""What a named query answered: the one shape in which numbers travel to screens, commands and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Value = str | int | float | bool | datetime | Sequence[float | None] | None


@dataclass(frozen=True)
class Result:
    """The rows of one answered query, with the SQL and the values that were bound to it."""

    query: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    sql: str = ""
    bound: Mapping[str, Value] = field(default_factory=dict[str, Value])
    took_s: float = 0.0

    def column(self, name: str) -> tuple[Value, ...]:
        """All values of one column, top to bottom. Raises KeyError where there is no such column."""
        try:
            index = self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None
        return tuple(row[index] for row in self.rows)

    def records(self) -> list[dict[str, Value]]:
        """The rows as name → value, for JSON and for tests."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]
