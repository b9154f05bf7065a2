"""A rollup store on disk: parts, each a folder that appears whole by one rename and carries its own ledger.

store/
  bins.parquet                the bins that every part was made with
  index.parquet               what a console needs to open (index.py)
  parts/<id>/requests.parquet, latencies, values, errors, clients, answers, ledger, part.json
             requests.coarse.parquet, ... the same by 10 minutes, hours and days, in parts of some size

Counts belong to a file's content, not to its name: whatever parts exist, and in whichever order they are met, each
content is counted once (ledger.py). So a rename, two consoles on one log and a crash at any moment change no number.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clawpipe_tui.errors import LogError
from clawpipe_tui.rollups.schema import LEDGER, SCHEMA_VERSION
from clawpipe_tui.rollups.writing import About, File, TableOf, write_files

if TYPE_CHECKING:
    import pyarrow as pa

    from clawpipe_tui.logs.listing import LogFile
    from clawpipe_tui.rollups.cover import Range

_ABANDONED_AFTER_S = 3_600.0
_GRACE_S = 60.0
"""How long another console may still be reading a part that was merged into a larger one."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What became of one file of the log."""

    path: str
    state: str
    """read, empty, torn, corrupt, unreadable, duplicate, renamed; on screen also deleted"""
    reason: str
    size_bytes: int
    mtime_ns: int
    fingerprint: str = ""
    """The content that this path stands for; where the file is torn now, what it held when it was last whole."""
    rows: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    file: int | None = None
    """Its key in the part's tables; None where the counts are in another part, or there are none."""
    looked_ns: int = 0
    """When the file was looked at; of two words about one path the later one holds."""
    columns: str = ""
    """Its columns and their types, as a JSON object."""

    def is_of(self, file: LogFile) -> bool:
        """Whether this is the word on the file as it is now."""
        return (self.size_bytes, self.mtime_ns) == (file.size_bytes, file.mtime_ns)


@dataclass(frozen=True)
class Part:
    """One folder of rollups, and what it says about files."""

    id: str
    folder: Path
    replaces: frozenset[str]
    ledger: tuple[LedgerEntry, ...]
    span_s: Range = (0, 0)
    """The time of its counts, in whole ten minutes, in seconds since 1970."""
    has_levels: bool = False
    size_bytes: int = 0
    """How much its tables take on disk."""
    empty: frozenset[str] = frozenset()
    """Tables that are known to have no row."""

    def table(self, name: str) -> Path:
        """The Parquet file of one rollup table."""
        return self.folder / f"{name}.parquet"

    def coarse(self, name: str) -> Path:
        """The Parquet file of that table's coarser levels."""
        return self.folder / f"{name}.coarse.parquet"

    def is_whole(self, files: Mapping[str, File]) -> bool:
        """Whether its files are there, as long as they were written."""
        try:
            return all((self.folder / name).stat().st_size == file["bytes"] for name, file in files.items())
        except OSError:
            return False


