"""`clawpipe-tui`: opens the console; where stdout is no terminal, prints one frame of the first screen."""

from __future__ import annotations

import argparse
import sys

from clawpipe_tui.commands.settings import console_settings


def run(given: argparse.Namespace) -> int:
    """Run until the user quits."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        from clawpipe_tui.commands import show

        given.screen, given.size, given.color, given.svg = "1", None, False, False
        return show.run(given)
    settings = console_settings(given)
    from clawpipe_tui.app import run_console

    return run_console(settings)
