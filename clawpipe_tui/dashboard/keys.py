"""Every key as data: what it is called, what it does to the view, and why it may not work now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard import focus
from clawpipe_tui.dashboard import view as views
from clawpipe_tui.dashboard.view import Scene, View
from clawpipe_tui.errors import ConfigError, nearest
from clawpipe_tui.panels.draw import row_count

if TYPE_CHECKING:
    from clawpipe_tui.spec import BrokenScreen, ScreenSpec

Change = Callable[[View, Scene], View]
Blocked = Callable[[View, Scene], str]


def _never(_view: View, _scene: Scene) -> str:
    return ""


@dataclass(frozen=True)
class Key:
    """One thing that a key can do; without `change` the app does it, by `id`."""

    id: str
    keys: tuple[str, ...]
    label: str
    words: str
    hint: str = ""
    """What the footer says for it, label and word; empty keeps it out of there."""
    change: Change | None = None
    blocked: Blocked = _never


def _no_rows(view: View, scene: Scene) -> str:
    panel, state = views.panel_in(view, scene), scene.states.get(view.place.focus)
    return "" if panel and state and row_count(panel, state) else "This panel has no rows to walk through."


def _no_panel(view: View, scene: Scene) -> str:
    return "" if views.panel_in(view, scene) else "This screen has no panel that works."


def _no_answer(view: View, scene: Scene) -> str:
    return _no_panel(view, scene) or ("" if view.place.focus in scene.states else "This panel has not been asked yet.")


def _no_window(_view: View, scene: Scene) -> str:
    return "" if scene.window else "The log has not been opened yet."


def _live(view: View, scene: Scene) -> str:
    return _no_window(view, scene) or ("" if view.end else "The window already ends now.")


def _one_version(_view: View, scene: Scene) -> str:
    return "" if len(scene.versions) > 1 else "Only one version has been seen; there is nothing to compare it with."


def _no_serving(_view: View, scene: Scene) -> str:
    return scene.no_serving


def _nowhere(view: View, _scene: Scene) -> str:
    place = view.place
    where = place.zoomed or view.trail or place.picks or place.rows or place.arranged
    return "" if where else "Nothing to go back from. q quits."


KEYS = (
    Key("focus.next", ("tab",), "tab", "next panel", "tab panel", partial(focus.step_focus, by=1), _no_panel),
    Key(
        "focus.previous", ("shift+tab",), "shift+tab", "previous panel", "", partial(focus.step_focus, by=-1), _no_panel
    ),
    Key("row.down", ("down", "j"), "↓ j", "next row, or the panel below", "", partial(focus.up_or_down, by=1)),
    Key("row.up", ("up", "k"), "↑ k", "previous row, or the panel above", "", partial(focus.up_or_down, by=-1)),
    Key("focus.left", ("left", "h"), "← h", "panel to the left", "", partial(focus.look_towards, dx=-1, dy=0)),
    Key("focus.right", ("right", "l"), "→ l", "panel to the right", "", partial(focus.look_towards, dx=1, dy=0)),
    Key("row.first", ("g", "home"), "g", "first row", "", partial(views.move, by=-1_000_000), _no_rows),
    Key("row.last", ("G", "end"), "G", "last row", "", partial(views.move, by=1_000_000), _no_rows),
    Key("row.page_down", ("pagedown",), "pgdn", "ten rows down", "", partial(views.move, by=10), _no_rows),
    Key("row.page_up", ("pageup",), "pgup", "ten rows up", "", partial(views.move, by=-10), _no_rows),
    Key("open", ("enter",), "enter", "open the row, or the panel alone", "enter open", views.enter, _no_panel),
    Key("back", ("escape",), "esc", "back", "", views.back, _nowhere),
    Key("zoom", ("z",), "z", "the panel alone, or all again", "z zoom", views.zoom, _no_panel),
    Key("window.width", ("w",), "w", "window: 5 min, 15 min, 1 h, 6 h, 1 d, 7 d", "w window", views.next_width),
    Key(
        "window.back",
        ("[",),
        "[",
        "half a window into the past",
        "[ ] time",
        partial(views.step_window, halves=-1),
        _no_window,
    ),
    Key("window.on", ("]",), "]", "half a window on", "", partial(views.step_window, halves=1), _live),
    Key("window.now", ("n",), "n", "back to now", "", views.to_now, _live),
    Key(
        "baseline",
        ("b",),
        "b",
        "compare with: training, window before, yesterday, last week, a version",
        "",
        views.next_baseline,
    ),
    Key("pause", ("p",), "p", "stand still, or follow again", "", views.pause),
    Key("refresh", ("r",), "r", "ask again now"),
    Key("sql", ("s",), "s", "the question and the SQL behind the panel", "s sql", blocked=_no_answer),
    Key("diff", ("d",), "d", "compare two versions on this window", "d diff", blocked=_one_version),
    Key("rollback", ("B",), "B", "plan a rollback (asks before it sends)", "B rollback", blocked=_no_serving),
    Key("undo", ("u",), "u", "plan to undo the last change (asks before it sends)", blocked=_no_serving),
    Key("move", ("M",), "M", "promote, set a canary's weight, stop a shadow", blocked=_no_serving),
    Key("command", (":",), ":", "a command: a screen, a window, a model, an environment …", ": command"),
    Key("filter", ("/",), "/", "filter the panel's rows: words, regex, !not, psi>0.1", "/ filter", blocked=_no_answer),
    Key("slower", ("<",), "<", "look for news less often"),
    Key("faster", (">",), ">", "look for news more often"),
    Key("copy", ("y",), "y", "copy the row, or the panel's rows", blocked=_no_answer),
    Key("copy.command", ("Y",), "Y", "copy the command that prints this number", blocked=_no_answer),
    Key("export", ("E",), "E", "export the panel's rows: CSV, JSON, Parquet", blocked=_no_answer),
    Key("mouse", ("m",), "m", "mouse on, or off"),
    Key("info", ("i",), "i", "bytes per second, frame time, round trip; where settings come from"),
    Key("help", ("?",), "?", "these keys", "? help"),
    Key("quit", ("q",), "q", "quit", "q quit"),
)


def screen_keys(scene: Scene) -> tuple[Key, ...]:
    """A key for every screen, as its file says."""
    return tuple(
        Key(
            f"screen.{screen.name}",
            (screen.key,),
            screen.key,
            title_of(screen),
            change=partial(views.open_screen, name=screen.name),
        )
        for screen in scene.screens
        if screen.key
    )


def title_of(screen: object) -> str:
    """A screen's title; a broken file has only its name."""
    return str(getattr(screen, "title", "") or getattr(screen, "name", "")).capitalize()


