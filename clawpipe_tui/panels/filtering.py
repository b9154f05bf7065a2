"""A filter over the rows of any table: words, regular expressions, `!` for not, comparisons with columns. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.panels.values import finite, label_of, text_of
from clawpipe_tui.result import Result, Value

AND = " & "
_COMPARED = re.compile(r"\s*([\w ]+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*$")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)\s*(%|ms|s|min|h|d|k|M)?$")
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MANY = {"k": 1e3, "M": 1e6}
_SPANS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}

Keeps = Callable[[Sequence[Value]], bool]


@dataclass(frozen=True)
class Filter:
    """What was written, what it keeps, and what was wrong with it."""

    text: str
    keeps: Keeps
    wrong: str = ""


def parse_filter(text: str, columns: Sequence[str]) -> Filter:
    """A filter of these columns; a pattern that is no regular expression is taken as plain words, and says so."""
    terms = [term for term in text.split(AND) if term.strip()]
    parsed = [_term(term, columns) for term in terms]
    wrong = next((term.wrong for term in parsed if term.wrong), "")
    return Filter(text, lambda row: all(term.keeps(row) for term in parsed), wrong)


def _term(term: str, columns: Sequence[str]) -> Filter:
    compared = _COMPARED.match(term)
    place = _column(compared[1], columns) if compared else None
    if compared and place is not None:
        return _comparison(term, columns[place], place, compared[2], compared[3])
    if compared and compared[2] in _ORDERS and re.fullmatch(r"\w+", compared[1].strip()):
        return Filter(term, lambda _row: False, f"there is no column {compared[1]!r} here")
    inverse, pattern = term.lstrip().startswith("!"), term.strip().removeprefix("!").strip()
    wrong = ""
    try:
        found = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        found, wrong = re.compile(re.escape(pattern), re.IGNORECASE), f"no regular expression ({error}); taken as words"
    return Filter(
        term,
        lambda row: (
            inverse
            != any(
                found.search(text_of(name, value)) for name, value in zip(columns, row, strict=True) if _worded(value)
            )
        ),
        wrong,
    )


def _worded(value: Value) -> bool:
    return value is not None and not isinstance(value, list | tuple)


def _column(name: str, columns: Sequence[str]) -> int | None:
    """Where the column stands that is meant, with or without its unit."""
    wanted = name.strip().lower().replace(" ", "_")
    for place, column in enumerate(columns):
        if wanted in {column.lower(), label_of(column).lower().replace(" ", "_")}:
            return place
    return None


def _comparison(term: str, column: str, place: int, order: str, given: str) -> Filter:
    number = _NUMBER.match(given)
    if order in _ORDERS:
        if not number:
            return Filter(term, lambda _row: False, f"{given!r} is no number")
        limit = _in_unit(column, float(number[1]), number[2] or "")
        holds = _ORDERS[order]
        return Filter(term, lambda row: (value := finite(row[place])) is not None and holds(value, limit))
    equal = order != "!="

    def same(row: Sequence[Value]) -> bool:
        value = row[place]
        if number and (found := finite(value)) is not None:
            return found == _in_unit(column, float(number[1]), number[2] or "")
        return str(value).lower() == given.lower()

    return Filter(term, lambda row: same(row) == equal)


def _in_unit(column: str, value: float, unit: str) -> float:
    """A number as the column counts: `1.5s` is 1500 in a column of milliseconds."""
    if unit in _MANY:
        return value * _MANY[unit]
    if unit in _SPANS_S and column.endswith(("_ms", "_s")):
        return value * _SPANS_S[unit] * (1_000 if column.endswith("_ms") else 1)
    return value


def filtered(state: PanelState, text: str) -> PanelState:
    """The state with the rows that the filter keeps; where it keeps none, that is said."""
    result = state.result
    if not text or result is None or not result.rows or state.kind not in {"fresh", "stale"}:
        return state
    found = parse_filter(text, result.columns)
    rows = tuple(row for row in result.rows if found.keeps(row))
    kept = replace(result, rows=rows)
    if rows:
        return replace(state, result=kept)
    why = f" ({found.wrong})" if found.wrong else ""
    message = f"Nothing of {len(result.rows)} rows matches /{text}{why}. / changes the filter, esc in it removes it."
    return replace(state, kind="empty", result=replace(kept, note=message), message=message)


def matches(result: Result, text: str) -> tuple[int, str]:
    """How many rows the filter keeps, and what is wrong with it."""
    found = parse_filter(text, result.columns)
    return sum(map(found.keeps, result.rows)), found.wrong
