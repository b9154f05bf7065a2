"""Log rows to rollup tables in one scan: DuckDB reads and streams them as numbers, numpy groups and counts.

So the columns are read once for all tables; grouping numbers that stand in a core's cache costs a tenth of SQL
aggregates over texts. What each table counts is its counter's business (counters.py, values.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Protocol

import numpy as np

from clawpipe_tui.rollups.cells import Cells, Who, cells_of
from clawpipe_tui.rollups.lanes import side_by_side
from clawpipe_tui.rollups.names import named
from clawpipe_tui.rollups.spans import Spans

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

ANSWERED = "outcome in ('ok', 'fallback')"
"""Whether a request got an answer."""
BATCH_ROWS = 65_536
"""Rows at a time: a column of them, its comparisons and its bins stay in a core's cache."""
_MEANWHILE_S = 0.05


def keys(grain_s: int) -> str:
    """The keys of a rollup table; integer arithmetic costs a third of time_bucket()."""
    grain_us = grain_s * 1_000_000
    bucket_start = f"make_timestamptz(epoch_us(served_at) // {grain_us} * {grain_us})"
    return f"file_index::integer as file, {bucket_start} as bucket_start, model, version, role"


class Counter(Protocol):
    """What fills one rollup table."""

    def columns(self) -> Mapping[str, str]:
        """Name → SQL over the canonical rows: what it needs besides time, file and who answered how."""
        ...

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:
        """Take in some rows."""
        ...


@dataclass(frozen=True)
class Lane:
    """Rows that one thread counts, on a connection that nobody else uses meanwhile."""

    connection: duckdb.DuckDBPyConnection
    canonical: str


def count_rows(
    lanes: Sequence[Lane],
    who: Who,
    counters: Sequence[Counter],
    spans: Spans,
    *,
    weighed: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """One scan of canonical selects through all counters. `weighed` rows stand for as many requests as they say.

    `meanwhile` is called now and then, because a scan may take long; what it does goes first.
    """
    wanted = {"file": "file_index::integer", "served_us": "epoch_us(served_at)", **who.sql()}
    wanted |= {"weight": "weight"} if weighed else {}
    for counter in counters:
        wanted |= counter.columns()
    listed = ", ".join(f'{sql} as "{name}"' for name, sql in wanted.items())
    may_count = Event()

    def count(lane: Lane) -> None:
        with lane.connection.sql(f"select {listed} from ({lane.canonical})").to_arrow_reader(BATCH_ROWS) as reader:
            for batch in reader:
                may_count.wait()
                rows = spans.timely(batch)
                if rows.num_rows:
                    weight: NDArray[np.float64] | None = rows["weight"].to_numpy() if weighed else None
                    cells = cells_of(rows["file"].to_numpy(), rows["served_us"].to_numpy(), who.numbers(rows), weight)
                    spans.stretch(cells)
                    for counter in counters:
                        counter.count(rows, cells)

    _count_all(lanes, count, may_count, meanwhile)


def _count_all(
    lanes: Sequence[Lane], count: Callable[[Lane], None], may_count: Event, meanwhile: Callable[[], None]
) -> None:
    """All lanes side by side; where one fails, or what is done meanwhile does, the others are stopped."""
    counting = [side_by_side().submit(count, lane) for lane in lanes]
    try:
        while True:
            may_count.clear()
            meanwhile()
            may_count.set()
            found = wait(counting, _MEANWHILE_S, FIRST_EXCEPTION)
            if not found.not_done or any(one.exception() for one in found.done):
                break
    finally:
        may_count.set()
        for lane, one in zip(lanes, counting, strict=True):
            if not one.done():
                lane.connection.interrupt()
        wait(counting)
    for one in (*found.done, *counting):  # what failed by itself is told before what was stopped for it
        one.result()


def keyed(rows: pa.Table, who: Who, grain_s: int, kind: NDArray[np.int64]) -> pa.Table:
    """Tallied rows with the keys of a rollup table: file, bucket_start, model, version and role of their `kind`.

    `kind` is given as the number of a combination for each row.
    """
    import pyarrow as pa

    start_us = rows["slot"].to_numpy() * (grain_s * 1_000_000)
    table = rows.append_column("bucket_start", pa.array(start_us).cast(pa.timestamp("us", "UTC")))
    for name, names, part in zip(("model", "version", "role"), who.names, who.parts, strict=False):
        table = table.append_column(name, named(part[kind], names.known))
    return table
