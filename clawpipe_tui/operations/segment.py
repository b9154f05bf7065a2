"""A part of the traffic as a log of its own, so that every question about the whole can be asked of the part.

Rollups know the clients and columns one by one, never together with errors or latency: the files of the window are read
once more for it, into a store that is thrown away.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from clawpipe_tui.config import Config
from clawpipe_tui.errors import UsageError, nearest
from clawpipe_tui.logs.canonical import quoted, text_literal
from clawpipe_tui.logs.layouts import layout_of
from clawpipe_tui.logs.objects import is_remote

if TYPE_CHECKING:
    from clawpipe_tui.opened import Session

_WRITTEN = re.compile(r"\s*([^=<>!]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_KNOWN = ("client", "role", "outcome", "error", "prediction", "score", "latency_ms")


@dataclass(frozen=True)
class Segment:
    """The requests in which a column has, or has not, a value, or lies on one side of it."""

    column: str
    sign: str
    value: str

    @property
    def words(self) -> str:
        """As it is written."""
        return f"{self.column} {self.sign} {self.value}"

    def condition(self, expressions: Mapping[str, str]) -> str:
        """As SQL over the rows of the log."""
        column = f"({expressions[self.column]})" if self.column in expressions else quoted(self.column)
        if self.sign in {"=", "!="}:
            distinct = "is not distinct from" if self.sign == "=" else "is distinct from"
            return f"cast({column} as varchar) {distinct} {text_literal(self.value)}"
        return f"try_cast({column} as double) {self.sign} {float(self.value)!r}"


def read_segment(text: str, columns: Callable[[], list[str]], sensitive: tuple[str, ...] = ()) -> Segment:
    """A segment as `carrier=UA` or `distance_mi>500`. Raises UsageError with the nearest column."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no part of the traffic.", "Write COLUMN=VALUE, or COLUMN>NUMBER.")
    segment = Segment(*found.groups())
    known = [*columns(), *_KNOWN]
    if segment.column not in known:
        raise UsageError(f"There is no column {segment.column!r} in the log.", nearest(segment.column, known))
    if segment.column in sensitive:
        raise UsageError(f"The column {segment.column!r} is sensitive: its values are not looked for.", "")
    if segment.sign not in {"=", "!="} and not _is_number(segment.value):
        raise UsageError(f"{segment.value!r} is no number.", f"Write {segment.column}{segment.sign}5.")
    return segment


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def narrowed(config: Config, whole: Session, segment: Segment, since: datetime, until: datetime) -> Config:
    """The configuration of a log with the requests of the segment alone, from the files of the window."""
    layout = layout_of(config)
    at = layout.expressions.get("served_at", quoted("served_at"))
    # A row without a time takes no part in anything.
    part = {**config.columns, "served_at": f"case when {segment.condition(layout.expressions)} then ({at}) end"}
    files = tuple(_as_pattern(path) for path in _files_of(whole, since, until)) or config.log_files
    return replace(config, log_files=files, columns=part, format=layout.form)


def _files_of(whole: Session, since: datetime, until: datetime) -> list[str]:
    """The files with requests of the window."""
    found: list[str] = []
    for row in whole.ask("files", {}).records():
        first, last = row["first_at"], row["last_at"]
        if row["state"] == "read" and isinstance(first, datetime) and isinstance(last, datetime):
            found += [str(row["path"])] if first < until and last >= since else []
    return found


def _as_pattern(path: str) -> str:
    return path if is_remote(path) else glob.escape(path)


def known_columns(session: Session) -> list[str]:
    """The columns that the log is watched by."""
    return [str(name) for name in session.ask("columns", {}).column("column")]
