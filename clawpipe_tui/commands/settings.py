"""What the console and `show` are given: screens, look, and how to open the log."""

from __future__ import annotations

import argparse
import locale
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from clawpipe_tui.catalog import query_folders, shipped
from clawpipe_tui.commands.opening import (
    BASELINES,
    baseline_of,
    clock,
    configure,
    has_documents,
    option,
    registry_of,
    serving_of,
)
from clawpipe_tui.config import config_folder, state_folder
from clawpipe_tui.dashboard.desk import ConsoleSettings
from clawpipe_tui.errors import UsageError, nearest
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.panels.look import PALETTES, Charts, Look
from clawpipe_tui.spec import load_screens
from clawpipe_tui.window import parse_span_s

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.warehouse import Session

__all__ = ["BASELINES", "console_settings"]

_PLAIN_TERMINALS = ("dumb", "vt100", "vt220")


def console_settings(given: argparse.Namespace) -> ConsoleSettings:
    """Settings from the options and the configuration. Raises UsageError, ConfigError; opens nothing yet."""
    config, now = configure(given), clock(given)
    baseline_of(given)
    names = [path.stem for folder in query_folders() for path in folder.glob("[!_]*.sql")]
    return ConsoleSettings(
        screens=load_screens((shipped("screens"), config_folder() / "screens"), names),
        open_session=lambda: _follow(config, now),
        model=config.model,
        serving=(lambda: serving_of(config)) if config.serving else None,
        registry=(lambda: registry_of(config)) if has_documents(config) else None,
        journal=state_folder(),
        safety=Safety(config.write, config.environment, config.guardrails),
        objectives=config.objectives,
        environment=config.environment,
        theme=_theme(config),
        look=Look(charts=_charts(config)),
        refresh_s=config.refresh_s,
        width_s=parse_span_s(option(given, "window") or config.window),
    )


def _follow(config: Config, now: datetime | None) -> Session:
    from clawpipe_tui.session import LogSession

    session = LogSession(config, now=now)
    session.follow()
    return session


def _theme(config: Config) -> str:
    """The theme that was asked for; else no colour where NO_COLOR says so, 16 where the terminal has no more."""
    if config.theme:
        if config.theme not in PALETTES:
            raise UsageError(f"There is no theme {config.theme!r}.", nearest(config.theme, PALETTES))
        return config.theme
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in _PLAIN_TERMINALS:
        return "mono"
    rich = os.environ.get("COLORTERM") in {"truecolor", "24bit"} or "256color" in os.environ.get("TERM", "")
    return "dark" if rich else "ansi"


def _charts(config: Config) -> Charts:
    """As asked for; else braille where the terminal can show it, else ASCII. Raises UsageError."""
    if config.charts:
        known: dict[str, Charts] = {name: name for name in get_args(Charts)}
        if config.charts not in known:
            raise UsageError(f"There are no {config.charts!r} charts.", nearest(config.charts, known))
        return known[config.charts]
    encoding = (sys.stdout.encoding or locale.getpreferredencoding(do_setlocale=False)).lower().replace("-", "")
    plain = encoding not in {"utf8", "utf_8"} or os.environ.get("TERM") in _PLAIN_TERMINALS
    return "ascii" if plain else "braille"
