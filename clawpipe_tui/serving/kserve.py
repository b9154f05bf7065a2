"""The adapter for KServe over the Kubernetes API: how an InferenceService divides its traffic.

Serverless: a revision is a version, and `canaryTrafficPercent` divides between the newest and the one rolled out
before: 0 rolls back, 100 promotes, and *deleting* the field would promote, so it is always written. Raw deployment
ignores that field; there a version is a named predictor, and `spec.canary[].trafficPercent` is what a canary gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from clawpipe_tui.serving.errors import Invalid, NotFound, Unavailable
from clawpipe_tui.serving.kubernetes import Kind, Patch
from clawpipe_tui.serving.manifest import (
    ANNOTATION,
    CAUSE,
    annotated,
    annotation,
    last_change,
    last_setter,
    name,
    number,
    part,
)
from clawpipe_tui.serving.payload import (
    Fields,
    as_fields,
    as_list,
    harmless,
    moment_of,
    name_of,
    plain,
    read_routes,
    route_fields,
    text,
)
from clawpipe_tui.serving.record import record_of, recorded, token_of, written
from clawpipe_tui.serving.seam import Capabilities, Change, Progress, Route, Routing, VersionDocument
from clawpipe_tui.serving.workload import Workload

_REVISION = Kind("serving.knative.dev", "v1", "revisions", "revision")
_SERVICE_LABEL = "serving.kserve.io/inferenceservice"
_MODE = "serving.kserve.io/deploymentMode"
_RAW_MODES = frozenset({"RawDeployment", "Standard"})
STABLE = "stable"
"""The version of a predictor without a name, in raw deployment."""


class KServe(Workload):
    """Registry of revisions or predictors, and router, of the InferenceServices of one namespace."""

    capabilities = Capabilities(guard="server", effect="eventual", shadow=False)
    kind = Kind("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService")

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """Revisions, or in raw deployment the stable predictor and the canaries, oldest first. Raises NotFound."""
        service = self.cluster.found(self.kind, model)
        if _is_raw(service):
            return tuple(_predictor_document(model, known, spec) for known, spec in _predictors(service).items())
        items = self.cluster.listed(_REVISION, f"{_SERVICE_LABEL}={model}")
        if not items:
            raise NotFound(f"{self.cluster.namespace} has no revision of {plain(model, 200)}.", "Check the namespace.")
        documents = [_revision_document(model, item) for item in items]
        return tuple(sorted(documents, key=lambda document: document.created_at or datetime.min.replace(tzinfo=UTC)))

    def read(self, model: str, found: Fields) -> Routing:
        """How traffic is to be divided."""
        routes = _routes(_shares(found))
        last = last_change(found)
        ours = last if last.get("to") == route_fields(routes) else {}
        token = token_of(found.get("spec"), route_fields(routes), text(ours, "id"))
        if ours:
            return recorded(model, routes, token, ours, read_routes(ours.get("from")))
        setter = last_setter(found, "spec", "canary" if _is_raw(found) else "predictor")
        return recorded(model, routes, token, setter, None)

    def patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
        """One patch: the shares, and who wanted them in an annotation."""
        before = _shares(found)
        after = _wanted(change, before)
        move = {"from": route_fields(_routes(before)), "to": route_fields(_routes(after))}
        record = written(record_of(change, "patch", at, **move))
        return (_raw_patch(found, after, record) if _is_raw(found) else _serverless_patch(after, record),)

    def progress(self, model: str) -> Progress:
        """Whether the InferenceService is ready, and what its controller says where it is not."""
        found = self.cluster.found(self.kind, model)
        status = part(found, "status")
        if number(part(found, "metadata"), "generation") > number(status, "observedGeneration", 2**62):
            return Progress("moving", "the controller has not seen the change yet")
        for entry in as_list(status.get("conditions") or [], "conditions"):
            condition = as_fields(entry, "a condition")
            if text(condition, "type") == "Ready" and text(condition, "status") != "True":
                why = text(condition, "message") or text(condition, "reason") or "no reason given"
                return Progress("moving", f"it is not ready: {plain(why, 200)}")
        return Progress("done", "the controller has routed it")


def _is_raw(service: Fields) -> bool:
    """By what was asked for, else by what was done, else by the field that raw deployment alone has."""
    mode = annotation(service, _MODE) or text(part(service, "status"), "deploymentMode")
    return mode in _RAW_MODES if mode else "canary" in part(service, "spec")


def _routes(shares: list[tuple[str, float]]) -> tuple[Route, ...]:
    """The first is the stable one; what has all of the traffic is live, what has none is left out."""
    if not any(share for _, share in shares):
        return ()
    whole = [Route(version, 100.0) for version, share in shares if share >= 100]
    first = shares[0][0]
    return (*whole,) or tuple(
        Route(version, share, "live" if version == first else "canary") for version, share in shares if share > 0
    )


def _shares(service: Fields) -> list[tuple[str, float]]:
    """What each version is to get, the stable one first."""
    return _raw_shares(service) if _is_raw(service) else _serverless_shares(service)


def _wanted(change: Change, shares: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """What each version gets after the change. Raises Invalid where KServe cannot route like that."""
    known = [version for version, _ in shares]
    strange = [route.version for route in change.routes if route.version not in known]
    if strange or len(known) < 2:
        here = f"{' and '.join(known)} here, and nothing else"
        raise Invalid(f"KServe divides traffic between {here}.", "Nothing was changed.")
    wanted = dict.fromkeys(known, 0.0)
    for route in change.routes:
        wanted[route.version] += route.weight_pct
    if not all(share.is_integer() for share in wanted.values()) or sum(wanted.values()) != 100:
        raise Invalid("KServe takes whole percents that make a hundred.", "Nothing was changed.")
    return list(wanted.items())


# Serverless: percents of the newest revision


def _serverless_shares(service: Fields) -> list[tuple[str, float]]:
    """The revision rolled out before and the newest one, as asked for where it is asked for."""
    predictor = part(service, "status", "components", "predictor")
    newest = text(predictor, "latestReadyRevision")
    if not newest:
        raise Unavailable("No revision of this InferenceService is ready.", "Look at its conditions.")
    earlier = text(predictor, "previousRolledoutRevision") or text(predictor, "latestRolledoutRevision")
    percent = float(number(part(service, "spec", "predictor"), "canaryTrafficPercent", 100))
    if not earlier or earlier == newest:
        return [(newest, 100.0)]
    return [(earlier, 100.0 - percent), (newest, percent)]


def _serverless_patch(shares: list[tuple[str, float]], record: str) -> Patch:
    percent = int(shares[-1][1])
    return Patch(
        {
            "metadata": {"annotations": {ANNOTATION: record}},
            "spec": {"predictor": {"canaryTrafficPercent": percent}},
        }
    )


def _revision_document(model: str, revision: Fields) -> VersionDocument:
    note = annotation(revision, CAUSE)
    document = {"change_note": note, "containers": part(revision, "spec").get("containers") or []}
    made_at = moment_of(part(revision, "metadata"), "creationTimestamp")
    kept = as_fields(harmless(document), "the revision")
    return VersionDocument(model, name(revision), made_at, "", text(kept, "change_note"), kept)


# Raw deployment: a list of named canaries


def _canaries(service: Fields) -> Iterator[Fields]:
    for entry in as_list(part(service, "spec").get("canary") or [], "canary"):
        yield as_fields(entry, "a canary")


def _predictors(service: Fields) -> dict[str, Fields]:
    """What serves, by name: the stable one first."""
    stable = part(service, "spec", "predictor")
    named = {name_of(part(canary, "predictor"), "name"): part(canary, "predictor") for canary in _canaries(service)}
    return {text(stable, "name") or STABLE: stable, **named}


def _raw_shares(service: Fields) -> list[tuple[str, float]]:
    canaries = [
        (name_of(part(canary, "predictor"), "name"), float(number(canary, "trafficPercent")))
        for canary in _canaries(service)
    ]
    stable = text(part(service, "spec", "predictor"), "name") or STABLE
    return [(stable, max(0.0, 100.0 - sum(share for _, share in canaries))), *canaries]


def _raw_patch(service: Fields, shares: list[tuple[str, float]], record: str) -> Patch:
    """Only the percents, each after a look that the canary at this place is still that one."""
    wanted = dict(shares)
    steps: list[object] = []
    for index, canary in enumerate(_canaries(service)):
        known = name_of(part(canary, "predictor"), "name")
        steps.append({"op": "test", "path": f"/spec/canary/{index}/predictor/name", "value": known})
        steps.append({"op": "add", "path": f"/spec/canary/{index}/trafficPercent", "value": int(wanted[known])})
    return Patch([*steps, *annotated(service, record)], "json-patch")


def _predictor_document(model: str, version: str, predictor: Fields) -> VersionDocument:
    kept = as_fields(harmless({"predictor": cast("object", predictor)}), "the predictor")
    return VersionDocument(model, version, None, "", "", kept)
