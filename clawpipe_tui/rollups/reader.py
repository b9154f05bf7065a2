"""Reads a log once: finds what is new, looks at it, reduces it in batches, newest first, and writes parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.canonical import Layout, canonical_select, missing_columns, watched_columns
from clawpipe_tui.logs.footer import BadFile, Footer, first_line, inspect
from clawpipe_tui.logs.listing import LogFile, list_files, newest_first
from clawpipe_tui.rollups.baseline import Baseline, fix_baseline, load_baseline, save_baseline
from clawpipe_tui.rollups.bins import kinds_of
from clawpipe_tui.rollups.ledger import Contribution, Ledger
from clawpipe_tui.rollups.parts import LedgerEntry, Part, PartStore
from clawpipe_tui.rollups.reduce import reductions, spans
from clawpipe_tui.rollups.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FIRST_BATCH = 8
_BATCH_FILES = 64
_BATCH_BYTES = 256_000_000


@dataclass(frozen=True)
class LogSettings:
    """Everything that decides what the rollups of a log contain."""

    files: tuple[str, ...]
    layout: Layout
    baseline_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A part to take in, and the contributions that it makes void."""

    part: Part
    void: frozenset[Contribution]


@dataclass(frozen=True)
class Backlog:
    """What of the log is read, for the progress line."""

    files_known: int
    files_pending: int


class LogReader:
    """One log and its rollup store; used by one thread at a time."""

    def __init__(self, settings: LogSettings, cache: Path) -> None:
        self.settings = settings
        self._connection = connect()
        self.store = PartStore(cache / _store_name(settings))
        self.ledger = Ledger()
        self.listing: dict[str, LogFile] = {}
        self.baseline: Baseline | None = load_baseline(self.store.folder)
        self.lacks: tuple[str, ...] = ()
        self._known: set[str] = set()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def interrupt(self) -> None:
        """Stop a running reduction; called from another thread."""
        self._connection.interrupt()

    def look(self) -> Backlog:
        """List the log again."""
        self.listing = list_files(self.settings.files)
        return Backlog(len(self.listing), len(self.ledger.changed(self.listing)))

    def catch_up(self) -> Iterator[Change]:
        """Parts on disk that this reader does not know: from earlier days, or from another console."""
        parts = [self.store.load(part_id) for part_id in self.store.ids() if part_id not in self._known]
        whole = [part for part in parts if part]
        replaced = {part_id for part in whole for part_id in part.replaces}
        for part in whole:
            if part.id in replaced:
                self._known.add(part.id)
            else:
                yield self._take_in(part)

    def _take_in(self, part: Part) -> Change:
        self._known.add(part.id)
        return Change(part, frozenset(self.ledger.add(part)))

    def read_new(self) -> Iterator[Change]:
        """Reduce all that `look` found new, newest first; each part is on disk when it is yielded.

        Raises LogError where no file of the log can be mapped to the canonical log.
        """
        changed = self.ledger.changed(self.listing)
        rewritten = [file for file in changed if file.path in self.ledger.counted]
        fresh = [file for file in changed if file.path not in self.ledger.counted]
        # Rewritten files come last: a rotated log's old content must be found under its new name first.
        waiting = newest_first(fresh) + newest_first(rewritten)
        size = _FIRST_BATCH
        while waiting:
            batch, waiting = _take(waiting, size)
            part = self._reduce(batch)
            if part:
                yield self._take_in(part)
            size = _BATCH_FILES

    def _reduce(self, batch: Sequence[LogFile]) -> Part | None:
        readable, entries = self._look_at(batch)
        if readable and self.baseline is None:
            self.baseline = self._fix_baseline([file.path for file, _ in readable])
        tables, read = self._reduce_readable(readable)
        entries += read
        return self.store.write(tables, entries) if entries else None

    def _look_at(self, batch: Sequence[LogFile]) -> tuple[list[tuple[LogFile, Footer]], list[LedgerEntry]]:
        """Split a batch into files to reduce, and ledger entries for those with nothing to add."""
        known = self.ledger.by_fingerprint()
        changed = {file.path for file in self.ledger.changed(self.listing)}
        readable: list[tuple[LogFile, Footer]] = []
        entries: list[LedgerEntry] = []
        for file in batch:
            seen = inspect(file)
            if isinstance(seen, BadFile):
                entries.append(_entry(file, seen.state, seen.reason))
                continue
            twin = known.get(seen.fingerprint)
            if twin is None or twin == file.path:
                known[seen.fingerprint] = file.path
                readable.append((file, seen))
            else:
                moved = twin in self.ledger.counted and (twin not in self.listing or twin in changed)
                entries.append(_twin_entry(file, seen, self.ledger.latest.get(twin), twin, moved=moved))
        return readable, entries

    def _reduce_readable(
        self, readable: Sequence[tuple[LogFile, Footer]]
    ) -> tuple[Mapping[str, pa.Table], list[LedgerEntry]]:
        """Reduce files together; where that fails, one by one, so that a bad one is named and stops nothing."""
        import duckdb

        if not readable:
            return self._empty_tables(), []
        try:
            return self._reduce_together(readable)
        except (duckdb.Error, LogError) as error:
            if isinstance(error, duckdb.InterruptException):
                raise
            if len(readable) == 1:
                file, footer = readable[0]
                entry = replace(_entry(file, "corrupt", f"cannot be read: {first_line(error)}"), rows=footer.rows)
                return self._empty_tables(), [entry]
        import pyarrow as pa

        middle = len(readable) // 2
        first, first_entries = self._reduce_readable(readable[:middle])
        second, second_entries = self._reduce_readable(readable[middle:])
        moved = {name: _shifted(table, middle) for name, table in second.items()}
        merged = {name: pa.concat_tables([first[name], moved[name]]) for name in first}
        shifted = [
            entry if entry.file is None else replace(entry, file=entry.file + middle) for entry in second_entries
        ]
        return merged, first_entries + shifted

    def _reduce_together(
        self, readable: Sequence[tuple[LogFile, Footer]]
    ) -> tuple[Mapping[str, pa.Table], list[LedgerEntry]]:
        canonical = self._canonical([file.path for file, _ in readable])
        bins = self.baseline.bins if self.baseline else ()
        tables = {
            name: _exact(self._connection.sql(sql).to_arrow_table(), name)
            for name, sql in reductions(canonical, bins).items()
        }
        found = {row["file"]: row for row in self._connection.sql(spans(canonical)).to_arrow_table().to_pylist()}
        entries = [_read_entry(index, file, footer, found.get(index)) for index, (file, footer) in enumerate(readable)]
        return tables, entries

    def _empty_tables(self) -> Mapping[str, pa.Table]:
        from clawpipe_tui.rollups.arrow import empty_tables

        return empty_tables()

    def _canonical(self, paths: Sequence[str]) -> str:
        source = parquet_source(paths)
        columns = self._columns_of(source)
        self.lacks = missing_columns(columns, self.settings.layout)
        bins = self.baseline.bins if self.baseline else ()
        return canonical_select(source, columns, self.settings.layout, kinds_of(bins))

    def _columns_of(self, source: str) -> dict[str, str]:
        rows = self._connection.execute(f"describe select * from {source}").fetchall()
        return {row[0]: row[1] for row in rows}

    def _fix_baseline(self, newest: Sequence[str]) -> Baseline:
        """Bins from the baseline files; where none are configured, from the oldest files of the log itself."""
        given = list(list_files(self.settings.baseline_files))
        if self.settings.baseline_files and not given:
            raise LogError(f"The baseline {', '.join(self.settings.baseline_files)} does not exist.")
        paths = given or self._oldest_readable() or list(newest)
        log_columns = self._columns_of(parquet_source(newest))
        watched = watched_columns(log_columns, self.settings.layout)
        baseline = fix_baseline(
            self._connection, parquet_source(paths), self.settings.layout, watched, given=bool(given)
        )
        save_baseline(self.store.folder, baseline)
        return baseline

    def _oldest_readable(self, files: int = 8) -> list[str]:
        oldest = newest_first(self.listing.values())[::-1][: files * 4]
        return [file.path for file in oldest if isinstance(inspect(file), Footer)][:files]


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB of one's own: in memory, UTC, silent, no downloads."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute("set preserve_insertion_order = false")
    return connection


