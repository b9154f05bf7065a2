"""Which files are read next: for a screen a little first, else as much as memory should hold at a time."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.lanes import MOST_LANES

if TYPE_CHECKING:
    from clawpipe_tui.logs.listing import LogFile

FIRST_FILES, FIRST_BYTES = 8, 100_000_000
"""Small: what the first batch holds is the first that is on screen."""
LATER_FILES, LATER_BYTES = 64, 230_000_000
LITTLE_MORE = 1.5
"""So many times as much is still read at once where nothing would be left after it: one batch instead of two halves."""


def first_batch(waiting: list[LogFile]) -> tuple[list[LogFile], list[LogFile]]:
    """The files to read first, and the others."""
    return batch(waiting, FIRST_FILES, FIRST_BYTES)


def later_batch(waiting: list[LogFile]) -> tuple[list[LogFile], list[LogFile]]:
    """The files to read next, and the others."""
    return batch(waiting, LATER_FILES, LATER_BYTES)


def batch(waiting: list[LogFile], size: int, most_bytes: int) -> tuple[list[LogFile], list[LogFile]]:
    """So many files, or so many bytes, but at least one file; the last two share what is left."""
    ahead = waiting[: 2 * size]
    left = sum(file.size_bytes for file in ahead)
    if len(waiting) <= size and left <= most_bytes * LITTLE_MORE:
        return waiting, []
    if len(waiting) == len(ahead) and left < 2 * most_bytes:
        size, most_bytes = max(1, -(-len(waiting) // 2)), left // 2
    reached = accumulate(file.size_bytes for file in ahead[:size])
    count = sum(total <= most_bytes for total in reached) or 1
    if MOST_LANES < count < len(waiting):
        count -= count % MOST_LANES  # as many files for each: the last one would keep all waiting
    return waiting[:count], waiting[count:]
