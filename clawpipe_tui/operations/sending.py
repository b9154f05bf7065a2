"""Sends a planned change exactly once, and looks it up where its answer is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from clawpipe_tui.errors import CANNOT_TELL, FAILED, OK, ClawpipeError, ServingError
from clawpipe_tui.operations.guardrails import Deed, NotAllowedError, Ruling, Safety
from clawpipe_tui.operations.journal import Attempt, Journal, JournalError
from clawpipe_tui.operations.plan import MovePlan
from clawpipe_tui.serving.errors import Unknown
from clawpipe_tui.serving.payload import plain
from clawpipe_tui.serving.seam import Applied, ChangeLog, Router, Routing
from clawpipe_tui.wording import moment

SentState = Literal["applied", "pending", "not applied", "cannot tell"]
LOOK_AGAIN_S = (0.0, 0.3, 0.7, 1.5)
"""When to read the routing after a lost answer: the change may still be on its way."""

_EXIT_CODES = {"applied": OK, "pending": OK, "not applied": FAILED, "cannot tell": CANNOT_TELL}


@dataclass(frozen=True)
class Sent:
    """What became of the one request."""

    change_id: str
    sent_at: datetime
    sentence: str
    state: SentState = "applied"
    final: bool = True
    """False where what is known now may still change by itself."""
    since: datetime | None = None
    """When the API says that it changed: the moment from which the logs are asked."""

    @property
    def exit_code(self) -> int:
        """For the command line."""
        return _EXIT_CODES[self.state]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Consent:
    """What the one who sends has said."""

    reason: str
    reference: str = ""
    typed: str = ""
    """The model's name, where it had to be typed."""
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was on screen."""


def send(
    router: Router,
    plan: MovePlan,
    consent: Consent | str,
    *,
    safety: Safety,
    journal: Journal | None = None,
    now: Callable[[], datetime] = utc_now,
    pause: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send the plan's change once. Raises UsageError, NotAllowedError, JournalError, or a ServingError where nothing
    was changed.
    """
    given = Consent(consent) if isinstance(consent, str) else consent
    change, sent_at = plan.change(given.reason, given.reference), now()
    attempt = _attempt(plan, given, safety, sent_at)
    ruling = admitted(attempt, plan, safety, journal, typed=given.typed, approvals=router.capabilities.approvals)
    note = partial(noted, journal)
    change = replace(change, second_person=ruling.second_person)
    try:
        applied = router.apply(change)
    except Unknown as lost:
        aside = note(attempt.now("lost", now(), lost.message))
        sent = _looked_up(router, plan, lost, sent_at, pause)
        if sent.final:
            aside = note(attempt.now("answered", now(), sent.sentence, sent.change_id))
        return replace(sent, sentence=sent.sentence + aside)
    except ClawpipeError as refused:
        note(attempt.now("refused", now(), refused.message))
        raise
    sent = _answered(plan, applied, sent_at)
    return replace(sent, sentence=sent.sentence + note(attempt.now("answered", now(), sent.sentence, sent.change_id)))


def admitted(
    attempt: Attempt, deed: Deed, safety: Safety, journal: Journal | None, *, typed: str, approvals: bool
) -> Ruling:
    """Ask the rules, and write down that it is now sent: both in one turn, so that no two consoles spend one allowance.

    Raises NotAllowedError, which is in the journal as well, and JournalError: then nothing may be sent.
    """
    found: list[Ruling] = []

    def judge(before: tuple[Attempt, ...]) -> None:
        uptime = journal.uptime() if journal else None
        found.append(safety.check(deed, before, attempt.at, typed=typed, approvals=approvals, uptime=uptime))

    try:
        if journal:
            journal.admit(attempt, judge)
        else:
            judge(())
    except NotAllowedError as denied:
        noted(journal, replace(attempt, state="denied", sentence=denied.message))
        raise
    return found[0]


