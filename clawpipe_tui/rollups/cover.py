"""Which level answers for which span of time: pure arithmetic on whole seconds since 1970.

A cover gives every moment that a question looks at to one level, so that each request is counted once. Every edge that
the question draws falls between two buckets, so coarse and fine levels give the same counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FINE = 0
"""The level of the parts' own tables: buckets of 5 to 60 seconds."""
LEVELS_S = (600, 3_600, 86_400)
DAYS = 86_400
EVER = (-100_000 * 86_400, 200_000 * 86_400)
Range = tuple[int, int]
Cover = Mapping[int, tuple[Range, ...]]
"""Level → the spans that it answers for: disjoint, sorted, from (included) to (excluded)."""
_DAY = timedelta(days=1)
_AGES = ((7, 600), (60, 3_600))
"""Days back from the clock, and the level that answers for them where a question has no window."""


@dataclass(frozen=True)
class Looks:
    """Where a question looks: spans with the coarsest level that will do, and the edges that it draws."""

    spans: tuple[tuple[datetime, datetime, int], ...] = ()
    edges: tuple[datetime, ...] = ()


def level_for(step: timedelta) -> int:
    """The coarsest level whose buckets divide the step."""
    step_s = step.total_seconds()
    return next((level for level in reversed(LEVELS_S) if step_s >= level and step_s % level == 0), FINE)


def looks_of(since: datetime, until: datetime, step: timedelta, back: timedelta | None) -> Looks:
    """The window, the one before it, and the baseline that lies so far back; the middle is an edge, too."""
    width, level = until - since, level_for(step)
    spans = [(since - width, until, level)]
    if back:
        spans.append((since - back, until - back, level))
    edges = {edge for start, end, _ in spans for edge in (start, end)} | {since, since + width / 2}
    return Looks(tuple(spans), tuple(sorted(edges)))


def looks_back(now: datetime) -> Looks:
    """A question without a window: ten minutes in the last week, hours in the last two months, days before."""
    spans = tuple((now - days * _DAY, now + _DAY, level) for days, level in _AGES)
    return Looks(spans, (now,))


def cover(looks: Looks, *, whole: bool) -> Cover:
    """The levels of a question; `whole`: with days for all the time where it needs nothing finer."""
    wanted: dict[int, list[Range]] = {level: [] for level in (FINE, *LEVELS_S)}
    for start, end, level in looks.spans:
        wanted[level].append((math.floor(start.timestamp()), math.ceil(end.timestamp())))
    seen = merged([span for spans in wanted.values() for span in spans])
    if whole:
        wanted[DAYS].append(EVER)
    found: dict[int, tuple[Range, ...]] = {}
    finer: list[Range] = []
    for level, unit in zip((FINE, *LEVELS_S), (*LEVELS_S, DAYS), strict=True):
        split = [_around(edge) for edge in looks.edges if edge.timestamp() % unit] if level < DAYS else []
        spans = _outward([*wanted[level], *split, *finer], unit)
        mine = _without(spans, finer)
        found[level] = tuple(mine if whole else [span for span in mine if _overlaps(span, seen)])
        finer = spans
    return found


def merged(spans: Iterable[Range]) -> list[Range]:
    """The same time, sorted, touching spans as one."""
    joined: list[Range] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _around(edge: datetime) -> Range:
    second = math.floor(edge.timestamp())
    return second, second + 1


def _outward(spans: Iterable[Range], unit: int) -> list[Range]:
    return merged((start // unit * unit, -(-end // unit) * unit) for start, end in spans)


def _without(spans: Sequence[Range], holes: Sequence[Range]) -> list[Range]:
    left: list[Range] = []
    for start, end in spans:
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                left.append((start, hole_start))
            start = hole_end  # noqa: PLW2901 - what is left of this span begins behind the hole
        if start < end:
            left.append((start, end))
    return left


def _overlaps(span: Range, others: Iterable[Range]) -> bool:
    return any(start < span[1] and end > span[0] for start, end in others)
