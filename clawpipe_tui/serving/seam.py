"""The seam over every serving system: a Registry knows the versions, a Router knows and moves the traffic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Role = Literal["live", "canary", "shadow"]


@dataclass(frozen=True)
class Route:
    """How much of the traffic one version is given, and as what."""

    version: str
    weight_pct: float
    role: Role = "live"


@dataclass(frozen=True)
class Routing:
    """Where a model's traffic is sent now, and by whose change."""

    model: str
    routes: tuple[Route, ...]
    token: str
    """Opaque: the state that a change must expect (ETag, resourceVersion, hash of what was read)."""
    previous: tuple[Route, ...] | None = None
    """What served before, recorded at the last move."""
    changed_at: datetime | None = None
    changed_by: str = ""
    change_id: str = ""
    change_key: str = ""
    """The idempotency key of the last change, by which a sender with a lost answer recognises its own."""
    reason: str = ""


@dataclass(frozen=True)
class VersionDocument:
    """What is known about one version of a model."""

    model: str
    version: str
    created_at: datetime | None
    created_by: str
    change_note: str
    document: Mapping[str, object]
    """The whole JSON document, its strings made harmless for a terminal."""


@dataclass(frozen=True)
class Change:
    """The only write: these routes, provided that the state is still the expected one."""

    model: str
    routes: tuple[Route, ...]
    expected: str
    reason: str
    reference: str
    key: str
    second_person: bool = False
    """Whether it shall wait for somebody else's approval, even where the API would not ask for one."""


@dataclass(frozen=True)
class Applied:
    """The API's yes."""

    routing: Routing
    change_id: str
    replayed: bool = False
    pending: bool = False
    """Accepted, and waiting for a second person: nothing has moved yet."""


@dataclass(frozen=True)
class Capabilities:
    """What the backend can promise; the words of a dialog follow it."""

    guard: Literal["server", "client"]
    """server: an atomic compare-and-set; client: re-read, write, read back."""
    effect: Literal["traffic", "eventual", "pointer"]
    """traffic: moved when answered; eventual: moves later; pointer: an alias moves and traffic may not."""
    split: bool = True
    shadow: bool = True
    approvals: bool = False
    persistent: bool = True


class Registry(Protocol):
    """Knows models, versions and their documents."""

    def models(self) -> tuple[str, ...]:
        """The names of all models."""
        ...

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """All versions of a model, oldest first."""
        ...

    def version(self, model: str, version: str) -> VersionDocument:
        """One version. Raises NotFound."""
        ...


class Router(Protocol):
    """Knows where traffic goes, and moves it."""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can promise."""
        ...

    def routing(self, model: str) -> Routing:
        """The routing as it is now. Raises NotFound."""
        ...

    def describe(self, change: Change) -> str:
        """The literal request that `apply` would send, with the token masked."""
        ...

    def apply(self, change: Change) -> Applied:
        """Send the change exactly once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        ...


@runtime_checkable
class ChangeLog(Protocol):
    """A router that remembers its changes, so that a lost answer can be looked up."""

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the change that was made with this idempotency key, or None."""
        ...


@dataclass(frozen=True)
class Rehearsed:
    """What a dry run said: the request was checked like a real one, and nothing was changed."""

    needs_approval: bool = False


@runtime_checkable
class Rehearsal(Protocol):
    """A router that can try a change without making it."""

    def rehearse(self, change: Change) -> Rehearsed:
        """Send the change as a dry run. Raises what `apply` would raise."""
        ...


@dataclass(frozen=True)
class Permission:
    """What a backend says this identity may do."""

    allowed: bool
    words: str


@runtime_checkable
class Permissions(Protocol):
    """A router that can say beforehand whether a change would be let in."""

    def permission(self, model: str) -> Permission:
        """Whether this identity may move that model's traffic."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a change that was accepted has come, by the backend's own word."""

    state: Literal["moving", "done", "stuck"]
    words: str


@runtime_checkable
class Settling(Protocol):
    """A router whose changes take effect some time after its answer."""

    def progress(self, model: str) -> Progress:
        """How far the last change has come."""
        ...


@runtime_checkable
class News(Protocol):
    """A router that says by itself when something was changed."""

    def news(self) -> Iterator[None]:
        """One for each look that is worth its while; waits between them. Raises ServingError where it breaks off."""
        ...

    def close(self) -> None:
        """End the waiting, from another thread."""
        ...


@dataclass(frozen=True)
class Pending:
    """A change that waits for a second person."""

    change_id: str
    model: str
    by: str
    reason: str
    at: datetime | None
    after: tuple[Route, ...]


@runtime_checkable
class Approvals(Protocol):
    """A router where changes can wait for a second person."""

    def pending(self, model: str) -> tuple[Pending, ...]:
        """The changes that wait, oldest first."""
        ...

    def approve(self, change_id: str) -> Applied:
        """Let somebody else's change take effect. Raises Denied for one's own, Conflict where its base has moved."""
        ...


def taking_traffic(routes: Sequence[Route]) -> tuple[str, ...]:
    """The versions whose answers reach users, heaviest first: weight above 0, shadows left out."""
    answering = [route for route in routes if route.weight_pct > 0 and route.role != "shadow"]
    return tuple(dict.fromkeys(route.version for route in sorted(answering, key=lambda route: -route.weight_pct)))
