"""The OpenAPI 3.1 document of the reference API: what it promises, checked against what it does."""

from __future__ import annotations

from collections.abc import Mapping

from clawpipe_tui.demo.schemas import SCHEMAS, TEXT, WHOLE, Json

_KEY: Json = {"type": "string", "pattern": "^[!#-~]{1,200}$"}


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
            "schemas": SCHEMAS,
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
                "parameters": [{"name": "after", "in": "query", "schema": {**WHOLE, "maximum": 10**14}}],
            }
        },
        "/v1/events": {"get": _events()},
        "/v1/openapi.json": {"get": _open("This document.", {"type": "object"})},
        "/v1/health": {"get": _open("Whether the server runs.", {"$ref": "#/components/schemas/Health"})},
    }


def _path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": TEXT}


def _header(name: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": True, "schema": schema}


def _answer(words: str, schema: str | Json, headers: Mapping[str, str] | None = None) -> Json:
    given = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    described = {name: {"description": said, "schema": TEXT} for name, said in (headers or {}).items()}
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
    stream = {"description": "Server-Sent Events.", "content": {"text/event-stream": {"schema": TEXT}}}
    seen: Json = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"}}
    return {"summary": "The audit as it grows.", "parameters": [seen], "responses": {"200": stream, **_problems(400)}}
