"""Memory that was used once goes back to the system: a console is open for days, beside what it watches."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from contextlib import suppress
from typing import ClassVar

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""The numbers of these in glibc's malloc.h."""
_APART_BYTES = 640 * 1_024
"""A larger block stands apart from the heap, and goes back whole when it is let go. A column of the rows that are
counted at a time is smaller (65 536 of 8 bytes): to fault its pages in again and again costs a fifth of reading a log.
"""
_KEPT_BYTES = 2_048 * 1_024
"""So much at the end of a heap does not go back by itself: what is counted next would fault it in again."""
_ARENAS = 2
_DUCKDB = "narenas:1,dirty_decay_ms:20,muzzy_decay_ms:0"
"""DuckDB's own allocator, jemalloc: one heap, and free pages go back within the tenth of a second its thread sleeps.
By itself it has a heap for each core and keeps free pages for a second, in which a busy console lets 100 MB go.
"""
_LOADED, _WRITABLE = 1, 2
"""PT_LOAD and PF_W of elf.h."""
_DONTNEED = 4
"""MADV_DONTNEED of mman.h."""


def keep_memory_small() -> None:
    """Before threads start and libraries are loaded: few heaps, so that what one thread lets go another can use."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", _DUCKDB)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrix here is worth a thread with buffers of its own
    with suppress(OSError, AttributeError):  # the rest is for glibc
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_ARENA_MAX, _ARENAS)
        glibc.mallopt(_MMAP_THRESHOLD, _APART_BYTES)
        glibc.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


def give_back_memory() -> None:
    """Hand free pages of the heap to the system; takes some milliseconds, other threads go on meanwhile."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class _Segment(ctypes.Structure):
    """Elf64_Phdr."""

    type: int
    flags: int
    address: int
    in_file: int
    _fields_: ClassVar = [
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("physical", ctypes.c_uint64),
        ("in_file", ctypes.c_uint64),
        ("in_memory", ctypes.c_uint64),
        ("align", ctypes.c_uint64),
    ]


class _Library(ctypes.Structure):
    """How dl_phdr_info begins."""

    base: int
    count: int
    segments: ctypes.Array[_Segment]
    _fields_: ClassVar = [
        ("base", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(_Segment)),
        ("count", ctypes.c_uint16),
    ]


def give_back_code() -> None:
    """Let go of the pages of libraries that hold code and constants: what is used again comes from the page cache.

    Starting touches 110 MB of them, an idle console uses 10. Segments that can be written to are left alone: their
    pages hold more than their file does.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return
    with suppress(OSError, AttributeError):
        own = ctypes.CDLL(None)
        own.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

        def let_go(library: ctypes._Pointer[_Library], _size: int, _data: int | None) -> int:
            found = library.contents
            for segment in found.segments[: found.count]:
                if segment.type == _LOADED and not segment.flags & _WRITABLE:
                    start = -(-(found.base + segment.address) // mmap.PAGESIZE) * mmap.PAGESIZE
                    whole = (found.base + segment.address + segment.in_file - start) // mmap.PAGESIZE
                    if whole > 0:
                        own.madvise(start, whole * mmap.PAGESIZE, _DONTNEED)
            return 0

        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)
        own.dl_iterate_phdr(kind(let_go), None)
