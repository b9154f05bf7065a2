"""Iceberg tables for tests: a catalog on local disk, and delete files, which pyiceberg reads and does not write."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import StaticTable
from pyiceberg.typedef import Record


@contextmanager
def catalog(home: Path) -> Generator[Catalog]:
    """A catalog in SQLite, with a namespace `ml`."""
    made = SqlCatalog("tests", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}/warehouse")
    made.create_namespace_if_not_exists("ml")
    yield made
    made.close()


def newest(folder: Path) -> StaticTable:
    """The table in a folder as its newest metadata has it."""
    return StaticTable.from_metadata(str(max((folder / "metadata").glob("*.metadata.json"))))


class _Deletes(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def delete_positions(folder: Path, deleted: Mapping[str, Sequence[int]]) -> None:
    """Commit a position delete file: data file → positions."""
    rows = sorted((path, place) for path, places in deleted.items() for place in places)
    fields = [("file_path", pa.string(), "2147483546"), ("pos", pa.int64(), "2147483545")]
    _commit(folder, _written(folder, fields, [list(column) for column in zip(*rows, strict=True)]), [])


def delete_values(folder: Path, column: str, values: Sequence[object]) -> None:
    """Commit an equality delete file: rows with one of these values, NULL included, are gone."""
    its = newest(folder).schema().find_field(column)
    kind = newest(folder).schema().as_arrow().field(column).type
    _commit(folder, _written(folder, [(column, kind, str(its.field_id))], [list(values)]), [its.field_id])


def _written(folder: Path, fields: list[tuple[str, pa.DataType, str]], columns: list[list[object]]) -> Path:
    schema = pa.schema([pa.field(name, kind, metadata={"PARQUET:field_id": its}) for name, kind, its in fields])
    path = folder / "data" / f"deletes-{len(list((folder / 'data').iterdir()))}.parquet"
    pq.write_table(pa.table(columns, schema=schema), path)
    return path


def _commit(folder: Path, deletes: Path, equality_ids: list[int]) -> None:
    table = newest(folder)
    before = table.current_snapshot()
    assert before is not None
    sequence, number = (before.sequence_number or 0) + 1, before.snapshot_id + 1
    content = DataFileContent.EQUALITY_DELETES if equality_ids else DataFileContent.POSITION_DELETES
    file = DataFile.from_args(
        content=content, file_path=f"file://{deletes}", file_format=FileFormat.PARQUET, partition=Record(),
        record_count=pq.read_metadata(deletes).num_rows, file_size_in_bytes=deletes.stat().st_size,
        equality_ids=equality_ids or None,
    )  # fmt: skip
    file.spec_id = 0
    output = table.io.new_output(f"file://{folder}/metadata/deletes-{sequence}.avro")
    with _Deletes(table.spec(), table.schema(), output, number, "null") as writer:
        entry = ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=number, data_file=file)
        writer.add_entry(entry)
    manifests = [*before.manifests(table.io), writer.to_manifest_file()]
    listed = f"file://{folder}/metadata/snap-{sequence}.avro"
    with write_manifest_list(2, table.io.new_output(listed), number, before.snapshot_id, sequence, "null") as snapshots:
        snapshots.add_manifests(manifests)
    _write_metadata(folder, table, listed, number, sequence)


def _write_metadata(folder: Path, table: StaticTable, listed: str, number: int, sequence: int) -> None:
    """The newest metadata with one more snapshot in it."""
    path = Path(table.metadata_location.removeprefix("file://"))
    metadata = json.loads(path.read_text())
    snapshot = {
        **metadata["snapshots"][-1],
        "snapshot-id": number,
        "sequence-number": sequence,
        "manifest-list": listed,
    }
    snapshot |= {"parent-snapshot-id": metadata["current-snapshot-id"], "summary": {"operation": "delete"}}
    metadata["snapshots"].append(snapshot)
    metadata |= {"current-snapshot-id": number, "last-sequence-number": sequence}
    metadata["refs"]["main"]["snapshot-id"] = number
    version = int(re.match(r"(\d+)", path.name)[1]) + 1  # pyright: ignore[reportOptionalSubscript] - named by the library
    (folder / "metadata" / f"{version:05d}-deletes.metadata.json").write_text(json.dumps(metadata))
