"""The finest groups of rows: a file's requests of 5 s that one version answered in one way; others are made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.errors import LogError
from clawpipe_tui.rollups.names import Names, named
from clawpipe_tui.rollups.schema import COUNT_GRAIN_S
from clawpipe_tui.rollups.spans import NEVER_US
from clawpipe_tui.rollups.tally import counts_of, numbered, spread

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

WHO = ("model", "version", "role", "outcome")
_ANSWERED = ("ok", "fallback")
_MOST_EXPECTED = 1 << 12
_LOOKED_UP = 1 << 20
"""Up to so many possible combinations their numbers are kept in an array."""


class UnknownError(LogError):
    """A row's model, version, role or outcome is none of those that were expected."""


@dataclass(frozen=True)
class Who:
    """Which models, versions, roles and outcomes meet in some rows, numbered."""

    names: tuple[Names, ...]
    codes: NDArray[np.int64]
    """The combinations that there are, ascending, each as one mixed-radix number."""

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many models, versions, roles and outcomes there are."""
        return tuple(max(len(names.known), 1) for names in self.names)

    @cached_property
    def parts(self) -> Sequence[NDArray[np.int64]]:
        """The model, version, role and outcome of each combination."""
        return spread(self.codes, self.sizes)

    @cached_property
    def answered(self) -> NDArray[np.bool_]:
        """Whether it got an answer."""
        return self._is_any(_ANSWERED)

    @cached_property
    def ok(self) -> NDArray[np.bool_]:
        """Whether nothing went wrong."""
        return self._is_any(("ok",))

    @cached_property
    def version(self) -> NDArray[np.int64]:
        """The first combination with the same model, version and role: it stands for all of them."""
        _, first, place = np.unique(self.codes // self.sizes[-1], return_index=True, return_inverse=True)
        return first[place]

    def sql(self) -> Mapping[str, str]:
        """What to select of the canonical rows, for `numbers`."""
        return {name: names.sql(name) for name, names in zip(WHO, self.names, strict=True)}

    def numbers(self, rows: pa.RecordBatch) -> NDArray[np.int32]:
        """The number of each row's combination."""
        code = np.zeros(rows.num_rows, np.int64)
        for name, names, size in zip(WHO, self.names, self.sizes, strict=True):
            numbers = names.numbers(rows[name])
            if numbers.min(initial=1) < 1:
                raise UnknownError("Its rows changed while they were read.")
            code *= size
            code += numbers - 1
        if self._numbers is None:
            return np.searchsorted(self.codes, code).astype(np.int32)
        return self._numbers[code]

    @cached_property
    def _numbers(self) -> NDArray[np.int32] | None:
        if np.prod(self.sizes, dtype=float) > _LOOKED_UP:
            return None
        numbers = np.zeros(int(np.prod(self.sizes)), np.int32)
        numbers[self.codes] = np.arange(len(self.codes))
        return numbers

    def outcome_of(self, numbers: NDArray[np.int64]) -> pa.DictionaryArray:
        """The outcomes of some combinations."""
        return named(self.parts[-1][numbers], self.names[-1].known)

    def _is_any(self, outcomes: Sequence[str]) -> NDArray[np.bool_]:
        known = self.names[-1].known
        return np.isin(self.parts[-1], [known.index(outcome) for outcome in outcomes if outcome in known])


def who_is_in(connection: duckdb.DuckDBPyConnection, canonical: str) -> Who:
    """The combinations in the rows of a canonical select."""
    found = connection.sql(f"select distinct {', '.join(WHO)} from ({canonical})").to_arrow_table().combine_chunks()
    names = tuple(Names(tuple(sorted(map(str, found[name].unique().to_pylist())))) for name in WHO)
    unnumbered = Who(names, np.zeros(0, np.int64))
    code = np.zeros(found.num_rows, np.int64)
    for name, known, size in zip(WHO, names, unnumbered.sizes, strict=True):
        place = {text: number for number, text in enumerate(known.known)}
        code = code * size + np.array([place[text] for text in found[name].to_pylist()], np.int64)
    return Who(names, np.sort(code))


