"""`clawpipe-tui unshadow MODEL --plan|--yes`: stops sending copies of the traffic to a shadow."""

from __future__ import annotations

import argparse

from clawpipe_tui.commands.moving import move


def run(given: argparse.Namespace) -> int:
    """Plan, and with --yes send once and watch the logs."""
    return move(given, "stop shadow")
