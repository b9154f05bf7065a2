"""A rollup store on disk: parts, each a folder that appears whole by one rename and carries its own ledger.

store/
  bins.parquet                the bins that every part was made with
  parts/<id>/requests.parquet, latencies, values, errors, clients, ledger, part.json

Ids grow with time. Where two parts speak of the same path, the later one is right and the earlier counts are dead:
so a rewritten file, two consoles reading one log, and a crash at any moment all end in the same numbers.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.schema import LEDGER, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_ABANDONED_AFTER_S = 3_600


@dataclass(frozen=True)
class LedgerEntry:
    """What became of one file of the log."""

    path: str
    state: str
    """read, empty, torn, corrupt, unreadable, duplicate, deleted"""
    reason: str
    size_bytes: int
    mtime_ns: int
    fingerprint: str = ""
    rows: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    file: int | None = None
    """Its key in the part's tables; None where it added no counts."""
    renamed_from: str | None = None
    """The path whose counts this one took over."""
    part: str = ""


@dataclass(frozen=True)
class Part:
    """One folder of rollups, and what it says about files."""

    id: str
    folder: Path
    replaces: frozenset[str]
    ledger: tuple[LedgerEntry, ...]

    def table(self, name: str) -> Path:
        """The Parquet file of one rollup table."""
        return self.folder / f"{name}.parquet"


class PartStore:
    """The parts of one log under one set of bins. Several processes may read and write it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)

    def ids(self) -> list[str]:
        """The ids of all whole parts, oldest first."""
        return sorted(entry.name for entry in self._parts.iterdir() if not entry.name.startswith("."))

    def load(self, part_id: str) -> Part | None:
        """One part with its ledger; None where another console has just compacted it away."""
        import pyarrow.parquet as pq

        folder = self._parts / part_id
        try:
            about: dict[str, object] = json.loads((folder / "part.json").read_text(encoding="utf-8"))
            records: list[dict[str, object]] = pq.read_table(folder / "ledger.parquet").to_pylist()
        except FileNotFoundError:
            return None
        if about.get("schema") != SCHEMA_VERSION:
            return None
        entries = tuple(LedgerEntry(**record, part=part_id) for record in records)  # pyright: ignore[reportArgumentType] - the schema of LEDGER is the fields of LedgerEntry
        replaces = about.get("replaces", [])
        return Part(part_id, folder, frozenset(replaces if isinstance(replaces, list) else []), entries)

    def write(
        self, tables: Mapping[str, pa.Table], ledger: Iterable[LedgerEntry], replaces: Iterable[str] = ()
    ) -> Part:
        """Write a part beside the others and rename it: it is there whole or not at all.

        A part that replaces others takes the age of the newest of them, so that what came later still wins.
        """
        import pyarrow.parquet as pq

        replaces = frozenset(replaces)
        age = max(replaces).split("-")[0] if replaces else f"{time.time_ns() // 1_000:017d}"
        part_id = f"{age}-{uuid.uuid4().hex[:8]}"
        building = self._parts / f".{part_id}"
        building.mkdir()
        entries = tuple(ledger)
        for name, table in {**tables, "ledger": ledger_table(entries)}.items():
            pq.write_table(table, building / f"{name}.parquet", compression="zstd", write_page_checksum=True)
        about = {"schema": SCHEMA_VERSION, "replaces": sorted(replaces)}
        (building / "part.json").write_text(json.dumps(about), encoding="utf-8")
        folder = building.rename(self._parts / part_id)
        return Part(part_id, folder, replaces, entries)

    def sweep(self, replaced: Iterable[str]) -> None:
        """Remove parts that a compaction replaced, and what a killed console left half-written."""
        for part_id in replaced:
            shutil.rmtree(self._parts / part_id, ignore_errors=True)
        for building in self._parts.glob(".*"):
            if time.time() - building.stat().st_mtime > _ABANDONED_AFTER_S:
                shutil.rmtree(building, ignore_errors=True)


def ledger_table(entries: tuple[LedgerEntry, ...]) -> pa.Table:
    """The ledger as it is stored."""
    import pyarrow as pa

    types = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in LEDGER.items()])
    return pa.table({name: [getattr(entry, name) for entry in entries] for name in LEDGER}, schema=schema)


def table_names() -> tuple[str, ...]:
    """The rollup tables of every part."""
    return tuple(TABLES)
