"""Requests as numbers of 64 bits, so that whether any stands in a log more than once is told without its text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.logs.canonical import SameRequest, hashed_select
from clawpipe_tui.rollups.lanes import done_side_by_side
from clawpipe_tui.rollups.source import Share
from clawpipe_tui.rollups.spans import NEVER_US, moment

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from clawpipe_tui.logs.listing import LogFile

_HASHES = 131_072
_MANY = 8
"""So many times as many are not gone through: each of the few is looked up."""
_MOST_SEEN = 2_000_000
"""Requests that are kept in mind, 8 bytes each."""
_MOST_BATCHES = 32
"""More than the files that a batch is compared with: what lands one by one is forgotten after a while."""
Span = tuple[datetime, datetime]
"""From when to when the requests of a file were served."""


class Seen:
    """Hashes of the requests in the files that were read last: what comes next is near them, and need not read them."""

    def __init__(self) -> None:
        self._batches: list[tuple[frozenset[LogFile], NDArray[np.uint64]]] = []

    def add(self, files: Iterable[LogFile], ordered: NDArray[np.uint64]) -> None:
        """Keep a batch in mind; the older ones go when there are many."""
        self._batches.append((frozenset(files), ordered))
        while sum(len(hashes) for _, hashes in self._batches) > _MOST_SEEN or len(self._batches) > _MOST_BATCHES:
            self._batches.pop(0)

    def may_meet(self, files: Collection[LogFile], ordered: NDArray[np.uint64]) -> bool:
        """Whether any of these files may have one of these requests; also where not all of them are in mind."""
        near = [(known, hashes) for known, hashes in self._batches if not known.isdisjoint(files)]
        if set(files) - {file for known, _ in near for file in known}:
            return True
        return any(have_common(*sorted((hashes, ordered), key=len)) for _, hashes in near)


def hashed(
    shares: Sequence[Share], same: SameRequest, latest: datetime | None
) -> tuple[dict[int, Span], NDArray[np.uint64]]:
    """From when to when each file is, by its position, and the hashes of all requests, sorted.

    To sort them takes half the time of a `count(distinct …)`.
    """
    spans: dict[int, tuple[int, int]] = {}

    def read(share: Share) -> list[NDArray[np.uint64]]:
        rows = share.rows
        select = hashed_select(rows.source, rows.columns, rows.layout, same, key=rows.key, latest=latest)
        sql = f"select file_index::integer as file, epoch_us(served_at) as served_us, h from ({select})"
        with share.connection.sql(sql).to_arrow_reader(_HASHES) as reader:
            return [_heard(batch, spans) for batch in reader]

    found = done_side_by_side([partial(read, share) for share in shares])
    hashes = np.concatenate([np.zeros(0, np.uint64), *(one for share in found for one in share)])
    hashes.sort()
    return {file: (moment(first), moment(last)) for file, (first, last) in sorted(spans.items())}, hashes


def _heard(batch: pa.RecordBatch, spans: dict[int, tuple[int, int]]) -> NDArray[np.uint64]:
    """The hashes of some rows; the spans of their files are stretched. A file's rows are all in one share."""
    file, served_us = batch["file"].to_numpy(), batch["served_us"]
    if served_us.null_count:
        file, served_us = file[served_us.is_valid().to_numpy(zero_copy_only=False)], served_us.drop_null()
    times = served_us.to_numpy()
    for one in np.unique(file).tolist():
        own = times[file == one]
        first, last = spans.get(one, (NEVER_US, 0))
        spans[one] = (min(first, int(own.min())), max(last, int(own.max())))
    return batch["h"].drop_null().to_numpy()


def has_equal(ordered: NDArray[np.uint64]) -> bool:
    """Whether any two rows may be one request."""
    return bool((ordered[1:] == ordered[:-1]).any())


def have_common(few: NDArray[np.uint64], many: NDArray[np.uint64]) -> bool:
    """Whether two sorted arrays have a number in common."""
    if len(few) * _MANY < len(many):
        return bool((many[np.minimum(np.searchsorted(many, few), len(many) - 1)] == few).any())
    both = np.concatenate([np.unique(one) if has_equal(one) else one for one in (few, many)])
    both.sort(kind="stable")  # merges what is sorted already: half the time of looking each up
    return has_equal(both)
