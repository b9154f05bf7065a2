"""Maps the columns that a log has to the canonical log, as SQL; and says what this log cannot tell.

canonical column | meaning
-----------------|--------
served_at        | when the answer was given, UTC
model, version   | what answered
role             | live, canary, shadow
outcome          | ok, fallback, error, timeout, rejected, limited, unauthorised
error            | the error's type or message, without numbers, so that equal errors group
latency_ms, client, prediction, score, request_id | as logged
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from clawpipe_tui.config import ALSO_KNOWN, CANONICAL, DeclaredRange
from clawpipe_tui.errors import LogError, nearest
from clawpipe_tui.logs.form import Form

Kind = Literal["numeric", "categorical"]

_OTHER_KNOWN = frozenset(ALSO_KNOWN)
_NUMERIC = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL)")
_UNITS = ((1e11, "1"), (1e14, "1e3"), (1e17, "1e6"), (1e20, "1e9"))
"""Below which magnitude a time is counted in s, ms, µs, ns."""
# A clock that says 1901 or 290000 is broken, and Python could not even print the latter.
_EARLIEST, _LATEST = "timestamptz '1970-01-01 00:00:00+00'", "timestamptz '2200-01-01 00:00:00+00'"
_OUTCOME_OF_STATUS = """case when {x} is null then null when {x} between 200 and 399 then 'ok'
    when {x} in (408, 504) then 'timeout' when {x} = 429 then 'limited' when {x} in (401, 403) then 'unauthorised'
    when {x} between 400 and 499 then 'rejected' else 'error' end"""


@dataclass(frozen=True)
class Layout:
    """How one log maps to the canonical log: what the config declares; the rest is taken from columns by name."""

    expressions: Mapping[str, str]
    """Canonical column → SQL expression over the log's own columns."""
    model: str = ""
    version: str = ""
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    form: Form = "parquet"
    select: str = ""
    """SQL that yields file_index and canonical columns, where rows must be taken apart or paired first (rows.py)."""
    companion: tuple[str, str] | None = None
    """What to replace in a file's path, and by what, to find the file beside it that belongs to it."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """Canonical column → what a panel says of it."""
    lacks: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()
    """Columns whose texts are never kept or shown: a short digest stands for each."""
    salt: str = field(default="", repr=False)
    """What those digests begin with, so that nobody who has them can guess at their texts."""
    ranges: tuple[DeclaredRange, ...] = ()
    """What columns may hold, where it is declared."""


@dataclass(frozen=True)
class SameRequest:
    """SQL for a request's id, and for what is equal in rows of the same request."""

    id: str
    within: str
    """In one file: a list of expressions."""
    across: str
    """In different files: one text; where the id is a plain number, its time belongs to it."""