def who_may_come(here: Who, before: Who | None) -> Who | None:
    """Any of these models, versions, roles and outcomes, in any combination; None where that is too many."""
    known = [{*one.known} for one in here.names]
    for names, others in zip(known, before.names if before else (), strict=False):
        names.update(others.known)
    names = tuple(Names(tuple(sorted(one))) for one in known)
    combinations = math.prod(max(len(one.known), 1) for one in names)
    if combinations > _MOST_EXPECTED:
        return who_may_come(here, None) if before else None
    return Who(names, np.arange(combinations))


@dataclass(frozen=True)
class Groups:
    """Groups of cells, by file, slot and kind."""

    file: NDArray[np.int64]
    slot: NDArray[np.int64]
    kind: NDArray[np.int64]
    of_cell: NDArray[np.int64]

    def count(
        self,
        begin_of_row: NDArray[np.int64],
        place: NDArray[np.integer],
        width: int,
        weight: NDArray[np.float64] | None,
    ) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """How many rows of each group have which place below `width`; those that have any.

        A row's group is given as group times `width`.
        """
        keys, n = counts_of(begin_of_row + place, len(self.file) * width, weight)
        group, places = np.divmod(keys, width)
        return {
            "file": self.file[group], "slot": self.slot[group], "kind": self.kind[group], "place": places, "n": n,
        }  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """The cells of an Arrow batch: ascending, with the rows in each."""

    file: NDArray[np.int64]
    slot: NDArray[np.int64]
    """In steps of COUNT_GRAIN_S since 1970."""
    who: NDArray[np.int64]
    of_row: NDArray[np.int64]
    n: NDArray[np.int64] | NDArray[np.float64]
    first_us: NDArray[np.int64]
    last_us: NDArray[np.int64]
    weight: NDArray[np.float64] | None
    """Of each row; None where each counts once."""

    def grouped(self, grain_s: int, kind_of_who: NDArray[np.int64]) -> Groups:
        """The cells by file, a coarser grain, and what kind each combination is."""
        slot, kind = self.slot * COUNT_GRAIN_S // grain_s, kind_of_who[self.who]
        first, sizes = _radix(self.file, slot, kind)
        keys, of_cell = numbered(first, math.prod(sizes))
        file, slots, kinds = spread(keys, sizes)
        return Groups(file, slots + slot.min(), kinds, of_cell)


def cells_of(
    file: NDArray[np.int32],
    served_us: NDArray[np.int64],
    who: NDArray[np.int32],
    weight: NDArray[np.float64] | None = None,
) -> Cells:
    """The cells that these rows, at least one, fall into."""
    slot = served_us // (COUNT_GRAIN_S * 1_000_000)
    key, sizes = _radix(file, slot, who)
    keys, of_row = numbered(key, math.prod(sizes))
    files, slots, whos = spread(keys, sizes)
    first_us, last_us = np.full(len(keys), NEVER_US), np.zeros(len(keys), np.int64)
    np.minimum.at(first_us, of_row, served_us)
    np.maximum.at(last_us, of_row, served_us)
    n = np.bincount(of_row, weight)
    return Cells(files, slots + slot.min(), whos, of_row, n, first_us, last_us, weight)


def _radix(
    file: NDArray[np.signedinteger], slot: NDArray[np.int64], kind: NDArray[np.signedinteger]
) -> tuple[NDArray[np.int64], tuple[int, int, int]]:
    """File, slot (from the earliest on) and kind as one number, and what it is made of.

    It fits 63 bits: 2^31 slots of 5 s end in 2310, and a batch has fewer than 2^32 files times combinations.
    """
    earliest = slot.min()
    slots, kinds = int(slot.max() - earliest) + 1, int(kind.max()) + 1
    key = (file.astype(np.int64) * slots + (slot - earliest)) * kinds + kind
    return key, (int(file.max()) + 1, slots, kinds)
