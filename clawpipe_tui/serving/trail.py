"""An audit as a chain of hashes, followed from its first line to its head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.canonical import GENESIS, link
from clawpipe_tui.serving.payload import Fields


@dataclass(frozen=True)
class Trail:
    """A chain that holds."""

    entries: int
    head: str


@runtime_checkable
class AuditTrail(Protocol):
    """A backend with a chained audit of its own."""

    def verify_audit(self, kept_head: str = "") -> Trail:
        """Follow it, all of it. Raises ServingError where the chain is broken or cut."""
        ...


def follow(entries: Iterable[Fields], head: str, kept: str = "") -> Trail:
    """Check every link, the head that the server names, and one that was kept elsewhere. Raises ServingError."""
    previous, digests, count = GENESIS, {GENESIS}, 0
    for count, entry in enumerate(entries, 1):
        fields = dict(entry)
        said, digest = fields.pop("previous", None), fields.pop("sha256", None)
        if said != previous or digest != link(previous, fields):
            message = f"The API's audit, line {count}: the chain is broken. This line, or one before it, was changed."
            raise ServingError(message, "Do not trust what follows.")
        previous = str(digest)
        digests.add(previous)
    if previous != head or (kept and kept not in digests):
        raise ServingError("The API's audit: lines are missing at its end.", "It once ended otherwise.")
    return Trail(count, previous)
