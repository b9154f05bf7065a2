"""The OpenAPI 3.1 document of the reference API: what it promises, checked against what it does."""

from __future__ import annotations

from collections.abc import Mapping

Json = dict[str, object]

_TEXT: Json = {"type": "string"}
_TIME: Json = {"type": "string", "format": "date-time"}
_KEY: Json = {"type": "string", "pattern": "^[!#-~]{1,200}$"}
_WHOLE: Json = {"type": "integer", "minimum": 0}


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clawpipe serving API",
            "version": "1",
            "summary": "Versions of models, where their traffic goes, and guarded changes of it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _paths() -> Json:
    model, version, change = _path("model"), _path("version"), _path("id")
    narrow = [_query("model"), _query("key"), _query("state")]
    return {
        "/v1/models": {"get": _get("All models.", "Models")},
        "/v1/models/{model}/versions": {"parameters": [model], "get": _get("All versions.", "Versions", 404)},
        "/v1/models/{model}/versions/{version}": {
            "parameters": [model, version],
            "get": _get("One version's document.", "Version", 404),
        },
        "/v1/models/{model}/routing": {"parameters": [model], "get": _routing(), "put": _move()},
        "/v1/models/{model}/routing/status": {
            "parameters": [model],
            "get": _get("Where traffic was seen to go.", "Status", 404),
        },
        "/v1/models/{model}/predict": {"parameters": [model], "post": _predict()},
        "/v1/changes": {"get": {**_get("The changes, newest first.", "Changes"), "parameters": narrow}},
        "/v1/changes/{id}": {"parameters": [change], "get": _get("One change.", "Change", 404)},
        "/v1/changes/{id}/approvals": {"parameters": [change], "post": _approve()},
        "/v1/audit": {
            "get": {
                **_get("The hash-chained audit, and its head.", "Audit", 400),
                "parameters": [{"name": "after", "in": "query", "schema": {**_WHOLE, "maximum": 10**14}}],
            }
        },
        "/v1/events": {"get": _events()},
        "/v1/openapi.json": {"get": _open("This document.", {"type": "object"})},
        "/v1/health": {"get": _open("Whether the server runs.", {"$ref": "#/components/schemas/Health"})},
    }


def _path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": _TEXT}


def _header(name: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": True, "schema": schema}


def _answer(words: str, schema: str | Json, headers: Mapping[str, str] | None = None) -> Json:
    given = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    described = {name: {"description": said, "schema": _TEXT} for name, said in (headers or {}).items()}
    return {"description": words, "headers": described, "content": {"application/json": {"schema": given}}}


def _problems(*statuses: int) -> Json:
    schema: Json = {"$ref": "#/components/schemas/Problem"}
    refusal: Json = {
        "description": "A problem document (RFC 9457).",
        "content": {"application/problem+json": {"schema": schema}},
    }
    return {str(status): refusal for status in (*statuses, 401, 403, 429)}


def _get(words: str, schema: str, *statuses: int) -> Json:
    return {"summary": words, "responses": {"200": _answer(words, schema), **_problems(*statuses)}}


def _open(words: str, schema: Json) -> Json:
    return {"summary": words, "security": [], "responses": {"200": _answer(words, schema)}}


def _routing() -> Json:
    words = "Where traffic is meant to go."
    answers = {
        "200": _answer(words, "Routing", {"ETag": "what a change must expect"}),
        "304": {"description": "Unchanged since If-None-Match."},
        **_problems(404),
    }
    asked: Json = {"name": "If-None-Match", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]*$"}}
    return {"summary": words, "parameters": [asked], "responses": answers}


def _move() -> Json:
    dry_run: Json = {"name": "dry_run", "in": "query", "schema": {"type": "string", "enum": ["true", "false"]}}
    guards = [_header("If-Match", {"type": "string", "pattern": '^"[!#-~]+"$'}), _header("Idempotency-Key", _KEY)]
    answers = {
        "200": _answer("The routing after the change; of a dry run, as it would be.", "Routing", {"ETag": "of it"}),
        "202": _answer("It waits for a second person; the routing as it is.", "Routing", {"Location": "of the change"}),
        **_problems(400, 404, 409, 412, 413, 422, 428),
    }
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Proposal"}}}}
    return {
        "summary": "Change where traffic goes, once.",
        "parameters": [*guards, dry_run],
        "requestBody": body,
        "responses": answers,
    }


def _approve() -> Json:
    answers = {"200": _answer("The routing after the change.", "Routing"), **_problems(400, 404, 409, 412, 413, 422)}
    return {
        "summary": "Let somebody else's change take effect.",
        "parameters": [_header("Idempotency-Key", _KEY)],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": answers,
    }


def _predict() -> Json:
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}}}
    answers = {"200": _answer("A prediction.", "Prediction"), **_problems(400, 404, 413, 422, 500, 504)}
    return {"summary": "Ask the model.", "requestBody": body, "responses": answers}


