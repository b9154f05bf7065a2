"""Whether a store is still what was written, and agrees with itself: one sentence for each fault."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.cover import DAYS, LEVELS_S
from clawpipe_tui.rollups.index import read_index
from clawpipe_tui.rollups.ledger import Ledger
from clawpipe_tui.rollups.levels import ASKED, LEVELLED, level_select, stored_columns
from clawpipe_tui.rollups.parts import Part, PartStore, read_about
from clawpipe_tui.rollups.source import connect
from clawpipe_tui.rollups.writing import digest_of

if TYPE_CHECKING:
    import duckdb

_INDEX = "index.parquet does not agree with the parts: delete it, it is made anew"


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong with it."""

    parts: int
    files: int
    """Files of the log that the parts speak of."""
    faults: tuple[str, ...]


def verify_store(folder: Path) -> Verified:
    """Read every part again: checksums, ledgers, sums between levels, and what the index says of them."""
    store, connection = PartStore(folder), connect()
    faults: list[str] = []
    whole: list[Part] = []
    try:
        for part_id in store.ids():
            found = list(_changed_bytes(folder / "parts" / part_id))
            part = None if found else store.load(part_id)
            if part:
                found += [*_ledger_faults(connection, part), *_level_faults(connection, part)]
                whole.append(part)
            faults += [f"Part {part_id}: {fault}." for fault in found]
        ledger, void = _taken_in(whole)
        if not faults:
            faults += [f"{fault}." for fault in _index_faults(connection, folder, whole, void)]
    finally:
        connection.close()
    return Verified(len(store.ids()), len(ledger.latest), tuple(faults))


def _changed_bytes(folder: Path) -> Iterator[str]:
    try:
        files = read_about(folder)["files"]
        expected = {name: file["digest"] for name, file in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield f"part.json cannot be used ({error}); its files are read anew"
        return
    for name, digest in expected.items():
        try:
            if digest_of((folder / name).read_bytes()) != digest:
                yield f"{name} is not what was written; delete the part, its files are read anew"
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}"


def _ledger_faults(connection: duckdb.DuckDBPyConnection, part: Part) -> Iterator[str]:
    """Each contribution is that of one file of the ledger."""
    keys = Counter(entry.file for entry in part.ledger if entry.file is not None)
    for key in (key for key, times in keys.items() if times > 1):
        yield f"the ledger gives the key {key} to {keys[key]} files"
    for name in ASKED:
        counted = connection.execute(f"select distinct file from {_table(part.table(name))}").fetchall()
        for (key,) in counted:
            if key not in keys:
                yield f"{name} counts a file with the key {key}, of which the ledger knows nothing"


def _level_faults(connection: duckdb.DuckDBPyConnection, part: Part) -> Iterator[str]:
    """Each level adds up to the fine counts, day by day and key by key."""
    for name in LEVELLED if part.has_levels else ():
        columns = ", ".join(f'"{column}"' for column in stored_columns(name) if column != "gap")
        fine = level_select(name, DAYS, [f"from {_table(part.table(name))}"])
        for level in LEVELS_S:
            rows = f"from {_table(part.coarse(name))} where level = {level}"
            coarse = level_select(name, DAYS, [f"select * exclude (level) {rows}"])
            if _differ(connection, f"select {columns} from ({fine})", f"select {columns} from ({coarse})"):
                yield f"the {level // 60} minute level of {name} does not add up to its fine counts"


def _taken_in(parts: list[Part]) -> tuple[Ledger, dict[str, set[int]]]:
    """What all ledgers together say, and which contributions do not count."""
    replaced = {part_id for part in parts for part_id in part.replaces}
    ledger, void = Ledger(), dict[str, set[int]]()
    for part in parts:
        if part.id not in replaced:
            for part_id, key in ledger.add(part):
                void.setdefault(part_id, set()).add(key)
    return ledger, void


def _index_faults(
    connection: duckdb.DuckDBPyConnection, folder: Path, parts: list[Part], void: dict[str, set[int]]
) -> Iterator[str]:
    """An index that speaks of just these parts says what they say. An older one is completed when it is used."""
    index = read_index(folder)
    replaced = {part_id for part in parts for part_id in part.replaces}
    alive = [part for part in parts if part.id not in replaced]
    if index is None or set(index.parts) != {part.id for part in alive}:
        return
    dead = {part_id: set(keys) for part_id, keys in index.void.items() if keys}
    sources = [
        f"select * exclude (file) from {_table(part.table('requests'))}"
        f" where file not in ({', '.join(map(str, sorted(void.get(part.id, {-1}))))})"
        for part in alive
    ]
    connection.register("days", index.days)
    days = level_select("requests", DAYS, ["from days"])
    columns = ", ".join(f'"{column}"' for column in stored_columns("requests"))
    counted = f"select {columns} from ({level_select('requests', DAYS, sources)})" if sources else ""
    if dead != void or (sources and _differ(connection, counted, f"select {columns} from ({days})")):
        yield _INDEX
    connection.unregister("days")


def _differ(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> bool:
    both = f"(({one}) except all ({other})) union all (({other}) except all ({one}))"
    return connection.execute(f"select count(*) from ({both})").fetchall()[0][0] > 0


def _table(path: Path) -> str:
    return f"read_parquet({text_literal(glob.escape(str(path)))})"
