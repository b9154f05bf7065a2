"""Requests that a log holds more than once: in one file, in files of one batch, in files that were counted before.

Within a file an id counts once. Across files it does where the two files' times lie near each other; an id that is a
plain number, which may begin again in every file, also needs the same time (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import Layout, SameRequest, same_request
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.hashes import Seen, Span, has_equal, hashed, have_common
from clawpipe_tui.rollups.source import Rows, Share, rows_of

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from clawpipe_tui.logs.listing import LogFile

NEAR = timedelta(minutes=10)
"""How far apart two files' times may be for a request to stand in both; nearer ones are looked at first."""
MOST_FILES, MOST_FILES_AFAR = 16, 4
"""How many counted files a batch is compared with; fewer where each has to be fetched first."""
Take = Callable[[Rows, SameRequest, Sequence["Neighbour"]], None]
_KEPT_KEY = "clawpipe file"
_STABLE = "(md5_number_lower({}) >> 1)::bigint"


@dataclass(frozen=True)
class Neighbour:
    """A counted file near a batch."""

    file: LogFile
    span: Span
    left_out: frozenset[int] = frozenset()
    """The requests that stand in it and were not counted in it."""


@dataclass(frozen=True)
class Unrepeated:
    """What of some files does not count."""

    kept: Callable[[Rows], Rows]
    """Some of the rows → those of them that count."""
    left_out: Mapping[int, int]
    """Position of a file → how many of its rows do not."""
    requests: pa.Table
    """The requests that were left out because another file has them: file, request."""
    neighbours: tuple[Neighbour, ...]
    """These files, as the next batch sees them."""


def near(one: Span, other: Span) -> bool:
    """Whether two files speak of nearly the same time."""
    return one[0] <= other[1] + NEAR and other[0] <= one[1] + NEAR


class Repeats:
    """Finds the repetitions of one batch, also where it is reduced in halves.

    `here` are files that are counted, but that nobody around knows of yet.
    """

    def __init__(
        self,
        around: Callable[[Span], Sequence[Neighbour]] = lambda _: (),
        seen: Seen | None = None,
        here: Iterable[Neighbour] = (),
    ) -> None:
        self._around = around
        self._seen = seen or Seen()
        self._here = list(here)
        self._hashes: list[NDArray[np.uint64]] = []

    @property
    def here(self) -> tuple[Neighbour, ...]:
        """Those, and the files of this batch that are counted."""
        return tuple(self._here)

    def may_meet(self, other: Repeats) -> bool:
        """Whether another batch, which was read at the same time, may have a request of this one."""
        pairs = ((mine, theirs) for mine in self._hashes for theirs in other._hashes)
        return any(have_common(*sorted(pair, key=len)) for pair in pairs)

    def leave_out(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[LogFile],
        shares: Sequence[Share],
        rows: Rows,
        latest: datetime | None,
    ) -> Unrepeated:
        """The rows that count. Of a request in several files, the first file counts it."""
        import pyarrow.compute as pc

        nothing = Unrepeated(lambda rows: rows, {}, table_schema("repeats").empty_table(), ())
        same = same_request(rows.columns, rows.layout)
        spans, ordered = hashed(shares, same, latest) if same else ({}, None)
        if same is None or ordered is None or not spans:
            return nothing
        self._hashes.append(ordered)
        whole = (min(span[0] for span in spans.values()), max(span[1] for span in spans.values()))
        others = [one for one in self._here if near(one.span, whole)] + list(self._around(whole))
        repeating = has_equal(ordered)
        neighbours = [one.file for one in others]
        may_meet = bool(others) and (repeating or self._seen.may_meet(neighbours, ordered))
        meeting = may_meet and _meets(connection, others, rows, same)
        if not repeating:
            self._seen.add((files[place] for place in spans), ordered)
        requests = nothing.requests
        if repeating or meeting:
            connection.execute("create or replace table left_out (file integer, h ubigint)")
            _fill_spans(connection, "spans", spans)
            if repeating:
                _among_themselves(connection, rows, same)
            if meeting:
                _against(connection, others, rows, same)
            requests = _requests(connection, rows, same)
        here = tuple(
            Neighbour(files[place], span, frozenset(requests.filter(pc.field("file") == place)["request"].to_pylist()))
            for place, span in spans.items()
        )
        if not repeating and not requests.num_rows:
            return replace(nothing, neighbours=here)
        kept = partial(_without, same=same)
        return Unrepeated(kept, _lost(connection, rows, kept(rows)), requests, here)

    def add(self, counted: Iterable[Neighbour]) -> None:
        """Files of this batch that could be read to their end: what is read after them is compared with them."""
        self._here += counted


def _hashes(rows: Rows, same: SameRequest) -> str:
    """SQL for a cheap hash of each request; whatever is the same request has the same one."""
    return f"select hash({same.within}) as h from {rows.source} where {same.id} is not null"


def _ids(rows: Rows, same: SameRequest, *columns: str) -> str:
    """SQL for the file and the hash of each row that has an id."""
    listed = ", ".join((f"({rows.key})::integer as file", f"hash({same.across}) as h", *columns))
    return f"(select {listed} from {rows.source} where {same.id} is not null)"


