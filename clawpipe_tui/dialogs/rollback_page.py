"""The pages of a rollback: the plan, the waiting, the answer, the refusal. Pure: a phase and a width in, lines out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.text import columns, heading, literal, told
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.plan import traffic_rows
from clawpipe_tui.panels.look import Line, Span
from clawpipe_tui.wording import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clawpipe_tui.operations.guardrails import Ruling
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Remark, Sent
    from clawpipe_tui.serving.seam import Route

_TONE_MARKS = {"": " ", "good": "●", "warn": "?", "bad": "▲"}
OBSERVED_STYLES = {"waiting": "warn", "done": "good", "overdue": "bad", "reverted": "bad", "unknown": "warn"}
OBSERVED_MARKS = {"waiting": "…", "done": "●", "overdue": "▲", "reverted": "▲", "unknown": "?"}


@dataclass(frozen=True)
class Planning:
    """The routing is being read."""


@dataclass(frozen=True)
class Planned:
    """Ready to be sent, once there is a reason."""

    plan: MovePlan
    ruling: Ruling


@dataclass(frozen=True)
class Sending:
    """Sent, and not yet answered."""

    plan: MovePlan
    reason: str


@dataclass(frozen=True)
class Answered:
    """The API said yes; the logs have the last word."""

    plan: MovePlan
    sent: Sent
    observation: Observation | None = None


@dataclass(frozen=True)
class Refused:
    """No plan, or no yes: what is known, and what to do about it."""

    message: str
    hint: str
    plan: MovePlan | None = None


Phase = Planning | Planned | Sending | Answered | Refused


def rollback_lines(phase: Phase, width: int) -> list[Line]:
    """The page of one phase."""
    match phase:
        case Planning():
            return [(), *told("Planning: reading where traffic goes now…", width, "muted")]
        case Planned(plan, ruling):
            return [*_remarks(ruling.remarks, width), *_plan_lines(plan, width)]
        case Sending(plan):
            return [(), *told("Sending, once. Waiting for the answer…", width, "warn"), *_plan_lines(plan, width)]
        case Answered(plan, sent, observation):
            return _answer_lines(plan, sent, observation, width)
        case Refused(message, hint, plan):
            refusal = [(), *told(f"▲ {message}", width, "bad"), *(told(hint, width) if hint else [])]
            return [*refusal, *(_plan_lines(plan, width) if plan else [])]


def _plan_lines(plan: MovePlan, width: int) -> list[Line]:
    route: Line = (Span("  "), Span(plan.leaving, "bad"), Span("  →  "), Span(plan.returning, "good"))
    promises = [*told(plan.effect, width, "muted"), *told(plan.guard, width, "muted")]
    return [
        (),
        *(told(plan.sentence, width) if plan.shadows_only else [route]),
        (),
        *told(plan.why, width),
        *_remarks(plan.remarks, width),
        *heading("Traffic"),
        *traffic_lines(plan.before.routes, plan.after),
        *heading("The request, as it will be sent"),
        *literal(plan.request),
        (),
        *promises,
    ]


def _remarks(remarks: Sequence[Remark], width: int) -> list[Line]:
    """What is known for and against it, each under its subject."""
    lines: list[Line] = [()] if remarks else []
    for remark in remarks:
        lines += told(f"{_TONE_MARKS[remark.tone]} {remark.about}: {remark.text}", width, remark.tone)
    return lines


def traffic_lines(before: tuple[Route, ...], after: tuple[Route, ...]) -> list[Line]:
    """Each version's share of the traffic, now and then."""
    rows: list[list[Span]] = []
    for row in traffic_rows(before, after):
        style = "" if row[1] == row[2] else "strong"
        rows.append([Span(cell, style) for cell in row])
    return columns(("version", "now", "after"), rows)


def _answer_lines(plan: MovePlan, sent: Sent, observation: Observation | None, width: int) -> list[Line]:
    style = "good" if sent.state == "applied" else "bad" if sent.state == "not applied" else "warn"
    mark = {"good": "●", "bad": "▲", "warn": "?"}[style]
    lines: list[Line] = [(), *told(f"{mark} {moment(sent.sent_at)} UTC: {sent.sentence}", width, style)]
    if sent.state == "not applied":
        return lines
    lines += heading("What the logs say")
    lines += observation_lines(observation, plan, width)
    return [*lines, *heading("Traffic"), *traffic_lines(plan.before.routes, plan.after)]


def observation_lines(observation: Observation | None, plan: MovePlan, width: int) -> list[Line]:
    """The last look at the logs, in words."""
    if observation is None:
        until = f"{' and '.join(plan.silenced)} is silent" if plan.silenced else "the split is as asked for"
        return told(f"Watching until {until}…", width, "warn")
    mark, style = OBSERVED_MARKS[observation.state], OBSERVED_STYLES[observation.state]
    return told(f"{mark} {observation.state}: {observation.sentence}", width, style)


def refusal(error: Exception, plan: MovePlan | None) -> Refused:
    """Why it did not happen, for the user."""
    if isinstance(error, ClawpipeError):
        return Refused(error.message, error.hint, plan)
    return Refused(f"{type(error).__name__}: {error}", "Nothing is known to have been changed.", plan)
