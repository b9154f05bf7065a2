"""The adapter for plain Deployments over the Kubernetes API: a version is a ReplicaSet, a rollback its pods' template.

The template of the wanted ReplicaSet replaces the Deployment's, as `kubectl rollout undo` does it, against the
resourceVersion that was read. Kubernetes renumbers revisions then, so a version is never called by its revision.
"""

from __future__ import annotations

from datetime import UTC, datetime

from clawpipe_tui.errors import nearest
from clawpipe_tui.serving.errors import Invalid, NotFound
from clawpipe_tui.serving.kubernetes import Cluster, Kind, Patch
from clawpipe_tui.serving.manifest import (
    CAUSE,
    annotated,
    annotation,
    last_change,
    last_setter,
    name,
    number,
    owned,
    part,
    revision,
    selector_of,
    template,
    version_names,
)
from clawpipe_tui.serving.payload import Fields, as_fields, as_list, harmless, moment_of, plain, text
from clawpipe_tui.serving.record import alone, record_of, recorded, token_of, written
from clawpipe_tui.serving.seam import Capabilities, Change, Progress, Routing, VersionDocument
from clawpipe_tui.serving.workload import Workload

_REPLICA_SET = Kind("apps", "v1", "replicasets", "ReplicaSet")


def replica_sets(cluster: Cluster, owner: Fields) -> dict[str, Fields]:
    """The versions that an object still has the pods' templates of, oldest first."""
    return version_names(owned(cluster.listed(_REPLICA_SET, selector_of(owner)), owner))


def current_of(owner: Fields, known: dict[str, Fields]) -> str:
    """The version whose template is asked for now; a new one may have no ReplicaSet yet."""
    wanted = template(owner)
    return next((version for version, found in known.items() if template(found) == wanted), "")


def template_patch(owner: Fields, wanted: Fields, record: str) -> Patch:
    """The pods of that ReplicaSet, and who wanted them."""
    step = {"op": "replace", "path": "/spec/template", "value": template(wanted)}
    return Patch([step, *annotated(owner, record)], "json-patch")


def _document(model: str, version: str, replica_set: Fields) -> VersionDocument:
    """What a ReplicaSet says about its version."""
    pods = part(replica_set, "spec", "template")
    containers = [as_fields(each, "a container") for each in as_list(part(pods, "spec").get("containers") or [], "")]
    document: dict[str, object] = {
        "change_note": annotation(replica_set, CAUSE),
        "artifact": {text(each, "name"): text(each, "image") for each in containers},
        "hardware": {text(each, "name"): part(each, "resources") for each in containers if each.get("resources")},
        "serving": {text(each, "name"): _environment(each) for each in containers if each.get("env")},
        "replica_set": name(replica_set),
    }
    kept = as_fields(harmless({key: value for key, value in document.items() if value}), "the ReplicaSet")
    made_at = moment_of(part(replica_set, "metadata"), "creationTimestamp")
    return VersionDocument(model, version, made_at, "", text(kept, "change_note"), kept)


def documents_of(model: str, known: dict[str, Fields]) -> tuple[VersionDocument, ...]:
    """All of them, in the order in which they were made."""
    documents = [_document(model, version, found) for version, found in known.items()]
    return tuple(sorted(documents, key=lambda document: document.created_at or datetime.min.replace(tzinfo=UTC)))


def _environment(container: Fields) -> dict[str, str]:
    """The variables by name; where a value comes from a secret, only that it does."""
    variables = [as_fields(each, "a variable") for each in as_list(container.get("env"), "env")]
    return {text(each, "name"): text(each, "value") if "value" in each else "(from elsewhere)" for each in variables}


def no_such_version(model: str, version: str, known: dict[str, Fields]) -> Invalid:
    """Its ReplicaSet is gone, or never was."""
    message = f"{plain(model, 200)} has no ReplicaSet of {plain(version, 200)} any more, or never had one."
    return Invalid(message, nearest(version, known))


class Deployment(Workload):
    """Registry of ReplicaSets, and router, of the Deployments of one namespace."""

    capabilities = Capabilities(guard="server", effect="eventual", split=False, shadow=False)
    kind = Kind("apps", "v1", "deployments", "Deployment")

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """The ReplicaSets that are still kept, oldest first. Raises NotFound."""
        known = replica_sets(self.cluster, self.cluster.found(self.kind, model))
        if not known:
            raise NotFound(f"The Deployment {plain(model, 200)} has no ReplicaSet yet.", "Look at its conditions.")
        return documents_of(model, known)

    def read(self, model: str, found: Fields) -> Routing:
        """The version whose pods are asked for; before it, by the controller's numbers, the one before."""
        known = replica_sets(self.cluster, found)
        current = current_of(found, known)
        last = last_change(found)
        ours = last if current and last.get("to") == current else {}
        earlier = text(ours, "from")
        if not ours:
            ours = last_setter(found, "spec", "template")
            # A ReplicaSet gets a new number each time that it becomes the current one: the second highest was before.
            others = [version for version in known if version != current]
            earlier = max(others, key=lambda version: revision(known[version]), default="")
        token = token_of(template(found), text(ours, "id"))
        previous = alone(earlier) if earlier in known else None
        return recorded(model, alone(current or "(not made yet)"), token, ours, previous)

    def patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
        """One patch: the wanted pods, and who wanted them in an annotation."""
        if len(change.routes) != 1:
            raise Invalid("A Deployment makes pods of one version; traffic cannot be split.", "Nothing was changed.")
        if part(found, "spec").get("paused") is True:
            raise Invalid("This Deployment is paused: no change of its pods takes effect.", "Resume it first.")
        wanted = change.routes[0].version
        known = replica_sets(self.cluster, found)
        if wanted not in known:
            raise no_such_version(change.model, wanted, known)
        move = {"from": current_of(found, known), "to": wanted}
        return (template_patch(found, known[wanted], written(record_of(change, "patch", at, **move))),)

    def progress(self, model: str) -> Progress:
        """As `kubectl rollout status` tells it."""
        found = self.cluster.found(self.kind, model)
        return rollout_progress(found)


def rollout_progress(found: Fields) -> Progress:
    """How many of the pods are new ones and can be reached."""
    status, wanted = part(found, "status"), number(part(found, "spec"), "replicas", 1)
    if number(part(found, "metadata"), "generation") > number(status, "observedGeneration"):
        return Progress("moving", "the controller has not seen the change yet")
    for entry in as_list(status.get("conditions") or [], "conditions"):
        condition = as_fields(entry, "a condition")
        if text(condition, "type") == "Progressing" and text(condition, "reason") == "ProgressDeadlineExceeded":
            return Progress("stuck", f"it is stuck: {plain(text(condition, 'message'), 200)}")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    if updated < wanted:
        return Progress("moving", f"{updated} of {wanted} pods are new ones")
    if number(status, "replicas") > updated:
        return Progress("moving", f"{number(status, 'replicas') - updated} old pods are still there")
    if available < updated:
        return Progress("moving", f"{available} of {updated} new pods can be reached")
    return Progress("done", f"all {updated} pods are new ones and can be reached")
