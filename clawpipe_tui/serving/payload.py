"""JSON from elsewhere, read with suspicion: typed, bounded, and made harmless for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import quote

from clawpipe_tui.serving.seam import Role, Route, Routing, VersionDocument
from clawpipe_tui.wording import clean

NAME_LIMIT = 200
MASK = "••••••••"
"""Stands for a token wherever one would be shown."""
_DEPTH_LIMIT = 20
_ROLES: Mapping[str, Role] = {"live": "live", "canary": "canary", "shadow": "shadow"}

Fields = Mapping[str, object]


class MalformedError(ValueError):
    """What arrived is not what the contract says; the message names the field."""


def quoted(name: str) -> str:
    """A name as one step of a path or one value of a query, whatever is in it."""
    return quote(name, safe="", errors="replace")


def encoded(fields: object) -> bytes:
    """A JSON body; half a character, as a shell may hand it over, becomes a question mark."""
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def parse(body: bytes | str) -> object:
    """Any JSON document. Raises MalformedError, also where it is nested beyond reason."""
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError) as error:
        raise MalformedError("not JSON") from error


def plain(text: str, limit: int = 2_000) -> str:
    """Foreign text as a terminal can take it: no control codes, no lone surrogates, bounded."""
    return clean(text[: limit + 1].encode("utf-8", "replace").decode(), limit)


def harmless(value: object, depth: int = 0) -> object:
    """A whole JSON value with every string in it made plain."""
    if isinstance(value, str):
        return plain(value)
    if depth >= _DEPTH_LIMIT:
        return "…"
    if isinstance(value, dict):
        fields = cast("dict[object, object]", value)
        return {plain(str(name), NAME_LIMIT): harmless(item, depth + 1) for name, item in fields.items()}
    if isinstance(value, list):
        return [harmless(item, depth + 1) for item in cast("list[object]", value)]
    return value


def as_fields(value: object, what: str) -> Fields:
    """A JSON object. Raises MalformedError."""
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not an object")
    return cast("Fields", value)


def as_list(value: object, what: str) -> list[object]:
    """A JSON array. Raises MalformedError."""
    if not isinstance(value, list):
        raise MalformedError(f"{what} is not a list")
    return cast("list[object]", value)


def text(fields: Fields, name: str) -> str:
    """A string field, made plain; empty where it is absent. Raises MalformedError."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedError(f"{name} is not a string")
    return plain(value)


def name_of(fields: Fields, name: str) -> str:
    """A string field that must be there: the name of something. Raises MalformedError."""
    value = text(fields, name)[:NAME_LIMIT].strip()
    if not value:
        raise MalformedError(f"{name} is missing")
    return value


def moment_of(fields: Fields, name: str) -> datetime | None:
    """An RFC 3339 time, or None where it is absent. Raises MalformedError."""
    value = text(fields, name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedError(f"{name} is not a time") from error


def read_routes(value: object) -> tuple[Route, ...]:
    """The routes of a routing. Raises MalformedError."""
    return tuple(_read_route(as_fields(item, "a route")) for item in as_list(value, "routes"))


def _read_route(fields: Fields) -> Route:
    weight = fields.get("weight_pct")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise MalformedError("weight_pct is not a number")
    if not 0 <= weight <= 100:
        raise MalformedError("weight_pct is not between 0 and 100")
    role = _ROLES.get(text(fields, "role") or "live")
    if role is None:
        raise MalformedError("role is not live, canary or shadow")
    return Route(name_of(fields, "version"), float(weight), role)


def read_routing(value: object, token: str) -> Routing:
    """A routing with its last change. Raises MalformedError."""
    fields = as_fields(value, "the routing")
    previous = fields.get("previous")
    change = as_fields(fields.get("change") or {}, "change")
    return Routing(
        model=name_of(fields, "model"),
        routes=read_routes(fields.get("routes")),
        token=token,
        previous=None if previous is None else read_routes(previous),
        changed_at=moment_of(change, "at"),
        changed_by=text(change, "by"),
        change_id=text(change, "id"),
        change_key=text(change, "key"),
        reason=text(change, "reason"),
    )


def _by_line(fields: Fields) -> Fields:
    """A lock that is the text of a file becomes a list of its lines, before line ends are made harmless."""
    texts = {name: said for name in ("dependencies", "lock") if isinstance(said := fields.get(name), str)}
    return {**fields, **{name: said.splitlines() for name, said in texts.items() if "\n" in said}}


def read_version(value: object) -> VersionDocument:
    """A version document. Raises MalformedError."""
    fields = as_fields(harmless(_by_line(as_fields(value, "the version"))), "the version")
    return VersionDocument(
        model=name_of(fields, "model"),
        version=name_of(fields, "version"),
        created_at=moment_of(fields, "created_at"),
        created_by=text(fields, "created_by"),
        change_note=text(fields, "change_note"),
        document=fields,
    )


def route_fields(routes: tuple[Route, ...]) -> list[dict[str, object]]:
    """Routes as JSON."""
    return [{"version": route.version, "weight_pct": route.weight_pct, "role": route.role} for route in routes]
