"""The SQL that reduces a batch of log files to the rollup tables: one text per table, over one canonical select."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.bins import ColumnBins
from clawpipe_tui.rollups.schema import COUNT_GRAIN_S, LATENCY_BASE, LATENCY_GRAIN_S, VALUE_GRAIN_S

_MOST_ERRORS = 200
_MOST_CLIENTS = 1_000
_MOST_UNSEEN = 100
_OF_AN_ANSWER = ("prediction", "score")
"""Columns that a failed request cannot have: what was never answered is counted as failed, not as a missing value."""
_ANSWERED = "outcome in ('ok', 'fallback')"
_INFINITY = "'infinity'::double"


def _keys(grain_s: int) -> str:
    return (
        f"file_index::integer as file, time_bucket(interval {grain_s} seconds, served_at) as bucket_start,"
        " model, version, role"
    )


def spans(canonical: str) -> str:
    """Rows, span and rows without a time, for the ledger, by file."""
    return f"""
        select file_index::integer as file, count(*) as rows, min(served_at) as first_at, max(served_at) as last_at,
               count_if(served_at is null)::bigint as timeless
        from ({canonical}) group by all order by file
    """


def reductions(canonical: str, bins: Iterable[ColumnBins]) -> Mapping[str, str]:
    """Rollup table → the select that fills it. Rows whose time cannot be read are left to the ledger."""
    rows = f"(select * from ({canonical}) where served_at is not null)"
    return {
        "requests": _requests(rows),
        "latencies": _latencies(rows),
        "errors": _errors(rows),
        "clients": _clients(rows),
        "values": values_select(rows, tuple(bins)),
    }


def _requests(rows: str) -> str:
    return f"""
        select {_keys(COUNT_GRAIN_S)}, outcome, count(*) as n, min(served_at) as first_at, max(served_at) as last_at
        from {rows} group by all
    """


def _latencies(rows: str) -> str:
    """Logarithmic buckets; a zero or negative latency is a clock's artefact and counts in the lowest bucket."""
    bucket = f"cast(floor(ln(greatest(latency_ms, 1e-3)) / ln({LATENCY_BASE}) + 1e-9) as integer)"
    return f"""
        select {_keys(LATENCY_GRAIN_S)}, {_ANSWERED} as ok, {bucket} as bucket, count(*) as n
        from {rows} where isfinite(latency_ms) group by all
    """


def _errors(rows: str) -> str:
    return f"""
        with counted as (
            select {_keys(COUNT_GRAIN_S)}, outcome, coalesce(nullif(trim(error), ''), outcome) as error,
                   count(*) as n, min(served_at) as first_at, max(served_at) as last_at
            from {rows} where outcome <> 'ok' group by all
        ), kept as (select error from counted group by error order by sum(n) desc, error limit {_MOST_ERRORS})
        select * replace (case when error in (from kept) then error else '(other errors)' end as error) from counted
    """


def _clients(rows: str) -> str:
    return f"""
        with counted as (
            select {_keys(VALUE_GRAIN_S)}, left(client, 80) as client, outcome, count(*) as n
            from {rows} where client is not null group by all
        ), kept as (select client from counted group by client order by sum(n) desc, client limit {_MOST_CLIENTS})
        select * replace (case when client in (from kept) then client else '(other clients)' end as client)
        from counted
    """


def values_select(rows: str, bins: tuple[ColumnBins, ...]) -> str:
    """Counts per bin of every watched column; `bins` stand in the order of the columns f0, f1, …"""
    numeric = [(index, column) for index, column in enumerate(bins) if column.kind == "numeric"]
    categorical = [(index, column) for index, column in enumerate(bins) if column.kind == "categorical"]
    selects = [_numeric_values(rows, numeric)] if numeric else []
    selects += [_category_values(rows, index, column) for index, column in categorical]
    if not selects:
        columns = "'' as \"column\", 0 as bin, null::varchar as category, 0::bigint as n"
        return f"select {_keys(VALUE_GRAIN_S)}, {columns} from {rows} limit 0"
    return " union all ".join(f"({select})" for select in selects)


