"""`clawpipe-tui promote MODEL --plan|--yes`: gives one version all of the traffic."""

from __future__ import annotations

import argparse

from clawpipe_tui.commands.moving import move


def run(given: argparse.Namespace) -> int:
    """Plan, and with --yes send once and watch the logs."""
    return move(given, "promote")
