"""What goes over the wire of the reference API, as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping

Json = dict[str, object]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer", "minimum": 0}
_TIME: Json = {"type": "string", "format": "date-time"}


def _object(required: Mapping[str, object], **optional: object) -> Json:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _list(schema: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


_ROUTES = _list("Route")
_STAMP = {"id": TEXT, "at": _TIME, "by": TEXT, "reason": TEXT, "reference": TEXT, "key": TEXT}
_CHANGE = {
    **_STAMP,
    "model": TEXT,
    "state": {"enum": ["applied", "pending", "superseded"]},
    "before": _ROUTES,
    "after": _ROUTES,
}
_APPROVAL: Json = {"enum": ["required", "not required"]}
_WEIGHT: Json = {"type": "number", "minimum": 0, "maximum": 100}
SCHEMAS: Json = {
    "Health": _object({"status": {"const": "ok"}}),
    "Models": _object({"models": {"type": "array", "items": _object({"name": TEXT})}}),
    "Version": _object({"model": TEXT, "version": TEXT}, created_at=_TIME, created_by=TEXT, change_note=TEXT),
    "Versions": _object({"versions": _list("Version")}),
    "Route": _object(
        {"version": {"type": "string", "minLength": 1}, "weight_pct": _WEIGHT},
        role={"enum": ["live", "canary", "shadow"]},
    ),
    "Routing": _object(
        {"model": TEXT, "routes": _ROUTES, "revision": WHOLE},
        previous={"anyOf": [_ROUTES, {"type": "null"}]},
        change={"anyOf": [_object(_STAMP), {"type": "null"}]},
        dry_run={"const": True},
        approval=_APPROVAL,
        pending={"$ref": "#/components/schemas/Change"},
    ),
    "Proposal": _object(
        {"routes": _ROUTES, "reason": {"type": "string", "minLength": 1}}, reference=TEXT, approval=_APPROVAL
    ),
    "Status": _object({"model": TEXT, "observed": {"type": "array", "items": {"type": "object"}}}),
    "Change": _object(_CHANGE, base=TEXT, approved_by={"type": "array", "items": TEXT}),
    "Changes": _object({"changes": _list("Change")}),
    "Audit": _object(
        {
            "entries": {"type": "array", "items": _object({"seq": WHOLE, "previous": TEXT, "sha256": TEXT})},
            "head": _object({"seq": WHOLE, "sha256": TEXT}),
        }
    ),
    "Request": _object({"features": {"type": "object"}}, request_id=TEXT, client=TEXT),
    "Prediction": _object(
        {"request_id": TEXT, "model": TEXT, "model_version": TEXT, "outcome": {"enum": ["ok", "fallback"]}},
        prediction={"type": ["string", "null"]},
        score={"type": ["number", "null"]},
        latency_ms={"type": "number"},
    ),
    "Problem": _object({"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT}),
}
