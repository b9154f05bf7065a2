"""`clawpipe-tui`: opens the console; where stdout is no terminal, prints one frame of the first screen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clawpipe_tui.commands.opening import context_file, option
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.commands.settings import console_settings, terminal_here
from clawpipe_tui.config import FILE_NAME, config_folder
from clawpipe_tui.errors import USAGE

WELCOME = f"""\
clawpipe-tui looks at prediction logs (Parquet files), and no log has been named yet.

  clawpipe-tui demo                  a model, live traffic, an incident, on this machine alone
  clawpipe-tui --logs FOLDER         your own log; sampled first, never changed
  clawpipe-tui init FOLDER           proposes a {FILE_NAME} for it
  clawpipe-tui doctor                what this terminal and this machine can do
"""


def run(given: argparse.Namespace) -> int:
    """Run until the user quits; `:env` begins anew with another context."""
    terminal = sys.stdout.isatty() and sys.stdin.isatty()
    if _nothing_named(given):
        return _welcome(given) if terminal else _told(USAGE)
    if not terminal:
        from clawpipe_tui.commands import show

        given.screen, given.size, given.color, given.svg = "1", None, False, False
        return show.run(given)
    if not terminal_here().addressed:
        from clawpipe_tui.commands import watch

        talk("This terminal cannot place a cursor (TERM=dumb): changes are told as lines; ctrl+c ends.")
        given.lines, given.count = True, None
        return watch.run(given)
    while True:
        code, environment = _open(given)
        if not environment:
            return code
        given.logs, given.context, given.env = "", environment, ""


def _open(given: argparse.Namespace) -> tuple[int, str]:
    settings = console_settings(given)
    from clawpipe_tui.app import run_console

    return run_console(settings)


def _nothing_named(given: argparse.Namespace) -> bool:
    if option(given, "logs") or context_file(given):
        return False
    return not any((folder / FILE_NAME).is_file() for folder in (Path.cwd(), config_folder()))


def _welcome(given: argparse.Namespace) -> int:
    """Say what this is, and offer the demo."""
    out(WELCOME)
    sys.stdout.write("Open the demo now? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        return USAGE
    from clawpipe_tui.commands import demo

    given.incident_after = None
    return demo.run(given)


def _told(code: int) -> int:
    talk(WELCOME)
    return code
