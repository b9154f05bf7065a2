"""Delta tables: which files are live, and which of their rows. Needs the extra `delta`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from clawpipe_tui.errors import UNREACHABLE, ConfigError, LogError
from clawpipe_tui.logs.footer import BadFile, Footer, first_line
from clawpipe_tui.logs.listing import OF_TABLE, LogFile
from clawpipe_tui.logs.objects import Address, is_remote, opened_at

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_BATCH_ROWS = 65_536
_NULL = "__HIVE_DEFAULT_PARTITION__"
_NS = 1_000_000
Names = Mapping[str, "Field"]


@dataclass(frozen=True)
class Field:
    """What a physical column is called in the table; and what is inside it, where that has names, too."""

    name: str
    inside: Names = field(default_factory=dict[str, "Field"])


@dataclass(frozen=True)
class DeltaFile:
    """What the table's log says of one of its files."""

    path: str
    identity: str
    partition: Mapping[str, object]
    """Column → value: partition columns need not stand in the file."""
    types: pa.Schema
    """The columns of the table."""
    names: Names | None = None
    """Physical column → its name in the table, where that is another one."""
    kept: bytes | None = None
    """One bit for each row, 1 where the row lives; None where all do."""

    def seen(self, look: Callable[[], Footer | BadFile]) -> Footer | BadFile:
        """The footer says what is in it; which content it is, the table does: equal files may be added twice."""
        own = look()
        if isinstance(own, BadFile):
            return own
        columns: Mapping[str, str] = json.loads(own.columns or "{}")
        if self.names is not None:
            columns = {self.names[name].name: kind for name, kind in columns.items() if name in self.names}
        columns = {**columns, **{name: str(self.types.field(name).type) for name in self.partition}}
        return replace(own, fingerprint=self.identity, columns=json.dumps(columns, ensure_ascii=False))

    def is_plain(self) -> bool:
        """Whether nothing is renamed or deleted in it, and its path says what the log says."""
        parts = (unquote(part) for part in self.path.split("/"))
        folders = {name: value for part in parts for name, eq, value in [part.partition("=")] if eq}
        told = {name: _NULL if value is None else str(value) for name, value in self.partition.items()}
        return self.names is None and self.kept is None and told.items() <= folders.items()

    def rewrite(self, target: Path) -> None:
        """Write the rows that live, under the names of the table. Raises LogError."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with opened_at(self.path) as source, pq.ParquetFile(source) as file:
                schema = self._as_in_table(pa.RecordBatch.from_pylist([], schema=file.schema_arrow), 0).schema
                with pq.ParquetWriter(target, schema) as writer:
                    begin = 0
                    for batch in file.iter_batches(_BATCH_ROWS):
                        writer.write_batch(self._as_in_table(batch, begin))
                        begin += batch.num_rows
        except (OSError, pa.ArrowException, ValueError) as error:
            raise LogError(f"the file cannot be read: {first_line(error)}") from error

    def _as_in_table(self, batch: pa.RecordBatch, begin: int) -> pa.RecordBatch:
        import pyarrow as pa

        fields = [pa.field(one.name, _without_views(one.type)) for one in batch.schema]
        return self._placed(self._renamed(self._living(batch.cast(pa.schema(fields)), begin)))

    def _living(self, batch: pa.RecordBatch, begin: int) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa

        if self.kept is None:
            return batch
        first, last = begin // 8, (begin + batch.num_rows + 7) // 8
        bits = np.unpackbits(np.frombuffer(self.kept[first:last], np.uint8))[begin % 8 :][: batch.num_rows]
        # A vector may end before the file does: what it does not speak of lives.
        mask = np.pad(bits.astype(bool), (0, batch.num_rows - len(bits)), constant_values=True)
        return batch.filter(pa.array(mask))

    def _renamed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        if self.names is None:
            return batch
        known = {name: column for name in batch.schema.names if (column := self.names.get(name))}
        arrays = [batch.column(name).view(_retyped(batch.schema.field(name).type, known[name])) for name in known]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in known.values()])

    def _placed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        for name, value in self.partition.items():
            if name not in batch.schema.names:
                constant = pa.repeat(pa.scalar(value, self.types.field(name).type), batch.num_rows)
                batch = batch.append_column(name, constant)
        return batch


def _without_views(kind: pa.DataType) -> pa.DataType:
    """Writers in Rust leave string views behind, which cannot be filtered."""
    import pyarrow as pa

    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_list(kind):
        return pa.list_(_without_views(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(one.name, _without_views(one.type)) for one in map(kind.field, range(kind.num_fields))])
    return kind


def _retyped(kind: pa.DataType, named: Field) -> pa.DataType:
    """The same type with the names of the table inside."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        inner = [named.inside.get(one.name, Field(one.name)) for one in fields]
        return pa.struct([(its.name, _retyped(one.type, its)) for one, its in zip(fields, inner, strict=True)])
    if pa.types.is_list(kind):
        return pa.list_(_retyped(kind.value_type, named.inside.get("element", named)))
    if pa.types.is_map(kind):
        key, value = (named.inside.get(side, named) for side in ("key", "value"))
        return pa.map_(_retyped(kind.key_type, key), _retyped(kind.item_type, value))
    return kind


