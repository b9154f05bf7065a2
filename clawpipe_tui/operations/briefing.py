"""All that there is to know before confirming a move, as remarks that the console and the command print alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clawpipe_tui.errors import ServingError
from clawpipe_tui.operations.compatibility import incompatibilities
from clawpipe_tui.operations.evidence import Candidate, Logs, never_served, outlook
from clawpipe_tui.operations.plan import REASON_TO_COME, MovePlan, Remark, Tone
from clawpipe_tui.serving.seam import Approvals, Registry, Rehearsal, Router
from clawpipe_tui.wording import percent, seconds

_RECENT = timedelta(minutes=15)
_STANDING_TONES: Mapping[str, Tone] = {"met": "good", "missed": "bad", "cannot tell": "warn"}
_OUTLOOK_TONES: Mapping[str, Tone] = {"helps": "good", "will not help": "bad", "cannot tell": "warn"}
_MOST_OTHERS = 4


def brief(
    registry: Registry, router: Router, plan: MovePlan, logs: Logs | None, known: Mapping[str, Candidate]
) -> MovePlan:
    """The plan with what is known about it."""
    remarks = [
        *_from_logs(plan, logs, known, deployable(registry, plan.model)),
        *_compatibility(registry, plan),
        *_acting(router, plan, logs.now if logs else datetime.now(UTC)),
        *_dry_run(router, plan),
    ]
    return replace(plan, remarks=tuple(remarks))


def _from_logs(
    plan: MovePlan, logs: Logs | None, known: Mapping[str, Candidate], there: frozenset[str] | None
) -> Iterator[Remark]:
    if logs is None or plan.shadows_only:
        return
    target = known.get(plan.returning) or never_served(plan.returning)
    yield Remark("Target", target.sentence, _STANDING_TONES[target.standing])
    for name, other in list(known.items())[:_MOST_OTHERS]:
        if name not in {plan.returning, *plan.silenced}:
            yield Remark("Not chosen", _why_not(other, gone=there is not None and name not in there))
    if plan.leaving and plan.leaving != plan.returning:
        found = outlook(logs, plan.model, plan.leaving, plan.returning)
        yield Remark("Will it help", found.sentence, _OUTLOOK_TONES[found.verdict])


def _why_not(other: Candidate, *, gone: bool) -> str:
    if gone:
        return f"{other.sentence} The registry no longer has it."
    older = " It served longer ago." if other.standing == "met" else ""
    return other.sentence + older


def deployable(registry: Registry, model: str) -> frozenset[str] | None:
    """The versions that the registry still has; None where it cannot be asked."""
    try:
        return frozenset(document.version for document in registry.versions(model))
    except ServingError:
        return None


def _compatibility(registry: Registry, plan: MovePlan) -> Iterator[Remark]:
    if not plan.leaving or plan.leaving == plan.returning or plan.shadows_only:
        return
    try:
        documents = (registry.version(plan.model, name) for name in (plan.leaving, plan.returning))
        found = incompatibilities(*documents)
    except ServingError as error:
        yield Remark("Inputs", f"Cannot tell whether the inputs fit: {error.message}", "warn")
        return
    if found is None:
        yield Remark("Inputs", "Cannot tell whether the inputs fit: a document has no signature.", "warn")
    elif found:
        yield Remark("Inputs", "; ".join(found) + ".", "bad")
    else:
        yield Remark(
            "Inputs", f"{plan.returning} takes what {plan.leaving} takes, and answers in the same form.", "good"
        )


def _acting(router: Router, plan: MovePlan, now: datetime) -> Iterator[Remark]:
    """Who else has changed, or wants to change, this routing."""
    at = plan.before.changed_at
    if at is not None and now - at < _RECENT:
        age = seconds(max(0.0, round((now - at).total_seconds())))
        why = f' ("{plan.before.reason}")' if plan.before.reason else ""
        yield Remark("Others", f"{plan.before.changed_by or 'Someone'} changed this routing {age} ago{why}.", "warn")
    if not isinstance(router, Approvals) or not router.capabilities.approvals:
        return
    try:
        waiting = router.pending(plan.model)
    except ServingError as error:
        yield Remark("Others", f"Cannot tell whether other changes wait: {error.message}", "warn")
        return
    for change in waiting:
        to = ", ".join(f"{route.version} {percent(route.weight_pct)}" for route in change.after)
        yield Remark(
            "Others", f'{change.by} waits for approval of {to} ("{change.reason}", {change.change_id}).', "warn"
        )


def _dry_run(router: Router, plan: MovePlan) -> Iterator[Remark]:
    if not isinstance(router, Rehearsal):
        return
    try:
        found = router.rehearse(plan.change(REASON_TO_COME))
    except ServingError as error:
        yield Remark("Dry run", f"The API would refuse it: {error.message}", "bad")
        return
    if found.needs_approval:
        yield Remark("Approval", "A second person must approve it; until then nothing moves.", "warn")
    yield Remark("Dry run", "The API would accept this request as it stands.", "good")
