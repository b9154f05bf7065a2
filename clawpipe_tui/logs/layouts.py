"""Layouts: files that say how the logs of one serving system map to the canonical log, and what they cannot say.

A layout is TOML: `about` (a sentence), `formats`, `signature` (columns that give the system away), then either `source`
(a select over {rows} or {lines} with file_index and canonical columns) or `[columns]` (canonical column = SQL);
`[names]` (canonical column = a pattern over column names) for logs whose names explain themselves; `[lacks]`, `[says]`
(canonical column = what a panel says of it). The shipped ones come first, then the user's; the same name replaces.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from clawpipe_tui.config import Config, config_folder
from clawpipe_tui.errors import ConfigError, UsageError, nearest
from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.form import Form, form_of
from clawpipe_tui.logs.rows import LAYOUTS

_KEYS: Mapping[str, type] = {
    "about": str, "formats": list, "signature": list, "source": str, "companion": list, "columns": dict, "names": dict,
    "lacks": dict, "says": dict,
}  # fmt: skip


@dataclass(frozen=True)
class LayoutFile:
    """One layout as its file has it."""

    name: str
    path: Path
    about: str
    formats: tuple[Form, ...]
    signature: frozenset[str]
    source: str = ""
    companion: tuple[str, str] | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])
    says: Mapping[str, str] = field(default_factory=dict[str, str])


def load_layouts(folders: tuple[Path, ...] | None = None) -> dict[str, LayoutFile]:
    """All layouts by name, from the shipped and the user's folder. Raises ConfigError."""
    found: dict[str, LayoutFile] = {}
    for folder in folders or (LAYOUTS, config_folder() / "layouts"):
        for path in sorted(folder.glob("*.toml")):
            found[path.stem] = read_layout(path)
    return found


def read_layout(path: Path) -> LayoutFile:
    """One layout file. Raises ConfigError naming file, key and the nearest known key."""
    try:
        table: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{path}: a layout has no key {key!r}.", nearest(key, _KEYS))
        if not isinstance(value, _KEYS[key]):
            raise ConfigError(f"{path}: {key} has the wrong type.", f"Wanted: {_KEYS[key].__name__}.")
    if not table.get("about"):
        raise ConfigError(f"{path} needs about: a sentence on what wrote this log.")
    return LayoutFile(
        path.stem, path, str(table["about"]), _forms(path, table), frozenset(_texts(table, "signature")),
        str(table.get("source", "")), _companion(path, table), _words(table, "columns"), _patterns(path, table),
        _words(table, "lacks"), _words(table, "says"),
    )  # fmt: skip


def _texts(table: Mapping[str, object], key: str) -> list[str]:
    return [str(value) for value in cast("list[object]", table.get(key, []))]


def _words(table: Mapping[str, object], key: str) -> dict[str, str]:
    return {name: str(value) for name, value in cast("dict[str, object]", table.get(key, {})).items()}


def _forms(path: Path, table: Mapping[str, object]) -> tuple[Form, ...]:
    given = _texts(table, "formats") or ["parquet"]
    for name in given:
        if name not in get_args(Form):
            raise ConfigError(f"{path}: formats has {name!r}.", nearest(name, get_args(Form)))
    return cast("tuple[Form, ...]", tuple(given))


def _companion(path: Path, table: Mapping[str, object]) -> tuple[str, str] | None:
    given = _texts(table, "companion")
    if given and len(given) != 2:
        raise ConfigError(f"{path}: companion must be two texts.", "What in a path to replace, and by what.")
    return (given[0], given[1]) if given else None


def _patterns(path: Path, table: Mapping[str, object]) -> dict[str, str]:
    patterns = _words(table, "names")
    for name, pattern in patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"{path}: names.{name} is no pattern: {error}.") from error
    return patterns


def find_layout(layouts: Mapping[str, LayoutFile], name: str) -> LayoutFile:
    """The layout of that name. Raises UsageError with the nearest name."""
    if name not in layouts:
        raise UsageError(f"There is no layout {name!r}.", nearest(name, layouts))
    return layouts[name]


def layout_of(config: Config) -> Layout:
    """How the configured log maps to the canonical log: the named layout, and what the configuration says over it."""
    form = cast("Form", config.format) if config.format else form_of(config.log_files)
    own = Layout(
        config.columns, config.model, config.version, config.numeric, config.categorical, form=form,
        sensitive=frozenset(config.sensitive), ranges=config.ranges,
    )  # fmt: skip
    return laid_out(own, find_layout(load_layouts(), config.layout)) if config.layout else own


def laid_out(own: Layout, file: LayoutFile) -> Layout:
    """A log's own settings over those of a layout file."""
    return Layout(
        {**file.columns, **own.expressions}, own.model, own.version, own.numeric, own.categorical, form=own.form,
        select=file.source, companion=file.companion, words={**file.says, **file.lacks}, lacks=frozenset(file.lacks),
        sensitive=own.sensitive, ranges=own.ranges,
    )  # fmt: skip
