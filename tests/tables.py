"""Delta and Iceberg tables for tests, and the truth about them as their own library reads it."""

from __future__ import annotations

import json
import struct
import uuid
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa

from clawpipe_tui.config import find_config
from clawpipe_tui.session import LogSession
from tests.tiny_log import END, Counted, counted

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def as_table(rows: Mapping[str, Sequence[object]]) -> pa.Table:
    """Rows as a table format wants them: times in µs."""
    table = pa.table(dict(rows))
    place = table.schema.get_field_index("served_at")
    return table.set_column(place, "served_at", table["served_at"].cast(pa.timestamp("us", "UTC")))


def by_outcome(rows: pa.Table) -> Counter[tuple[str, str]]:
    """(version, outcome) → n, counted one by one."""
    named = rows.select(["version", "outcome"]).to_pylist()
    return Counter((str(row["version"]), str(row["outcome"])) for row in named)


def read_delta(folder: Path) -> pa.Table:
    """A Delta table as deltalake itself reads it."""
    from deltalake import DeltaTable, QueryBuilder

    return pa.table(QueryBuilder().register("log", DeltaTable(folder)).execute("select * from log").read_all())


def console(logs: str, home: Path) -> Counted:
    """What a console counts that opens `--logs LOGS` now."""
    from dataclasses import replace

    session = LogSession(replace(find_config(logs, home), now=END), cache=home / "cache")
    try:
        session.read()
        return counted(session)
    finally:
        session.close()


def delete_by_vector(folder: Path, deleted: Mapping[str, Sequence[int]], *, inline: bool = False) -> None:
    """Commit deletion vectors (which deltalake reads, and does not write): path → positions, as the protocol has it."""
    log = folder / "_delta_log"
    commits = [json.loads(line) for path in sorted(log.glob("*.json")) for line in path.read_text().splitlines()]
    adds = {one["add"]["path"]: one["add"] for one in commits if "add" in one}
    metadata = [one["metaData"] for one in commits if "metaData" in one][-1]
    metadata["configuration"]["delta.enableDeletionVectors"] = "true"
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    actions: list[dict[str, object]] = [
        {"commitInfo": {"timestamp": 1, "operation": "DELETE", "operationParameters": {}}},
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}},
        {"metaData": metadata},
    ]
    for path, positions in deleted.items():
        vector = _inline(positions) if inline else _stored(folder, positions)
        known = cast("dict[str, object]", adds[path])
        before = {"deletionVector": known["deletionVector"]} if "deletionVector" in known else {}
        actions.append({"remove": {"path": path, "deletionTimestamp": 1, "dataChange": True, **before}})
        actions.append({"add": {**known, "deletionVector": vector}})
    version = len(list(log.glob("*.json")))
    (log / f"{version:020d}.json").write_text("\n".join(map(json.dumps, actions)))


def _stored(folder: Path, positions: Sequence[int]) -> dict[str, object]:
    name, data = uuid.uuid4(), _bitmap(positions)
    framed = b"\x01" + struct.pack(">I", len(data)) + data + struct.pack(">I", zlib.crc32(data))
    (folder / f"deletion_vector_{name}.bin").write_bytes(framed)
    return {
        "storageType": "u", "pathOrInlineDv": _z85(name.bytes), "offset": 1, "sizeInBytes": len(data),
        "cardinality": len(positions),
    }  # fmt: skip


def _inline(positions: Sequence[int]) -> dict[str, object]:
    data = _bitmap(positions)
    padded = data + b"\0" * (-len(data) % 4)
    return {"storageType": "i", "pathOrInlineDv": _z85(padded), "sizeInBytes": len(data), "cardinality": len(positions)}


def _bitmap(positions: Sequence[int]) -> bytes:
    """A RoaringBitmapArray in the portable format: magic, number of bitmaps, then key and bitmap of each."""
    from pyroaring import BitMap

    return struct.pack("<IQI", 1681511377, 1, 0) + BitMap(positions).serialize()


def _z85(data: bytes) -> str:
    out = ""
    for begin in range(0, len(data), 4):
        value = int.from_bytes(data[begin : begin + 4])
        out += "".join(_Z85[value // 85**power % 85] for power in (4, 3, 2, 1, 0))
    return out
