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
        rounded = merged | {"n": np.floor(merged["n"] + 0.5).astype(np.int64)}
        return pa.table({name: pa.array(column) for name, column in rounded.items()})

    def _merged(self) -> dict[str, Numbers]:
        names = [*self._keys, *(name for name in _ADDED if name in self._parts[0])]
        columns: dict[str, Numbers] = {name: np.concatenate([part[name] for part in self._parts]) for name in names}
        order = _order([columns[name] for name in self._keys])
        for name in names:
            columns[name] = columns[name][order]
        differs = np.zeros(len(order), np.bool_)
        differs[:1] = True
        for name in self._keys:
            differs[1:] |= columns[name][1:] != columns[name][:-1]
        begins = np.flatnonzero(differs)
        return {
            name: _ADDED[name].reduceat(column, begins) if name in _ADDED else column[begins]
            for name, column in columns.items()
        }


def _order(keys: Sequence[Numbers]) -> NDArray[np.intp]:
    """The order of rows by some keys, the first one the most significant; as one number they are sorted fastest."""
    lows = [int(key.min(initial=0)) for key in keys]
    sizes = [int(key.max(initial=0)) - low + 1 for key, low in zip(keys, lows, strict=True)]
    if math.prod(sizes) > _MOST_KEYS:
        return np.lexsort(keys[::-1])
    together = np.zeros(len(keys[0]), np.int64)
    for key, low, size in zip(keys, lows, sizes, strict=True):
        together *= size
        together += key.astype(np.int64) - low
    return np.argsort(together)


def spread(key: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    """The numbers that a mixed-radix key was made of, the first one the most significant."""
    parts: list[NDArray[np.int64]] = []
    for size in reversed(sizes):
        key, part = np.divmod(key, size)
        parts.append(part)
    return parts[::-1]
