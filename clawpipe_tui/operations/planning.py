"""Plans for every move of traffic: rollback, undo, promotion, a canary's weight, the end of a shadow."""

from __future__ import annotations

from clawpipe_tui.errors import ClawpipeError, ServingError, UsageError, nearest
from clawpipe_tui.operations.briefing import brief, deployable
from clawpipe_tui.operations.evidence import Candidate, Logs, candidates
from clawpipe_tui.operations.plan import Action, MovePlan, moved, share_pct
from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.payload import plain
from clawpipe_tui.serving.seam import Registry, Route, Router, Routing, taking_traffic
from clawpipe_tui.wording import day_and_moment, percent

Choice = tuple[str, str]
"""A version, and why that one."""


def plan_rollback(
    registry: Registry, router: Router, model: str, *, to: str | None, key: str, logs: Logs | None = None
) -> MovePlan:
    """Decide what a rollback would do. Raises UsageError where there is nothing to do, or a ServingError."""
    before = _routing(registry, router, model)
    known = _standings(logs, model)
    returning, why = _asked_for(registry, before, to) if to else _chosen(before, known, deployable(registry, model))
    if taking_traffic(before.routes) in {(returning,), ()}:
        raise UsageError(f"{before.model} is already served by {returning} alone.", "There is nothing to roll back.")
    after = (Route(returning, 100.0), *_shadows(before.routes, without=returning))
    plan = moved(router, before, after, action="rollback", why=why, key=key)
    return brief(registry, router, plan, logs, known)


def plan_undo(registry: Registry, router: Router, model: str, *, key: str, logs: Logs | None = None) -> MovePlan:
    """Give the traffic back to what served before the last change, whoever made it."""
    before = _routing(registry, router, model)
    if before.previous is None:
        raise UsageError("There is nothing to undo: the API remembers no earlier routing.", "")
    why = f"It undoes the last change: {_last_change(before)}."
    plan = moved(router, before, before.previous, action="undo", why=why, key=key)
    return brief(registry, router, plan, logs, _standings(logs, model))


def plan_promotion(
    registry: Registry, router: Router, model: str, *, version: str, key: str, logs: Logs | None = None
) -> MovePlan:
    """Give one version all of the traffic, as the live one."""
    before = _routing(registry, router, model)
    _known(registry, model, version)
    after = (Route(version, 100.0), *_shadows(before.routes, without=version))
    why = f"{version} was asked to take all of the traffic."
    plan = moved(router, before, after, action="promote", why=why, key=key)
    return brief(registry, router, plan, logs, _standings(logs, model))


def plan_canary(
    registry: Registry,
    router: Router,
    model: str,
    *,
    version: str,
    weight_pct: float,
    key: str,
    logs: Logs | None = None,
) -> MovePlan:
    """Give one version a share of the traffic as a canary; the live one keeps the rest."""
    before = _routing(registry, router, model)
    _known(registry, model, version)
    live = [name for name in _live(before.routes) if name != version]
    if not live:
        raise UsageError(f"{version} is the live version.", "A canary stands beside a live version; promote another.")
    if not 0 <= weight_pct < 100:
        raise UsageError(f"A canary cannot get {weight_pct:g} %.", "Give 0 to 99; all of it is a promotion.")
    if not router.capabilities.split:
        raise UsageError(
            "This backend cannot split traffic.", "It can only be moved as a whole: promote, or roll back."
        )
    canary = (Route(version, float(weight_pct), "canary"),) if weight_pct else ()
    after = (Route(live[0], 100.0 - weight_pct), *canary, *_shadows(before.routes, without=version))
    why = f"{version} was asked to get {percent(weight_pct)}."
    plan = moved(router, before, after, action="canary", why=why, key=key)
    return brief(registry, router, plan, logs, _standings(logs, model))


def plan_shadow_end(
    registry: Registry, router: Router, model: str, *, version: str, key: str, logs: Logs | None = None
) -> MovePlan:
    """Stop sending copies of the traffic to a shadow."""
    before = _routing(registry, router, model)
    shadows = [route.version for route in before.routes if route.role == "shadow"]
    if version not in shadows:
        raise UsageError(f"{plain(version, 200)} is no shadow of {model}.", nearest(version, shadows))
    after = tuple(route for route in before.routes if route.role != "shadow" or route.version != version)
    plan = moved(router, before, after, action="stop shadow", why=f"{version} was asked to stop.", key=key)
    return brief(registry, router, plan, logs, {})


