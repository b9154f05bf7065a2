"""What a column's name and values say about the part that it plays."""

from __future__ import annotations

from collections.abc import Callable

from clawpipe_tui.logs.profile import Facts

Judged = tuple[float, str, str, bool] | None
"""How well a column plays a part, the SQL for it, why, and whether that is sure; None where it cannot play it."""
Judge = Callable[[Facts], Judged]


def named_like(column: Facts, *words: str) -> float:
    """1 where the name is one of the words, less where they are among its words, 0 where they are not in it."""
    joined = "".join(column.tokens)
    if joined in words or column.name.lower() in words:
        return 1.0
    hits = [word for word in words if word in column.tokens or (len(word) > 5 and word in joined)]
    return 0.5 + 0.1 * len(hits) / len(column.tokens) if hits else 0.0


def as_text(column: Facts) -> str:
    """SQL for the column as text."""
    return column.expression if column.shape == "text" else f"cast({column.expression} as varchar)"


def has_many(column: Facts) -> bool:
    """Too many values for something that a few things have."""
    return column.distinct > 50 and column.distinct > 0.5 * column.known


def scaled(column: Facts, factor: float) -> str:
    """SQL for the column as a number, times a factor."""
    number = column.expression if column.kind not in {"TEXT", "VARCHAR"} else f"try_cast({column.expression} as double)"
    return number if factor == 1.0 else f"{number} * {factor:g}"