def quoted(name: str) -> str:
    """A column's name as an SQL identifier, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """A value as an SQL string literal, whatever it contains."""
    return "'" + value.replace("'", "''") + "'"


def features_of(columns: Mapping[str, str], layout: Layout) -> dict[str, Kind]:
    """The columns whose distributions are watched: as declared, else every number and every text that is not an id."""
    if layout.numeric or layout.categorical:
        numeric: dict[str, Kind] = dict.fromkeys(layout.numeric, "numeric")
        categorical: dict[str, Kind] = dict.fromkeys(layout.categorical, "categorical")
        return numeric | categorical
    found: dict[str, Kind] = {}
    for name, kind in columns.items():
        if name in CANONICAL or name in _OTHER_KNOWN:
            continue
        if _NUMERIC.match(kind):
            found[name] = "numeric"
        elif kind in {"VARCHAR", "BOOLEAN"} or kind.startswith("ENUM"):
            found[name] = "categorical"
    return found


def watched_columns(columns: Mapping[str, str], layout: Layout) -> dict[str, Kind]:
    """Features, and what the model said: prediction and score are watched like any other column."""
    watched = features_of(columns, layout)
    for name in ("prediction", "score"):
        if name in columns or name in layout.expressions:
            numeric = name == "score" or _NUMERIC.match(columns.get(name, ""))
            watched[name] = "numeric" if numeric else "categorical"
    return watched


def missing_columns(columns: Mapping[str, str], layout: Layout) -> tuple[str, ...]:
    """The canonical columns that this log cannot give; panels say so instead of drawing 0."""
    known = set(columns) | set(layout.expressions)
    derivable = {"outcome"} if {"status_code", "error"} & known else set[str]()
    given = (known | derivable | {"model", "version", "role"}) - layout.lacks
    return tuple(name for name in CANONICAL if name not in given)


def canonical_select(
    source: str,
    columns: Mapping[str, str],
    layout: Layout,
    watched: Mapping[str, Kind],
    *,
    key: str = "file_index",
    latest: datetime | None = None,
) -> str:
    """A select over `source` (SQL) that yields file_index, the canonical columns, and the watched ones as f0, f1, …

    `key` is the SQL for the position of a row's file in the source; a row later than `latest` has no time. Raises
    LogError where the log has no time column.
    """
    parts = [
        f"{key} as file_index",
        f"{_served_at(columns, layout)} as served_at",
        f"coalesce({_text('model', columns, layout)}, {text_literal(layout.model or 'model')}) as model",
        f"coalesce({_text('version', columns, layout)}, {text_literal(layout.version or 'unknown')}) as version",
        f"coalesce({_text('role', columns, layout)}, 'live') as role",
        f"coalesce({_outcome(columns, layout)}, 'ok') as outcome",
        f"{_error(columns, layout)} as error",
        f"{_number('latency_ms', columns, layout)} as latency_ms",
        f"{_text('client', columns, layout)} as client",
    ]
    if is_weighed(columns, layout):
        parts.append(f"{_weight(columns, layout)} as weight")
    for index, (name, kind) in enumerate(watched.items()):
        read = _number if kind == "numeric" else _text
        parts.append(f"{read(name, columns, layout)} as f{index}")
    return f"select * replace ({_plausible(latest)}) from (select {', '.join(parts)} from {source})"


def hashed_select(
    source: str, columns: Mapping[str, str], layout: Layout, same: SameRequest, *, key: str, latest: datetime | None
) -> str:
    """A select over the same rows that yields file_index, served_at and h, a hash of the request, NULL without an id.

    The hash is cheap; whatever is the same request has the same one. Raises LogError where the log has no time column.
    """
    served_at = _served_at(columns, layout)
    h = f"case when {same.id} is not null then hash({same.within}) end"
    rows = f"select {key} as file_index, {served_at} as served_at, {h} as h from {source}"
    return f"select * replace ({_plausible(latest)}) from ({rows})"


def _plausible(latest: datetime | None) -> str:
    end = f"timestamptz '{latest.isoformat()}'" if latest else _LATEST
    return f"case when served_at >= {_EARLIEST} and served_at < {end} then served_at end as served_at"


def is_weighed(columns: Mapping[str, str], layout: Layout) -> bool:
    """Whether the log says which share of the requests is logged, so that each row stands for several."""
    return _expression("sampling_fraction", columns, layout) is not None


def _weight(columns: Mapping[str, str], layout: Layout) -> str:
    """How many requests a row stands for: the inverse of its sampling fraction, 1 where that is no share."""
    fraction = _number("sampling_fraction", columns, layout)
    return f"case when {fraction} > 0 and {fraction} <= 1 then 1 / {fraction} else 1e0 end"


def same_request(columns: Mapping[str, str], layout: Layout) -> SameRequest | None:
    """What makes two rows the same request; None where there are no ids.

    A shadow answers the same request as the live version, so role, model and version belong to it.
    """
    if _expression("request_id", columns, layout) is None:
        return None
    request_id = _text("request_id", columns, replace(layout, sensitive=frozenset()))
    others = [f"coalesce({_text(name, columns, layout)}, '')" for name in ("model", "version", "role")]
    here = ", ".join((request_id, *others))
    counter = (
        f"case when try_cast({request_id} as integer) is not null then epoch_us({_served_at(columns, layout)}) end"
    )
    return SameRequest(request_id, here, f"concat_ws(chr(31), {here}, {counter})")


def within(source: str, columns: Mapping[str, str], layout: Layout, span: tuple[datetime, datetime]) -> str:
    """The rows of a source that were served in a span. Raises LogError where the log has no time column."""
    since, until = (f"timestamptz '{end.isoformat()}'" for end in span)
    time = _served_at(columns, layout)
    return f"(select * from {source} where {time} >= {since} and {time} < {until})"


def _expression(name: str, columns: Mapping[str, str], layout: Layout) -> str | None:
    if name in layout.expressions:
        return f"({layout.expressions[name]})"
    return quoted(name) if name in columns else None


def _text(name: str, columns: Mapping[str, str], layout: Layout) -> str:
    expression = _expression(name, columns, layout)
    if not expression:
        return "cast(null as varchar)"
    return _kept(f"cast({expression} as varchar)", name, layout)


def _kept(text: str, name: str, layout: Layout) -> str:
    """A text as it is kept: of a sensitive column a digest, which can be counted and compared, and not read."""
    if name not in layout.sensitive:
        return text
    return f"case when {text} = '' then '' else '#' || left(sha256({text_literal(layout.salt)} || {text}), 10) end"


def _number(name: str, columns: Mapping[str, str], layout: Layout) -> str:
    expression = _expression(name, columns, layout)
    return f"try_cast({expression} as double)" if expression else "cast(null as double)"


def _served_at(columns: Mapping[str, str], layout: Layout) -> str:
    """A timestamp as it is, in UTC where it names no zone; a number by its magnitude: s, ms, µs or ns since 1970."""
    expression = _expression("served_at", columns, layout)
    if expression is None:
        raise LogError(
            "This log has no column served_at.",
            f'Map one in clawpipe.toml, [log.columns]: served_at = "…". {nearest("served_at", columns)}'
            " Or let it be found: clawpipe-tui init LOGS.",
        )
    number = f"try_cast({expression} as double)"
    units = " ".join(f"when abs({number}) < {limit} then to_timestamp({number} / {unit})" for limit, unit in _UNITS)
    counted = f"case {units} end"
    if "served_at" in layout.expressions or columns["served_at"] == "VARCHAR":
        return f"coalesce({counted}, try_cast({expression} as timestamptz))"
    numeric = _NUMERIC.match(columns["served_at"])
    return counted if numeric else f"try_cast({expression} as timestamptz)"


def _outcome(columns: Mapping[str, str], layout: Layout) -> str:
    """The outcome as logged; else from the status code; else from whether an error was logged."""
    if _expression("outcome", columns, layout):
        return _text("outcome", columns, layout)
    if status := _expression("status_code", columns, layout):
        return _OUTCOME_OF_STATUS.format(x=f"try_cast({status} as integer)")
    return f"case when {_text('error', columns, layout)} is not null then 'error' end"


def _error(columns: Mapping[str, str], layout: Layout) -> str:
    """The error's first 120 characters, control codes out, digits as #: equal errors become equal texts."""
    text = _text("error", columns, layout)
    if text.startswith("cast(null") or "error" in layout.sensitive:
        return text
    flat = f"regexp_replace(left({text}, 400), '[[:cntrl:]]+', ' ', 'g')"
    return f"left(regexp_replace({flat}, '-?[0-9]+([.][0-9]+)?', '#', 'g'), 120)"
