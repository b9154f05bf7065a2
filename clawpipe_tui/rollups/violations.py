"""Rows whose values are outside what was declared, by client; where nothing is declared this costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import Kind, text_literal
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.reduce import keys
from clawpipe_tui.rollups.schema import VALUE_GRAIN_S

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.config import DeclaredRange


def violations_table(
    connection: duckdb.DuckDBPyConnection,
    canonical: Callable[[Mapping[str, Kind]], str],
    ranges: tuple[DeclaredRange, ...],
    *,
    weighed: bool,
) -> pa.Table:
    """How often each client broke each declaration; `canonical` makes the select for columns f0, f1, …

    A missing value breaks none: what share may be missing is declared apart.
    """
    declared = [one for one in ranges if one.allowed is not None or one.low is not None or one.high is not None]
    if not declared:
        return table_schema("violations").empty_table()
    kinds: dict[str, Kind] = {one.column: "numeric" if one.allowed is None else "categorical" for one in declared}
    broken = ", ".join(
        f"case when {_outside(f'f{place}', one)} then {text_literal(one.column)} end"
        for place, one in enumerate(declared)
    )
    n = "round(sum(weight))::bigint" if weighed else "count(*)"
    sql = f"""
        select {keys(VALUE_GRAIN_S)}, client, "column", {n} as n
        from   (select * exclude (client), left(client, 80) as client, unnest([{broken}]) as "column"
                from ({canonical(kinds)}) where served_at is not null)
        where  "column" is not null
        group  by all
    """
    return exact(connection.sql(sql).to_arrow_table(), "violations")


def _outside(name: str, declared: DeclaredRange) -> str:
    if declared.allowed is not None:
        return f"{name} not in ({', '.join(map(text_literal, declared.allowed))})"
    ends = [f"{name} < {declared.low!r}"] if declared.low is not None else []
    ends += [f"{name} > {declared.high!r}"] if declared.high is not None else []
    return " or ".join(ends)