class PartStore:
    """The parts of one log under one set of bins. Several processes may read and write it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"
        with _told(folder):
            self._parts.mkdir(parents=True, exist_ok=True)

    def ids(self) -> list[str]:
        """The ids of all whole parts, oldest first; none where the store was deleted under us."""
        try:
            return sorted(entry.name for entry in self._parts.iterdir() if not entry.name.startswith("."))
        except FileNotFoundError:
            return []

    def load(self, part_id: str) -> Part | None:
        """One part with its ledger; None where it was merged away meanwhile, or is damaged: its files are read anew."""
        import pyarrow as pa

        folder = self._parts / part_id
        try:
            about = read_about(folder)
            part = Part(
                part_id,
                folder,
                frozenset(about["replaces"]),
                read_ledger(folder / "ledger.parquet"),
                (about["span_s"][0], about["span_s"][1]),
                about["has_levels"],
                sum(file["bytes"] for file in about["files"].values()),
                frozenset(about.get("empty", ())),
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, pa.ArrowException):
            return None
        return part if part.is_whole(about["files"]) else None

    def write(
        self,
        table_of: TableOf,
        ledger: Iterable[LedgerEntry],
        replaces: Iterable[str] = (),
    ) -> Part:
        """Write a part beside the others and rename it: it is there whole or not at all. Raises LogError.

        A part that replaces others takes the age of the newest of them, so that it is met in their order.
        """
        from clawpipe_tui.rollups.arrow import ledger_table

        replaces = frozenset(replaces)
        age = max(replaces).split("-")[0] if replaces else f"{time.time_ns() // 1_000:017d}"
        part_id = f"{age}-{uuid.uuid4().hex[:8]}"
        building = self._parts / f".{part_id}"
        entries = tuple(ledger)
        with _told(self.folder):
            building.mkdir(parents=True)  # parents too: somebody may have emptied the cache under us
            about = write_files(building, table_of, ledger_table(entries))
            about["replaces"] = sorted(replaces)
            (building / "part.json").write_text(json.dumps(about), encoding="utf-8")
            folder = building.rename(self._parts / part_id)
        size_bytes = sum(file["bytes"] for file in about["files"].values())
        span_s = (about["span_s"][0], about["span_s"][1])
        empty = frozenset(about.get("empty", ()))
        return Part(part_id, folder, replaces, entries, span_s, about["has_levels"], size_bytes, empty)

    def left_out(self, part: Part, key: int) -> frozenset[int]:
        """The requests of one file of a part that count in another file; none where the part is gone."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if "repeats" in part.empty:
            return frozenset()
        try:
            table = pq.read_table(part.table("repeats"))
        except (OSError, pa.ArrowException):
            return frozenset()
        own = zip(table["file"].to_pylist(), table["request"].to_pylist(), strict=True)
        return frozenset(request for file, request in own if file == key)

    def sweep(self, replaced: Mapping[str, str]) -> None:
        """Remove parts (replaced → by which) whose time of grace is over, and what killed consoles left unfinished."""
        for part_id, by in replaced.items():
            if _older_than(self._parts / by, _GRACE_S, where_gone=True):
                self._remove(self._parts / part_id)
        for building in self._parts.glob(".*"):
            if _older_than(building, _ABANDONED_AFTER_S, where_gone=False):
                shutil.rmtree(building, ignore_errors=True)

    def _remove(self, folder: Path) -> None:
        """Out of sight first, whole: a half-removed part must never look like a part."""
        hidden = folder.with_name(f".gone-{folder.name}-{uuid.uuid4().hex[:8]}")
        try:
            folder.rename(hidden)
        except OSError:
            return
        shutil.rmtree(hidden, ignore_errors=True)


def read_about(folder: Path) -> About:
    """A part's part.json. Raises ValueError where it is of another version, or what reading and parsing raise."""
    about: About = json.loads((folder / "part.json").read_text(encoding="utf-8"))
    if about["schema"] != SCHEMA_VERSION:
        raise ValueError(f"{folder.name} has the layout {about['schema']}, not {SCHEMA_VERSION}")
    return about


def read_ledger(path: Path) -> tuple[LedgerEntry, ...]:
    """A part's ledger; the columns of its files, mostly alike, are one object."""
    from clawpipe_tui.rollups.arrow import table_in

    table = table_in(path)
    return tuple(LedgerEntry(*row) for row in zip(*(_listed(table[name]) for name in LEDGER), strict=True))


def _listed(column: pa.ChunkedArray) -> list[object]:
    """The values of a column; a text that is often repeated is there once."""
    import pyarrow as pa

    if column.type != pa.string():
        return cast("list[object]", column.to_pylist())
    coded = cast("pa.DictionaryArray", column.combine_chunks().dictionary_encode())
    words = cast("list[object]", coded.dictionary.to_pylist())
    return [None if place is None else words[cast("int", place)] for place in coded.indices.to_pylist()]


def _older_than(path: Path, age_s: float, *, where_gone: bool) -> bool:
    try:
        return time.time() - path.stat().st_mtime > age_s
    except OSError:
        return where_gone


@contextmanager
def _told(folder: Path) -> Generator[None]:
    """A full disk or a cache that cannot be written, in words."""
    try:
        yield
    except OSError as error:
        raise LogError(
            f"The counts cannot be kept in {folder}: {error.strerror or error}.",
            "Make room there, or set XDG_CACHE_HOME to a folder that can be written.",
        ) from error
