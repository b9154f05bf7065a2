"""Places of values in the bins of their column: comparisons with every edge, which a processor does eight at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.rollups.names import MOST_LETTERS, Names

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from clawpipe_tui.rollups.bins import ColumnBins

NULL = 0
"""The place of what is missing; those of the other masses and of the bins follow."""
_AT_ONCE = 16_384
"""Values compared with all edges in one call: in a cache still, and long enough. An edge at a time, two threads that
hand the interpreter to each other after each call are no faster than one."""


class NumericPlaces:
    """Places of numbers: NULL, NaN, -inf, +inf, then below, bin 1 … bin k, above."""

    def __init__(self, column: ColumnBins) -> None:
        edges = (*column.lows, math.nextafter(column.top, math.inf)) if column.lows else ()
        self._edges = np.array(edges, np.float64)[:, np.newaxis]
        inner = range(len(column.lows) + 2) if column.lows else (-6,)  # no number in the baseline: any is unseen
        self.bins = np.array([-1, -2, -3, -4, *inner], np.int32)
        """What stands at each place, as the `bin` of the values table."""

    def sql(self, name: str) -> str:
        """What to select of the column."""
        return name

    def places(self, values: pa.Array) -> NDArray[np.uint8]:
        """The place of each value."""
        numbers: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
        places = np.empty(len(numbers), np.uint8)
        for begin in range(0, len(numbers), _AT_ONCE):
            reached = np.greater_equal(numbers[begin : begin + _AT_ONCE], self._edges)
            np.add.reduce(reached.view(np.uint8), axis=0, dtype=np.uint8, out=places[begin : begin + _AT_ONCE])
        places += 4
        finite = np.isfinite(numbers)
        if not finite.all():
            odd = np.flatnonzero(~finite)
            places[odd] = np.where(np.isnan(numbers[odd]), 1, np.where(numbers[odd] < 0, 2, 3))
            if values.null_count:  # Arrow gives NULL as NaN, which is something else
                places[values.is_null().to_numpy(zero_copy_only=False)] = NULL
        return places


class CategoryPlaces:
    """Places of texts: NULL, unseen, then each category, each rare one, and the empty text."""

    UNSEEN = 1

    def __init__(self, column: ColumnBins) -> None:
        self.names = Names((*column.categories, *column.rare, ""), MOST_LETTERS)
        bins = [-1, -6, *range(1, len(column.categories) + 1), *(-7 for _ in column.rare), -5]
        self.bins = np.array(bins, np.int32)

    def sql(self, name: str) -> str:
        """What to select of the column."""
        return self.names.sql(name)

    def places(self, values: pa.Array) -> NDArray[np.int32]:
        """The place of each value."""
        return self.names.numbers(values) + np.int32(1)
