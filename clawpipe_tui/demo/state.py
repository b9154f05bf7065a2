"""What the reference API knows about routing, as values: a change is a pure step from one state to the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from clawpipe_tui.serving.payload import route_fields
from clawpipe_tui.serving.seam import Route


@dataclass(frozen=True)
class Move:
    """One accepted change of routing."""

    id: str
    model: str
    at: datetime
    by: str
    reason: str
    reference: str
    key: str
    before: tuple[Route, ...]
    after: tuple[Route, ...]
    state: str = "applied"
    """applied, pending (it waits for a second person) or superseded (its base had moved before it was approved)."""
    base: str = ""
    """The ETag that it was planned on."""
    approved_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The change as `/changes/{id}` shows it."""
        return {
            **self.stamp(),
            "model": self.model,
            "state": self.state,
            "base": self.base,
            "approved_by": list(self.approved_by),
            "before": route_fields(self.before),
            "after": route_fields(self.after),
        }

    def stamp(self) -> dict[str, object]:
        """Who changed what for what reason: the part that a routing carries."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "by": self.by,
            "reason": self.reason,
            "reference": self.reference,
            "key": self.key,
        }


@dataclass(frozen=True)
class Desired:
    """The routing that was asked for, with what served before it."""

    routes: tuple[Route, ...]
    previous: tuple[Route, ...] | None = None
    revision: int = 0
    move: Move | None = None

    @property
    def etag(self) -> str:
        """Strong, and new for every change: a routing that came back to where it was is still another state."""
        canonical = json.dumps(route_fields(self.routes), sort_keys=True, separators=(",", ":"))
        return f'"r{self.revision}-{hashlib.sha256(canonical.encode()).hexdigest()[:16]}"'

    def as_json(self, model: str) -> dict[str, object]:
        """The routing as the API shows it."""
        return {
            "model": model,
            "routes": route_fields(self.routes),
            "previous": None if self.previous is None else route_fields(self.previous),
            "revision": self.revision,
            "change": None if self.move is None else self.move.stamp(),
        }


@dataclass(frozen=True)
class State:
    """The desired routing of every model, and every change that led there."""

    desired: Mapping[str, Desired]
    moves: tuple[Move, ...] = ()

    def move(self, change_id: str) -> Move | None:
        """One change by its id."""
        return next((move for move in self.moves if move.id == change_id), None)


@dataclass(frozen=True)
class Proposal:
    """What a client asks for, checked for form."""

    routes: tuple[Route, ...]
    reason: str
    reference: str = ""
    second_person: bool = False


@dataclass(frozen=True)
class Stamp:
    """What the server adds to a proposal when it becomes a change."""

    id: str
    at: datetime
    by: str
    key: str


def propose(state: State, model: str, proposal: Proposal, stamp: Stamp) -> Move:
    """The change that this proposal would be, were it applied to this state."""
    now = state.desired[model]
    said = (proposal.reason, proposal.reference, stamp.key)
    return Move(stamp.id, model, stamp.at, stamp.by, *said, now.routes, proposal.routes, base=now.etag)


def apply(state: State, move: Move) -> State:
    """The state after a change; what served until now is remembered as what served before."""
    old = state.desired[move.model]
    new = Desired(routes=move.after, previous=old.routes, revision=old.revision + 1, move=move)
    return replace(keep(state, move), desired={**state.desired, move.model: new})


def keep(state: State, move: Move) -> State:
    """The state with a change in it that moves nothing: one that waits, or one that came too late."""
    if state.move(move.id) is None:
        return replace(state, moves=(*state.moves, move))
    return replace(state, moves=tuple(move if known.id == move.id else known for known in state.moves))


@dataclass(frozen=True)
class Tally:
    """What one version was seen to serve since the last change of routing."""

    requests: int = 0
    last_at: datetime | None = None


@dataclass
class Observed:
    """What really served, counted by (version, role) since the last change of each model."""

    tallies: dict[str, dict[tuple[str, str], Tally]] = field(default_factory=dict[str, dict[tuple[str, str], Tally]])

    def count(self, model: str, version: str, role: str, at: datetime) -> None:
        """One more request was answered."""
        served = self.tallies.setdefault(model, {})
        served[version, role] = Tally(served.get((version, role), Tally()).requests + 1, at)

    def forget(self, model: str) -> None:
        """Count from nothing again: the routing moved."""
        self.tallies.pop(model, None)

    def as_json(self, model: str) -> list[dict[str, object]]:
        """The counts as `/routing/status` shows them."""
        served = self.tallies.get(model, {})
        return [
            {"version": version, "role": role, "requests": tally.requests, "last_at": _written(tally.last_at)}
            for (version, role), tally in sorted(served.items())
        ]


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
