"""`clawpipe-tui undo MODEL --plan|--yes`: gives the traffic back to what served before the last change."""

from __future__ import annotations

import argparse

from clawpipe_tui.commands.moving import move


def run(given: argparse.Namespace) -> int:
    """Plan, and with --yes send once and watch the logs."""
    return move(given, "undo")
