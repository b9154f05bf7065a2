"""Shadow pairs: the same request answered by two versions, counted as agreeing or not; nothing where nothing shadows.

A copy finds its original by the request id, among the files that are reduced together. Where the original lies in a
file that was reduced at another time, the copy counts as unpaired: how many those are is kept, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import Kind, text_literal
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.bins import ColumnBins, kinds_of
from clawpipe_tui.rollups.labels import ANSWER
from clawpipe_tui.rollups.reduce import ANSWERED, keys
from clawpipe_tui.rollups.schema import VALUE_GRAIN_S
from clawpipe_tui.rollups.values import in_groups

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SHADOW = "shadow"
_MOST_CLIENTS, _MOST_ANSWERS = 100, 50
_TOLERANCE = 0.01
"""Two predicted numbers that are no whole numbers agree when they are this close, relative to the larger one."""
_KEYS = "file, bucket_start, model, version, role, shadow"

CanonicalOf = Callable[[Mapping[str, Kind]], str]
"""The canonical select over the rows of a batch, with these columns as f0, f1, …"""


def has_shadows(requests: pa.Table) -> bool:
    """Whether any request of a batch was answered by a shadow."""
    return SHADOW in requests["role"].unique().to_pylist()


def pairs_table(
    connection: duckdb.DuckDBPyConnection, canonical_of: CanonicalOf, bins: Sequence[ColumnBins], *, weighed: bool
) -> pa.Table:
    """Pairs, those that agree and how far their scores lie apart: in all (column ''), by column, client and answer."""
    import pyarrow as pa

    segments = [column for column in bins if column.column not in ANSWER]
    parts = [table_schema("pairs").empty_table()]
    for place, group in enumerate(in_groups(segments) if segments else [()]):
        connection.execute(f"create or replace temp table paired as {_paired(canonical_of, group, weighed=weighed)}")
        selects = [*([_overall(), _by_client(), _by_answer()] if place == 0 else []), *_by_column(group)]
        parts += [exact(connection.sql(sql).to_arrow_table(), "pairs") for sql in selects]
    connection.execute("drop table if exists paired")
    return pa.concat_tables(parts)


def _paired(canonical_of: CanonicalOf, columns: Sequence[ColumnBins], *, weighed: bool) -> str:
    """One row for each copy, with its original beside it where there is one in these files."""
    rows = canonical_of({**ANSWER, **kinds_of(tuple(columns))})
    listed = "".join(f", original.f{place}" for place in range(len(ANSWER), len(ANSWER) + len(columns)))
    return f"""
        with rows as (
            select {keys(VALUE_GRAIN_S)}, {ANSWERED} as answered, * exclude (file_index, model, version, role)
            from   ({rows}) where served_at is not null and f0 is not null
        )
        select copy.file, copy.bucket_start, copy.model, coalesce(original.version, '') as version,
               coalesce(original.role, '') as role, copy.version as shadow, original.client, original.f1 as said,
               copy.f1 as shadow_said, {"copy.weight" if weighed else "1e0"} as weight,
               original.version is not null as paired, coalesce(original.answered and copy.answered, false) as answered,
               {_agrees("original.f1", "copy.f1")} as agrees, abs(original.f2 - copy.f2) as gap{listed}
        from   (from rows where role = '{SHADOW}') as copy
               left join (from rows where role <> '{SHADOW}') as original
                   on original.model = copy.model and original.f0 = copy.f0
        qualify row_number() over (partition by copy.file, copy.model, copy.version, copy.f0) = 1
    """


def _agrees(a: str, b: str) -> str:
    """Whether two predictions are the same; of numbers with a fraction, whether they are close."""
    x, y = f"try_cast({a} as double)", f"try_cast({b} as double)"
    close = f"abs({x} - {y}) <= {_TOLERANCE} * greatest(abs({x}), abs({y}))"
    return f"coalesce({a} = {b} or (({x} <> round({x}) or {y} <> round({y})) and {close}), false)"


def _counted(column: str, bin_: str, category: str, rows: str) -> str:
    """The counts of one way to divide the pairs."""

    def n(condition: str) -> str:
        return f"coalesce(round(sum(weight) filter ({condition})), 0)::bigint"

    return f"""
        select {_KEYS}, {text_literal(column)} as "column", {bin_}::integer as bin, {category}::varchar as category,
               {n("answered")} as n, {n("answered and agrees")} as agree, {n("paired and not answered")} as unanswered,
               {n("not paired")} as unpaired, {n("answered and gap is not null")} as scored,
               coalesce(sum(weight * gap) filter (answered and isfinite(gap)), 0) as gap
        from   {rows} group by all
    """


def _overall() -> str:
    return _counted("", "0", "null", "paired")


def _by_client() -> str:
    known = "from paired where client is not null"
    kept = f"(select client {known} group by client order by count(*) desc, client limit {_MOST_CLIENTS})"
    name = f"case when left(client, 80) in {kept} then left(client, 80) else '(other clients)' end"
    return _counted("client", "0", name, "(from paired where answered and client is not null)")


def _by_answer() -> str:
    """Which answer became which: only of those that differ, and only the most frequent."""
    became = "left(said, 40) || ' → ' || left(shadow_said, 40)"
    differ = "answered and not agrees and said is not null and shadow_said is not null"
    kept = f"(select {became} from paired where {differ} group by all order by count(*) desc, 1 limit {_MOST_ANSWERS})"
    return _counted("prediction", "0", f"case when {became} in {kept} then {became} else '(others)' end",
                    f"(from paired where {differ})")  # fmt: skip


def _by_column(columns: Sequence[ColumnBins]) -> Iterator[str]:
    for place, column in enumerate(columns, len(ANSWER)):
        rows = "(from paired where answered)"
        yield _counted(column.column, _bin_of(f"f{place}", column), "null", rows)


def _bin_of(value: str, column: ColumnBins) -> str:
    """The number of a value's bin, as in the values table."""
    if column.kind == "categorical":
        known = ", ".join(text_literal(category) for category in column.categories)
        rare = ", ".join(text_literal(category) for category in column.rare) or "null"
        text = f"left({value}, 80)"
        return f"""case when {value} is null then -1 when {value} = '' then -5 when {text} in ({rare}) then -7
            else coalesce(list_position([{known}]::varchar[], {text}), -6) end"""
    masses = f"""when {value} is null then -1 when isnan({value}) then -2
        when isinf({value}) then case when {value} < 0 then -3 else -4 end"""
    if not column.lows:
        return f"case {masses} else -6 end"
    lows = ", ".join(map(repr, column.lows))
    inner = f"len(list_filter([{lows}]::double[], lambda low: low <= {value}))"
    return f"case {masses} when {value} > {column.top!r} then {len(column.lows) + 1} else {inner} end"
