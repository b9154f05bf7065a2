"""`clawpipe-tui query NAME name=value …`: what a named query answers."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import cast

from clawpipe_tui.catalog import PARAMETERS, BrokenQuery, find_query, load_catalog
from clawpipe_tui.commands.opening import opened
from clawpipe_tui.commands.output import out, write_result
from clawpipe_tui.errors import OK, UsageError
from clawpipe_tui.result import Value
from clawpipe_tui.window import parse_moment, parse_span_s


def run(given: argparse.Namespace) -> int:
    """Print the answer, the SQL, or the list of all queries."""
    if given.list:
        return _list()
    catalog = load_catalog()
    if not given.name:
        raise UsageError("Which query?", "List them: clawpipe-tui query --list")
    query = find_query(catalog, given.name)
    if given.sql:
        out(query.sql)
        return OK
    values = dict(_value(text, query.parameters) for text in given.values)
    with opened(given, even_unreadable=query.name == "files") as log:
        write_result(log.ask(query.name, **values), given.format)
    return OK


def _value(text: str, parameters: frozenset[str]) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is not a value to bind.", "Write name=value, for example column=age.")
    if name not in parameters:
        raise UsageError(f"This query has no parameter ${name}.", f"It takes: {', '.join(sorted(parameters))}.")
    return name, _typed(name, value)


def _typed(name: str, text: str) -> Value:
    """By its name, where the console knows it (a version 43 is a text); else a number where it reads as one."""
    if name in {"since", "until", "now"}:
        return parse_moment(text, datetime.now(UTC))
    if name == "step":
        return cast("Value", timedelta(seconds=parse_span_s(text)))  # an interval in SQL
    if name in PARAMETERS - {"psi_limit", "alpha"}:
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _list() -> int:
    catalog = load_catalog()
    width = max(map(len, catalog))
    for name, query in sorted(catalog.items()):
        words = query.error if isinstance(query, BrokenQuery) else query.question
        own = "" if isinstance(query, BrokenQuery) or query.replaces is None else f" (yours, {query.path})"
        out(f"{name.ljust(width)}  {words}{own}")
    return OK