def _fill_spans(connection: duckdb.DuckDBPyConnection, table: str, spans: Mapping[int, Span]) -> None:
    connection.execute(
        f"create or replace temp table {table} (file integer, first_at timestamptz, last_at timestamptz)"
    )
    listed = ", ".join(
        f"({file}, timestamptz '{first.isoformat()}', timestamptz '{last.isoformat()}')"
        for file, (first, last) in spans.items()
    )
    connection.execute(f"insert into {table} values {listed}")


def _is_near(one: str, other: str) -> str:
    slack = f"interval {int(NEAR.total_seconds())} second"
    return f"{one}.first_at <= {other}.last_at + {slack} and {other}.first_at <= {one}.last_at + {slack}"


def _among_themselves(connection: duckdb.DuckDBPyConnection, rows: Rows, same: SameRequest) -> None:
    """What a file of the batch repeats of an earlier one."""
    connection.execute(f"""
        insert into left_out
        with ids as (select distinct file, h from {_ids(rows, same)}),
             several as (select file, h from ids where h in (select h from ids group by h having count(*) > 1))
        select distinct later.file, later.h
        from   several as later join several as sooner on sooner.h = later.h and sooner.file < later.file
               join spans as l on l.file = later.file join spans as s on s.file = sooner.file
        where  {_is_near("l", "s")}
    """)


def _meets(connection: duckdb.DuckDBPyConnection, others: Sequence[Neighbour], rows: Rows, same: SameRequest) -> bool:
    """Whether these files may have a request in common with others."""
    connection.execute("create or replace temp table around (h ubigint)")

    def take(old: Rows, its: SameRequest, _: Sequence[Neighbour]) -> None:
        connection.execute(f"insert into around {_hashes(old, its)}")

    _read_each(connection, others, rows.layout, take)
    found = f"select 1 from ({_hashes(rows, same)}) semi join around using (h) limit 1"
    return bool(connection.execute(found).fetchall())


def _against(connection: duckdb.DuckDBPyConnection, others: Sequence[Neighbour], rows: Rows, same: SameRequest) -> None:
    """What a file of the batch repeats of files that are counted already."""
    connection.execute("create or replace temp table around (h ubigint, first_at timestamptz, last_at timestamptz)")
    _read_each(connection, others, rows.layout, partial(_take_ids, connection))
    connection.execute(f"""
        insert into left_out
        with found as (select distinct file, h from {_ids(rows, same)} where h in (select h from around))
        select distinct found.file, found.h
        from   found join around using (h) join spans using (file)
        where  {_is_near("spans", "around")}
    """)


def _read_each(connection: duckdb.DuckDBPyConnection, others: Sequence[Neighbour], layout: Layout, take: Take) -> None:
    """Take the rows of these files together; where one of them cannot be read any more, of each that can."""
    import duckdb

    try:
        with rows_of(connection, [one.file for one in others], layout, table="rows_around") as rows:
            same = same_request(rows.columns, rows.layout)
            if same:
                take(rows, same, others)
    except (duckdb.Error, OSError) as error:
        if isinstance(error, duckdb.InterruptException):
            raise
        for one in others if len(others) > 1 else ():
            _read_each(connection, [one], layout, take)


def _take_ids(connection: duckdb.DuckDBPyConnection, rows: Rows, same: SameRequest, group: Sequence[Neighbour]) -> None:
    """The requests that were counted in these files."""
    import pyarrow as pa

    _fill_spans(connection, "spans_around", {place: one.span for place, one in enumerate(group)})
    counted = f"select file, h from {_ids(rows, same)}"
    left_out = [(place, request) for place, one in enumerate(group) for request in one.left_out]
    if left_out:
        schema = pa.schema([("file", pa.int32()), ("request", pa.int64())])
        connection.register("not_counted", pa.table(list(zip(*left_out, strict=True)), schema=schema))
        stable = f"{_STABLE.format(same.across)} as request"
        counted = f"select file, h from {_ids(rows, same, stable)} anti join not_counted using (file, request)"
    connection.execute(
        f"insert into around select distinct h, first_at, last_at from ({counted}) join spans_around using (file)"
    )


def _without(rows: Rows, same: SameRequest) -> Rows:
    """The rows of which neither this file nor another has the request already."""
    first = f"row_number() over (partition by {rows.key}, {same.within}) = 1"
    elsewhere = f"(({rows.key})::integer, hash({same.across})) in (select (file, h) from left_out)"
    kept = f"""(
        select *, {rows.key} as "{_KEPT_KEY}" from {rows.source}
        where {same.id} is null or not {elsewhere} qualify {same.id} is null or {first}
    )"""
    return replace(rows, source=kept, key=f'"{_KEPT_KEY}"', paths=())


def _requests(connection: duckdb.DuckDBPyConnection, rows: Rows, same: SameRequest) -> pa.Table:
    """What was left out because another file has it, as it is kept."""
    stable = f"{_STABLE.format(same.across)} as request"
    sql = f"select distinct file, request from {_ids(rows, same, stable)} semi join left_out using (file, h)"
    return exact(connection.sql(sql).to_arrow_table(), "repeats")


def _lost(connection: duckdb.DuckDBPyConnection, rows: Rows, kept: Rows) -> dict[int, int]:
    """How many rows of each file do not count."""
    before, after = (
        dict(connection.execute(f"select ({its.key})::integer, count(*) from {its.source} group by 1").fetchall())
        for its in (rows, kept)
    )
    return {file: lost for file, n in before.items() if (lost := n - after.get(file, 0))}
