"""Which panel has the keys: by reading order, or by where the eye sees the next one. Pure functions of a view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.view import Scene, View, move, panel_in
from clawpipe_tui.panels.draw import row_count
from clawpipe_tui.spec import ScreenSpec

if TYPE_CHECKING:
    from clawpipe_tui.spec import Rect


def step_focus(view: View, scene: Scene, by: int) -> View:
    """The next or previous panel in reading order; a zoomed screen shows that one."""
    order = sorted(_panels(view, scene), key=lambda name: _corner(scene, name))
    if not order:
        return view
    at = order.index(view.place.focus) if view.place.focus in order else -by
    return replace(view, place=replace(view.place, focus=order[(at + by) % len(order)]))


def _panels(view: View, scene: Scene) -> list[str]:
    if not view.place.zoomed:
        return list(scene.rects)
    screen = scene.named(view.place.screen)
    return list(screen.panels) if isinstance(screen, ScreenSpec) else []


def _corner(scene: Scene, name: str) -> tuple[int, int]:
    rect = scene.rects.get(name)
    return (rect.y, rect.x) if rect else (0, 0)


def look_towards(view: View, scene: Scene, dx: int, dy: int) -> View:
    """The neighbouring panel in a direction, as the eye sees it."""
    here = scene.rects.get(view.place.focus)
    if here is None:
        return view
    ahead = [name for name, rect in scene.rects.items() if _is_ahead(here, rect, dx, dy)]
    if not ahead:
        return view
    nearest = min(ahead, key=lambda name: _distance(here, scene.rects[name], dx))
    return replace(view, place=replace(view.place, focus=nearest))


def _is_ahead(here: Rect, there: Rect, dx: int, dy: int) -> bool:
    if dx:
        beyond = there.x >= here.x + here.width if dx > 0 else there.x + there.width <= here.x
        return beyond and there.y < here.y + here.height and here.y < there.y + there.height
    beyond = there.y >= here.y + here.height if dy > 0 else there.y + there.height <= here.y
    return beyond and there.x < here.x + here.width and here.x < there.x + there.width


def _distance(here: Rect, there: Rect, dx: int) -> tuple[int, int]:
    across, along = abs(there.x - here.x), abs(there.y - here.y)
    return (across, along) if dx else (along, across)


def up_or_down(view: View, scene: Scene, by: int) -> View:
    """A row up or down where the panel has rows, else the panel above or below."""
    panel = panel_in(view, scene)
    state = scene.states.get(view.place.focus)
    if panel and state and row_count(panel, state):
        return move(view, scene, by)
    return look_towards(view, scene, 0, by)
