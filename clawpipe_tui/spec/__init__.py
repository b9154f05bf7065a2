"""What a screen file says, as frozen facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clawpipe_tui.result import Value

DRAW_KINDS = ("number", "line", "bars", "histogram", "heat", "table", "text", "status")
LEAST_WIDTH, LEAST_HEIGHT = 60, 20
"""Below this terminal size a screen becomes one column."""
CHROME_ROWS = 2
"""The header line and the footer line, which are no panel's."""


@dataclass(frozen=True)
class PanelSpec:
    """One panel of a screen: which query it asks and how its rows are drawn."""

    name: str
    query: str
    draw: str
    title: str = ""
    """What stands in the panel's border."""
    bind: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Values for the query's parameters, over those of the console."""
    columns: tuple[str, ...] = ()
    """Which columns are drawn, in this order; empty means all that fit the drawing."""
    height: int | None = None
    """Rows, border included; the other panels share the rest."""
    picks: str = ""
    """Moving the cursor binds this parameter for the other panels, from the row's column of the same name."""
    ignores: tuple[str, ...] = ()
    """Parameters that the picks of other panels do not bind here."""
    opens: str = ""
    """The screen that enter opens, with the pick bound."""
    only_first: bool = False
    """Shows its first rows alone, as many as fit, and a cursor goes no further; zoomed it shows all."""
    log: bool = False
    """Draws the y axis in powers of ten."""
    near: bool = False
    """Begins the y axis near the smallest value instead of at 0: for what moves little far from 0."""


@dataclass(frozen=True)
class Grid:
    """A drawing of a screen, for terminals of at least this size."""

    min_width: int
    min_height: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ScreenSpec:
    """One screen file, checked."""

    name: str
    title: str
    key: str
    path: Path
    grids: tuple[Grid, ...]
    panels: Mapping[str, PanelSpec]


@dataclass(frozen=True)
class BrokenScreen:
    """A screen file that cannot be used, and the sentence that says why; the other screens run."""

    name: str
    path: Path
    key: str
    error: str


@dataclass(frozen=True)
class Rect:
    """Where a panel stands, in cells."""

    x: int
    y: int
    width: int
    height: int
