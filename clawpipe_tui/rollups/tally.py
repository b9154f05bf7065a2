"""Counts by a few integer keys, added up batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64 | np.float64]

_MERGE_FROM = 500_000
"""Rows that may wait to be added up: what bounds the memory of a long file."""
_SPARSE = 4
_ADDED = {"n": np.add, "first_us": np.minimum, "last_us": np.maximum}
"""How what is no key is added up."""
_MOST_KEYS = 2**62


def counts_of(
    key: NDArray[np.int64], size: int, weight: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64] | NDArray[np.float64]]:
    """The different keys, ascending, all below `size`, and how many rows (or how much weight) each of them has."""
    if size <= _SPARSE * len(key):
        found = np.bincount(key, weight, size)
        keys = np.flatnonzero(found)
        return keys, found[keys]
    if weight is None:
        return np.unique(key, return_counts=True)
    keys, place = np.unique(key, return_inverse=True)
    return keys, np.bincount(place, weight)


def numbered(key: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different keys, ascending, all below `size`, and the place of each row's key among them."""
    if size > _SPARSE * len(key):
        return np.unique(key, return_inverse=True)
    there = np.zeros(size, np.bool_)
    there[key] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[key]


class Tally:
    """Rows of integer keys with their n, and perhaps first_us and last_us; equal keys are added up.

    Several threads may add.
    """

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._parts: list[Mapping[str, Numbers]] = []
        self._waiting = 0
        self._lock = Lock()

    def add(self, **columns: NDArray[np.int64] | NDArray[np.float64]) -> None:
        """Add rows: every key, n, and the others always or never."""
        with self._lock:
            self._parts.append(columns)
            self._waiting += len(columns["n"])
            if self._waiting > _MERGE_FROM:
                self._parts[:], self._waiting = [self._merged()], 0

    def rows(self) -> pa.Table | None:
        """Every key once, ascending; None where nothing was added.

        Weights are rounded here, once for each group of rows.
        """
        import pyarrow as pa

        if not self._parts:
            return None
        merged = self._merged()
        if merged["n"].dtype != np.int64:
            merged["n"] = np.floor(merged["n"] + 0.5).astype(np.int64)
        return pa.table({name: pa.array(column) for name, column in merged.items()})

    def _merged(self) -> dict[str, Numbers]:
        names = [*self._keys, *(name for name in _ADDED if name in self._parts[0])]
        columns: dict[str, Numbers] = {name: np.concatenate([part[name] for part in self._parts]) for name in names}
        key = _as_one([columns[name] for name in self._keys])
        order = np.argsort(key)
        begins = np.flatnonzero(np.diff(key[order], prepend=-1))
        first = order[begins]
        return {
            name: _ADDED[name].reduceat(column[order], begins) if name in _ADDED else column[first]
            for name, column in columns.items()
        }


def _as_one(keys: Sequence[Numbers]) -> NDArray[np.int64]:
    """A few keys as one number from 0, the first key the most significant: it is sorted and compared fastest."""
    lows = [int(key.min(initial=0)) for key in keys]
    sizes = [int(key.max(initial=0)) - low + 1 for key, low in zip(keys, lows, strict=True)]
    if math.prod(sizes) > _MOST_KEYS:
        return np.unique(np.stack(keys), axis=1, return_inverse=True)[1].astype(np.int64)
    together = np.zeros(len(keys[0]), np.int64)
    for key, low, size in zip(keys, lows, sizes, strict=True):
        together *= size
        together += key.astype(np.int64) - low
    return together


def spread(key: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    """The numbers that a mixed-radix key was made of, the first one the most significant."""
    parts: list[NDArray[np.int64]] = []
    for size in reversed(sizes):
        key, part = np.divmod(key, size)
        parts.append(part)
    return parts[::-1]
