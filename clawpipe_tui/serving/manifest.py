"""Kubernetes objects read with suspicion: names, annotations, who set a field last, which pods a template makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, as_list, name_of, text
from clawpipe_tui.serving.record import read_record

ANNOTATION = "clawpipe-tui/change"
"""Where the record of the last change stands."""
_REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
_HASHES = frozenset({"pod-template-hash", "rollouts-pod-template-hash"})
_VERSION_LABELS = ("clawpipe-tui/version", "app.kubernetes.io/version", "version")
CAUSE = "kubernetes.io/change-cause"


def part(fields: Fields, *path: str) -> Fields:
    """What lies below these names; empty where any of them is absent. Raises MalformedError."""
    for name in path:
        fields = as_fields(fields.get(name) or {}, name)
    return fields


def name(found: Fields) -> str:
    """The object's name."""
    return name_of(part(found, "metadata"), "name")


def annotation(found: Fields, key: str) -> str:
    """One annotation; empty where it is absent."""
    value = part(found, "metadata", "annotations").get(key)
    return value if isinstance(value, str) else ""


def version_of(found: Fields) -> str:
    """The resourceVersion that a patch must name."""
    return name_of(part(found, "metadata"), "resourceVersion")


def last_change(found: Fields) -> Fields:
    """The record that our last change left."""
    return read_record(annotation(found, ANNOTATION))


def annotated(found: Fields, record: str) -> list[object]:
    """The steps of a JSON patch that leave the record."""
    if not part(found, "metadata", "annotations"):
        return [{"op": "add", "path": "/metadata/annotations", "value": {ANNOTATION: record}}]
    return [{"op": "add", "path": f"/metadata/annotations/{ANNOTATION.replace('/', '~1')}", "value": record}]


def last_setter(found: Fields, *path: str) -> Fields:
    """Who set a field last and when, by the API server's notes, in a record's words; empty where nobody is noted."""
    newest: Fields = {}
    for entry in as_list(part(found, "metadata").get("managedFields") or [], "managedFields"):
        noted = as_fields(entry, "managedFields")
        if not text(noted, "subresource") and _owns(noted.get("fieldsV1"), path):
            at = text(noted, "time")
            newest = {"by": text(noted, "manager"), "at": at} if at >= text(newest, "at") else newest
    return newest


def _owns(fields: object, path: tuple[str, ...]) -> bool:
    for step in path:
        if not isinstance(fields, Mapping) or f"f:{step}" not in fields:
            return False
        fields = as_fields(fields, "fieldsV1")[f"f:{step}"]
    return True


def number(fields: Fields, key: str, default: int = 0) -> int:
    """A whole number, which Argo writes as text; what stands for it where it is absent. Raises MalformedError."""
    value = fields.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedError(f"{key} is not a whole number")
    return value


def revision(replica_set: Fields) -> int:
    """The controller's own number for a ReplicaSet; it grows each time that one becomes the current one."""
    said = next((line for line in (annotation(replica_set, key) for key in _REVISIONS) if line), "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 12 else 0


def template(found: Fields) -> Fields:
    """The pods that an object makes, without the label that its controller adds."""
    wanted = part(found, "spec", "template")
    metadata = part(wanted, "metadata")
    labels = {key: value for key, value in part(metadata, "labels").items() if key not in _HASHES}
    # The controllers write null where a time is not set; the API server drops it in one object and not in the other.
    kept = {key: value for key, value in metadata.items() if key != "creationTimestamp"}
    return {**wanted, "metadata": {**kept, "labels": labels}}


def hash_of(replica_set: Fields) -> str:
    """The label by which a controller tells its ReplicaSets apart."""
    labels = part(replica_set, "metadata", "labels")
    return next((text(labels, key) for key in sorted(_HASHES) if labels.get(key)), "")


def version_names(replica_sets: list[Fields]) -> dict[str, Fields]:
    """Each ReplicaSet by the name of its version, oldest first: a label of its pods, else its own name.

    Only the newest of several with the same label is called by it. Never a revision's number: undoing renumbers.
    """
    ordered = sorted(replica_sets, key=lambda found: (revision(found), name(found)))
    newest = {_label(found): name(found) for found in ordered}
    return {
        (label if (label := _label(found)) and newest[label] == name(found) else name(found)): found
        for found in ordered
    }


def _label(replica_set: Fields) -> str:
    labels = part(replica_set, "spec", "template", "metadata", "labels")
    return next((text(labels, key) for key in _VERSION_LABELS if labels.get(key)), "")


def owned(replica_sets: list[Fields], owner: Fields) -> list[Fields]:
    """Those that this object controls."""
    uid = name_of(part(owner, "metadata"), "uid")
    return [found for found in replica_sets if uid in _controllers(found)]


def _controllers(found: Fields) -> Iterator[str]:
    for entry in as_list(part(found, "metadata").get("ownerReferences") or [], "ownerReferences"):
        reference = as_fields(entry, "ownerReferences")
        if reference.get("controller") is True:
            yield text(reference, "uid")


def selector_of(found: Fields) -> str:
    """An object's label selector as a query says it."""
    selector = part(found, "spec", "selector")
    words = [f"{key}={text({'value': value}, 'value')}" for key, value in part(selector, "matchLabels").items()]
    for entry in as_list(selector.get("matchExpressions") or [], "matchExpressions"):
        wanted = as_fields(entry, "matchExpressions")
        key, values = text(wanted, "key"), ",".join(map(str, as_list(wanted.get("values") or [], "values")))
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        words.append(forms.get(text(wanted, "operator"), f"!{key}"))
    return ",".join(words)
