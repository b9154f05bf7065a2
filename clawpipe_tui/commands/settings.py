"""What the console and `show` are given: screens, look, and how to open the log."""

from __future__ import annotations

import argparse
import locale
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, get_args

from clawpipe_tui.catalog import query_folders, shipped
from clawpipe_tui.commands.following import follow
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
from clawpipe_tui.commands.part import part_of
from clawpipe_tui.commands.standing import KEYMAP, about, contexts, read_keymap, source_of, write_origin
from clawpipe_tui.config import config_folder, state_folder
from clawpipe_tui.dashboard.desk import ConsoleSettings
from clawpipe_tui.dashboard.keys import remapped
from clawpipe_tui.errors import UsageError, nearest
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.panels.look import PALETTES, Charts, Look
from clawpipe_tui.snapshot import ALWAYS
from clawpipe_tui.spec import BrokenScreen, ScreenSpec
from clawpipe_tui.spec.reading import load_screens
from clawpipe_tui.terminal.ability import Ability, ability, encoding_in
from clawpipe_tui.window import parse_span_s

if TYPE_CHECKING:
    from clawpipe_tui.config import Config, Serving

__all__ = ["BASELINES", "console_settings"]


def console_settings(given: argparse.Namespace) -> ConsoleSettings:
    """Settings from the options and the configuration. Raises UsageError, ConfigError; opens nothing yet."""
    config, now, terminal = configure(given), clock(given), terminal_here()
    baseline_of(given)
    theme = _theme(config, terminal.theme)
    colour = theme != "mono" and terminal.depth != "none"
    names = [path.stem for folder in query_folders() for path in folder.glob("[!_]*.sql")]
    screens = load_screens((shipped("screens"), config_folder() / "screens"), names)
    first = _asked_first(screens[0])
    return ConsoleSettings(
        screens=screens,
        keys=remapped(read_keymap(config_folder() / KEYMAP), screens),
        source=source_of(given),
        contexts=contexts(),
        about=about(config, given),
        write_from=write_origin(config, given),
        open_session=lambda: follow(config, now, first),
        part=partial(part_of, config),
        model=config.chosen_model,
        serving=(lambda: serving_of(config)) if config.serving else None,
        reads_routes=bool(config.serving and not _may_ask(config.serving)),
        registry=(lambda: registry_of(config)) if has_documents(config) else None,
        safety=Safety(config.write, config.environment, config.guardrails),
        objectives=config.objectives,
        journal=state_folder(),
        environment=config.environment,
        theme=theme,
        depth=terminal.depth,
        titled=terminal.titled,
        state=state_folder(),
        look=Look(charts=_charts(config, terminal.charts), colour=colour),
        refresh_s=config.refresh_s,
        width_s=parse_span_s(option(given, "window") or config.window),
    )


def _may_ask(serving: Serving) -> bool:
    """Whether a token comes from a program or a keyring, which may want a word with the user."""
    asking = (serving.token_command, serving.token_keyring)
    return any((*asking, serving.registry_token_command, serving.registry_token_keyring))


def terminal_here() -> Ability:
    """What the terminal can show in which this runs."""
    said = sys.stdout.encoding or locale.getpreferredencoding(do_setlocale=False)
    return ability(os.environ, encoding_in(os.environ, said))


def _asked_first(screen: ScreenSpec | BrokenScreen) -> set[str]:
    """What that screen asks in any size."""
    if isinstance(screen, BrokenScreen):
        return set(ALWAYS)
    drawn = {name for row in screen.grids[0].rows for name in row}
    return {*ALWAYS, *(panel.query for name, panel in screen.panels.items() if name in drawn)}


def _theme(config: Config, found: str) -> str:
    """The theme that was asked for, else the one for this terminal. Raises UsageError."""
    if config.theme and config.theme not in PALETTES:
        raise UsageError(f"There is no theme {config.theme!r}.", nearest(config.theme, PALETTES))
    return config.theme or found


def _charts(config: Config, found: Charts) -> Charts:
    """As asked for, else as this terminal can show them. Raises UsageError."""
    if not config.charts:
        return found
    known: dict[str, Charts] = {name: name for name in get_args(Charts)}
    if config.charts not in known:
        raise UsageError(f"There are no {config.charts!r} charts.", nearest(config.charts, known))
    return known[config.charts]
