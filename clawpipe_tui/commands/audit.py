"""`clawpipe-tui audit show|verify`: what was done from here, and whether the record of it is still what was written."""

from __future__ import annotations

import argparse

from clawpipe_tui.commands.opening import configure, option, serving_of
from clawpipe_tui.commands.output import out, write_result
from clawpipe_tui.config import state_folder
from clawpipe_tui.errors import OK
from clawpipe_tui.operations.journal import Journal
from clawpipe_tui.operations.resolving import open_attempts
from clawpipe_tui.result import Result
from clawpipe_tui.serving.trail import AuditTrail

_COLUMNS = ("at", "state", "action", "model", "leaving", "returning", "environment", "reason", "change_id", "sentence")


def run(given: argparse.Namespace) -> int:
    """Print the attempts, or verify the chain. Raises JournalError where it is broken."""
    journal = Journal(state_folder())
    if given.doing == "show":
        rows = tuple(tuple(getattr(attempt, name) for name in _COLUMNS) for attempt in journal.attempts())
        write_result(Result("audit", _COLUMNS, rows), given.format)
        return OK
    found = journal.verify(given.head)
    torn = f" {found.torn} torn by a crash, each of which cost only itself." if found.torn else ""
    out(f"{journal.path}: {found.entries} entries, the chain holds.{torn}")
    out(f"head {found.head}")
    for sentence in open_attempts(journal):
        out(sentence)
    if option(given, "logs") or option(given, "api"):
        _verify_api(given)
    return OK


def _verify_api(given: argparse.Namespace) -> None:
    """The API's own audit, where the configuration names an API that has one. Raises ServingError."""
    config = configure(given)
    router = serving_of(config)[1] if config.serving else None
    if isinstance(router, AuditTrail):
        trail = router.verify_audit(given.api_head)
        out(f"{config.serving.url if config.serving else ''}: {trail.entries} entries, the chain holds.")
        out(f"head {trail.head}")
