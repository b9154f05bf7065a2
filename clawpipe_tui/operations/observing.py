"""Whether a rollback holds, by the logs: the old version silent, others serving, errors beside those from before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from clawpipe_tui.errors import ClawpipeError, ServingError
from clawpipe_tui.operations.evidence import Ask
from clawpipe_tui.operations.plan import MovePlan, share_pct
from clawpipe_tui.operations.sending import Sent
from clawpipe_tui.operations.splitting import reverted_by, split_observed, split_of
from clawpipe_tui.result import Value
from clawpipe_tui.serving.seam import Router, Routing, taking_traffic
from clawpipe_tui.wording import moment, number, percent, seconds

ObservationState = Literal["waiting", "done", "overdue", "reverted", "unknown"]

SILENCE_S = 5.0
"""How long a version must be silent, while others serve, before it is called silent."""
_BEFORE = timedelta(minutes=15)
_STALE = timedelta(seconds=30)
_AHEAD = timedelta(days=1)
"""How far the clock of the log may be ahead of ours without hiding its newest requests."""
_RULE_OF_THREE = 3.0  # none seen where three were expected: at most 5 % likely by chance


@dataclass(frozen=True)
class Observation:
    """What the logs and the API say now."""

    state: ObservationState
    sentence: str
    silent_s: float = 0.0
    """From the old version's last request (or the change) to the newest request of the others."""
    requests_after: int = 0
    """What the others have served since the change."""


@dataclass(frozen=True)
class _Seen:
    """One side's requests since the change."""

    requests: int = 0
    """May lag behind `last_at`: rollups count in whole buckets, and the first begins after the change."""
    last_at: datetime | None = None

    def served_after(self, moment: datetime) -> bool:
        """Whether any request is known since."""
        return self.requests > 0 or (self.last_at is not None and self.last_at > moment)


@dataclass(frozen=True)
class _Evidence:
    """What the logs show since the change."""

    since: datetime
    leaving: _Seen
    others: _Seen

    @property
    def newest_at(self) -> datetime | None:
        """The newest request of anyone."""
        return max((at for at in (self.leaving.last_at, self.others.last_at) if at), default=None)

    @property
    def silent_s(self) -> float:
        """By the clock of the logs alone: a log that stands still proves nothing."""
        if self.others.last_at is None:
            return 0.0
        return max(0.0, (self.others.last_at - max(self.since, self.leaving.last_at or self.since)).total_seconds())


def observe(
    ask: Ask, router: Router, plan: MovePlan, sent: Sent, now: datetime, deadline_s: float = 60.0
) -> Observation:
    """Read the API and the logs once, and say where the rollback stands."""
    routing, trouble = _current(router, plan.model)
    since = sent.since or sent.sent_at
    try:
        if not plan.silenced:
            return _split(ask, plan, routing, since, now, deadline_s)
        evidence = _evidence(ask, plan, since, now)
        reverted = _reverted(plan, sent, routing, evidence)
        return reverted or _judged(ask, plan, evidence, now, deadline_s, trouble or _moved_on(plan, routing))
    except ClawpipeError as error:
        return Observation("unknown", f"Cannot tell: the logs cannot be asked. {error}")


def _split(
    ask: Ask, plan: MovePlan, routing: Routing | None, since: datetime, now: datetime, deadline_s: float
) -> Observation:
    """A change of weights: nobody goes silent, so the shares are looked at."""
    reverted = reverted_by(plan, routing)
    if reverted:
        return Observation("reverted", reverted)
    rows = split_of(ask, plan, since, now + _AHEAD)
    state, sentence, requests = split_observed(plan, rows, (now - since).total_seconds(), deadline_s)
    return Observation(state, sentence, 0.0, requests)


def _current(router: Router, model: str) -> tuple[Routing | None, str]:
    try:
        return router.routing(model), ""
    except ServingError as error:
        return None, f" The API does not say: {error.message}"


def _evidence(ask: Ask, plan: MovePlan, since: datetime, now: datetime) -> _Evidence:
    rows = ask("silence", {"model": plan.model, "since": since, "until": now}).records()
    role = "shadow" if plan.shadows_only else "answering"
    leaving = [row for row in rows if row.get("version") in plan.silenced and _part(row) == role]
    others = [row for row in rows if row.get("version") not in plan.silenced and _part(row) == "answering"]
    return _Evidence(since, _seen(leaving), _seen(others))


def _part(row: Mapping[str, Value]) -> str:
    return "shadow" if row.get("role") == "shadow" else "answering"


def _seen(rows: list[dict[str, Value]]) -> _Seen:
    moments = [_aware(row["last_at"]) for row in rows]
    return _Seen(sum(_whole(row["requests"]) for row in rows), max((at for at in moments if at), default=None))


def _aware(value: Value) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _whole(value: Value) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _reverted(plan: MovePlan, sent: Sent, routing: Routing | None, evidence: _Evidence) -> Observation | None:
    """The old version has traffic in the API: someone, or something, put it back, or it never left."""
    if routing is None or routing.change_key == plan.key:
        return None
    present = {route.version for route in routing.routes} if plan.shadows_only else taking_traffic(routing.routes)
    back = [version for version in plan.silenced if version in present]
    if not back:
        return None
    if routing.token == plan.before.token:
        waiting = " The change waits for a second person." if sent.state == "pending" else ""
        message = f"The routing is still as it was: {back[0]} has its traffic.{waiting}"
        return Observation("unknown", message, evidence.silent_s, evidence.others.requests)
    when = f" at {moment(routing.changed_at)}" if routing.changed_at else ""
    why = f' ("{routing.reason}")' if routing.reason else ""
    message = f"{back[0]} is back in the routing: {routing.changed_by or 'someone'} changed it{when}{why}."
    return Observation("reverted", message, evidence.silent_s, evidence.others.requests)


