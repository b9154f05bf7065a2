"""What a move leaves behind at a backend that keeps no history: who, why, by which key, from where, to where.

It is written beside the move, and is in force only as long as the backend is where the record says.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.errors import Conflict, Unknown
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, moment_of, parse, plain, text
from clawpipe_tui.serving.seam import Change, Route, Routing

LATER = "<the time of sending>"
"""Stands in a literal request for what is known only when it is sent."""


def record_of(change: Change, prefix: str, at: str, **more: object) -> Fields:
    """The record of one change; its id is the prefix with the change's key."""
    return {
        "id": f"{prefix}-{change.key}",
        "key": change.key,
        "by": getpass.getuser(),
        "at": at,
        "reason": plain(change.reason, 300),
        "reference": plain(change.reference, 200),
        **more,
    }


def sent_at() -> str:
    """Now, as a record keeps it."""
    return datetime.now(UTC).isoformat()


def written(record: Fields) -> str:
    """One line of JSON."""
    return json.dumps(record, ensure_ascii=False)


def read_record(line: object) -> Fields:
    """A record as somebody wrote it; empty where it cannot be read."""
    try:
        return as_fields(parse(line or "{}"), "the record") if isinstance(line, str) else {}
    except MalformedError:
        return {}


def recorded(
    model: str, routes: tuple[Route, ...], token: str, record: Fields, previous: tuple[Route, ...] | None
) -> Routing:
    """The routing with what the record in force says about it. Raises MalformedError."""
    return Routing(
        model=model,
        routes=routes,
        token=token,
        previous=previous,
        changed_at=moment_of(record, "at"),
        changed_by=text(record, "by"),
        change_id=text(record, "id"),
        change_key=text(record, "key"),
        reason=text(record, "reason"),
    )


def token_of(*state: object) -> str:
    """A digest of what was read: the state that a change must expect where the backend has no token of its own."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def alone(version: str) -> tuple[Route, ...]:
    """All of the traffic."""
    return (Route(version, 100.0),)


def read_back(routing: Callable[[str], Routing], change: Change) -> Routing:
    """The routing just after a write that was accepted. Raises Unknown where it cannot be read: something was sent."""
    try:
        return routing(change.model)
    except ServingError as error:
        message = f"The change was accepted, but {plain(change.model, 200)} cannot be read back: {error.message}"
        raise Unknown(message, "It has probably taken effect. Do not send it again.") from error


def taken(current: Routing) -> Conflict:
    """Someone else was first: who, where that is known, and how it is now."""
    routes = ", ".join(f"{route.version} {route.weight_pct:g} %" for route in current.routes)
    who = current.changed_by or "someone, or a controller,"
    why = f" ({current.reason})" if current.reason else ""
    message = f"Someone else was first: {who} changed {plain(current.model, 200)}{why}. Now: {routes}."
    return Conflict(message, "Nothing was changed by you. Plan again.", current=current)
