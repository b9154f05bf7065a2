"""The SQL that reduces a batch of log files, one text per rollup table; the values table is counted in values.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from clawpipe_tui.rollups.schema import COUNT_GRAIN_S, LATENCY_BASE, LATENCY_GRAIN_S, VALUE_GRAIN_S

_MOST_ERRORS = 200
_MOST_CLIENTS = 1_000
ANSWERED = "outcome in ('ok', 'fallback')"
"""Whether a request got an answer."""


def keys(grain_s: int) -> str:
    """The keys of a rollup table; integer arithmetic costs a third of time_bucket()."""
    grain_us = grain_s * 1_000_000
    bucket_start = f"make_timestamptz(epoch_us(served_at) // {grain_us} * {grain_us})"
    return f"file_index::integer as file, {bucket_start} as bucket_start, model, version, role"


def spans(canonical: str, latest: datetime | None = None) -> str:
    """Rows, span, rows without a time and rows ahead of the clock, for the ledger, by file."""
    ahead = f"served_at >= timestamptz '{latest.isoformat()}'" if latest else "false"
    return f"""
        select file_index::integer as file, count(*) as rows,
               min(served_at) filter (not {ahead}) as first_at, max(served_at) filter (not {ahead}) as last_at,
               count_if(served_at is null)::bigint as timeless, count_if({ahead})::bigint as ahead
        from ({canonical}) group by all order by file
    """


def reductions(canonical: str, *, weighed: bool = False) -> Mapping[str, str]:
    """Rollup table → the select that fills it. Rows whose time cannot be read are left to the ledger.

    `weighed` rows stand for as many requests as their weight says.
    """
    rows = f"(select * from ({canonical}) where served_at is not null)"
    n = "round(sum(weight))::bigint" if weighed else "count(*)"
    return {
        "requests": _requests(rows, n),
        "latencies": _latencies(rows, n),
        "errors": _errors(rows, n),
        "clients": _clients(rows, n),
    }


def _requests(rows: str, n: str) -> str:
    return f"""
        select {keys(COUNT_GRAIN_S)}, outcome, {n} as n, min(served_at) as first_at, max(served_at) as last_at
        from {rows} group by all
    """


def _latencies(rows: str, n: str) -> str:
    """Logarithmic buckets; a zero or negative latency is a clock's artefact and counts in the lowest bucket."""
    bucket = f"cast(floor(ln(greatest(latency_ms, 1e-3)) / ln({LATENCY_BASE}) + 1e-9) as integer)"
    return f"""
        select {keys(LATENCY_GRAIN_S)}, {ANSWERED} as ok, {bucket} as bucket, {n} as n
        from {rows} where isfinite(latency_ms) group by all
    """


def _errors(rows: str, n: str) -> str:
    return f"""
        with counted as (
            select {keys(COUNT_GRAIN_S)}, outcome, coalesce(nullif(trim(error), ''), outcome) as error,
                   {n} as n, min(served_at) as first_at, max(served_at) as last_at
            from {rows} where outcome <> 'ok' group by all
        ), kept as (select error from counted group by error order by sum(n) desc, error limit {_MOST_ERRORS})
        select * replace (case when error in (from kept) then error else '(other errors)' end as error) from counted
    """


def _clients(rows: str, n: str) -> str:
    return f"""
        with counted as (
            select {keys(VALUE_GRAIN_S)}, left(client, 80) as client, outcome, {n} as n
            from {rows} where client is not null group by all
        ), kept as (select client from counted group by client order by sum(n) desc, client limit {_MOST_CLIENTS})
        select * replace (case when client in (from kept) then client else '(other clients)' end as client)
        from counted
    """
