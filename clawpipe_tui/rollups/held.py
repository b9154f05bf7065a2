"""Counts as SQL: the tables in memory, what a question sees of them, and what parts hold for them."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.cover import FINE, LEVELS_S, Cover, Range, merged
from clawpipe_tui.rollups.levels import LEVELLED, level_select, stored_columns, within

if TYPE_CHECKING:
    import duckdb

    from clawpipe_tui.rollups.parts import Part

Slot = tuple[str, int]
"""A table and a level."""


def memory(name: str, level: int) -> str:
    """The name of a table in memory, as SQL."""
    return f'main."{name} {level}"'


def levels_of_table(name: str) -> tuple[int, ...]:
    """The levels that a table has."""
    return (FINE, *LEVELS_S) if name in LEVELLED else (FINE,)


def view_select(name: str, cover: Cover) -> str:
    """One table as a question sees it: each moment from the level that answers for it."""
    columns = ", ".join(f'"{column}"' for column in stored_columns(name))
    spans: dict[int, list[Range]] = {}
    for level, found in cover.items():
        spans.setdefault(level if name in LEVELLED else FINE, []).extend(found)
    each = [
        f"select {columns} from {memory(name, level)} where {within(merged(found))}"
        for level, found in spans.items()
        if found
    ]
    return " union all ".join(each) or f"select {columns} from {memory(name, FINE)} where false"


def sources(
    slot: Slot, parts: Sequence[Part], void: Mapping[str, frozenset[int]], spans: Sequence[Range]
) -> Iterator[str]:
    """Selects of what parts hold of a table in some spans; levels where they hold, else the fine counts."""
    name, level = slot
    columns = ", ".join(f'"{column}"' for column in stored_columns(name))
    parts = [part for part in parts if name not in part.empty]
    levelled = [part for part in parts if level != FINE and part.has_levels and not void.get(part.id)]
    plain = [part for part in parts if part not in levelled and not void.get(part.id)]
    if levelled:
        files = _files(part.coarse(name) for part in levelled)
        yield f"select {columns} from {files} where level = {level} and {within(spans)}"
    if plain:
        yield f"select {columns} from {_files(part.table(name) for part in plain)} where {within(spans)}"
    for part in parts:
        if void.get(part.id):
            dead = ", ".join(map(str, sorted(void[part.id])))
            alive = f"file not in ({dead})"
            yield f"select {columns} from {_files([part.table(name)])} where {alive} and {within(spans)}"


def insert(connection: duckdb.DuckDBPyConnection, slot: Slot, selects: Sequence[str]) -> int:
    """Add up what these selects have, into the table in memory; returns how many rows that gave."""
    return insert_rows(connection, slot, level_select(*slot, selects))


def insert_rows(connection: duckdb.DuckDBPyConnection, slot: Slot, select: str) -> int:
    """The same of one select that is added up already."""
    ((rows,),) = connection.execute(f"insert into {memory(*slot)} by name {select}").fetchall()
    return int(rows)


def _files(paths: Iterable[object]) -> str:
    return f"read_parquet([{', '.join(text_literal(glob.escape(str(path))) for path in paths)}])"


def meet(one: Range, other: Range) -> bool:
    """Whether two spans have any time in common."""
    return one[0] < other[1] and other[0] < one[1]
