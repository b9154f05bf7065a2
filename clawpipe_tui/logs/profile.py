"""What stands in the columns of a log, from a sample of its rows: the facts that a proposal is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from clawpipe_tui.logs.canonical import quoted, text_literal

if TYPE_CHECKING:
    import duckdb

_NUMBER = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DOUBLE|FLOAT|REAL|DECIMAL)")
_LIST = re.compile(r"(\w+)\[\d*\]")
_MOST_KEYS = 2_000
_EXAMPLES = 40
_ALMOST_ALL = 0.99

Shape = Literal["number", "text", "time", "flag", "nested", "nothing"]


@dataclass(frozen=True)
class Facts:
    """One column, or one key inside a column, of the sampled rows."""

    name: str
    expression: str
    """How SQL gets at it."""
    shape: Shape
    rows: int
    known: int
    distinct: int
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    whole: bool = False
    """Whether all its numbers are whole."""
    length: float = 0.0
    """Of its texts, on average."""
    examples: tuple[str, ...] = ()
    kind: str = ""
    """Its DuckDB type."""
    inside: str = ""
    """The column that it is a key of."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words of its name, in lower case: modelVersion and model_version alike."""
        return name_tokens(self.name)

    @property
    def around(self) -> frozenset[str]:
        """The words of the column that it stands in."""
        return frozenset(name_tokens(self.inside))