def noted(journal: Journal | None, step: Attempt) -> str:
    """Write down how it went on. What is done is done: a journal that cannot be written now is a remark about it."""
    try:
        if journal:
            journal.record(step)
    except JournalError as full:
        return f" But this could not be written down: {full.message}"
    return ""


def _attempt(plan: MovePlan, given: Consent, safety: Safety, at: datetime) -> Attempt:
    said = {remark.about: remark.text for remark in plan.remarks}
    return Attempt(
        key=plan.key,
        state="sent",
        at=at,
        model=plan.model,
        leaving=plan.leaving,
        returning=plan.returning,
        reason=plain(given.reason).strip(),
        action=plan.action,
        environment=safety.environment,
        evidence={"Plan": plan.sentence, **said, **given.evidence, "Request": plan.request},
        expected=plan.before.token,
    )


def _answered(plan: MovePlan, applied: Applied, sent_at: datetime) -> Sent:
    name = applied.change_id or "without an id"
    if applied.pending:
        sentence = f"Accepted as change {name}: it waits for a second person, and nothing has moved yet."
        return Sent(applied.change_id, sent_at, sentence, "pending")
    again = " (it had been applied already; nothing was done twice)" if applied.replayed else ""
    sentence = f"Sent and accepted as change {name}{again}: {plan.result}."
    return Sent(applied.change_id, sent_at, sentence, since=applied.routing.changed_at)


def _looked_up(
    router: Router, plan: MovePlan, lost: Unknown, sent_at: datetime, pause: Callable[[float], None]
) -> Sent:
    """What is known after a lost answer. Reads only: whatever it finds, nothing is sent again."""
    current: Routing | None = None
    for wait_s in LOOK_AGAIN_S:
        pause(wait_s)
        try:
            current = router.routing(plan.model)
            if current.token != plan.before.token:
                return _changed(router, plan, current, sent_at)
        except ServingError:
            current = None
    if current is None:
        return _cannot_tell(plan, lost, sent_at, "and the API cannot be read")
    if router.capabilities.guard == "client":
        return _cannot_tell(plan, lost, sent_at, "the routing has not changed so far, and it could still arrive")
    sentence = (
        f"The answer was lost. It has not taken effect: {sum(LOOK_AGAIN_S):.1f} s later {plan.leaving} still has its "
        f"traffic. Plan again if it is still needed: should the first one arrive late, the API refuses the second."
    )
    return Sent("", sent_at, sentence, "not applied", final=False)


def _changed(router: Router, plan: MovePlan, current: Routing, sent_at: datetime) -> Sent:
    """The routing moved: by us, by us and then someone else, or by someone else alone."""
    if current.change_key == plan.key:
        sentence = f"The answer was lost, but it took effect as change {current.change_id}: it was found in the API."
        return Sent(current.change_id, sent_at, sentence, since=current.changed_at)
    who = f"{current.changed_by or 'someone'}" + (f" at {moment(current.changed_at)}" if current.changed_at else "")
    if not isinstance(router, ChangeLog):
        sentence = f"The answer was lost, and {who} changed the routing. Cannot tell whether ours came before."
        return Sent("", sent_at, sentence, "cannot tell", final=False)
    ours = router.find_change(plan.model, plan.key)
    if ours is None:
        why = current.reason or "no reason given"
        return Sent(
            "", sent_at, f"The answer was lost. It did not take effect: {who} was first ({why}).", "not applied"
        )
    sentence = f"The answer was lost, but it took effect as change {ours}. Since then {who} has moved it again."
    return Sent(ours, sent_at, sentence)


def _cannot_tell(plan: MovePlan, lost: Unknown, sent_at: datetime, because: str) -> Sent:
    sentence = (
        f"Cannot tell whether it took effect: {lost.message.rstrip('.')}, {because}. "
        f"Do not repeat it: look at the routing of {plan.model} in the API (key {plan.key}) and at the log."
    )
    return Sent("", sent_at, sentence, "cannot tell", final=False)
