"""Copies of Parquet objects without the columns that nobody asks for: the rest is fetched by ranges, at its place.

What is left out is a hole in the copy. Reading one is an error, never a wrong value: no page begins with zeros.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.config import ALSO_KNOWN, CANONICAL
from clawpipe_tui.logs.canonical import Layout

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SMALL_BYTES = 1_000_000
"""Objects below this are fetched whole, by one request."""
_TAIL_BYTES = 65_536
_HOLE_BYTES = 131_072
"""A smaller hole is not worth a request of its own."""
_BLOCK, _AT_ONCE = 4_194_304, 8
Range = tuple[int, int]


class Needed:
    """Which columns of a log its layout asks for."""

    def __init__(self, layout: Layout) -> None:
        # A select may take any column; so may columns(…) and *; features that are not declared are all columns.
        text = " ".join(layout.expressions.values()).lower()
        self.all = bool(layout.select) or layout.form != "parquet" or not (layout.numeric or layout.categorical)
        self.all = self.all or "columns(" in text or "exclude" in text
        self._text = text
        self._names = {name.lower() for name in (*CANONICAL, *ALSO_KNOWN, *layout.numeric, *layout.categorical)}

    def __contains__(self, column: str) -> bool:
        """Whether a column plays a part by its name, or is spoken of in an expression."""
        name = column.lower()
        return self.all or name in self._names or name in self._text or name.replace('"', '""') in self._text


def fetch(source: pa.NativeFile, size_bytes: int, target: Path, needed: Needed | None) -> list[Range]:
    """Write a copy with holes; of what is no Parquet, of small objects, or where all is needed, the whole.

    Returns what was fetched.
    """
    ranges: list[Range] = [(0, size_bytes)]
    if size_bytes > SMALL_BYTES and needed and not needed.all:
        ranges = _wanted(source, size_bytes, needed)
    with target.open("wb") as copy:
        copy.truncate(size_bytes)

        def put(block: Range) -> None:
            os.pwrite(copy.fileno(), source.read_at(block[1] - block[0], block[0]), block[0])

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for _ in threads.map(put, _blocks(ranges)):
                pass
    return ranges


def _wanted(source: pa.NativeFile, size_bytes: int, needed: Needed) -> list[Range]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = source.read_at(_TAIL_BYTES, size_bytes - _TAIL_BYTES)
    length = int.from_bytes(footer[-8:-4], "little") + 8
    if _TAIL_BYTES < length < size_bytes:
        footer = source.read_at(length, size_bytes - length)
    try:
        metadata = pq.read_metadata(pa.BufferReader(footer))
    except (pa.ArrowException, OSError, ValueError):
        return [(0, size_bytes)]  # who looks at the copy will say what is wrong with it
    return _between(sorted(_holes(metadata, needed)), size_bytes)


def _holes(metadata: pq.FileMetaData, needed: Needed) -> Iterator[Range]:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.path_in_schema.partition(".")[0] not in needed:
                begin = min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)))
                yield begin, begin + chunk.total_compressed_size


def _between(holes: Iterable[Range], size_bytes: int) -> list[Range]:
    """What lies around the holes, those beside each other taken together."""
    merged: list[Range] = []
    for begin, end in holes:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    found, place = list[Range](), 0
    for begin, end in merged:
        if end - begin >= _HOLE_BYTES:
            found.append((place, begin))
            place = end
    return [*found, (place, size_bytes)]


def _blocks(ranges: Iterable[Range]) -> Iterator[Range]:
    for begin, end in ranges:
        for first in range(begin, end, _BLOCK):
            yield first, min(end, first + _BLOCK)
