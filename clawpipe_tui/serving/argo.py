"""The adapter for Argo Rollouts over the Kubernetes API: abort a canary, promote it, or undo to an earlier version.

While a canary is under way, all to the stable version is an abort and all to the canary a full promotion; to any other
version leads an undo, which goes by the Rollout's own steps. Weights belong to those steps and cannot be set from here.
"""

from __future__ import annotations

from clawpipe_tui.serving.deployment import (
    current_of,
    documents_of,
    no_such_version,
    replica_sets,
    rollout_progress,
    template_patch,
)
from clawpipe_tui.serving.errors import Invalid, NotFound
from clawpipe_tui.serving.kubernetes import Kind, Patch
from clawpipe_tui.serving.manifest import (
    ANNOTATION,
    hash_of,
    last_change,
    last_setter,
    number,
    part,
    revision,
)
from clawpipe_tui.serving.payload import Fields, as_fields, as_list, plain, read_routes, route_fields, text
from clawpipe_tui.serving.record import alone, record_of, recorded, token_of, written
from clawpipe_tui.serving.seam import Capabilities, Change, Progress, Route, Routing, VersionDocument
from clawpipe_tui.serving.workload import Workload

_STUCK = frozenset({"Degraded", "Error"})


class Rollouts(Workload):
    """Registry of ReplicaSets, and router, of the Rollouts of one namespace."""

    capabilities = Capabilities(guard="server", effect="eventual", split=False, shadow=False)
    kind = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
    subresources = ("", "status")

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """The ReplicaSets that are still kept, oldest first. Raises NotFound."""
        known = replica_sets(self.cluster, self.cluster.found(self.kind, model))
        if not known:
            raise NotFound(f"The Rollout {plain(model, 200)} has no ReplicaSet yet.", "Look at its conditions.")
        return documents_of(model, known)

    def read(self, model: str, found: Fields) -> Routing:
        """The stable version, and the canary with the weight that its step has set."""
        known = replica_sets(self.cluster, found)
        stable, newest, weight_pct = _standing(found, known)
        routes = alone(newest) if weight_pct >= 100 or not stable else alone(stable)
        if 0 < weight_pct < 100 and stable:
            routes = (Route(stable, 100.0 - weight_pct), Route(newest, weight_pct, "canary"))
        last, serving = last_change(found), sorted({route.version for route in routes})
        ours = last if _in_force(found, last, stable, newest) else {}
        # Not the weight: the steps raise it by themselves, which makes no plan to abort stale.
        token = token_of(part(found, "spec").get("template"), serving, text(ours, "id"))
        if ours:
            return recorded(model, routes, token, ours, read_routes(ours.get("from")))
        others = [version for version in known if version not in serving]
        earlier = max(others, key=lambda version: revision(known[version]), default="")
        setter = last_setter(found, "spec", "template")
        return recorded(model, routes, token, setter, alone(earlier) if earlier else None)

    def patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
        """Abort and promotion are written to the status; before that, who wanted them, in an annotation."""
        if len(change.routes) != 1:
            raise Invalid("A Rollout's weights come from its own steps.", "Abort, promote or undo it as a whole.")
        wanted, known = change.routes[0].version, replica_sets(self.cluster, found)
        stable, newest, _ = _standing(found, known)
        if wanted not in known:
            raise no_such_version(change.model, wanted, known)
        under_way = stable != newest
        action = "abort" if under_way and wanted == stable else "promote" if under_way and wanted == newest else "undo"
        move = {"from": route_fields(self.read(change.model, found).routes), "to": wanted, "do": action}
        record = written(record_of(change, action, at, **move))
        if action == "undo":
            if "template" not in part(found, "spec"):
                raise Invalid("This Rollout takes its pods from a Deployment (workloadRef).", "Undo that one.")
            return (template_patch(found, known[wanted], record),)
        note = Patch({"metadata": {"annotations": {ANNOTATION: record}}})
        return (note, _status_patch(found, action))

    def progress(self, model: str) -> Progress:
        """By the Rollout's phase, and the pods where it says nothing."""
        found = self.cluster.found(self.kind, model)
        status = part(found, "status")
        phase, said = text(status, "phase"), plain(text(status, "message"), 200)
        if phase in _STUCK and not _aborted(found):
            return Progress("stuck", f"{phase}: {said}")
        if phase == "Paused":
            return Progress("moving", f"paused at a step ({said or 'promote it to go on'})")
        return rollout_progress(found)


def _status_patch(rollout: Fields, action: str) -> Patch:
    """Abort or promote, if the same two versions are still meant.

    Not by the resourceVersion: the controller writes to the status all the time.
    """
    status = part(rollout, "status")
    steps: list[object] = [
        {"op": "test", "path": f"/status/{key}", "value": status.get(key)} for key in ("stableRS", "currentPodHash")
    ]
    steps.append({"op": "add", "path": "/status/abort", "value": action == "abort"})
    if action == "promote":
        steps.append({"op": "add", "path": "/status/promoteFull", "value": True})
    return Patch(steps, "json-patch", "status", tests=True)


def _in_force(rollout: Fields, record: Fields, stable: str, newest: str) -> bool:
    """From the moment of writing: the weights follow by themselves."""
    to = record.get("to")
    match record.get("do"):
        case "abort":
            return _aborted(rollout) and to == stable
        case "promote":
            return to == stable or (to == newest and part(rollout, "status").get("promoteFull") is True)
        case _:
            return to == newest and not _aborted(rollout)


def _aborted(rollout: Fields) -> bool:
    return part(rollout, "status").get("abort") is True


def _standing(rollout: Fields, known: dict[str, Fields]) -> tuple[str, str, float]:
    """The stable version, the newest one, and what the newest gets in percent."""
    status = part(rollout, "status")
    by_hash = {hash_of(found): version for version, found in known.items()}
    stable = by_hash.get(text(status, "stableRS"), "")
    newest = current_of(rollout, known) or by_hash.get(text(status, "currentPodHash"), "")
    if newest == stable or status.get("promoteFull") is True:
        return stable, newest or stable, 100.0
    if _aborted(rollout) or by_hash.get(text(status, "currentPodHash")) != newest:
        return stable, newest, 0.0
    return stable, newest, _weight_pct(rollout)


def _weight_pct(rollout: Fields) -> float:
    """What the traffic router was told; without one, what the steps so far have set; blue and green: nothing yet."""
    strategy, status = part(rollout, "spec", "strategy"), part(rollout, "status")
    if "blueGreen" in strategy:
        return 0.0
    told = part(status, "canary", "weights", "canary")
    if "weight" in told:
        return float(number(told, "weight"))
    steps = [as_fields(step, "a step") for step in as_list(part(strategy, "canary").get("steps") or [], "steps")]
    if not steps:
        return 0.0
    passed = steps[: number(status, "currentStepIndex") + 1]
    weights = [number(step, "setWeight") for step in passed if "setWeight" in step]
    return float(weights[-1]) if weights else 0.0
