"""`clawpipe-tui approve MODEL [CHANGE]`: lists what waits for a second person, or lets one change take effect."""

from __future__ import annotations

import argparse

from clawpipe_tui.commands.moving import safety_of
from clawpipe_tui.commands.opening import configure, serving_of
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.config import state_folder
from clawpipe_tui.errors import OK
from clawpipe_tui.operations.approving import approve, pending_words, waiting
from clawpipe_tui.operations.journal import Journal


def run(given: argparse.Namespace) -> int:
    """Approve once."""
    config = configure(given)
    _, router = serving_of(config)
    if given.change_id is None:
        for change in waiting(router, given.model_name):
            out(pending_words(change))
        talk("Approve one by its id: clawpipe-tui approve MODEL CHANGE.")
        return OK
    journal, safety = Journal(state_folder()), safety_of(given, config)
    out(approve(router, given.model_name, given.change_id, safety=safety, journal=journal, typed=given.confirm))
    return OK