def live_files(address: str) -> dict[str, LogFile]:
    """The files of the table's newest version, by path. Raises ConfigError, LogError."""
    return _opened(address).files()


@cache
def _opened(address: str) -> _Table:
    return _Table(address)


class _Table:
    """A table that stays open: a look costs what was committed since."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._table: DeltaTable | None = None
        self._version = -1
        self._files: dict[str, LogFile] = {}

    def files(self) -> dict[str, LogFile]:
        try:
            from deltalake.exceptions import DeltaError, TableNotFoundError
        except ImportError as error:
            raise ConfigError(
                f"{self._address} is a Delta table: reading it needs the deltalake package.",
                "Install it: pip install 'clawpipe-tui[delta]'.",
            ) from error
        try:
            table = self._newest()
            if table.version() != self._version:
                self._files = {file.path: file for file in self._listed(table)}
                self._version = table.version()
        except TableNotFoundError as error:
            raise LogError(f"There is no Delta table at {self._address}.", "Its folder has a _delta_log.") from error
        except (DeltaError, OSError) as error:
            code = UNREACHABLE if is_remote(self._address) else None
            raise LogError(
                f"The Delta table {self._address} cannot be read: {first_line(error)}.",
                "Check the address and the credentials (AWS_ENDPOINT_URL, AWS_PROFILE, …)." if code else "",
                exit_code=code,
            ) from error
        return self._files

    def _newest(self) -> DeltaTable:
        from deltalake import DeltaTable

        if self._table is None:
            self._table = DeltaTable(self._uri(), storage_options=_storage_options())
        else:
            self._table.update_incremental()
        return self._table

    def _uri(self) -> str:
        return self._address.partition("?")[0] if is_remote(self._address) else self._address

    def _listed(self, table: DeltaTable) -> Iterator[LogFile]:
        import pyarrow as pa

        actions = pa.table(table.get_add_actions())
        wanted = [
            name for name in ("path", "size_bytes", "modification_time", "partition") if name in actions.schema.names
        ]
        types = pa.schema(table.schema())
        names = _names(json.loads(table.schema().to_json()))
        kept = _kept(table) if "deletionVectors" in (table.protocol().reader_features or []) else {}
        for action in actions.select(wanted).to_pylist():
            path = self._path(str(action["path"]))
            bits = kept.get(path)
            changed = hashlib.blake2b(bits, digest_size=8).digest() if bits else b""
            identity = OF_TABLE + hashlib.blake2b(path.encode() + changed, digest_size=16).hexdigest()
            partition = cast("Mapping[str, object]", action.get("partition") or {})
            # Which rows are deleted is part of a file's version: it stands where no time is so exact.
            mtime_ns = int(action["modification_time"]) * _NS + int.from_bytes(changed) % _NS
            file = DeltaFile(path, identity, partition, types, names, bits)
            yield LogFile(path, int(action["size_bytes"]), mtime_ns, file)

    def _path(self, encoded: str) -> str:
        """The path of a file: in the log it is percent-encoded, and relative but in clones."""
        path = unquote(encoded)
        if is_remote(path) or path.startswith("/"):
            return path.removeprefix("file://")
        if not is_remote(self._address):
            return f"{self._address.rstrip('/')}/{path}"
        base = Address.of(self._address)
        return str(replace(base, key=f"{base.key.rstrip('/')}/{path}"))


def _kept(table: DeltaTable) -> dict[str, bytes]:
    """Path → one bit for each row, 1 where it lives, for the files in which rows are deleted."""
    import numpy as np

    found: dict[str, bytes] = {}
    for batch in table.deletion_vectors():
        import pyarrow as pa

        rows = pa.record_batch(batch)
        for path, vector in zip(rows.column(0).to_pylist(), rows.column(1), strict=True):
            mask = vector.values.to_numpy(zero_copy_only=False)
            found[unquote(path).removeprefix("file://")] = np.packbits(mask, bitorder="big").tobytes()
    return found


def _names(schema: Mapping[str, object]) -> Names | None:
    """Physical → logical names, where the table maps columns (delta.columnMapping)."""
    inside = _inside(schema)
    return inside if "delta.columnMapping.physicalName" in json.dumps(schema) else None


def _inside(kind: object) -> Names:
    if not isinstance(kind, dict):
        return {}
    its = cast("dict[str, object]", kind)
    if its.get("type") == "struct":
        fields = cast("list[dict[str, object]]", its["fields"])
        return {_physical(one): Field(str(one["name"]), _inside(one["type"])) for one in fields}
    parts = {"element": "elementType", "key": "keyType", "value": "valueType"}
    return {part: Field(part, _inside(its[key])) for part, key in parts.items() if key in its}


def _physical(column: Mapping[str, object]) -> str:
    metadata = cast("Mapping[str, object]", column.get("metadata") or {})
    return str(metadata.get("delta.columnMapping.physicalName", column["name"]))


def _storage_options() -> dict[str, str]:
    """What the chain of credentials does not say: that an endpoint without TLS is meant."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    return {"AWS_ALLOW_HTTP": "true", "AWS_ENDPOINT_URL": endpoint} if endpoint.startswith("http://") else {}
