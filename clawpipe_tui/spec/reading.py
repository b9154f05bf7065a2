"""Reads and checks screen files (TOML); what is wrong with one becomes a sentence with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

from clawpipe_tui.errors import ConfigError, nearest
from clawpipe_tui.result import Value
from clawpipe_tui.spec import DRAW_KINDS, LEAST_HEIGHT, LEAST_WIDTH, BrokenScreen, Grid, PanelSpec, ScreenSpec
from clawpipe_tui.spec.layout import tracks


class _Source:
    """A screen file's text, so that an error can name the line on which a key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()

    def line_of(self, key: str, section: str = "") -> int | None:
        """The line where the key is set, after the header of its section; else the header's line."""
        header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]") if section else None
        setting = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        inside, fallback = header is None, None
        for number, line in enumerate(self.lines, 1):
            if header and line.lstrip().startswith("["):
                inside = bool(header.match(line))
                fallback = number if inside else fallback
            elif inside and key and setting.match(line):
                return number
        return fallback

    def line_with(self, word: str) -> int | None:
        """The first line that holds the word, as a grid drawing does."""
        holds = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        return next((number for number, line in enumerate(self.lines, 1) if holds.search(line)), None)

    def error(self, message: str, hint: str = "", line: int | None = None) -> ConfigError:
        """What is wrong, with the file's name and the line in front."""
        place = f"{self.path.name}, line {line}" if line else self.path.name
        return ConfigError(f"{place}: {message}", hint)


def load_screens(folders: Sequence[Path], queries: Collection[str]) -> tuple[ScreenSpec | BrokenScreen, ...]:
    """Every screen of these folders, by key; a later folder replaces a screen of the same name."""
    paths = {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}
    screens = sorted((_load(path, queries) for path in paths.values()), key=_key_order)
    return tuple(_without_clash(screen, screens) for screen in screens)


def _key_order(screen: ScreenSpec | BrokenScreen) -> tuple[bool, bool, str, str]:
    """1 to 9, then 0 as on the keyboard, then the rest; a file without a key comes last."""
    return (not screen.key, not screen.key.isdigit(), "9z" if screen.key == "0" else screen.key, screen.name)


def _load(path: Path, queries: Collection[str]) -> ScreenSpec | BrokenScreen:
    """One screen file, checked; what is wrong with it becomes a sentence, never an exception."""
    key = ""
    try:
        text = path.read_text(encoding="utf-8")
        table: Mapping[str, object] = tomllib.loads(text)
        if isinstance(given := table.get("key"), str):
            key = given
        return _screen(_Source(path, text), table, queries)
    except ConfigError as error:
        return BrokenScreen(path.stem, path, key, str(error))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return BrokenScreen(path.stem, path, key, f"{path.name}: {error}")


def _without_clash(
    screen: ScreenSpec | BrokenScreen, screens: Sequence[ScreenSpec | BrokenScreen]
) -> ScreenSpec | BrokenScreen:
    """The screen, or why it cannot stand beside the others: its key is taken, or it opens what is no screen."""
    if isinstance(screen, BrokenScreen):
        return screen
    source = _Source(screen.path, screen.path.read_text(encoding="utf-8"))
    first = next(other for other in screens if other.key == screen.key and not isinstance(other, BrokenScreen))
    names = {other.name for other in screens}
    error = None
    if first is not screen:
        error = source.error(f"key {screen.key!r} already opens {first.path.name}.", line=source.line_of("key"))
    for panel in screen.panels.values():
        if panel.opens and panel.opens not in names:
            line = source.line_of("opens", f"panel.{panel.name}")
            error = source.error(f"opens = {panel.opens!r} is no screen.", nearest(panel.opens, names), line)
    return BrokenScreen(screen.name, screen.path, screen.key, str(error)) if error else screen


def _screen(source: _Source, table: Mapping[str, object], queries: Collection[str]) -> ScreenSpec:
    """The whole file, checked from top to bottom. Raises ConfigError at the first thing that is wrong."""
    _check_keys(source, table, {"title": str, "key": str, "grid": str, "grids": dict, "panel": dict}, "")
    key = table.get("key", "")
    if not isinstance(key, str) or len(key) != 1:
        raise source.error('a screen needs a key of one character, such as key = "6".', line=source.line_of("key"))
    drawings = {f"{LEAST_WIDTH}x{LEAST_HEIGHT}": table.get("grid", "")} | _tables(table.get("grids"))
    grids = tuple(_grid(source, size, drawing) for size, drawing in drawings.items())
    panels = {name: _panel(source, name, settings, queries) for name, settings in _tables(table.get("panel")).items()}
    _check_names(source, grids, panels)
    _check_ignored(source, panels)
    title = str(table.get("title", source.path.stem.capitalize()))
    return ScreenSpec(source.path.stem, title, key, source.path, grids, panels)


