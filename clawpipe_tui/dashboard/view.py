"""What the user looks at, as one frozen value, and how it changes: pure functions, without Textual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.arranging import Arranged
from clawpipe_tui.panels.draw import row_count
from clawpipe_tui.spec import ScreenSpec
from clawpipe_tui.window import BASELINES, WIDTHS_S

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.keys import Key
    from clawpipe_tui.panels.state import PanelState
    from clawpipe_tui.result import Value
    from clawpipe_tui.spec import BrokenScreen, PanelSpec, Rect
    from clawpipe_tui.window import Window


@dataclass(frozen=True)
class Place:
    """One stop of the user: a screen, the focused panel, what was picked there."""

    screen: str
    focus: str = ""
    zoomed: bool = False
    picks: Mapping[str, Value] = field(default_factory=dict[str, "Value"])
    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    arranged: Mapping[str, Arranged] = field(default_factory=dict[str, Arranged])
    """Panel → its filter, order and columns, where the user asked for any."""


@dataclass(frozen=True)
class View:
    """Everything that a key can change about what is shown."""

    place: Place
    trail: tuple[Place, ...] = ()
    width_s: int = 3_600
    end: datetime | None = None
    """A moment inside the window's last step; None follows the clock."""
    baseline: str = BASELINES[0]
    paused: bool = False
    model: str = ""
    """The model that was chosen; empty: the one that was named at the start, else the one the log speaks of most."""


@dataclass(frozen=True)
class Scene:
    """The facts that a change of view may look at: what is on screen now."""

    screens: tuple[ScreenSpec | BrokenScreen, ...]
    rects: Mapping[str, Rect]
    states: Mapping[str, PanelState]
    window: Window | None = None
    now: datetime | None = None
    versions: tuple[str, ...] = ()
    """The versions seen in this window, the one in trouble first."""
    keys: tuple[Key, ...] = ()
    """The keys as the user mapped them; empty: as they come."""
    no_serving: str = ""
    """Why nothing can be changed from here; empty where it can."""
    reach: Mapping[str, int] = field(default_factory=dict[str, int])
    """The last row that a cursor gets to, in panels that show their first rows alone."""

    def named(self, name: str) -> ScreenSpec | BrokenScreen | None:
        """The screen of this name."""
        return next((screen for screen in self.screens if screen.name == name), None)


def panel_in(view: View, scene: Scene) -> PanelSpec | None:
    """The focused panel, where the screen could be read."""
    screen = scene.named(view.place.screen)
    return screen.panels.get(view.place.focus) if isinstance(screen, ScreenSpec) else None


def first_focus(screen: ScreenSpec | BrokenScreen) -> str:
    """The panel that has the keys when a screen opens: the first that can be walked, else the first drawn."""
    if not isinstance(screen, ScreenSpec):
        return ""
    drawn = dict.fromkeys(name for row in screen.grids[0].rows for name in row if name in screen.panels)
    order = list(drawn) or list(screen.panels)
    picking = [name for name in order if screen.panels[name].picks]
    tables = [name for name in order if screen.panels[name].draw == "table"]
    return (picking or tables or order or [""])[0]


def cursor_row(panel: PanelSpec, state: PanelState | None, place: Place) -> int | None:
    """The row under the cursor: the picked one where it is there, so that a refresh cannot move it."""
    count = row_count(panel, state) if state else 0
    if count == 0 or state is None or state.result is None:
        return None
    picked = place.picks.get(panel.picks) if panel.picks in state.result.columns else None
    values = state.result.column(panel.picks)[:count] if picked is not None else ()
    return values.index(picked) if picked in values else min(place.rows.get(panel.name, 0), count - 1)


def picked_value(panel: PanelSpec, state: PanelState | None, row: int | None) -> Value:
    """What a row of a panel binds for the others; None where it binds nothing."""
    if row is None or state is None or state.result is None or panel.picks not in state.result.columns:
        return None
    return state.result.column(panel.picks)[row]


def open_screen(view: View, scene: Scene, name: str) -> View:
    """The screen of a digit, with nothing picked: a filter must never survive unseen."""
    screen = scene.named(name)
    return replace(view, place=Place(name, first_focus(screen) if screen else ""), trail=())


