"""`s`: where a number comes from. The question in plain words, the values that were bound, the SQL."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.text import MARGIN, heading, literal, pairs, told
from clawpipe_tui.panels.look import Line, Span
from clawpipe_tui.wording import clean, day_and_moment, number, seconds

if TYPE_CHECKING:
    from clawpipe_tui.panels.state import PanelState
    from clawpipe_tui.result import Value


def sql_lines(question: str, state: PanelState, width: int) -> list[Line]:
    """The page of one answered query."""
    lines = told(question, width, "strong") if question else []
    if state.kind == "failed":
        lines += [(), *told(state.message, width, "bad")]
    if state.result is None:
        return [*lines, (), *told("It has not been answered yet, so there is no SQL to show.", width, "muted")]
    rows, took = number(len(state.result.rows)), seconds(round(state.result.took_s, 4))
    lines += [(), *told(f"{rows} rows, answered in {took}.", width, "muted")]
    bound = [(f"${name}", _value(value)) for name, value in sorted(state.result.bound.items())]
    lines += [*heading("Bound values"), *(pairs(bound, width) or told("none", width, "muted"))]
    return [*lines, *heading("SQL"), *_sql(state.result.sql)]


def _value(value: Value) -> str:
    if isinstance(value, datetime):
        return day_and_moment(value) + " UTC"
    return "null" if value is None else clean(str(value), 500)


def _sql(sql: str) -> list[Line]:
    """The statement; its comments stand back."""
    lines: list[Line] = []
    for line in literal(sql.strip()):
        text = line[-1].text
        lines.append((Span(" " * MARGIN), Span(text, "muted" if text.lstrip().startswith("--") else "")))
    return lines


class SqlPage(Dialog[None]):
    """The SQL behind a panel."""

    def __init__(self, skin: Skin, query: str, question: str, state: PanelState) -> None:
        super().__init__(skin, f"queries/{query}.sql")
        self.question, self.state = question, state

    def body(self, width: int) -> list[Line]:
        """Question, values, statement."""
        return sql_lines(self.question, self.state, width)