def _events() -> Json:
    stream = {"description": "Server-Sent Events.", "content": {"text/event-stream": {"schema": _TEXT}}}
    seen: Json = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"}}
    return {"summary": "The audit as it grows.", "parameters": [seen], "responses": {"200": stream, **_problems(400)}}


def _object(required: Mapping[str, object], **optional: object) -> Json:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _list(schema: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


def _schemas() -> Json:
    routes = _list("Route")
    stamp = {"id": _TEXT, "at": _TIME, "by": _TEXT, "reason": _TEXT, "reference": _TEXT, "key": _TEXT}
    change = {
        **stamp,
        "model": _TEXT,
        "state": {"enum": ["applied", "pending", "superseded"]},
        "before": routes,
        "after": routes,
    }
    approval: Json = {"enum": ["required", "not required"]}
    weight: Json = {"type": "number", "minimum": 0, "maximum": 100}
    return {
        "Health": _object({"status": {"const": "ok"}}),
        "Models": _object({"models": {"type": "array", "items": _object({"name": _TEXT})}}),
        "Version": _object({"model": _TEXT, "version": _TEXT}, created_at=_TIME, created_by=_TEXT, change_note=_TEXT),
        "Versions": _object({"versions": _list("Version")}),
        "Route": _object(
            {"version": {"type": "string", "minLength": 1}, "weight_pct": weight},
            role={"enum": ["live", "canary", "shadow"]},
        ),
        "Routing": _object(
            {"model": _TEXT, "routes": routes, "revision": _WHOLE},
            previous={"anyOf": [routes, {"type": "null"}]},
            change={"anyOf": [_object(stamp), {"type": "null"}]},
            dry_run={"const": True},
            approval=approval,
            pending={"$ref": "#/components/schemas/Change"},
        ),
        "Proposal": _object(
            {"routes": routes, "reason": {"type": "string", "minLength": 1}}, reference=_TEXT, approval=approval
        ),
        "Status": _object({"model": _TEXT, "observed": {"type": "array", "items": {"type": "object"}}}),
        "Change": _object(change, base=_TEXT, approved_by={"type": "array", "items": _TEXT}),
        "Changes": _object({"changes": _list("Change")}),
        "Audit": _object(
            {
                "entries": {"type": "array", "items": _object({"seq": _WHOLE, "previous": _TEXT, "sha256": _TEXT})},
                "head": _object({"seq": _WHOLE, "sha256": _TEXT}),
            }
        ),
        "Request": _object({"features": {"type": "object"}}, request_id=_TEXT, client=_TEXT),
        "Prediction": _object(
            {"request_id": _TEXT, "model": _TEXT, "model_version": _TEXT, "outcome": {"enum": ["ok", "fallback"]}},
            prediction={"type": ["string", "null"]},
            score={"type": ["number", "null"]},
            latency_ms={"type": "number"},
        ),
        "Problem": _object({"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}),
    }
