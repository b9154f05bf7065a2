"""Iceberg tables: which files are live, and which of their rows. Needs the extra `iceberg`.

An address is a table's folder (its newest metadata holds), one metadata file (a snapshot), or catalog.namespace.table.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.errors import UNREACHABLE, ClawpipeError, ConfigError, LogError
from clawpipe_tui.logs.canonical import quoted
from clawpipe_tui.logs.footer import BadFile, Footer, first_line
from clawpipe_tui.logs.listing import OF_TABLE, LogFile
from clawpipe_tui.logs.objects import Address, is_remote, store_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile, ManifestEntry
    from pyiceberg.schema import Schema
    from pyiceberg.table import FileScanTask, Table

_NUMBER = re.compile(r"v?(\d+)[^/]*\.metadata\.json$")
_NS = 1_000_000


@dataclass(frozen=True)
class IcebergFile:
    """One file of a snapshot, and the delete files that speak of it."""

    identity: str
    table: Table
    task: FileScanTask
    equality: tuple[DataFile, ...]
    """Files that name rows by the values of some columns; those that name them by position are in the task."""

    def seen(self, look: Callable[[], Footer | BadFile]) -> Footer | BadFile:  # noqa: ARG002 - the table says it all
        """The table knows what is in it."""
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        columns = {one.name: str(one.type) for one in schema_to_pyarrow(self.table.schema(), include_field_ids=False)}
        rows = self.task.file.record_count
        return Footer(rows, self.identity, columns=json.dumps(columns, ensure_ascii=False))

    def is_plain(self) -> bool:
        """Columns go by ids, which other readers do not know."""
        return False

    def rewrite(self, target: Path) -> None:
        """Write the rows that live, under the names of the table. Raises LogError."""
        import duckdb

        try:
            rows = self._rows(self.task, self.table.schema())
            keys = [self._deleted(file) for file in self.equality]
            kept = [_differs(f"deleted{place}", key.column_names) for place, key in enumerate(keys)]
            with duckdb.connect() as connection:
                connection.register("living", rows)
                for place, key in enumerate(keys):
                    connection.register(f"deleted{place}", key)
                connection.execute(
                    f"copy (select * from living where {' and '.join(kept) or 'true'}) to $path (format parquet)",
                    {"path": str(target)},
                )
        except Exception as error:  # missing, cut off, of another format: the library has an error for each
            raise LogError(f"the file cannot be read: {first_line(error)}") from error

    def _rows(self, task: FileScanTask, schema: Schema) -> pa.RecordBatchReader:
        import pyarrow as pa
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow

        scan = ArrowScan(self.table.metadata, self.table.io, schema, AlwaysTrue())
        told = schema_to_pyarrow(schema, include_field_ids=False)
        return pa.RecordBatchReader.from_batches(told, (batch.cast(told) for batch in scan.to_record_batches([task])))

    def _deleted(self, file: DataFile) -> pa.Table:
        from pyiceberg.schema import Schema
        from pyiceberg.table import FileScanTask

        fields = [self.table.schema().find_field(number) for number in file.equality_ids or []]
        return self._rows(FileScanTask(file), Schema(*fields)).read_all()


def _differs(keys: str, columns: Sequence[str]) -> str:
    """Whether a row is none of those that a delete file names; NULL is NULL there."""
    same = " and ".join(f"{keys}.{quoted(name)} is not distinct from living.{quoted(name)}" for name in columns)
    return f"not exists (select 1 from {keys} where {same})"


def live_files(address: str) -> dict[str, LogFile]:
    """The files of the table's newest snapshot, by path. Raises ConfigError, LogError."""
    return _opened(address).files()


@cache
def _opened(address: str) -> _Table:
    return _Table(address)


