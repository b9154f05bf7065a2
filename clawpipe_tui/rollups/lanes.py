"""Lanes: the threads in which a log is counted and written, side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

T = TypeVar("T")
_NICE = 10
_ENOUGH_THREADS = 16
"""Made when there is none idle, and each keeps some memory. At most one that writes and MOST_LANES that count wait for
others here, so what lands never waits for those that pause for it."""
MOST_LANES = min(os.cpu_count() or 1, 4)
"""Files that are counted side by side: each takes about 100 MB while it is."""


@cache
def side_by_side() -> ThreadPoolExecutor:
    """The threads that count, the same ones for every batch: an allocator keeps for a thread what it has let go."""
    return ThreadPoolExecutor(_ENOUGH_THREADS, "counting", _stand_back, (_niceness(),))


def done_side_by_side(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """What some jobs return, in any order, or what one of them raises; a lane that is free takes the next one."""
    waiting = iter(jobs)

    def take() -> list[T]:
        return [job() for job in waiting]

    lanes = [side_by_side().submit(take) for _ in range(min(len(jobs), MOST_LANES))]
    wait(lanes)  # also where one of them failed: nothing goes on behind the caller's back
    return [result for lane in lanes for result in lane.result()]


def _niceness() -> int:
    """Of this thread. Only Linux has priorities of threads."""
    return os.getpriority(os.PRIO_PROCESS, 0) if sys.platform == "linux" else 0


def _stand_back(usual: int) -> None:
    """A key or a question that comes while this thread counts goes first; who began the thread may stand back, too."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, 0, min(usual + _NICE, 19))
