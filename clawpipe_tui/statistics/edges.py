"""Two histograms over different edges brought onto one set of edges, so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Aligned:
    """Counts of two histograms over the same bins; bin k runs from edges[k] to edges[k+1]."""

    edges: tuple[float, ...]
    baseline: tuple[float, ...]
    live: tuple[float, ...]


def on_common_edges(
    baseline_edges: Sequence[float], baseline: Sequence[float], live_edges: Sequence[float], live: Sequence[float]
) -> Aligned:
    """Both histograms over the union of their edges, each count spread evenly over its own bin (as TFDV does)."""
    edges = tuple(sorted({*baseline_edges, *live_edges}))
    return Aligned(edges, _spread(edges, baseline_edges, baseline), _spread(edges, live_edges, live))


def _spread(edges: Sequence[float], own_edges: Sequence[float], counts: Sequence[float]) -> tuple[float, ...]:
    bins = list(zip(pairwise(own_edges), counts, strict=True))
    return tuple(sum(count * _overlap(own, new) for own, count in bins) for new in pairwise(edges))


def _overlap(own: tuple[float, float], new: tuple[float, float]) -> float:
    """The share of a bin that lies in a new one."""
    return max(0.0, min(own[1], new[1]) - max(own[0], new[0])) / (own[1] - own[0])
