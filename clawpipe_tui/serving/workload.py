"""What the routers over Kubernetes objects share: read, compare, patch once, read the answer.

What a plan expects is a digest of what it is about, so that a controller's note on the status makes no plan stale; what
the API server compares is the resourceVersion of the object as it was read just before the patch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from clawpipe_tui.errors import ServingError, nearest
from clawpipe_tui.serving.errors import Conflict, Denied, NotFound, Unknown
from clawpipe_tui.serving.kubernetes import Cluster, Kind, Patch
from clawpipe_tui.serving.manifest import name, version_of
from clawpipe_tui.serving.payload import Fields, MalformedError, plain
from clawpipe_tui.serving.record import LATER, sent_at, taken
from clawpipe_tui.serving.seam import (
    Applied,
    Capabilities,
    Change,
    Permission,
    Rehearsed,
    Routing,
    VersionDocument,
)


class Workload(ABC):
    """Registry and router over the objects of one kind in one namespace; a model is an object."""

    capabilities: Capabilities
    kind: ClassVar[Kind]
    subresources: ClassVar[Sequence[str]] = ("",)
    """What this identity must be allowed to patch."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @abstractmethod
    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """All versions of a model, oldest first. Raises NotFound."""

    @abstractmethod
    def read(self, model: str, found: Fields) -> Routing:
        """What an object says about traffic."""

    @abstractmethod
    def patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
        """The writes of a change, in their order; only the last one moves traffic. Raises Invalid."""

    def models(self) -> tuple[str, ...]:
        """The objects of this kind in the namespace."""
        return tuple(name(found) for found in self.cluster.listed(self.kind))

    def version(self, model: str, version: str) -> VersionDocument:
        """One version. Raises NotFound."""
        known = {document.version: document for document in self.versions(model)}
        if version not in known:
            raise NotFound(f"{plain(model, 200)} has no version {plain(version, 200)}.", nearest(version, known))
        return known[version]

    def routing(self, model: str) -> Routing:
        """Where traffic is to go, and by whose change. Raises NotFound, Unavailable."""
        return self._read(model, self.cluster.found(self.kind, model))

    def describe(self, change: Change) -> str:
        """The literal requests that `apply` would send, in their order."""
        found = self.cluster.found(self.kind, change.model)
        return "\n\n".join(
            self.cluster.literal(self.kind, change.model, patch, version_of(found))
            for patch in self._patches(change, found, LATER)
        )

    def rehearse(self, change: Change) -> Rehearsed:
        """The same patches as a dry run on the API server. Raises what `apply` would raise."""
        permission = self.permission(change.model)
        if not permission.allowed:
            raise Denied(f"This identity {permission.words}.", "Ask for a role that lets it.")
        found = self.cluster.found(self.kind, change.model)
        for patch in self._patches(change, found, sent_at()):
            self.cluster.rehearse(self.kind, change.model, patch, version_of(found))
        return Rehearsed()

    def apply(self, change: Change) -> Applied:
        """Patch once. Raises Conflict, Denied, Invalid, NotFound, Unavailable or Unknown."""
        found = self.cluster.found(self.kind, change.model)
        before = self._read(change.model, found)
        if before.change_key == change.key:
            return Applied(before, before.change_id, replayed=True)
        if before.token != change.expected:
            raise taken(before)
        *notes, move = self._patches(change, found, sent_at())
        try:
            for note in notes:
                found = self.cluster.note(self.kind, change.model, note, version_of(found))
            found = self.cluster.patch(self.kind, change.model, move, version_of(found))
        except Conflict as conflict:
            raise self._told_who(change, conflict) from conflict
        try:
            after = self._read(change.model, found)
        except ServingError as error:
            raise _unreadable(change) from error
        return Applied(after, after.change_id)

    def find_change(self, model: str, key: str) -> str | None:
        """The id of the last change where it has this key and is in force; else None."""
        current = self.routing(model)
        return current.change_id if current.change_key == key else None

    def permission(self, model: str) -> Permission:
        """Whether this identity may change that object."""
        asked = [self.cluster.may_patch(self.kind, model, subresource) for subresource in self.subresources]
        return next((found for found in asked if not found.allowed), asked[0])

    def close(self) -> None:
        """Drop the connections."""
        self.cluster.close()

    def _read(self, model: str, found: Fields) -> Routing:
        try:
            return self.read(model, found)
        except MalformedError as error:
            raise self._odd(model, error) from error

    def _patches(self, change: Change, found: Fields, at: str) -> tuple[Patch, ...]:
        try:
            return self.patches(change, found, at)
        except MalformedError as error:
            raise self._odd(change.model, error) from error

    def _odd(self, model: str, error: MalformedError) -> ServingError:
        message = f"The {self.kind.word} {plain(model, 200)} cannot be read ({plain(str(error), 100)})."
        return ServingError(message, "Check that it is one that the API server would take.")

    def _told_who(self, change: Change, conflict: Conflict) -> Conflict:
        try:
            current = self.routing(change.model)
        except ServingError:
            return conflict
        if current.token != change.expected:
            return taken(current)
        message = f"{plain(change.model, 200)} was written to in the same moment, by its controller or by someone else."
        return Conflict(message, "Nothing was changed by you. Try again.", current=current)


def _unreadable(change: Change) -> Unknown:
    message = f"The API server accepted the change of {plain(change.model, 200)}, but its answer cannot be read."
    return Unknown(message, "It has probably taken effect. Do not send it again.")
