"""What a console needs to open a store, in one file whose size is that of the calendar, not of the log.

It is made from the parts and only saves reading them: an index that is gone, damaged or old costs time, never counts.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from clawpipe_tui.rollups.parts import Part
from clawpipe_tui.rollups.schema import SCHEMA_VERSION
from clawpipe_tui.rollups.writing import write_checked

if TYPE_CHECKING:
    import pyarrow as pa

_KEY = b"clawpipe"


@dataclass(frozen=True)
class Index:
    """The parts that were taken in, and what was known of them together."""

    parts: Mapping[str, Part]
    """Without their ledgers."""
    void: Mapping[str, frozenset[int]]
    logged: int
    """How many rows of the log are counted."""
    columns: str
    """The columns of the newest file and their types, as a JSON object."""
    days: pa.Table
    """The days of `requests`."""


class _Said(TypedDict):
    schema: int
    parts: list[tuple[str, int, int, bool, int]]
    void: dict[str, list[int]]
    logged: int
    columns: str


def write_index(store: Path, index: Index) -> None:
    """Put an index in the place of the old one, by one rename."""
    said: _Said = {
        "schema": SCHEMA_VERSION,
        "parts": [(part.id, *part.span_s, part.has_levels, part.size_bytes) for part in index.parts.values()],
        "void": {part_id: sorted(keys) for part_id, keys in index.void.items()},
        "logged": index.logged,
        "columns": index.columns,
    }
    building = store / f".index-{uuid.uuid4().hex[:8]}"
    write_checked(index.days.replace_schema_metadata({_KEY: json.dumps(said).encode()}), building)
    building.rename(store / "index.parquet")


def read_index(store: Path) -> Index | None:
    """The index of a store; None where there is none that can be used."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # not read_table: that imports pyarrow.dataset, which takes as long as a screen
        with pq.ParquetFile(store / "index.parquet", page_checksum_verification=True) as file:
            days = file.read()
        said: _Said = json.loads((days.schema.metadata or {})[_KEY])
        if said["schema"] != SCHEMA_VERSION:
            return None
        parts = {
            part_id: Part(part_id, store / "parts" / part_id, frozenset(), (), (start, end), has_levels, size_bytes)
            for part_id, start, end, has_levels, size_bytes in said["parts"]
        }
        void = {part_id: frozenset(keys) for part_id, keys in said["void"].items()}
        return Index(parts, void, said["logged"], said["columns"], days)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None