class _Table:
    """A table that stays open: where nothing was committed, a look costs a listing of its metadata."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._table: Table | None = None
        self._metadata = ""
        self._files: dict[str, LogFile] = {}

    def files(self) -> dict[str, LogFile]:
        try:
            import pyiceberg  # noqa: F401 # pyright: ignore[reportUnusedImport] - asked whether it is there
        except ImportError as error:
            raise ConfigError(
                f"{self._address} is an Iceberg table: reading it needs the pyiceberg package.",
                "Install it: pip install 'clawpipe-tui[iceberg]'.",
            ) from error
        try:
            table = self._newest()
            if table.metadata_location != self._metadata:
                self._files = {file.path: file for file in _listed(table)}
                self._metadata = table.metadata_location
        except ClawpipeError:
            raise
        except Exception as error:  # a catalog may be a server, a database, a cloud: each has errors of its own
            raise LogError(
                f"The Iceberg table {self._address} cannot be read: {first_line(error)}.",
                "Check the address, and for catalogs ~/.pyiceberg.yaml or PYICEBERG_CATALOG__….",
                exit_code=UNREACHABLE if isinstance(error, OSError) and is_remote(self._address) else None,
            ) from error
        return self._files

    def _newest(self) -> Table:
        from pyiceberg.table import StaticTable

        if not is_remote(self._address) and not Path(self._address).exists() and "/" not in self._address:
            self._table = self._table.refresh() if self._table else _from_catalog(self._address)
            return self._table
        metadata = _newest_metadata(self._address)
        if self._table is None or self._table.metadata_location != metadata:
            self._table = StaticTable.from_metadata(metadata, _properties())
        return self._table


def _from_catalog(identifier: str) -> Table:
    from pyiceberg.catalog import load_catalog

    name, _, rest = identifier.partition(".")
    return load_catalog(name).load_table(rest)


def _properties() -> dict[str, str]:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    return {"s3.endpoint": endpoint} if endpoint else {}


def _newest_metadata(address: str) -> str:
    """The metadata file that an address names, or the newest one of the folder. Raises LogError."""
    if address.endswith(".metadata.json"):
        return address
    numbered = [(int(found[1]), path) for path in _metadata_files(address) if (found := _NUMBER.search(path))]
    if not numbered:
        raise LogError(
            f"There is no Iceberg table at {address}.",
            "Name its folder (with metadata/*.metadata.json in it), a metadata file, or catalog.namespace.table.",
        )
    return max(numbered)[1]


def _metadata_files(address: str) -> list[str]:
    import pyarrow.fs as pafs

    if not is_remote(address):
        return [str(path) for path in Path(address, "metadata").glob("*.metadata.json")]
    base = Address.of(address)
    store, root = store_of(base)
    infos = store.get_file_info(pafs.FileSelector(f"{root}/{base.key.rstrip('/')}/metadata", allow_not_found=True))
    return [f"{base.bucket}/{info.path.removeprefix(f'{root}/')}" for info in infos]


def _listed(table: Table) -> Iterator[LogFile]:
    from pyiceberg.manifest import DataFileContent
    from pyiceberg.table import ManifestGroupPlanner

    snapshot = table.current_snapshot()
    if snapshot is None:
        return
    entries: dict[str, ManifestEntry] = {}
    by_value: list[ManifestEntry] = []

    def planned(entry: ManifestEntry) -> bool:
        """The library plans no deletes by value, so it does not get to see them: they are applied here."""
        if entry.data_file.content == DataFileContent.EQUALITY_DELETES:
            by_value.append(entry)
            return False
        if entry.data_file.content == DataFileContent.DATA:
            entries[entry.data_file.file_path] = entry
        return True

    planner = ManifestGroupPlanner(table.metadata, table.io)
    tasks = list(planner.plan_files(snapshot.manifests(table.io), planned))
    times = {one.snapshot_id: one.timestamp_ms for one in table.metadata.snapshots}
    for task in tasks:
        entry = entries[task.file.file_path]
        equality = tuple(one.data_file for one in by_value if _concerns(table, one, entry))
        yield _file(table, task, equality, times.get(entry.snapshot_id or 0, entry.sequence_number or 0))


def _concerns(table: Table, delete: ManifestEntry, entry: ManifestEntry) -> bool:
    """Whether a delete by value speaks of a file: one that was there before, of its partition, or of any."""
    deleting, file = delete.data_file, entry.data_file
    everywhere = table.metadata.specs()[deleting.spec_id].is_unpartitioned()
    here = everywhere or (deleting.spec_id == file.spec_id and deleting.partition == file.partition)
    return here and (delete.sequence_number or 0) > (entry.sequence_number or 0)


def _file(table: Table, task: FileScanTask, equality: tuple[DataFile, ...], written_ms: int) -> LogFile:
    names = sorted(one.file_path for one in (*task.delete_files, *equality))
    changed = hashlib.blake2b("\n".join(names).encode(), digest_size=8).digest() if names else b""
    identity = OF_TABLE + hashlib.blake2b(task.file.file_path.encode() + changed, digest_size=16).hexdigest()
    # Which rows are deleted is part of a file's version: it stands where no time is so exact.
    mtime_ns = written_ms * _NS + int.from_bytes(changed) % _NS
    path = task.file.file_path.removeprefix("file://")
    return LogFile(path, task.file.file_size_in_bytes, mtime_ns, IcebergFile(identity, table, task, equality))