def _moved_on(plan: MovePlan, routing: Routing | None) -> str:
    """Someone changed the routing again, and the old version stayed out."""
    if routing is None or routing.change_key == plan.key or routing.token == plan.before.token:
        return ""
    return f" {routing.changed_by or 'Someone'} has changed the routing again since."


def _judged(ask: Ask, plan: MovePlan, evidence: _Evidence, now: datetime, deadline_s: float, aside: str) -> Observation:
    late = (now - evidence.since).total_seconds() > deadline_s
    needed = _needed(plan)
    silent = evidence.silent_s >= SILENCE_S
    if silent and evidence.others.requests >= needed:
        state, sentence = "done", _done(ask, plan, evidence, now)
    elif late and evidence.newest_at is not None and now - evidence.newest_at > _STALE:
        state, sentence = "unknown", f"Cannot tell: the logs end at {moment(evidence.newest_at)}{_behind(evidence)}."
    elif evidence.leaving.served_after(evidence.since) and not silent:
        state, sentence = "overdue" if late else "waiting", _still_serving(plan, evidence, now, late=late)
    else:
        state, sentence = "unknown" if late else "waiting", _too_little(plan, evidence, now, needed)
        sentence = f"Cannot tell: {sentence}" if late else sentence
    return Observation(state, sentence + aside, evidence.silent_s, evidence.others.requests)


def _behind(evidence: _Evidence) -> str:
    """Whether the log has not come as far as the change."""
    if evidence.newest_at is None or evidence.newest_at >= evidence.since:
        return ""
    gap = _span((evidence.since - evidence.newest_at).total_seconds())
    return f", {gap} before the change: they are late, or their clock is behind"


def _needed(plan: MovePlan) -> int:
    """How many requests of others make the silence of versions with this share more than chance."""
    if plan.shadows_only:
        return math.ceil(_RULE_OF_THREE)
    leaving_pct = sum(share_pct(plan.before.routes, version) for version in plan.silenced)
    return max(1, math.ceil(_RULE_OF_THREE * (100 - leaving_pct) / max(leaving_pct, 0.01)))


def _done(ask: Ask, plan: MovePlan, evidence: _Evidence, now: datetime) -> str:
    names, at = _names(plan), evidence.leaving.last_at
    last = f"last request {moment(at)}" if at else "no request since the change"
    served = f"{plan.returning} served {_requests(evidence.others)} since"
    after = _error_pct(ask, plan.model, (plan.returning,), evidence.since, now)
    before = _error_pct(ask, plan.model, plan.silenced, evidence.since - _BEFORE, evidence.since)
    errors = "errors not counted yet" if after is None else f"errors {percent(after)}"
    compared = f" ({names} had {percent(before)})" if before is not None else ""
    verb = "have" if len(plan.silenced) > 1 else "has"
    silent = _span(evidence.silent_s)
    return f"{names} {verb} been silent for {silent} ({last}); {served}, {errors}{compared}."


def _error_pct(ask: Ask, model: str, versions: tuple[str, ...], since: datetime, until: datetime) -> float | None:
    """The busiest of these versions' error share in a window; None where it served nothing."""
    rows = ask("health", {"model": model, "since": since, "until": until}).records()
    own = [row for row in rows if row.get("version") in versions and row.get("role") != "shadow"]
    busiest = max(own, key=lambda row: _whole(row["requests"]), default=None)
    share = None if busiest is None else busiest.get("error_pct")
    return float(share) if isinstance(share, int | float) else None


def _still_serving(plan: MovePlan, evidence: _Evidence, now: datetime, *, late: bool) -> str:
    at = evidence.leaving.last_at
    counted = f"{_requests(evidence.leaving)} since the change, " if evidence.leaving.requests else ""
    seen = f"{counted}last {moment(at)}" if at else counted.rstrip(", ")
    passed = _span((now - evidence.since).total_seconds())
    if late:
        return f"{_names(plan)} still serves {passed} after the change: {seen}. A server has not taken the change."
    return f"{_names(plan)} is not silent yet, {passed} after the change: {seen}."


def _too_little(plan: MovePlan, evidence: _Evidence, now: datetime, needed: int) -> str:
    served, silent = _requests(evidence.others), _span(evidence.silent_s)
    if not evidence.others.served_after(evidence.since):
        passed = _span((now - evidence.since).total_seconds())
        return f"no request of {plan.returning} has reached the logs in the {passed} since the change."
    if evidence.silent_s < SILENCE_S:
        return f"{_names(plan)} silent for {silent} of {SILENCE_S:.0f} s; {plan.returning} is serving."
    return (
        f"{_names(plan)} silent for {silent}, but others served only {served}: {number(needed)} are needed to be sure."
    )


def _requests(seen: _Seen) -> str:
    return f"{number(seen.requests)} request" + ("" if seen.requests == 1 else "s")


def _span(span_s: float) -> str:
    """Whole seconds up to two minutes: a watch that counts."""
    return f"{math.floor(span_s)} s" if span_s < 120 else seconds(math.floor(span_s))


def _names(plan: MovePlan) -> str:
    return " and ".join(plan.silenced)
