"""What a move of traffic would do, decided before anything is sent: from where, to where, why, by which request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clawpipe_tui.errors import ServingError, UsageError
from clawpipe_tui.serving.payload import plain
from clawpipe_tui.serving.seam import Capabilities, Change, Route, Router, Routing, taking_traffic
from clawpipe_tui.wording import percent

Action = Literal["rollback", "promote", "canary", "stop shadow", "undo"]
Tone = Literal["", "good", "warn", "bad"]

REASON_TO_COME = "<your reason>"
"""Stands in the literal request until there is a reason."""

_EFFECTS = {
    "traffic": "The API answers once traffic is sent elsewhere; the logs confirm it.",
    "eventual": "Traffic moves some time after the API's answer; the logs confirm it.",
    "pointer": "An alias moves, not the traffic: servers that resolved it keep the old version until they reload.",
}
_GUARDS = {
    "server": "The API refuses the change if someone else was first.",
    "client": "The API cannot tell who was first: the state is read again just before and just after.",
}


@dataclass(frozen=True)
class Remark:
    """One thing to know before confirming: what it is about, what is known, and whether that speaks for or against."""

    about: str
    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class MovePlan:
    """A move of traffic that can be shown, confirmed and sent: rollback, promotion, canary weight, end of a shadow."""

    model: str
    before: Routing
    after: tuple[Route, ...]
    leaving: str
    """The version that goes silent, or else loses most; the heaviest, where several do."""
    silenced: tuple[str, ...]
    """Every version that goes silent; empty where only weights change."""
    returning: str
    """The version that gains most."""
    why: str
    request: str
    effect: str
    guard: str
    key: str
    action: Action = "rollback"
    pointer: bool = False
    """Whether only an alias moves: then no sentence speaks of traffic."""
    remarks: tuple[Remark, ...] = ()

    def change(self, reason: str, reference: str = "", *, second_person: bool = False) -> Change:
        """The change to send. Raises UsageError without a reason."""
        said = plain(reason).strip()
        if not said:
            raise UsageError(f"A {self.action} needs a reason.", "Say in a few words why: it is kept in the audit log.")
        told = plain(reference).strip()
        return Change(self.model, self.after, self.before.token, said, told, self.key, second_person)

    @property
    def shadows_only(self) -> bool:
        """Whether what goes silent are shadows, whose answers reach nobody."""
        return bool(self.silenced) and not set(self.silenced) & set(taking_traffic(self.before.routes))

    @property
    def sentence(self) -> str:
        """The plan in one line."""
        if self.pointer:
            return f"{self.model}: the alias moves from {self.leaving} to {self.returning}."
        if self.shadows_only:
            return (
                f"{self.model}: {' and '.join(self.silenced)} no longer shadows; the answered traffic stays as it is."
            )
        going = " and ".join(f"{name} ({_share(self.before.routes, name)})" for name in self.silenced)
        changed = [_from_to(self, name) for name in self._kept() if self._changes(name)]
        return f"{self.model}: {', '.join([f'{going} out'] * bool(going) + changed)}."

    @property
    def result(self) -> str:
        """What is true once it took effect, in a few words."""
        if self.pointer:
            return f"alias moved to {self.returning}; traffic follows when the servers reload"
        if self.shadows_only:
            return f"{' and '.join(self.silenced)} no longer shadows"
        return f"{self.returning} gets {_share(self.after, self.returning)}"

    def _kept(self) -> list[str]:
        both = taking_traffic(self.after)
        return [*(name for name in both if name == self.returning), *(name for name in both if name != self.returning)]

    def _changes(self, version: str) -> bool:
        return abs(share_pct(self.before.routes, version) - share_pct(self.after, version)) > 1e-9


def _from_to(plan: MovePlan, version: str) -> str:
    return f"{version} from {_share(plan.before.routes, version)} to {_share(plan.after, version)}"


def moved(router: Router, before: Routing, after: tuple[Route, ...], *, action: Action, why: str, key: str) -> MovePlan:
    """The plan from one routing to other routes. Raises UsageError where nothing would change, ServingError."""
    if _same(before.routes, after):
        raise UsageError(f"{before.model} is already routed like that.", "There is nothing to change.")
    if not before.token:
        raise ServingError("The API gave no token for the routing as it is.", "Without it a change cannot be guarded.")
    silenced = _silenced(before.routes, after)
    gained = sorted(taking_traffic(after), key=lambda name: share_pct(before.routes, name) - share_pct(after, name))
    lost = sorted(
        taking_traffic(before.routes), key=lambda name: share_pct(after, name) - share_pct(before.routes, name)
    )
    change = Change(before.model, after, before.token, REASON_TO_COME, "", key)
    return MovePlan(
        model=before.model,
        before=before,
        after=after,
        leaving=(silenced or lost or [""])[0],
        silenced=tuple(silenced),
        returning=(gained or [""])[0],
        why=why,
        request=router.describe(change),
        effect=_EFFECTS[router.capabilities.effect],
        guard=guard_words(router.capabilities),
        key=key,
        action=action,
        pointer=router.capabilities.effect == "pointer",
    )


def _same(before: tuple[Route, ...], after: tuple[Route, ...]) -> bool:
    return sorted(before, key=lambda route: route.version) == sorted(after, key=lambda route: route.version)


def _silenced(before: tuple[Route, ...], after: tuple[Route, ...]) -> list[str]:
    """Versions whose answers no longer reach anyone; where there are none, shadows that are stopped."""
    going = [name for name in taking_traffic(before) if name not in taking_traffic(after)]
    kept = {route.version for route in after}
    return going or [route.version for route in before if route.role == "shadow" and route.version not in kept]


def guard_words(capabilities: Capabilities) -> str:
    """What happens when two people act at once."""
    return _GUARDS[capabilities.guard]


def effect_words(capabilities: Capabilities) -> str:
    """What the API's yes means."""
    return _EFFECTS[capabilities.effect]


def _share(routes: Sequence[Route], version: str) -> str:
    """A version's part of the answered traffic."""
    return percent(share_pct(routes, version))


def share_pct(routes: Sequence[Route], version: str) -> float:
    """A version's part of the answered traffic in percent; shadows answer nobody."""
    answering = [route for route in routes if route.role != "shadow"]
    total = sum(route.weight_pct for route in answering)
    own = sum(route.weight_pct for route in answering if route.version == version)
    return 100 * own / total if total else 0.0


def traffic_rows(before: Sequence[Route], after: Sequence[Route]) -> tuple[tuple[str, str, str], ...]:
    """Each version with its share of the traffic now and then, in words."""
    now, then = ({route.version: route for route in routes} for routes in (before, after))
    return tuple((name, _given(now.get(name)), _given(then.get(name))) for name in sorted({**now, **then}))


def _given(route: Route | None) -> str:
    if route is None:
        return "none"
    return percent(route.weight_pct) if route.role == "live" else f"{percent(route.weight_pct)} {route.role}"
