"""The files of one part: its tables, their coarser levels, its ledger, and what part.json says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from clawpipe_tui.rollups.lanes import done_side_by_side
from clawpipe_tui.rollups.schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from clawpipe_tui.rollups.cover import Range

_LEVELS_FROM_ROWS = 20_000
"""Smaller parts are added up when they are looked at; soon they are merged into a larger one."""
_ROW_GROUP = 60_000
_SPAN_UNIT_S = 600
TableOf = Callable[[str], "pa.Table"]
"""Makes a rollup table by its name; asked for each once, from several threads."""


class File(TypedDict):
    """What part.json says of one of the part's files."""

    bytes: int
    digest: str


class About(TypedDict):
    """part.json."""

    schema: int
    replaces: list[str]
    span_s: list[int]
    has_levels: bool
    empty: NotRequired[list[str]]
    """The tables without a row, of which nothing has to be read."""
    files: dict[str, File]


@dataclass(frozen=True)
class _Fine:
    """A table that is written."""

    name: str
    rows: int
    span_s: Range | None
    file: File


def write_files(folder: Path, table_of: TableOf, ledger: pa.Table) -> About:
    """Everything but part.json, in lanes: each has one table in memory."""
    from clawpipe_tui.rollups.levels import LEVELLED

    fine = done_side_by_side([partial(_write_fine, folder, name, table_of) for name in TABLES])
    files = {f"{one.name}.parquet": one.file for one in fine}
    has_levels = sum(one.rows for one in fine) >= _LEVELS_FROM_ROWS
    if has_levels:
        largest_first = sorted((one for one in fine if one.name in LEVELLED), key=lambda one: -one.rows)
        files |= done_side_by_side([partial(_write_levels, folder, one) for one in largest_first])
    files["ledger.parquet"] = write_checked(ledger, folder / "ledger.parquet")
    spans = [one.span_s for one in fine if one.span_s]
    span_s = [min(start for start, _ in spans), max(end for _, end in spans)] if spans else [0, 0]
    return {
        "schema": SCHEMA_VERSION, "replaces": [], "span_s": span_s, "has_levels": has_levels,
        "empty": [one.name for one in fine if not one.rows], "files": files,
    }  # fmt: skip


def _write_fine(folder: Path, name: str, table_of: TableOf) -> _Fine:
    from clawpipe_tui.rollups.levels import ASKED

    table = table_of(name)
    is_asked = name in ASKED
    if is_asked and table.num_rows > _ROW_GROUP and not _is_in_order(table):
        table = table.sort_by("bucket_start")
    written = write_checked(table, folder / f"{name}.parquet")
    return _Fine(name, table.num_rows, _span_s(table) if is_asked and table.num_rows else None, written)


def _write_levels(folder: Path, fine: _Fine) -> tuple[str, File]:
    from clawpipe_tui.rollups.arrow import table_in
    from clawpipe_tui.rollups.levels import levels_of

    levels = levels_of(table_in(folder / f"{fine.name}.parquet"), fine.name)
    return f"{fine.name}.coarse.parquet", write_checked(levels, folder / f"{fine.name}.coarse.parquet")


def write_checked(table: pa.Table, path: Path) -> File:
    """Write a Parquet file whose pages carry checksums; returns its length and the digest of all its bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True, row_group_size=_ROW_GROUP)
    written = memoryview(sink.getvalue())
    path.write_bytes(written)
    return {"bytes": len(written), "digest": digest_of(written)}


def digest_of(written: bytes | memoryview) -> str:
    """What part.json knows a file by."""
    return hashlib.blake2b(written, digest_size=8).hexdigest()


def _span_s(table: pa.Table) -> Range:
    moments = _moments_us(table)
    start, end = (int(end) // 1_000_000 // _SPAN_UNIT_S * _SPAN_UNIT_S for end in (moments.min(), moments.max()))
    return start, end + _SPAN_UNIT_S


def _is_in_order(table: pa.Table) -> bool:
    moments = _moments_us(table)
    return bool((moments[1:] >= moments[:-1]).all())


def _moments_us(table: pa.Table) -> NDArray[np.int64]:
    return table["bucket_start"].cast("int64").to_numpy()
