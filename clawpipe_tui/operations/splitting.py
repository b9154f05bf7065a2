"""Whether traffic is split as it was asked for, by the logs: what a change of weights is verified with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from clawpipe_tui.operations.evidence import Ask
from clawpipe_tui.operations.plan import MovePlan, share_pct
from clawpipe_tui.result import Value
from clawpipe_tui.serving.seam import Routing
from clawpipe_tui.wording import moment, number, percent

_ENOUGH = 100
"""Requests; with fewer, nearly any share would fit."""


def split_of(ask: Ask, plan: MovePlan, since: datetime, until: datetime) -> list[dict[str, Value]]:
    """Each version's share of the answered requests since the change, with its interval."""
    return ask("split", {"model": plan.model, "since": since, "until": until}).records()


def reverted_by(plan: MovePlan, routing: Routing | None) -> str:
    """Who has given the API other weights since; empty where nobody has."""
    if routing is None or routing.change_key == plan.key or routing.token == plan.before.token:
        return ""
    gained = plan.returning
    if abs(share_pct(routing.routes, gained) - share_pct(plan.after, gained)) < 0.01:
        return ""
    when = f" at {moment(routing.changed_at)}" if routing.changed_at else ""
    share = percent(share_pct(routing.routes, gained))
    return f"{routing.changed_by or 'Someone'} has changed the routing again{when}: {gained} is meant to get {share}."


def split_observed(
    plan: MovePlan, rows: list[dict[str, Value]], passed_s: float, deadline_s: float
) -> tuple[Literal["waiting", "done", "overdue", "unknown"], str, int]:
    """Where the change of weights stands: the state, a sentence, and how many requests were counted."""
    asked_pct = share_pct(plan.after, plan.returning)
    total = sum(int(_float(row["requests"])) for row in rows)
    own: Mapping[str, Value] = next((row for row in rows if row["version"] == plan.returning), {})
    late = passed_s > deadline_s
    if total < _ENOUGH:
        said = f"{number(total)} requests reached the logs since the change; {_ENOUGH} are needed to judge the split."
        return ("unknown", f"Cannot tell: {said}", total) if late else ("waiting", said, total)
    low, high = _float(own.get("share_low_pct")), _float(own.get("share_high_pct"))
    seen = f"{plan.returning} got {percent(_float(own.get('share_pct')))} of {number(total)} requests"
    bounds = f"{percent(low)} to {percent(high)}" if own else "none"
    if own and low <= asked_pct <= high:
        return "done", f"{seen} since the change ({bounds}); {percent(asked_pct)} was asked for.", total
    said = f"{seen} since the change ({bounds}), not the {percent(asked_pct)} that was asked for."
    return "overdue" if late else "waiting", said, total


def _float(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
