"""The adapter for the reference API `/v1`: a Registry and a Router in one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.api import JSON, Api, fields_of
from clawpipe_tui.serving.errors import Conflict, Invalid
from clawpipe_tui.serving.payload import (
    Fields,
    MalformedError,
    as_fields,
    as_list,
    moment_of,
    name_of,
    plain,
    quoted,
    read_routes,
    read_routing,
    read_version,
    route_fields,
    text,
)
from clawpipe_tui.serving.refusal import Answer
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Pending, Rehearsed, Routing, VersionDocument
from clawpipe_tui.serving.trail import Trail, follow
from clawpipe_tui.wording import moment

_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')
_KEY = re.compile(r"[\x21\x23-\x7e]{1,200}")


@dataclass(frozen=True)
class _Request:
    """One write, exactly as it will travel, without the token."""

    path: str
    headers: dict[str, str]
    body: str


class ReferenceAPI(Api):
    """Reads versions and routing, and moves traffic, over the reference API."""

    capabilities = Capabilities(guard="server", effect="traffic", approvals=True)
    patience_s = 4.0

    def models(self) -> tuple[str, ...]:
        """The names of all models."""
        what = "the list of models"
        return self._get("/v1/models", what, _read_models)

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """All versions of a model, oldest first. Raises NotFound."""
        what = f"the versions of {plain(model, 200)}"
        return self._get(f"{_model_path(model)}/versions", what, _read_versions)

    def version(self, model: str, version: str) -> VersionDocument:
        """One version's document. Raises NotFound."""
        what = f"version {plain(version, 200)} of {plain(model, 200)}"
        return self._get(f"{_model_path(model)}/versions/{quoted(version)}", what, _read_version)

    def routing(self, model: str) -> Routing:
        """The routing as it is now. Raises NotFound."""
        what = f"the routing of {plain(model, 200)}"
        return self._get(f"{_model_path(model)}/routing", what, _read_routing)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the change made with this idempotency key, or None where there is none."""
        what = f"the changes of {plain(model, 200)}"
        path = f"/v1/changes?model={quoted(model)}&key={quoted(key)}"
        return self._get(path, what, lambda answer: _read_change_id(answer, model, key))

    def describe(self, change: Change) -> str:
        """The literal request that `apply` would send, with the token masked."""
        request = _put(change)
        return self._literal("PUT", request.path, request.headers, request.body)

    def apply(self, change: Change) -> Applied:
        """Send the change exactly once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        if not (_ETAG.fullmatch(change.expected) and _KEY.fullmatch(change.key)):
            raise Invalid("The change cannot be guarded: the API gave no usable ETag, or the key is not usable.")
        request, what = _put(change), f"the routing of {plain(change.model, 200)}"
        try:
            return self._write(
                "PUT", request.path, request.headers, request.body.encode("utf-8", "replace"), what, _read_applied
            )
        except Conflict as conflict:
            raise self._told_who(change, conflict) from conflict

    def rehearse(self, change: Change) -> Rehearsed:
        """Send the change as a dry run: checked like a real one, and nothing is changed."""
        request, what = _put(change), f"a dry run on {plain(change.model, 200)}"
        path = f"{request.path}?dry_run=true"
        return self._try("PUT", path, request.headers, request.body.encode("utf-8", "replace"), what, _read_rehearsed)

    def pending(self, model: str) -> tuple[Pending, ...]:
        """The changes that wait for a second person, oldest first."""
        what = f"the waiting changes of {plain(model, 200)}"
        return self._get(f"/v1/changes?model={quoted(model)}&state=pending", what, _read_pending)

    def approve(self, change_id: str) -> Applied:
        """Let somebody else's change take effect, once. Raises Denied, Conflict, NotFound, Unavailable or Unknown."""
        path = f"/v1/changes/{quoted(change_id)}/approvals"
        headers = {"Idempotency-Key": f'"approve-{change_id}"', **JSON}
        return self._write("POST", path, headers, b"{}", f"change {plain(change_id, 200)}", _read_applied)

    def news(self) -> Iterator[None]:
        """One at the beginning and one whenever something was changed, or nothing was for a while."""
        for _ in self._wire.stream("/v1/events"):
            yield

    def verify_audit(self, kept_head: str = "") -> Trail:
        """Follow the API's own audit, all of it. Raises ServingError where its chain is broken or cut."""
        entries: list[Fields] = []
        what = "the audit"
        while True:
            page, head = self._get(f"/v1/audit?after={len(entries)}", what, _read_audit)
            entries += page
            if not page or len(entries) >= head[0]:
                return follow(entries, head[1], kept_head)

    def _told_who(self, change: Change, conflict: Conflict) -> Conflict:
        """The same conflict with the routing as it is now, saying who was first where that can be read."""
        try:
            current = self.routing(change.model)
        except ServingError:
            return conflict
        moved = current.token != change.expected
        message = _who_was_first(current) if moved else conflict.message
        return Conflict(message, "Nothing was changed by you. Plan again.", current=current)


