"""`clawpipe-tui show SCREEN`: one frame of a screen as text, drawn by what draws the console."""

from __future__ import annotations

import argparse
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from clawpipe_tui.commands.opening import baseline_of, opened
from clawpipe_tui.commands.output import out
from clawpipe_tui.commands.settings import console_settings
from clawpipe_tui.dashboard.desk import ConsoleSettings, Desk
from clawpipe_tui.dashboard.view import Place, View, cursor_row, first_focus
from clawpipe_tui.errors import OK, UsageError, nearest
from clawpipe_tui.panels.frame import draw_frame, to_ansi, to_text
from clawpipe_tui.panels.look import PALETTES
from clawpipe_tui.snapshot import Answers, take_snapshot
from clawpipe_tui.spec import BrokenScreen, ScreenSpec

if TYPE_CHECKING:
    from clawpipe_tui.opened import Session
    from clawpipe_tui.panels.look import Line


def run(given: argparse.Namespace) -> int:
    """Print the frame."""
    settings = console_settings(given)
    screen = find_screen(settings, given.screen)
    width, height = parse_size(given.size)
    with opened(given) as log:
        end = None if log.window.until > log.session.now() else log.window.until
        view = View(
            Place(screen.name, first_focus(screen)),
            width_s=int(log.window.width_s),
            end=end,
            baseline=baseline_of(given),
        )
        settings = replace(settings, model=log.session.model())
        lines = frame(Desk(settings, view, width, height), log.session)
    palette = PALETTES[settings.theme]
    if given.svg:
        from clawpipe_tui.terminal.picture import to_svg

        out(to_svg(lines, palette, f"clawpipe-tui · {screen.name}"))
    else:
        out(to_ansi(lines, palette) if given.color else to_text(lines))
    return OK


def frame(desk: Desk, session: Session) -> list[Line]:
    """Ask what the screen shows, and draw it as the console would."""
    screen = desk.screen
    if screen is None:
        raise UsageError(f"There is no screen {desk.view.place.screen!r}.")
    snapshot = take_snapshot(session, desk.wanted(0), Answers(), lambda: False)
    desk = replace(desk, snapshot=snapshot)
    scene, place = desk.scene(), desk.view.place
    panels = screen.panels.values() if isinstance(screen, ScreenSpec) else ()
    rows = {panel.name: cursor_row(panel, desk.states.get(panel.name), place) for panel in panels}
    cursors = {name: row for name, row in rows.items() if row is not None}
    header, footer = desk.header(scene), desk.footer(scene)
    return draw_frame(
        screen, desk.states, header, footer, desk.width, desk.height, desk.look, focus=place.focus, cursors=cursors
    )


def find_screen(settings: ConsoleSettings, name: str) -> ScreenSpec | BrokenScreen:
    """A screen by its name or its key. Raises UsageError with the nearest name."""
    for screen in settings.screens:
        if name.lower() in {screen.name, screen.key}:
            return screen
    raise UsageError(f"There is no screen {name!r}.", nearest(name, [screen.name for screen in settings.screens]))


def parse_size(text: str | None) -> tuple[int, int]:
    """Columns and rows. Raises UsageError."""
    if not text:
        size = shutil.get_terminal_size((80, 24))
        return size.columns, size.lines
    found = re.fullmatch(r"(\d{1,4})[xX×](\d{1,4})", text)
    if not found or int(found[1]) < 20 or int(found[2]) < 5:
        raise UsageError(f"{text!r} is not a size.", "Write columns x rows, at least 20x5: 80x24.")
    return int(found[1]), int(found[2])
