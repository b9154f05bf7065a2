"""`clawpipe-tui rollback MODEL --plan|--yes`: the same plan, request and verification as the console's `B`."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from clawpipe_tui.commands.opening import configure, serving_of
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.config import state_folder
from clawpipe_tui.errors import ALARM, CANNOT_TELL, FAILED, OK, ClawpipeError, UsageError
from clawpipe_tui.operations.journal import Journal
from clawpipe_tui.operations.rollback import Observation, RollbackPlan, Sent, observe, plan_rollback, send

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.serving.seam import Router

_EXIT_CODES = {"done": OK, "overdue": ALARM, "reverted": ALARM, "waiting": CANNOT_TELL, "unknown": CANNOT_TELL}
_LOOK_EVERY_S = 1.0


def run(given: argparse.Namespace) -> int:
    """Plan and print; with --yes also send once and watch the logs. 4 where traffic did not move, 5 cannot tell."""
    if given.yes and not given.reason.strip():
        raise UsageError("A rollback needs a reason.", 'Say why: --reason "errors since 02:41".')
    config = configure(given)
    registry, router = serving_of(config)
    plan = plan_rollback(registry, router, given.model_name, to=given.to, key=uuid4().hex)
    out(_words(plan))
    if given.plan:
        return OK
    sent = send(router, plan, given.reason, journal=Journal(state_folder()))
    out(sent.sentence)
    if sent.state != "applied":
        return sent.exit_code
    return _watch(config, router, plan, sent, given.deadline)


def _words(plan: RollbackPlan) -> str:
    return "\n".join([plan.sentence, f"Why this one: {plan.why}", plan.effect, plan.guard, "", plan.request, ""])


def _watch(config: Config, router: Router, plan: RollbackPlan, sent: Sent, deadline_s: float) -> int:
    """Look at the logs until they confirm the rollback or the deadline passes; each new sentence is printed."""
    from clawpipe_tui.session import LogSession

    try:
        session = LogSession(config)
    except ClawpipeError as error:
        talk(f"The rollback was sent, but the logs cannot be opened to verify it. {error}")
        return CANNOT_TELL
    try:
        session.follow()
        give_up = time.monotonic() + deadline_s + 2 * _LOOK_EVERY_S
        while True:
            seen = observe(session.ask, router, plan, sent, session.now(), deadline_s)
            if seen.state not in {"waiting", "unknown"} or time.monotonic() > give_up:
                return _told(seen)
            talk(seen.sentence)
            time.sleep(_LOOK_EVERY_S)
    finally:
        session.close()


def _told(seen: Observation) -> int:
    out(seen.sentence)
    return _EXIT_CODES.get(seen.state, FAILED)