def parquet_source(paths: Sequence[str]) -> str:
    """The files as one SQL source. Columns meet by name; statistics are not trusted about NaN (duckdb#25521)."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, can_have_nan = true)"


def _store_name(settings: LogSettings) -> str:
    """A folder name that changes with everything that would change the counts."""
    baseline = [(file.path, file.size_bytes, file.mtime_ns) for file in list_files(settings.baseline_files).values()]
    layout = settings.layout
    parts = [SCHEMA_VERSION, settings.files, sorted(layout.expressions.items()), layout.model, layout.version]
    parts += [layout.numeric, layout.categorical, sorted(baseline)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=10).hexdigest()


def _take(waiting: list[LogFile], size: int) -> tuple[list[LogFile], list[LogFile]]:
    """The next batch: so many files, or so many bytes, but at least one file."""
    total = 0
    for count, file in enumerate(waiting):
        total += file.size_bytes
        if count >= size or (count and total > _BATCH_BYTES):
            return waiting[:count], waiting[count:]
    return waiting, []


def _entry(file: LogFile, state: str, reason: str) -> LedgerEntry:
    return LedgerEntry(file.path, state, reason, file.size_bytes, file.mtime_ns)


def _twin_entry(file: LogFile, footer: Footer, original: LedgerEntry | None, twin: str, *, moved: bool) -> LedgerEntry:
    """A file whose content is counted already: renamed where the other name is gone, else delivered twice."""
    words = f"renamed from {twin}; counted once" if moved else f"the same content as {twin}; counted once"
    entry = replace(
        _entry(file, "read" if moved else "duplicate", words), rows=footer.rows, fingerprint=footer.fingerprint
    )
    if moved and original:
        return replace(entry, first_at=original.first_at, last_at=original.last_at, renamed_from=twin)
    return entry


def _read_entry(index: int, file: LogFile, footer: Footer, span: Mapping[str, object] | None) -> LedgerEntry:
    entry = replace(_entry(file, "read", ""), rows=footer.rows, fingerprint=footer.fingerprint, file=index)
    if span is None:
        return entry
    timeless = span["timeless"]
    reason = f"{timeless} rows left out: served_at cannot be read" if timeless else ""
    return replace(entry, reason=reason, first_at=span["first_at"], last_at=span["last_at"])


def _exact(table: pa.Table, name: str) -> pa.Table:
    """The table with the column order and types of the schema."""
    from clawpipe_tui.rollups.arrow import table_schema

    schema = table_schema(name)
    return table.select(schema.names).cast(schema)


def _shifted(table: pa.Table, by: int) -> pa.Table:
    """The same counts with every file key moved, so that two halves of a batch can stand in one part."""
    import pyarrow as pa

    moved = pa.array([key + by for key in table["file"].to_pylist()], pa.int32())
    return table.set_column(0, "file", moved)
