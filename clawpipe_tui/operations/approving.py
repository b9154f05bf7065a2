"""Somebody else's change, approved by a second person: sent once, under the same rules and in the same journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from clawpipe_tui.errors import ClawpipeError, UsageError, nearest
from clawpipe_tui.operations.guardrails import NotAllowedError, Safety
from clawpipe_tui.operations.journal import Attempt, Journal
from clawpipe_tui.operations.sending import admitted, noted
from clawpipe_tui.serving.errors import Unknown
from clawpipe_tui.serving.seam import Approvals, Pending, Router, taking_traffic
from clawpipe_tui.wording import day_and_moment, percent


def waiting(router: Router, model: str) -> tuple[Pending, ...]:
    """The changes that wait for a second person. Raises UsageError where the backend knows none."""
    if not isinstance(router, Approvals) or not router.capabilities.approvals:
        raise UsageError("This serving system knows no approvals.", "A change takes effect when it is sent.")
    return router.pending(model)


def pending_words(change: Pending) -> str:
    """One waiting change in a line."""
    to = ", ".join(f"{route.version} {percent(route.weight_pct)}" for route in change.after)
    when = f" at {day_and_moment(change.at)}" if change.at else ""
    return f'{change.change_id}: {change.by}{when} wants {change.model} on {to} ("{change.reason}")'


@dataclass(frozen=True)
class Approval:
    """The deed of letting somebody else's change take effect, as the rules see it."""

    model: str
    action: str = "approve"


def approve(
    router: Router,
    model: str,
    change_id: str,
    *,
    safety: Safety,
    journal: Journal,
    typed: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Let one take effect. Raises NotAllowedError, UsageError, JournalError, or a ServingError."""
    if not safety.write:
        raise NotAllowedError("Not sent: this console is read-only.", "Start it with --write to change anything.")
    known = {change.change_id: change for change in waiting(router, model)}
    if change_id not in known:
        raise UsageError(f"No change {change_id!r} of {model} waits.", nearest(change_id, known))
    asked = known[change_id]
    attempt = Attempt(
        f"approve-{change_id}", "sent", now(), model, "", (taking_traffic(asked.after) or ("nothing",))[0],
        asked.reason, change_id, action="approve", environment=safety.environment,
        evidence={"Change": pending_words(asked)},
    )  # fmt: skip
    # Who approves is the second person: a rule that asks for one is content.
    admitted(attempt, Approval(model), safety, journal, typed=typed, approvals=True)
    try:
        applied = router.approve(change_id) if isinstance(router, Approvals) else None
    except Unknown as lost:
        noted(journal, attempt.now("lost", now(), lost.message))
        raise
    except ClawpipeError as refused:
        noted(journal, attempt.now("refused", now(), refused.message))
        raise
    sentence = f"Approved: change {applied.change_id if applied else change_id} took effect."
    return sentence + noted(journal, attempt.now("answered", now(), sentence))
