"""Counts by a few integer keys, added up batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_MERGE_FROM = 1_000_000
"""Rows that may wait to be added up: what bounds the memory of a long file."""
_SPARSE = 4
_ADDED = {"n": "sum", "first_us": "min", "last_us": "max"}
"""How what is no key is added up."""


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
    """Rows of integer keys with their n, and perhaps first_us and last_us; equal keys are added up."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._parts: list[pa.Table] = []
        self._waiting = 0

    def add(self, **columns: NDArray[np.int64] | NDArray[np.float64]) -> None:
        """Add rows: every key, n, and the others always or never."""
        import pyarrow as pa

        added = [name for name in _ADDED if name in columns]
        self._parts.append(pa.table({name: pa.array(columns[name]) for name in (*self._keys, *added)}))
        self._waiting += len(columns["n"])
        if self._waiting > _MERGE_FROM:
            self._parts, self._waiting = [self._merged()], 0

    def rows(self) -> pa.Table | None:
        """Every key once; None where nothing was added. Weights are rounded here, once for each group of rows."""
        import pyarrow as pa

        if not self._parts:
            return None
        merged = self._merged()
        number = merged["n"].to_numpy()
        place = merged.column_names.index("n")
        return merged.set_column(place, "n", pa.array(np.floor(number + 0.5).astype(np.int64)))

    def _merged(self) -> pa.Table:
        import pyarrow as pa

        table = pa.concat_tables(self._parts)
        wanted = [(name, way) for name, way in _ADDED.items() if name in table.column_names]
        added = table.group_by(list(self._keys), use_threads=False).aggregate(wanted)
        ordered = added.select([*self._keys, *("_".join(one) for one in wanted)])
        return ordered.rename_columns([*self._keys, *(name for name, _ in wanted)])


def spread(key: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    """The numbers that a mixed-radix key was made of, the first one the most significant."""
    parts: list[NDArray[np.int64]] = []
    for size in reversed(sizes):
        key, part = np.divmod(key, size)
        parts.append(part)
    return parts[::-1]
