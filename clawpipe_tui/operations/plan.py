"""What a rollback would do, decided before anything is sent: from where, to where, why there, by which request."""

from __future__ import annotations

from dataclasses import dataclass

from clawpipe_tui.errors import ServingError, UsageError, nearest
from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.payload import plain
from clawpipe_tui.serving.seam import Capabilities, Change, Registry, Route, Router, Routing, taking_traffic
from clawpipe_tui.wording import day_and_moment, percent

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
class RollbackPlan:
    """A rollback that can be shown, confirmed and sent."""

    model: str
    before: Routing
    after: tuple[Route, ...]
    leaving: str
    """The version that goes silent; the heaviest, where several do."""
    silenced: tuple[str, ...]
    """Every version that goes silent."""
    returning: str
    why: str
    request: str
    effect: str
    guard: str
    key: str

    def change(self, reason: str, reference: str = "") -> Change:
        """The change to send. Raises UsageError without a reason."""
        said = plain(reason).strip()
        if not said:
            raise UsageError("A rollback needs a reason.", "Say in a few words why: it is kept in the audit log.")
        return Change(self.model, self.after, self.before.token, said, plain(reference).strip(), self.key)

    @property
    def sentence(self) -> str:
        """The plan in one line."""
        going = " and ".join(f"{name} ({_share(self.before.routes, name)})" for name in self.silenced)
        had = _share(self.before.routes, self.returning)
        return f"{self.model}: {going} out, {self.returning} from {had} to 100 %."


def plan_rollback(registry: Registry, router: Router, model: str, *, to: str | None, key: str) -> RollbackPlan:
    """Decide what a rollback would do. Raises UsageError where there is nothing to do, or a ServingError."""
    before = _routing(registry, router, model)
    returning, why = _asked_for(registry, before, to) if to else _chosen(before)
    silenced = tuple(version for version in taking_traffic(before.routes) if version != returning)
    if not silenced:
        raise UsageError(f"{before.model} is already served by {returning} alone.", "There is nothing to roll back.")
    if not before.token:
        raise ServingError("The API gave no token for the routing as it is.", "Without it a change cannot be guarded.")
    after = (Route(returning, 100.0), *_other_shadows(before.routes, returning))
    change = Change(model, after, before.token, REASON_TO_COME, "", key)
    return RollbackPlan(
        model=model,
        before=before,
        after=after,
        leaving=silenced[0],
        silenced=silenced,
        returning=returning,
        why=why,
        request=router.describe(change),
        effect=_EFFECTS[router.capabilities.effect],
        guard=guard_words(router.capabilities),
        key=key,
    )


def guard_words(capabilities: Capabilities) -> str:
    """What happens when two people act at once."""
    return _GUARDS[capabilities.guard]


def _routing(registry: Registry, router: Router, model: str) -> Routing:
    try:
        return router.routing(model)
    except NotFound as unknown:
        try:
            hint = nearest(model, registry.models())
        except ServingError:
            raise unknown from None
        raise NotFound(f"There is no model {plain(model, 200)}.", hint) from unknown


def _asked_for(registry: Registry, before: Routing, to: str) -> tuple[str, str]:
    known = [document.version for document in registry.versions(before.model)]
    if to not in known:
        raise UsageError(f"{before.model} has no version {plain(to, 200)}.", nearest(to, known))
    return to, f"{to} was asked for."


def _chosen(before: Routing) -> tuple[str, str]:
    """Take the canary out where there is one, else go back to what served before."""
    serving = taking_traffic(before.routes)
    live = _live(before.routes)
    canaries = [name for name in serving if name not in live]
    if canaries and live:
        names = " and ".join(f"{name} ({_share(before.routes, name)})" for name in canaries)
        return live[0], f"{names} is the canary: taking it out gives its traffic back to the live {live[0]}."
    earlier = [name for name in _live(before.previous or ()) if name not in serving[:1]]
    if not earlier:
        now = serving[0] if serving else "nothing"
        raise UsageError(
            f"There is nothing to go back to: the API remembers no other live version before {now}.",
            "Name the version to go to: --to VERSION.",
        )
    return earlier[0], f"{earlier[0]} served before {serving[0] if serving else 'now'}{_until(before)}."


def _until(before: Routing) -> str:
    when = f" until {day_and_moment(before.changed_at)}" if before.changed_at else ""
    who = f", when {before.changed_by} moved away from it" if before.changed_by and when else ""
    return f"{when}{who}" + (f' ("{before.reason}")' if before.reason else "")


def _live(routes: tuple[Route, ...]) -> tuple[str, ...]:
    return taking_traffic([route for route in routes if route.role == "live"])


def _other_shadows(routes: tuple[Route, ...], returning: str) -> tuple[Route, ...]:
    return tuple(route for route in routes if route.role == "shadow" and route.version != returning)


def _share(routes: tuple[Route, ...], version: str) -> str:
    """A version's part of the answered traffic."""
    return percent(share_pct(routes, version))


def share_pct(routes: tuple[Route, ...], version: str) -> float:
    """A version's part of the answered traffic in percent; shadows answer nobody."""
    answering = [route for route in routes if route.role != "shadow"]
    total = sum(route.weight_pct for route in answering)
    own = sum(route.weight_pct for route in answering if route.version == version)
    return 100 * own / total if total else 0.0
