"""Where this console stands: its paths, where each setting came from, the user's keys, the contexts there are."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui import __version__
from clawpipe_tui.commands.opening import known_contexts, option
from clawpipe_tui.config import cache_folder, config_folder, state_folder
from clawpipe_tui.errors import ConfigError

if TYPE_CHECKING:
    from clawpipe_tui.config import Config

KEYMAP = "keys.toml"


def contexts() -> dict[str, str]:
    """The environments that `:env` switches to."""
    return known_contexts()


def source_of(given: argparse.Namespace) -> tuple[str, ...]:
    """The options that lead to this log again, from any folder."""
    logs, context = option(given, "logs"), option(given, "context")
    if logs:
        return ("--logs", str(Path(logs).expanduser().absolute()))
    return ("--context", context) if context else ("--logs", str(Path.cwd()))


def read_keymap(path: Path) -> dict[str, tuple[str, ...]]:
    """The user's own keys by id, each one key or a list of them. Raises ConfigError."""
    if not path.is_file():
        return {}
    try:
        table: Mapping[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    found: dict[str, tuple[str, ...]] = {}
    for name, given in table.items():
        keys = [given] if isinstance(given, str) else given
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ConfigError(f"{path}: {name} must be a key or a list of keys.", 'Write rollback = "R".')
        found[name] = tuple(map(str, keys))
    return found


def about(config: Config, given: argparse.Namespace) -> dict[str, dict[str, str]]:
    """Paths, and every setting with its origin."""
    return {"Settings": settings_with_origin(config, given), "Paths": paths()}


def paths() -> dict[str, str]:
    """Where things are on this machine."""
    return {
        "program": f"clawpipe-tui {__version__}",
        "config": str(config_folder()),
        "keys": str(config_folder() / KEYMAP),
        "cache": str(cache_folder()),
        "state": str(state_folder()),
    }


_OPTIONS = {"environment": "env", "model": "model", "window": "window", "theme": "theme", "charts": "charts"}


def settings_with_origin(config: Config, given: argparse.Namespace) -> dict[str, str]:
    """Each setting's value and what decided it: the command line, the environment, a file, or the default."""
    model = option(given, "model") or config.model
    values = {
        "log.files": ", ".join(config.log_files),
        "console.environment": config.environment or "(none: counts as production)",
        "log.model": model or "(the one with the most requests)",
        "console.window": config.window,
        "console.refresh_s": f"{config.refresh_s:g}",
        "console.theme": config.theme or "(by terminal)",
        "console.charts": config.charts or "(by terminal)",
        "console.write": "yes" if config.write else "no, read-only",
        **_serving(config),
    }
    return {key: f"{value}   [{_origin(key, config, given)}]" for key, value in values.items()}


def _serving(config: Config) -> dict[str, str]:
    """Who knows the versions, who moves the traffic, and where they are; never with what token."""
    serving = config.serving
    if serving is None:
        return {"serving.url": "(none)"}
    given = {
        "serving.registry_url": serving.registry_url,
        "serving.namespace": serving.namespace,
        "serving.kubeconfig": serving.kubeconfig,
        "serving.context": serving.context,
        "serving.region": serving.region,
    }
    return {
        "serving.url": serving.url or "(the product's own configuration says)",
        "serving.registry": serving.registry,
        "serving.router": serving.router,
        **{key: value for key, value in given.items() if value},
    }


def _origin(key: str, config: Config, given: argparse.Namespace) -> str:
    name = key.rpartition(".")[2]
    if key == "console.write":
        return write_origin(config, given)
    if option(given, _OPTIONS.get(name, "")) if name in _OPTIONS else key == "serving.url" and option(given, "api"):
        return "command line"
    return config.origin.get(key, "default")


def write_origin(config: Config, given: argparse.Namespace) -> str:
    """What decided whether anything may be changed."""
    if getattr(given, "write", None) is not None:
        return "command line"
    if os.environ.get("CLAWPIPE_WRITE", "").strip():
        return "CLAWPIPE_WRITE"
    return config.origin.get("console.write", "default")
