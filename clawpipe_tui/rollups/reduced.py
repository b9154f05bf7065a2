"""The counts of some files: tables that are made when they are written, and what became of each file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.arrow import rekeyed, table_schema
from clawpipe_tui.rollups.parts import LedgerEntry
from clawpipe_tui.rollups.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

MakeTable = Callable[[], "pa.Table"]


@dataclass(frozen=True)
class Reduced:
    """The tables of some files by name, and what became of each file; an entry's `file` is its key in the tables."""

    tables: Mapping[str, MakeTable]
    entries: tuple[LedgerEntry, ...]

    def table(self, name: str) -> pa.Table:
        """One of the tables, made now: each is asked for once, by the thread that writes it."""
        return self.tables[name]()

    def only(self, entries: Iterable[LedgerEntry]) -> Reduced:
        """What these files count of it."""
        kept = tuple(entries)
        keys = {entry.file: entry.file for entry in kept if entry.file is not None}
        return Reduced({name: partial(_rekeyed, make, keys) for name, make in self.tables.items()}, kept)


def uncounted(*entries: LedgerEntry) -> Reduced:
    """Files that could not be read: every table, without a row."""
    return Reduced({name: table_schema(name).empty_table for name in TABLES}, entries)


def as_made(table: pa.Table) -> MakeTable:
    """A table that is there already."""

    def itself() -> pa.Table:
        return table

    return itself


def together(*makes: MakeTable) -> pa.Table:
    """The rows of several tables."""
    import pyarrow as pa

    return pa.concat_tables([make() for make in makes])


def joined(first: Reduced, second: Reduced) -> Reduced:
    """Two halves of a batch, or two batches; the second one's file keys are moved behind the first one's."""
    by = max((entry.file + 1 for entry in first.entries if entry.file is not None), default=0)
    keys = {entry.file: entry.file + by for entry in second.entries if entry.file is not None}
    moved = {name: partial(_rekeyed, make, keys) for name, make in second.tables.items()}
    tables = {name: partial(together, make, moved[name]) for name, make in first.tables.items()}
    return Reduced(tables, (*first.entries, *_moved(second.entries, by)))


def _moved(entries: Iterable[LedgerEntry], by: int) -> Iterable[LedgerEntry]:
    return (entry if entry.file is None else replace(entry, file=entry.file + by) for entry in entries)


def _rekeyed(make: MakeTable, keys: Mapping[int, int]) -> pa.Table:
    return rekeyed(make(), keys)