def _tables(value: object) -> dict[str, object]:
    """A TOML table as it comes, or an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _check_keys(source: _Source, table: Mapping[str, object], known: Mapping[str, type], section: str) -> None:
    """Every key is one that we know, and its value has the type that we expect."""
    where = f" in [{section}]" if section else ""
    for key, value in table.items():
        if key not in known:
            line = source.line_of(key, section) or source.line_with(key)
            raise source.error(f"unknown key {key!r}{where}.", nearest(key, known), line)
        right = isinstance(value, known[key]) and (known[key] is bool or not isinstance(value, bool))
        if not right:
            wanted = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}
            message = f"{key!r}{where} must be {wanted[known[key]]}, not {value!r}."
            raise source.error(message, line=source.line_of(key, section))


_PANEL_KEYS: Mapping[str, type] = {
    "query": str,
    "draw": str,
    "title": str,
    "bind": dict,
    "columns": list,
    "height": int,
    "picks": str,
    "ignores": list,
    "opens": str,
    "only_first": bool,
    "log": bool,
    "near": bool,
}


def _panel(source: _Source, name: str, settings: object, queries: Collection[str]) -> PanelSpec:
    """One [panel.x] table, checked against the queries and the ways to draw."""
    section = f"panel.{name}"
    table = _tables(settings)
    _check_keys(source, table, _PANEL_KEYS, section)
    for key, known, what in (("query", queries, "query"), ("draw", DRAW_KINDS, "way to draw")):
        if (value := str(table.get(key, ""))) not in known:
            message = f"{value!r} is no {what}, in [{section}]." if value else f"[{section}] lacks {key!r}."
            raise source.error(message, nearest(value, known), source.line_of(key, section))
    height = table.get("height")
    if isinstance(height, int) and height < 1:
        raise source.error(f"'height' in [{section}] must be 1 or more.", line=source.line_of("height", section))
    return PanelSpec(
        name=name,
        query=str(table["query"]),
        draw=str(table["draw"]),
        title=str(table.get("title", name.replace("_", " ").capitalize())),
        bind=cast("dict[str, Value]", _tables(table.get("bind"))),
        columns=_names(table.get("columns")),
        height=height if isinstance(height, int) else None,
        picks=str(table.get("picks", "")),
        ignores=_names(table.get("ignores")),
        opens=str(table.get("opens", "")),
        only_first=bool(table.get("only_first")),
        log=bool(table.get("log")),
        near=bool(table.get("near")),
    )


def _check_ignored(source: _Source, panels: Mapping[str, PanelSpec]) -> None:
    """What a panel ignores is picked by another one."""
    picked = {panel.picks for panel in panels.values() if panel.picks}
    for panel in panels.values():
        for name in panel.ignores:
            if name not in picked - {panel.picks}:
                line = source.line_of("ignores", f"panel.{panel.name}")
                raise source.error(f"ignores {name!r}, which no other panel picks.", nearest(name, picked), line)


def _names(listed: object) -> tuple[str, ...]:
    return tuple(map(str, cast("list[object]", listed or [])))


def _grid(source: _Source, size: str, drawing: object) -> Grid:
    """One drawing: rows of names, equally long, in which every panel is a rectangle."""
    section, key = ("", "grid") if size == f"{LEAST_WIDTH}x{LEAST_HEIGHT}" else ("grids", size)
    line = source.line_of(key, section)
    measure = re.fullmatch(r"(\d+)x(\d+)", size)
    if not measure:
        raise source.error(f'{size!r} is no size; write it like "120x40".', line=line)
    rows = tuple(tuple(words) for row in str(drawing).splitlines() if (words := row.split()))
    if not rows:
        raise source.error(f"'{key}' draws no panel.", 'Draw one word per panel: grid = """ ... """.', line)
    uneven = next((row for row in rows if len(row) != len(rows[0])), None)
    if uneven:
        message = f"the row {' '.join(uneven)!r} has {len(uneven)} words, the first row has {len(rows[0])}."
        raise source.error(message, "Repeat a name to make its panel wider.", line)
    grid = Grid(int(measure[1]), int(measure[2]), rows)
    for name, (x, y, right, bottom) in tracks(grid).items():
        if any(rows[row][column] != name for row in range(y, bottom) for column in range(x, right)):
            raise source.error(f"panel {name!r} is no rectangle in '{key}'.", line=source.line_with(name))
    return grid


def _check_names(source: _Source, grids: Sequence[Grid], panels: Mapping[str, PanelSpec]) -> None:
    """Every name in a drawing has its [panel.x], and every [panel.x] is drawn somewhere."""
    drawn = {name for grid in grids for row in grid.rows for name in row}
    for name in sorted(drawn - panels.keys()):
        message = f"the grid draws {name!r}, but there is no [panel.{name}]."
        raise source.error(message, nearest(name, panels), source.line_with(name))
    for name in panels:
        if name not in drawn:
            line = source.line_of("", f"panel.{name}")
            raise source.error(f"[panel.{name}] stands in no grid.", nearest(name, drawn), line)
