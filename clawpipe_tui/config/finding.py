"""Where the configuration and the console's own folders are."""

from __future__ import annotations

import glob
from dataclasses import replace
from pathlib import Path

import platformdirs

from clawpipe_tui.config.reading import expanded, load_config, load_habits, table_address
from clawpipe_tui.config.values import Config
from clawpipe_tui.errors import UsageError, nearest

APP = "clawpipe-tui"
FILE_NAME = "clawpipe.toml"


def config_folder() -> Path:
    """Where the user's own screens, queries and clawpipe.toml live."""
    return platformdirs.user_config_path(APP)


def cache_folder() -> Path:
    """Where rollups are kept; deleting it costs one more reading of the log."""
    return platformdirs.user_cache_path(APP)


def state_folder() -> Path:
    """Where the journal of actions is kept; it is never deleted by the console."""
    return platformdirs.user_state_path(APP)


def find_config(logs: str | None, cwd: Path) -> Config:
    """The configuration for `--logs` (a clawpipe.toml, its folder, a folder of Parquet, or a glob), else for here.

    What it leaves open about the console, the user's own clawpipe.toml says.
    Raises UsageError where there is nothing to read, ConfigError where a clawpipe.toml is wrong.
    """
    own = config_folder() / FILE_NAME
    habits = load_habits(own) if own.is_file() else None
    if logs is not None:
        found = _named(logs, cwd)
    elif (cwd / FILE_NAME).is_file():
        found = load_config(cwd / FILE_NAME)
    elif habits and habits.log_files:
        return habits
    else:
        raise UsageError(
            f"No log was named, and there is no {FILE_NAME} here.",
            "Name one with --logs FOLDER, or see it work first: clawpipe-tui demo.",
        )
    return _with_habits(found, habits) if habits else found


def _named(logs: str, cwd: Path) -> Config:
    path = cwd / expanded(logs)
    if path.is_file() and path.suffix == ".toml":
        return load_config(path)
    if (path / FILE_NAME).is_file():
        return load_config(path / FILE_NAME)
    return Config(log_files=(_files_under(logs, cwd),), origin={"log.files": "--logs"})


_HABITS = ("write", "window", "refresh_s", "theme", "charts")
"""What the user's own file says for every log; which environment a log is of, it cannot."""


def _with_habits(config: Config, habits: Config) -> Config:
    taken = [name for name in _HABITS if (key := f"console.{name}") in habits.origin and key not in config.origin]
    origin = {f"console.{name}": habits.origin[f"console.{name}"] for name in taken}
    values = {name: getattr(habits, name) for name in taken}
    return replace(config, **values, origin={**config.origin, **origin})


def _files_under(logs: str, cwd: Path) -> str:
    """A glob, or a table, for what `--logs` names. Raises UsageError where nothing is there."""
    if table := table_address(logs, cwd):
        return table
    if "://" in logs:
        return logs if glob.has_magic(logs) else f"{logs.rstrip('/')}/**/*.parquet"
    path = (cwd / expanded(logs)).absolute()
    if path.is_dir():
        return f"{glob.escape(str(path))}/**/*.parquet"
    if path.is_file():
        return glob.escape(str(path))
    if glob.has_magic(logs):
        return str(path)
    try:
        known = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        known = []
    raise UsageError(f"There is no log at {logs}.", nearest(path.name, known) or "Check the path.")
