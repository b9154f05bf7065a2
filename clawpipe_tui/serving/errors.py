"""What a serving API can answer instead of yes.

ServingError
├── NotFound     2  no such model, version or path
├── Denied       1  no token, a wrong one, or one without the scope
├── Invalid      1  the request itself is refused
├── Conflict     1  someone else moved first; carries the routing as it is now
├── Unavailable  3  nothing was changed, and it may work later
└── Unknown      5  a write was sent and its answer lost: look it up, never send it again
"""
# ruff: noqa: N818 - these are the words of the seam, and their base class says that they are errors

from __future__ import annotations

from typing import TYPE_CHECKING

from clawpipe_tui.errors import CANNOT_TELL, UNREACHABLE, USAGE, ServingError

if TYPE_CHECKING:
    from clawpipe_tui.serving.seam import Routing


class NotFound(ServingError):
    """The API does not know this model, version or path."""

    exit_code = USAGE


class Denied(ServingError):
    """The API does not let this token do this."""


class Invalid(ServingError):
    """The API refuses the request as it is; nothing was changed."""


class Conflict(ServingError):
    """The routing is no longer what the change was planned on; nothing was changed."""

    def __init__(self, message: str, hint: str = "", *, current: Routing | None = None) -> None:
        super().__init__(message, hint)
        self.current = current


class Unavailable(ServingError):
    """The API cannot be reached or is busy; nothing was changed."""

    exit_code = UNREACHABLE

    def __init__(self, message: str, hint: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class Unknown(ServingError):
    """A write was sent and its answer lost: it may or may not have taken effect."""

    exit_code = CANNOT_TELL
