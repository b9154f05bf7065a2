"""A panel's numbers outside the console: the command that prints them again, and what can be copied of them. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.panels.values import text_of

if TYPE_CHECKING:
    from clawpipe_tui.result import Result, Value

_OPTIONS = ("model", "since", "until", "baseline", "now")
_GIVEN = ("model", "since", "until", "baseline")
_LEFT_OUT = frozenset({*_OPTIONS, "step"})


def command_for(result: Result, source: Sequence[str], *, fixed_now: bool = True) -> str:
    """The command line that prints this answer again."""
    bound = result.bound
    words = ["clawpipe-tui", "query", result.query]
    words += [
        f"{name}={_said(value)}" for name, value in sorted(bound.items()) if name not in _LEFT_OUT and value is not None
    ]
    words += source
    for name in _GIVEN:
        if bound.get(name) is not None and bound[name] != "":
            words += [f"--{name}", _said(bound[name])]
    if fixed_now and isinstance(bound.get("now"), datetime):
        words += ["--now", _said(bound["now"])]
    return shlex.join(words)


def _said(value: Value) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def row_text(result: Result, row: int | None) -> str:
    """One row as `name value`, or the whole table as tab-separated lines, in the words of the screen."""
    names = [name for place, name in enumerate(result.columns) if not _is_list(result, place)]
    records = result.records()
    if row is not None and 0 <= row < len(records):
        return "  ".join(f"{name} {text_of(name, records[row][name])}" for name in names)
    lines = ["\t".join(names)] + ["\t".join(text_of(name, record[name]) for name in names) for record in records]
    return "\n".join(lines)


def _is_list(result: Result, place: int) -> bool:
    return any(isinstance(row[place], list | tuple) for row in result.rows)
