"""Memory that was used once goes back to the system: a console is open for days, beside what it watches."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

GIVE_BACK_EVERY_S = 10.0
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""The numbers of these in glibc's malloc.h."""
_APART_BYTES = 4 * 1_024 * 1_024
"""A larger block stands apart from the heap, and goes back whole when it is let go."""
_ARENAS = 2


def keep_memory_small() -> None:
    """Before threads start: few heaps, so that what one thread lets go another can use. Only glibc needs it."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(OSError, AttributeError):
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_ARENA_MAX, _ARENAS)
        glibc.mallopt(_MMAP_THRESHOLD, _APART_BYTES)


def give_back_memory() -> None:
    """Hand free pages of the heap to the system; takes some milliseconds, other threads go on meanwhile."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
