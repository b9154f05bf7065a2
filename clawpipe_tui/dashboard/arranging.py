"""A panel as the user wants to see it: filtered, sorted, with chosen columns. Pure; the numbers stay the query's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawpipe_tui.panels.filtering import filtered
from clawpipe_tui.panels.values import label_of

if TYPE_CHECKING:
    from clawpipe_tui.panels.state import PanelState
    from clawpipe_tui.result import Result, Value
    from clawpipe_tui.spec import PanelSpec


@dataclass(frozen=True)
class Arranged:
    """What the user has asked of one panel."""

    filter: str = ""
    sort: str = ""
    """A column; with `-` before it the largest comes first."""
    columns: tuple[str, ...] = ()


def arranged_state(state: PanelState, wish: Arranged) -> PanelState:
    """The rows that are left, in the order that was asked for."""
    state = filtered(state, wish.filter)
    if not wish.sort or state.result is None:
        return state
    return replace(state, result=ordered(state.result, wish.sort))


def ordered(result: Result, sort: str) -> Result:
    """The rows by one column, what is unknown last; a column that is not there orders nothing."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in result.columns:
        return result
    place = result.columns.index(name)
    known = [row for row in result.rows if row[place] is not None]
    unknown = tuple(row for row in result.rows if row[place] is None)
    return replace(result, rows=(*sorted(known, key=lambda row: _rank(row[place]), reverse=down), *unknown))


def _rank(value: Value) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def arranged_panel(panel: PanelSpec, wish: Arranged) -> PanelSpec:
    """The panel with what was asked for in its title, so that a filter is never at work unseen."""
    said = [f"/{wish.filter}"] if wish.filter else []
    said += (
        [f"{'▼' if wish.sort.startswith('-') else '▲'} {label_of(wish.sort.removeprefix('-'))}"] if wish.sort else []
    )
    title = " ".join([panel.title or panel.name, *said])
    return replace(panel, title=title, columns=wish.columns or panel.columns)
