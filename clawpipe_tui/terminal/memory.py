"""Memory that was used once goes back to the system: a console is open for days, beside what it watches."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

GIVE_BACK_EVERY_S = 30.0
_ARENA_MAX = -8
"""The number of `M_ARENA_MAX` in glibc's malloc.h."""
_ARENAS = 2


def keep_memory_small() -> None:
    """Before threads start: few heaps, so that what one thread lets go another can use. Only glibc needs it."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back_memory() -> None:
    """Hand free pages of the heap to the system; takes some milliseconds, other threads go on meanwhile."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
