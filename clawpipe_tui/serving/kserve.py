"""The adapter for KServe (serverless) over the Kubernetes API: an InferenceService and its revisions.

A revision is a version. `canaryTrafficPercent` divides traffic between the newest revision and the one rolled out
before: 0 rolls back, 100 promotes, and *deleting* the field would promote, so it is always written. The patch carries
the resourceVersion that was read, which the API server compares; change and reason stand in an annotation.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Collection
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from clawpipe_tui.errors import ConfigError, ServingError, nearest
from clawpipe_tui.serving.address import address
from clawpipe_tui.serving.errors import Conflict, Invalid, NotFound, Unavailable, Unknown
from clawpipe_tui.serving.payload import (
    Fields,
    MalformedError,
    as_fields,
    as_list,
    harmless,
    moment_of,
    name_of,
    parse,
    plain,
    text,
)
from clawpipe_tui.serving.refusal import Answer, Asked, not_understood, refusal
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Rehearsed, Route, Routing, VersionDocument

if TYPE_CHECKING:
    import httpx

    from clawpipe_tui.serving.trust import Trust
    from clawpipe_tui.serving.wire import Wire

_SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices"
_REVISIONS = "/apis/serving.knative.dev/v1/namespaces/{}/revisions"
_ANNOTATION = "clawpipe-tui/change"
_SERVICE_LABEL = "serving.kserve.io/inferenceservice"


class KServe:
    """Registry of revisions, and router over `canaryTrafficPercent`, of the InferenceServices of one namespace."""

    capabilities = Capabilities(guard="server", effect="eventual", shadow=False)

    def __init__(
        self,
        url: str,
        token: str = "",
        namespace: str = "default",
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 10.0,
        *,
        trust: Trust | None = None,
        plain_http_hosts: Collection[str] = (),
    ) -> None:
        if not namespace.replace("-", "").isalnum():
            raise ConfigError(f"[serving] namespace is not the name of one: {plain(namespace, 100)}")
        self._address = address(url, token, plain_http_hosts)
        self._namespace = namespace
        self._transport, self._timeout_s, self._trust = transport, timeout_s, trust
        self._opened: Wire | None = None
        self._opening = Lock()

    @property
    def _wire(self) -> Wire:
        with self._opening:
            if self._opened is None:
                from clawpipe_tui.serving.wire import Wire

                headers = self._address.headers
                self._opened = Wire(self._address.base, headers, self._transport, self._timeout_s, self._trust)
            return self._opened

    def models(self) -> tuple[str, ...]:
        """The InferenceServices of the namespace."""
        asked = Asked(self._address.base, f"the InferenceServices of {self._namespace}")
        return tuple(_name(item) for item in self._items(_SERVICES.format(self._namespace), asked))

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """The revisions of an InferenceService, oldest first. Raises NotFound."""
        asked = Asked(self._address.base, f"the revisions of {plain(model, 200)}")
        selector = quote(f"{_SERVICE_LABEL}={model}", safe="")
        items = self._items(f"{_REVISIONS.format(self._namespace)}?labelSelector={selector}", asked)
        if not items:
            raise NotFound(f"{self._namespace} has no revision of {plain(model, 200)}.", "Check name and namespace.")
        documents = [_document(model, item) for item in items]
        return tuple(sorted(documents, key=lambda document: document.created_at or datetime.min.replace(tzinfo=UTC)))

    def version(self, model: str, version: str) -> VersionDocument:
        """One revision. Raises NotFound."""
        known = {document.version: document for document in self.versions(model)}
        if version not in known:
            raise NotFound(f"{plain(model, 200)} has no revision {plain(version, 200)}.", nearest(version, known))
        return known[version]

    def routing(self, model: str) -> Routing:
        """How traffic is divided now, by the controller's own word. Raises NotFound, Unavailable."""
        return _routing(model, self._service(model))

    def describe(self, change: Change) -> str:
        """The literal request that `apply` would send."""
        body = json.dumps(_patch(change, self._service(change.model), "<now>"), indent=2, ensure_ascii=False)
        url = f"{self._address.base}{self._path(change.model)}"
        return f"PATCH {url}\nContent-Type: application/merge-patch+json\n\n{body}"

    def rehearse(self, change: Change) -> Rehearsed:
        """The same patch with dryRun=All: admission is asked, nothing is kept."""
        try:
            self._send(change, self._service(change.model), "?dryRun=All", write=False)
        except Unknown as lost:
            raise Unavailable(f"The dry run at {self._address.base} got no answer.", "Nothing was changed.") from lost
        return Rehearsed()

    def apply(self, change: Change) -> Applied:
        """Patch once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        service = self._service(change.model)
        before = _routing(change.model, service)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        try:
            answer = self._send(change, service, "", write=True)
        except Conflict as conflict:
            raise self._told_who(change, conflict) from conflict
        after = _routing(change.model, answer)
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def close(self) -> None:
        """Drop the connections."""
        if self._opened is not None:
            self._opened.close()

    def _service(self, model: str) -> Fields:
        asked = Asked(self._address.base, f"the InferenceService {plain(model, 200)}")
        return self._read(self._wire.get(self._path(model)), asked)

    def _send(self, change: Change, service: Fields, query: str, *, write: bool) -> Fields:
        body = json.dumps(_patch(change, service, datetime.now(UTC).isoformat()), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = self._wire.write("PATCH", self._path(change.model) + query, headers, body)
        return self._read(answer, Asked(self._address.base, f"the traffic of {plain(change.model, 200)}", write=write))

    def _told_who(self, change: Change, conflict: Conflict) -> Conflict:
        try:
            current = self.routing(change.model)
        except ServingError:
            return conflict
        routes = ", ".join(f"{route.version} {route.weight_pct:g} %" for route in current.routes)
        who = current.changed_by or "someone, or a controller,"
        message = f"Someone else was first: {who} changed {change.model}. Now: {routes}."
        return Conflict(message, "Nothing was changed by you. Plan again.", current=current)

    def _path(self, model: str) -> str:
        return f"{_SERVICES.format(self._namespace)}/{quote(model, safe='')}"

    def _items(self, path: str, asked: Asked) -> list[Fields]:
        fields = self._read(self._wire.get(path), asked)
        return [as_fields(item, "an item") for item in as_list(fields.get("items"), "items")]

    def _read(self, answer: Answer, asked: Asked) -> Fields:
        if not 200 <= answer.status < 300:
            raise refusal(asked, answer)
        try:
            return as_fields(parse(answer.body), "the answer")
        except MalformedError as error:
            raise not_understood(asked, answer, error) from error


def _name(item: Fields) -> str:
    return name_of(as_fields(item.get("metadata"), "metadata"), "name")


def _document(model: str, revision: Fields) -> VersionDocument:
    metadata, spec = (as_fields(revision.get(part) or {}, part) for part in ("metadata", "spec"))
    annotations = as_fields(metadata.get("annotations") or {}, "annotations")
    note = text(annotations, "kubernetes.io/change-cause")
    document: dict[str, object] = {"change_note": note, "containers": spec.get("containers") or []}
    return VersionDocument(
        model, _name(revision), moment_of(metadata, "creationTimestamp"), "", note, cast("Fields", harmless(document))
    )


def _routing(model: str, service: Fields) -> Routing:
    """The newest revision and the one before it, with the percentages that the controller says it has set."""
    metadata = as_fields(service.get("metadata"), "metadata")
    annotations = as_fields(metadata.get("annotations") or {}, "annotations")
    newest, earlier, percent = _divided(service)
    try:
        record = as_fields(parse(text(annotations, _ANNOTATION) or "{}"), "the record")
    except MalformedError:
        record = {}
    canary: tuple[Route, ...] = (Route(newest, percent, "canary"),) if 0 < percent < 100 else ()
    live = (Route(newest, 100.0),) if percent >= 100 or not earlier else (Route(earlier, 100.0 - percent), *canary)
    before = record.get("before_pct")
    return Routing(
        model=model,
        routes=live,
        token=text(metadata, "resourceVersion"),
        previous=_with_percent(newest, earlier, float(before)) if isinstance(before, int | float) else None,
        changed_at=moment_of(record, "at"),
        changed_by=text(record, "by"),
        change_id=text(record, "id"),
        change_key=text(record, "key"),
        reason=text(record, "reason"),
    )


def _with_percent(newest: str, earlier: str, percent: float) -> tuple[Route, ...]:
    if percent >= 100 or not earlier:
        return (Route(newest, 100.0),)
    rest = (Route(newest, percent, "canary"),) if percent > 0 else ()
    return (Route(earlier, 100.0 - percent), *rest)


def _divided(service: Fields) -> tuple[str, str, float]:
    """Newest revision, the one rolled out before, and what the newest gets: as asked for, where it is asked for."""
    status = as_fields(service.get("status") or {}, "status")
    components = as_fields(status.get("components") or {}, "components")
    predictor = as_fields(components.get("predictor") or {}, "predictor")
    newest = text(predictor, "latestReadyRevision")
    if not newest:
        raise Unavailable("No revision of this InferenceService is ready.", "Look at its conditions.")
    earlier = text(predictor, "previousRolledoutRevision") or text(predictor, "latestRolledoutRevision")
    spec = as_fields(as_fields(service.get("spec") or {}, "spec").get("predictor") or {}, "predictor")
    asked = spec.get("canaryTrafficPercent", 100)
    percent = float(asked) if isinstance(asked, int | float) and not isinstance(asked, bool) else 100.0
    return newest, "" if earlier == newest else earlier, percent


def _patch(change: Change, service: Fields, at: str) -> Fields:
    newest, earlier, before_pct = _divided(service)
    record = {
        "id": f"patch-{change.key}",
        "key": change.key,
        "by": getpass.getuser(),
        "at": at,
        "reason": plain(change.reason, 300),
        "reference": plain(change.reference, 200),
        "before_pct": before_pct,
    }
    return {
        "metadata": {
            "resourceVersion": change.expected,
            "annotations": {_ANNOTATION: json.dumps(record, ensure_ascii=False)},
        },
        "spec": {"predictor": {"canaryTrafficPercent": _wanted_pct(change, newest, earlier)}},
    }


def _wanted_pct(change: Change, newest: str, earlier: str) -> int:
    """The newest revision's share after the change. Raises Invalid where KServe cannot route like that."""
    others = [route.version for route in change.routes if route.version not in {newest, earlier}]
    if others or not earlier:
        message = f"KServe divides traffic between {newest} and {earlier or 'nothing else'}, and no others."
        raise Invalid(message, "Nothing was changed.")
    wanted_pct = sum((route.weight_pct for route in change.routes if route.version == newest), 0.0)
    if not wanted_pct.is_integer():
        raise Invalid("KServe takes whole percents.", "Nothing was changed.")
    return int(wanted_pct)
