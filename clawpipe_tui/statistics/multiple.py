"""Many tests at once: which of them still count when fifty were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def false_discovery(p_values: Sequence[float | None]) -> list[float | None] | None:
    """For each p-value the smallest false discovery rate at which it counts as found (Benjamini & Hochberg 1995).

    In the order given. A missing p-value (cannot tell) was no test: it stays missing and is not counted. None where
    one is no probability, or there is none at all.
    """
    known = [(p, place) for place, p in enumerate(p_values) if p is not None]
    if not known or not all(0 <= p <= 1 for p, _ in known):
        return None
    adjusted: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank, (p, place) in zip(range(len(known), 0, -1), sorted(known, reverse=True), strict=True):
        least = min(least, p * len(known) / rank)
        adjusted[place] = least
    return adjusted
