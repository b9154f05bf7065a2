"""Memory that was used once goes back to the system: a console is open for days, beside what it watches."""

from __future__ import annotations

import ctypes
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""The numbers of these in glibc's malloc.h."""
_APART_BYTES = 4 * 1_024 * 1_024
"""A larger block stands apart from the heap, and goes back whole when it is let go."""
_ARENAS = 2
_MAPPING = re.compile(
    r"^(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) r-[x-]p \S+ \S+ \d+ +/.*\n"
    r"(?:[A-Z]\w+: .*\n)*?Anonymous: +(?P<anonymous_kb>\d+) kB$",
    re.MULTILINE,
)
"""One mapping of /proc/PID/smaps: a file, readable, not writable, private."""


def keep_memory_small() -> None:
    """Before threads start: few heaps, so that what one thread lets go another can use. Only glibc needs it."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrix here is worth a thread with buffers of its own
    with suppress(OSError, AttributeError):
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_ARENA_MAX, _ARENAS)
        glibc.mallopt(_MMAP_THRESHOLD, _APART_BYTES)


def give_back_memory() -> None:
    """Hand free pages of the heap to the system; takes some milliseconds, other threads go on meanwhile."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def give_back_code() -> None:
    """Let go of pages that stand in a file just so, mostly the code of libraries: they come from the page cache again.

    Starting touches 110 MB of them, an idle console uses 10.
    """
    with suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for start, end in unchanged_mappings(Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace")):
            advise(start, end - start, mmap.MADV_DONTNEED)


def unchanged_mappings(smaps: str) -> Iterator[tuple[int, int]]:
    """From where to where files are mapped that cannot be written to and of which no page was changed.

    Anonymous pages in such a mapping are what the loader wrote (relocations): to drop them would lose them.
    """
    for found in _MAPPING.finditer(smaps):
        if int(found["anonymous_kb"]) == 0:
            yield int(found["start"], 16), int(found["end"], 16)