def move(view: View, scene: Scene, by: int) -> View:
    """The cursor, some rows on; it picks where the panel picks."""
    panel = panel_in(view, scene)
    state = scene.states.get(view.place.focus)
    row = cursor_row(panel, state, view.place) if panel else None
    if panel is None or state is None or row is None:
        return view
    last = row_count(panel, state) - 1
    row = max(0, min(row + by, last, max(row, scene.reach.get(panel.name, last))))
    return replace(
        view, place=_picking(replace(view.place, rows={**view.place.rows, panel.name: row}), panel, state, row)
    )


def _picking(place: Place, panel: PanelSpec, state: PanelState, row: int) -> Place:
    value = picked_value(panel, state, row)
    return place if value is None else replace(place, picks={**place.picks, panel.picks: value})


def enter(view: View, scene: Scene) -> View:
    """Open what the panel opens, with the row under the cursor picked; else the panel alone, large."""
    panel = panel_in(view, scene)
    if panel is None:
        return view
    target = scene.named(panel.opens) if panel.opens else None
    if target is None:
        return zoom(view, scene)
    state = scene.states.get(panel.name)
    value = picked_value(panel, state, cursor_row(panel, state, view.place))
    if panel.picks == "model" and isinstance(value, str):
        # Another model is another console: nothing that was picked of the last one holds for it.
        return replace(
            view, model=value, place=Place(target.name, first_focus(target)), trail=(*view.trail, view.place)
        )
    picks = dict(view.place.picks) if value is None else {**view.place.picks, panel.picks: value}
    return replace(view, place=Place(target.name, first_focus(target), picks=picks), trail=(*view.trail, view.place))


def zoom(view: View, _scene: Scene) -> View:
    """The focused panel alone, or all of them again."""
    return replace(view, place=replace(view.place, zoomed=not view.place.zoomed))


def back(view: View, _scene: Scene) -> View:
    """One step back: out of the zoom, then what was picked, then the screen that led here."""
    if view.place.zoomed:
        return replace(view, place=replace(view.place, zoomed=False))
    if view.trail:
        return replace(view, place=view.trail[-1], trail=view.trail[:-1])
    return replace(view, place=replace(view.place, picks={}, rows={}, arranged={}))


def next_width(view: View, _scene: Scene) -> View:
    """The next wider window, and the narrowest after the widest."""
    return replace(view, width_s=next((width for width in WIDTHS_S if width > view.width_s), WIDTHS_S[0]))


def step_window(view: View, scene: Scene, halves: int) -> View:
    """The window, moved by halves of its width; one that reaches the clock follows it again."""
    if scene.window is None:
        return view
    moved = scene.window.shifted(halves / 2)
    live = scene.now is None or moved.until > scene.now
    return replace(view, end=None if halves > 0 and live else moved.until - timedelta(seconds=1))


def to_now(view: View, _scene: Scene) -> View:
    """The window that follows the clock."""
    return replace(view, end=None)


def baselines(versions: Sequence[str]) -> tuple[str, ...]:
    """All that a window can be compared with: another time, and each version beside the others."""
    return (*BASELINES, *(f"version {version}" for version in sorted(versions) if len(versions) > 1))


def next_baseline(view: View, scene: Scene) -> View:
    """The next thing to compare with."""
    known = baselines(scene.versions)
    at = known.index(view.baseline) if view.baseline in known else -1
    return replace(view, baseline=known[(at + 1) % len(known)])


def arrange(view: View, panel: str, **wish: str | tuple[str, ...]) -> View:
    """Another filter, order or choice of columns for a panel; the cursor begins at the top again."""
    place = view.place
    found = replace(place.arranged.get(panel, Arranged()), **wish)
    rows = {name: row for name, row in place.rows.items() if name != panel}
    return replace(view, place=replace(place, arranged={**place.arranged, panel: found}, rows=rows))


def pause(view: View, _scene: Scene) -> View:
    """Stand still, or follow again."""
    return replace(view, paused=not view.paused)