def _who_was_first(current: Routing) -> str:
    routes = ", ".join(f"{route.version} {route.weight_pct:g} % {route.role}" for route in current.routes)
    when = f" at {moment(current.changed_at)}" if current.changed_at else ""
    who = f"{current.changed_by or 'someone'} changed the routing of {current.model}{when}"
    why = f" ({current.reason})" if current.reason else ""
    return f"Someone else was first: {who}{why}. Now: {routes}."


def _model_path(model: str) -> str:
    return f"/v1/models/{quoted(model)}"


def _put(change: Change) -> _Request:
    fields: dict[str, object] = {
        "routes": route_fields(change.routes),
        "reason": plain(change.reason),
        "reference": plain(change.reference),
    }
    if change.second_person:
        fields["approval"] = "required"
    headers = {
        "If-Match": change.expected,
        "Idempotency-Key": f'"{change.key}"',
        **JSON,
    }
    return _Request(f"{_model_path(change.model)}/routing", headers, json.dumps(fields, indent=2, ensure_ascii=False))


def _read_models(answer: Answer) -> tuple[str, ...]:
    models = as_list(fields_of(answer).get("models"), "models")
    return tuple(name_of(as_fields(model, "a model"), "name") for model in models)


def _read_versions(answer: Answer) -> tuple[VersionDocument, ...]:
    return tuple(read_version(item) for item in as_list(fields_of(answer).get("versions"), "versions"))


def _read_version(answer: Answer) -> VersionDocument:
    return read_version(fields_of(answer))


def _read_routing(answer: Answer) -> Routing:
    etag = answer.headers.get("etag", "")
    return read_routing(fields_of(answer), etag if _ETAG.fullmatch(etag) else "")


def _read_applied(answer: Answer) -> Applied:
    routing = _read_routing(answer)
    replayed = answer.headers.get("idempotency-replayed", "").lower() == "true"
    if answer.status == 202:
        waiting = answer.headers.get("location", "").rsplit("/", 1)[-1]
        return Applied(replace(routing, token=""), waiting if _KEY.fullmatch(waiting) else "", replayed, pending=True)
    return Applied(routing, routing.change_id, replayed)


def _read_rehearsed(answer: Answer) -> Rehearsed:
    return Rehearsed(needs_approval=fields_of(answer).get("approval") == "required")


def _read_pending(answer: Answer) -> tuple[Pending, ...]:
    changes = [as_fields(item, "a change") for item in as_list(fields_of(answer).get("changes"), "changes")]
    waiting = [change for change in changes if text(change, "state") == "pending"]
    return tuple(_pending(change) for change in reversed(waiting))


def _pending(change: Fields) -> Pending:
    return Pending(
        change_id=name_of(change, "id"),
        model=name_of(change, "model"),
        by=text(change, "by"),
        reason=text(change, "reason"),
        at=moment_of(change, "at"),
        after=read_routes(change.get("after")),
    )


def _read_audit(answer: Answer) -> tuple[list[Fields], tuple[int, str]]:
    fields = fields_of(answer)
    head = as_fields(fields.get("head"), "head")
    seq = head.get("seq")
    if not isinstance(seq, int):
        raise MalformedError("seq is not a number")
    entries = [as_fields(entry, "an entry") for entry in as_list(fields.get("entries"), "entries")]
    return entries, (seq, name_of(head, "sha256"))


def _read_change_id(answer: Answer, model: str, key: str) -> str | None:
    changes = [as_fields(item, "a change") for item in as_list(fields_of(answer).get("changes"), "changes")]
    ours = [change for change in changes if text(change, "key") == key and text(change, "model") == model]
    return name_of(ours[0], "id") if ours else None
