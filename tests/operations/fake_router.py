"""A router in memory, and a log that says what it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.result import Result, Value
from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Route, Routing, VersionDocument

MODEL = "flight-delay"
WRITE = Safety(write=True, environment="demo")
NOON = datetime(2026, 11, 7, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So long after the change."""
    return NOON + timedelta(seconds=seconds)


@dataclass
class FakeAPI:
    """Registry and router over one routing."""

    now: Routing
    names: tuple[str, ...] = ("v41", "v42", "v43")
    capabilities: Capabilities = field(default_factory=lambda: Capabilities("server", "traffic"))
    broken: Exception | None = None

    def models(self) -> tuple[str, ...]:
        """The one model."""
        return (self.now.model,)

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """Documents with nothing in them."""
        return tuple(VersionDocument(model, name, None, "", "", {}) for name in self.names)

    def version(self, model: str, version: str) -> VersionDocument:
        """One of them."""
        return VersionDocument(model, version, None, "", "", {})

    def routing(self, model: str) -> Routing:
        """The routing as it is now."""
        if self.broken:
            raise self.broken
        if model != self.now.model:
            raise NotFound(f"no {model}")
        return self.now

    def describe(self, change: Change) -> str:
        """Something that can be recognised."""
        return f"MOVE {change.model} to {change.routes[0].version} because {change.reason}"

    def apply(self, change: Change) -> Applied:
        """Move."""
        old = self.now
        self.now = replace(
            old, routes=change.routes, previous=old.routes, token=old.token + "'", change_key=change.key,
            change_id="chg-1", changed_by="alice", changed_at=NOON, reason=change.reason,
        )  # fmt: skip
        return Applied(self.now, "chg-1")


def canary() -> FakeAPI:
    """v42 live, v43 a canary with 20 %."""
    routes = (Route("v42", 80.0), Route("v43", 20.0, "canary"))
    return FakeAPI(Routing(MODEL, routes, "t", previous=(Route("v42", 100.0),)))


def promoted() -> FakeAPI:
    """v43 live, v42 served before."""
    before = (Route("v42", 90.0), Route("v43", 10.0, "canary"))
    now = Routing(MODEL, (Route("v43", 100.0),), "t", before, NOON, "bob", "chg-0", "key-0", "promote")
    return FakeAPI(now)


@dataclass
class FakeLog:
    """Answers `silence` from rows, and `health` with one error share per version."""

    silence: list[tuple[str, str, int, datetime | None]]
    error_pct: Mapping[str, float] = field(default_factory=dict[str, float])
    asked: list[tuple[str, Mapping[str, Value]]] = field(default_factory=list[tuple[str, Mapping[str, Value]]])

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """A named query."""
        self.asked.append((query, context))
        if query == "silence":
            rows = tuple((version, role, count, NOON, last, 0.0) for version, role, count, last in self.silence)
            return Result(query, ("version", "role", "requests", "first_at", "last_at", "silent_s"), rows)
        shares = tuple((MODEL, version, "live", 100, share) for version, share in self.error_pct.items())
        return Result(query, ("model", "version", "role", "requests", "error_pct"), shares)