def name_tokens(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(token.lower() for token in re.split(r"[\W_]+", spaced) if token)


def profile(connection: duckdb.DuckDBPyConnection, table: str) -> list[Facts]:
    """The facts of every column of a table; structs, maps and JSON objects are taken apart."""
    columns = {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall()}
    leaves = [
        (leaf, "" if leaf[1] == quoted(name) else name)
        for name, kind in columns.items()
        for leaf in _leaves(connection, table, name, quoted(name), kind)
    ]
    return [replace(_facts(connection, table, *leaf), inside=inside) for leaf, inside in leaves]


Leaf = tuple[str, str, str]
"""name, expression, type"""


def _leaves(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, expression: str, kind: str, depth: int = 0
) -> Iterator[Leaf]:
    if kind.startswith("STRUCT") and not kind.endswith("]") and depth < 3:
        inner = connection.execute(f"describe select unnest({expression}) from {table} limit 0").fetchall()
        for key, key_kind, *_ in inner:
            yield from _leaves(connection, table, key, f"{expression}.{quoted(key)}", key_kind, depth + 1)
        return
    if kind == "VARCHAR" and _is_json(connection, table, expression):
        expression, kind = f"case when json_valid({expression}) then {expression}::json end", "JSON"
    if kind == "JSON" or (kind.startswith("MAP") and not kind.endswith("]")):
        found = list(_json_leaves(connection, table, name, expression, kind))
        yield from found or [(name, expression, kind)]
    elif _LIST.fullmatch(kind):
        yield from _places(connection, table, name, expression, kind)
    else:
        yield name, expression, kind


def _is_json(connection: duckdb.DuckDBPyConnection, table: str, expression: str) -> bool:
    """Whether a text column holds JSON objects or arrays."""
    sql = f"""
        select count({expression}), count_if(json_valid({expression}) and left(trim({expression}), 1) in ('{{', '['))
        from {table}
    """
    known, valid = connection.execute(sql).fetchall()[0]
    return bool(known) and valid >= _ALMOST_ALL * known


def _places(connection: duckdb.DuckDBPyConnection, table: str, name: str, expression: str, kind: str) -> Iterator[Leaf]:
    """A list that is as long in every row, place by place; any other is left whole."""
    sql = f"select min(len({expression})), max(len({expression})) from {table} where {expression} is not null"
    shortest, longest = connection.execute(sql).fetchall()[0]
    if not longest or shortest != longest or longest > _MOST_KEYS:
        yield name, expression, kind
        return
    for place in range(1, longest + 1):
        yield f"x{place}" if name == "features" else f"{name}_{place}", f"{expression}[{place}]", _LIST.sub(r"\1", kind)


def _json_leaves(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, expression: str, kind: str
) -> Iterator[Leaf]:
    """Keys of objects by name, places of arrays as x1, x2, …, in the order of the first row that has them."""
    source = f"(select {expression if kind == 'JSON' else f'to_json({expression})'} as j from {table})"
    keys = f"select unnest(json_keys(j)) as key from {source} where json_type(j) = 'OBJECT'"
    sql = f"select key from ({keys}) group by key order by count(*) desc, key limit {_MOST_KEYS}"
    for (key,) in connection.execute(sql).fetchall():
        if kind == "JSON":
            yield key, f"json_extract_string({expression}, {text_literal(_pointer(key))})", "TEXT"
        else:
            yield key, f"{expression}[{text_literal(key)}]", "TEXT"
    longest = f"select max(json_array_length(j)) from {source} where json_type(j) = 'ARRAY'"
    (places,) = connection.execute(longest).fetchall()[0]
    for place in range(min(places or 0, _MOST_KEYS)):
        label = f"x{place + 1}" if name == "features" else f"{name}_{place + 1}"
        yield label, f"json_extract_string({expression}, '$[{place}]')", "TEXT"


def _pointer(key: str) -> str:
    """A key as a JSON pointer, whatever it contains."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


_COMMA, _WHOLE = r"[+-]?\d+,\d+", r"[+-]?\d+"


def _facts(connection: duckdb.DuckDBPyConnection, table: str, name: str, expression: str, kind: str) -> Facts:
    if kind == "VARCHAR" and _all_match(connection, table, expression, _COMMA, _WHOLE):
        expression, kind = f"try_cast(replace({expression}, ',', '.') as double)", "DOUBLE"
    elif kind == "VARCHAR" and (form := _time_form(connection, table, expression)):
        expression, kind = f"try_strptime({expression}, '{form}')", "TIMESTAMP"
    sql = f"""
        with v as (select {expression} as x, try_cast({expression} as varchar) as t,
                          try_cast(try_cast({expression} as varchar) as double) as d from {table})
        select count(*), count(x), count(distinct t), count(d), min(d), median(d), max(d),
               coalesce(bool_and(d = floor(d)) filter (isfinite(d)), false), coalesce(avg(len(t)), 0),
               (list(distinct left(t, 200)) filter (t is not null))[1:{_EXAMPLES}], count(try_cast(t as timestamptz))
        from v
    """
    rows, known, distinct, numbers, low, middle, high, whole, length, examples, times = connection.execute(
        sql
    ).fetchall()[0]
    shape = _shape(kind, known, numbers, times)
    return Facts(
        name, expression, shape, rows, known, distinct, low, middle, high, whole, length, tuple(examples or ()), kind
    )  # fmt: skip


_DATED = r"\d{1,2}[/.]\d{1,2}[/.]\d{4}[ T]\d{1,2}:\d{2}(:\d{2})?"
_TIME_FORMS = tuple(
    f"{first}{mark}{second}{mark}%Y{between}%H:%M{seconds}"
    for mark in "/."
    for between in " T"
    for seconds in (":%S", "")
    for first, second in (("%d", "%m"), ("%m", "%d"))
)


def _all_match(
    connection: duckdb.DuckDBPyConnection, table: str, expression: str, pattern: str, also: str = "^$"
) -> bool:
    """Whether nearly all texts have one form, or another that at least one must not have."""
    own, other = (f"regexp_full_match({expression}, {text_literal(one)})" for one in (pattern, also))
    sql = f"select count({expression}), count_if({own}), count_if({own} or {other}) from {table}"
    known, matching, either = connection.execute(sql).fetchall()[0]
    return bool(matching) and either >= _ALMOST_ALL * known


def _time_form(connection: duckdb.DuckDBPyConnection, table: str, expression: str) -> str:
    """How a text writes its time, where it is not the ISO way: day or month first, whichever reads all of them."""
    if not _all_match(connection, table, expression, _DATED):
        return ""
    for form in _TIME_FORMS:
        sql = f"select count({expression}), count(try_strptime({expression}, '{form}')) from {table}"
        known, read = connection.execute(sql).fetchall()[0]
        if read >= _ALMOST_ALL * known:
            return form
    return ""


def _shape(kind: str, known: int, numbers: int, times: int) -> Shape:
    if not known:
        return "nothing"
    if kind.endswith("]") or kind.startswith(("MAP", "STRUCT", "UNION", "BLOB", "JSON")):
        return "nested"
    if kind.startswith(("TIMESTAMP", "DATE")) or kind == "TIME":
        return "time"
    if kind == "BOOLEAN":
        return "flag"
    if _NUMBER.match(kind) or numbers >= _ALMOST_ALL * known:
        return "number"
    return "time" if times >= _ALMOST_ALL * known else "text"


def of_shape(facts: Mapping[str, Facts], *shapes: Shape) -> list[Facts]:
    """The columns of these shapes."""
    return [column for column in facts.values() if column.shape in shapes]