def _numeric_values(rows: str, columns: list[tuple[int, ColumnBins]]) -> str:
    """All numeric columns in one scan: cumulative counts below each edge, differences taken afterwards."""
    counts = ", ".join(part for index, column in columns for part in _cumulative(f"f{index}", column))
    bins = ", ".join(entry for index, column in columns for entry in _differences(f"f{index}", column))
    return f"""
        with wide as (select {_keys(VALUE_GRAIN_S)}, {counts} from {rows} group by all),
             long as (select file, bucket_start, model, version, role, unnest([{bins}], recursive := true) from wide)
        select file, bucket_start, model, version, role, "column", bin, null::varchar as category, n::bigint as n
        from long where n > 0
    """


def _cumulative(x: str, column: ColumnBins) -> list[str]:
    counts = [
        f"{_expected(x, column)} as {x}_total",
        f"count({x}) as {x}_known",
        f"count_if(isnan({x})) as {x}_nan",
        f"count_if({x} = {_INFINITY}) as {x}_high",
        f"count_if({x} = -{_INFINITY}) as {x}_low",
        f"count_if({x} <= {_double(column.top)}) as {x}_top",
    ]
    return counts + [f"count_if({x} < {_double(low)}) as {x}_{edge}" for edge, low in enumerate(column.lows)]


def _expected(x: str, column: ColumnBins) -> str:
    """How many rows should have a value."""
    return f"count_if({_ANSWERED} or {x} is not null)" if column.column in _OF_AN_ANSWER else "count(*)"


def _double(value: float) -> str:
    """An exact DOUBLE literal: without an exponent DuckDB reads a DECIMAL."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _differences(x: str, column: ColumnBins) -> list[str]:
    name = text_literal(column.column)
    if not column.lows:
        finite = f"{x}_known - {x}_nan - {x}_high - {x}_low"
        counts = {-6: finite}  # the baseline had no number at all, so every number is one it never saw
    else:
        last = len(column.lows)
        counts = {0: f"{x}_0 - {x}_low", last: f"{x}_top - {x}_{last - 1}"}
        counts |= {edge: f"{x}_{edge} - {x}_{edge - 1}" for edge in range(1, last)}
        counts[last + 1] = f"{x}_known - {x}_nan - {x}_high - {x}_top"
    counts |= {-1: f"{x}_total - {x}_known", -2: f"{x}_nan", -3: f"{x}_low", -4: f"{x}_high"}
    return [f"{{'column': {name}, 'bin': {number}, 'n': {count}}}" for number, count in counts.items()]


def _category_values(rows: str, index: int, column: ColumnBins) -> str:
    """One categorical column: known categories by bin, unseen ones by name, the most frequent of them."""
    known = ", ".join(text_literal(category) for category in column.categories)
    rare = ", ".join(text_literal(category) for category in column.rare) or "null"
    position = f"list_position([{known}]::varchar[], category)"
    name = text_literal(column.column)
    expected = f"{_ANSWERED} or f{index} is not null" if column.column in _OF_AN_ANSWER else "true"
    return f"""
        with counted as (
            select {_keys(VALUE_GRAIN_S)}, left(f{index}, 80) as category, count(*) as n
            from {rows} where {expected} group by all
        ), binned as (
            select *, case when category is null then -1 when category = '' then -5
                           when category in ({rare}) then -7 else coalesce({position}, -6) end as bin from counted
        ), kept as (
            select category from binned where bin = -6 group by category order by sum(n) desc, category
            limit {_MOST_UNSEEN}
        )
        select file, bucket_start, model, version, role, {name} as "column", bin,
               case when bin <> -6 then null when category in (from kept) then category else '(more)' end as category,
               sum(n)::bigint as n
        from binned group by all
    """
