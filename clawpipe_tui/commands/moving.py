"""What `rollback`, `undo`, `promote`, `canary`, `unshadow` share: the same plan, request and verification as a key."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from clawpipe_tui.commands.opening import configure, serving_of
from clawpipe_tui.commands.output import as_table, out, talk
from clawpipe_tui.config import state_folder
from clawpipe_tui.errors import ALARM, CANNOT_TELL, FAILED, OK, ClawpipeError, UsageError
from clawpipe_tui.operations.guardrails import Ruling, Safety
from clawpipe_tui.operations.journal import Journal
from clawpipe_tui.operations.plan import traffic_rows
from clawpipe_tui.operations.resolving import resolve
from clawpipe_tui.operations.rollback import Consent, Logs, MovePlan, Observation, Sent, observe, plan_move, send
from clawpipe_tui.result import Result

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.operations.plan import Action
    from clawpipe_tui.serving.seam import Router
    from clawpipe_tui.session import LogSession

_EXIT_CODES = {"done": OK, "overdue": ALARM, "reverted": ALARM, "waiting": CANNOT_TELL, "unknown": CANNOT_TELL}
_LOOK_EVERY_S = 1.0
_PATIENCE_S = 15.0


def move(given: argparse.Namespace, action: Action) -> int:
    """Plan and print; with --yes also send once and watch the logs. 4 where traffic did not move, 5 cannot tell."""
    if given.yes and not given.reason.strip():
        raise UsageError(f"A {action} needs a reason.", 'Say why: --reason "errors since 02:41".')
    config = configure(given)
    registry, router = serving_of(config)
    journal, safety = Journal(state_folder()), safety_of(given, config)
    for told in resolve(router, journal):
        talk(told)
    session = _open_log(config)
    try:
        plan = plan_move(
            registry,
            router,
            given.model_name,
            action=action,
            version=getattr(given, "version_name", None),
            weight_pct=getattr(given, "weight_pct", None),
            key=uuid4().hex,
            logs=Logs(session.ask, session.now(), config.objectives) if session else None,
        )
        out(_words(plan, safety.ruling(plan, journal.attempts(), datetime.now(UTC), journal.uptime())))
        if given.plan:
            return OK
        consent = Consent(given.reason, given.reference, given.confirm)
        sent = send(router, plan, consent, safety=safety, journal=journal)
        out(sent.sentence)
        return sent.exit_code if sent.state != "applied" else _watch(session, router, plan, sent, given.deadline)
    finally:
        if session:
            session.close()


def safety_of(given: argparse.Namespace, config: Config) -> Safety:
    """The rules for one command: its --yes is the wish to write, unless read-only was asked for."""
    asked = getattr(given, "write", None)
    return Safety(asked is not False, config.environment, config.guardrails)


def _words(plan: MovePlan, ruling: Ruling) -> str:
    remarks = [f"{remark.about}: {remark.text}" for remark in (*ruling.remarks, *plan.remarks)]
    traffic = as_table(Result("traffic", ("version", "now", "after"), traffic_rows(plan.before.routes, plan.after)))
    return "\n".join(
        [plan.sentence, f"Why this one: {plan.why}", *remarks, plan.effect, plan.guard, "", traffic, plan.request, ""]
    )


def _open_log(config: Config) -> LogSession | None:
    """The log that gives evidence and verifies; said where it cannot be had."""
    from clawpipe_tui.session import LogSession

    try:
        session = LogSession(config)
    except ClawpipeError as error:
        talk(f"The logs cannot be opened, so nothing can be verified in them. {error}")
        return None
    session.follow()
    # Newest files first: what is read within seconds is what the evidence needs; a year of logs is not waited for.
    patience = time.monotonic() + _PATIENCE_S
    while time.monotonic() < patience and not _has_read(session):
        time.sleep(0.05)
    if session.progress().message:
        talk(session.progress().message)
    return session


def _has_read(session: LogSession) -> bool:
    progress = session.progress()
    return bool(progress.message) or (progress.files_known > 0 and not progress.reading)


def _watch(session: LogSession | None, router: Router, plan: MovePlan, sent: Sent, deadline_s: float) -> int:
    """Look at the logs until they confirm the move or the deadline passes; each new sentence is printed."""
    if session is None:
        return CANNOT_TELL
    give_up = time.monotonic() + deadline_s + 2 * _LOOK_EVERY_S
    while True:
        seen = observe(session.ask, router, plan, sent, session.now(), deadline_s)
        if seen.state not in {"waiting", "unknown"} or time.monotonic() > give_up:
            return _told(seen)
        talk(seen.sentence)
        time.sleep(_LOOK_EVERY_S)


def _told(seen: Observation) -> int:
    out(seen.sentence)
    return _EXIT_CODES.get(seen.state, FAILED)