def plan_move(  # noqa: PLR0913 - what a command line can ask for
    registry: Registry,
    router: Router,
    model: str,
    *,
    action: Action,
    version: str | None,
    weight_pct: float | None,
    key: str,
    logs: Logs | None,
) -> MovePlan:
    """The plan of one action. Raises UsageError where it lacks what it needs."""
    if action == "rollback":
        return plan_rollback(registry, router, model, to=version, key=key, logs=logs)
    if action == "undo":
        return plan_undo(registry, router, model, key=key, logs=logs)
    if version is None:
        raise UsageError(f"To {action} something, its version must be named.", "")
    if action == "promote":
        return plan_promotion(registry, router, model, version=version, key=key, logs=logs)
    if action == "stop shadow":
        return plan_shadow_end(registry, router, model, version=version, key=key, logs=logs)
    if weight_pct is None:
        raise UsageError("A canary needs a weight.", "Give its share of the traffic in percent.")
    return plan_canary(registry, router, model, version=version, weight_pct=weight_pct, key=key, logs=logs)


def _routing(registry: Registry, router: Router, model: str) -> Routing:
    try:
        return router.routing(model)
    except NotFound as unknown:
        try:
            hint = nearest(model, registry.models())
        except ServingError:
            raise unknown from None
        raise NotFound(f"There is no model {plain(model, 200)}.", hint) from unknown


def _standings(logs: Logs | None, model: str) -> dict[str, Candidate]:
    """What the logs say about each version; nothing where they cannot be asked, and the plan then says so."""
    if logs is None:
        return {}
    try:
        return candidates(logs, model)
    except ClawpipeError:
        return {}


def _known(registry: Registry, model: str, version: str) -> None:
    known = [document.version for document in registry.versions(model)]
    if version not in known:
        raise UsageError(f"{model} has no version {plain(version, 200)}.", nearest(version, known))


def _asked_for(registry: Registry, before: Routing, to: str) -> Choice:
    _known(registry, before.model, to)
    return to, f"{to} was asked for."


def _chosen(before: Routing, known: dict[str, Candidate], there: frozenset[str] | None) -> Choice:
    """The last version that met its objectives while it served, of those that are still there.

    A live version beside a canary, and what served before, come first as long as the logs do not speak against them.
    """
    serving = taking_traffic(before.routes)
    healthy = [
        name
        for name, found in known.items()
        if found.standing == "met" and name not in serving and (there is None or name in there)
    ]
    try:
        first = _first_choice(before)
    except UsageError:
        if not healthy:
            raise
        return healthy[0], f"{healthy[0]} is the last version that met its objectives while it served."
    standing = known.get(first[0])
    against = _against(first[0], standing, there, beside=first[0] in serving)
    others = [name for name in healthy if name != first[0]]
    if not against or not others:
        return first
    return others[0], f"{others[0]} is the last version that met its objectives while it served; {against}"


def _against(version: str, standing: Candidate | None, there: frozenset[str] | None, *, beside: bool) -> str:
    """What speaks against going to the first choice; of one that serves now, only that it misses its objectives."""
    if there is not None and version not in there and not beside:
        return f"{version} served before, but the registry no longer has it."
    if standing is not None and (standing.standing == "missed" or (standing.standing == "cannot tell" and not beside)):
        return standing.sentence
    return ""


def _first_choice(before: Routing) -> Choice:
    """Take the canary out where there is one, else go back to what served before."""
    serving = taking_traffic(before.routes)
    live = _live(before.routes)
    canaries = [name for name in serving if name not in live]
    if canaries and live:
        names = " and ".join(f"{name} ({percent(share_pct(before.routes, name))})" for name in canaries)
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


def _last_change(before: Routing) -> str:
    when = f" at {day_and_moment(before.changed_at)}" if before.changed_at else ""
    why = f' ("{before.reason}")' if before.reason else ""
    return f"{before.change_id or 'a change'} by {before.changed_by or 'someone'}{when}{why}"


def _live(routes: tuple[Route, ...]) -> tuple[str, ...]:
    return taking_traffic([route for route in routes if route.role == "live"])


def _shadows(routes: tuple[Route, ...], *, without: str) -> tuple[Route, ...]:
    return tuple(route for route in routes if route.role == "shadow" and route.version != without)
