"""Names as small numbers: a row is then grouped by arithmetic, at a tenth of what grouping by texts costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.logs.canonical import text_literal

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MOST_LETTERS = 80
"""What is kept of a category and of a client."""
_FEW = 64
"""Up to here DuckDB finds a name's number, once for each entry of a Parquet dictionary; beyond, Arrow's hash does."""


@dataclass(frozen=True)
class Names:
    """Known names; their numbers count from 1. 0 stands for any other text, -1 for NULL."""

    known: tuple[str, ...]
    most_letters: int | None = None
    """How much of a name is kept; None for all of it."""

    def sql(self, text: str) -> str:
        """What to select of a text column: the numbers where they are cheap, else the texts."""
        if self.most_letters and any(len(name) >= self.most_letters for name in self.known):
            text = f"left({text}, {self.most_letters})"
        if len(self.known) > _FEW:
            return text
        listed = "".join(f"{text_literal(name)}, " for name in self.known)
        number = f"coalesce(list_position([{listed}null]::varchar[], {text}), 0)"  # finds NULL, too, as the last one
        return f"cast({number} as tinyint)"

    def numbers(self, column: pa.Array) -> NDArray[np.int32]:
        """The numbers of what was selected."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_integer(column.type):
            numbers: NDArray[np.int32] = column.to_numpy().astype(np.int32)
            numbers[numbers > len(self.known)] = -1
            return numbers
        found = pc.call_function("index_in", [column], pc.SetLookupOptions(pa.array(self.known, pa.string())))
        numbers = pc.fill_null(found, -1).to_numpy(zero_copy_only=False) + np.int32(1)
        numbers[column.is_null().to_numpy(zero_copy_only=False)] = -1
        return numbers


def named(numbers: NDArray[np.integer], names: Sequence[str]) -> pa.DictionaryArray:
    """The names that numbers from 0 stand for."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), pa.array(names, pa.string()))