def found_as(key: Key) -> str:
    """What the palette looks through: the key's words, and its id where they do not say it."""
    name = key.id.rpartition(".")[2]
    words = key.words if name.replace("_", " ") in key.words.lower() else f"{name.replace('_', ' ')}: {key.words}"
    return words[:1].upper() + words[1:]


def key_for(pressed: str, scene: Scene) -> Key | None:
    """What a pressed key means here."""
    return next((key for key in all_keys(scene) if pressed in key.keys), None)


def all_keys(scene: Scene) -> tuple[Key, ...]:
    """The screens' keys and all others, as the user's keymap has them."""
    return (*screen_keys(scene), *(scene.keys or KEYS))


NEVER = {"ctrl+a", "ctrl+b", "ctrl+k", "ctrl+d", "delete", "backspace", "ctrl+enter", "ctrl+c", "ctrl+z"}
"""What hands press by habit, what multiplexers take, what terminals cannot send: bound to nothing."""


def remapped(keymap: Mapping[str, Sequence[str]], screens: Sequence[ScreenSpec | BrokenScreen]) -> tuple[Key, ...]:
    """All keys with the user's own. Raises ConfigError for an unknown id, a clash, or a key that is never bound."""
    known = {key.id: key for key in KEYS}
    for name, keys in keymap.items():
        if name not in known:
            raise ConfigError(f"[keys] {name!r} is no key's id.", nearest(name, known))
        taken = next((key for key in keys if key in NEVER), "")
        if taken:
            raise ConfigError(
                f"[keys] {name}: {taken} cannot be bound.", "Hands press it by habit, or terminals use it."
            )
    mapped = tuple(
        replace(key, keys=tuple(keymap[key.id]), label=" ".join(keymap[key.id])) if key.id in keymap else key
        for key in KEYS
    )
    owners = {screen.key: f"the screen {screen.name}" for screen in screens if screen.key}
    for key in mapped:
        for pressed in key.keys:
            if pressed in owners:
                message = f"[keys] {pressed!r} is bound twice: to {owners[pressed]} and to {key.id}."
                raise ConfigError(message, "Give one of them another key, or an empty list.")
            owners[pressed] = key.id
    return mapped
