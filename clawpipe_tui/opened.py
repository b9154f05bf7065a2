"""A log that is open, as all above it sees one: whoever asks needs no more than this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from clawpipe_tui.result import Result, Value


@dataclass(frozen=True)
class Progress:
    """How much of the log has been read."""

    files_read: int = 0
    files_known: int = 0
    rows: int = 0
    reading: bool = False
    message: str = ""
    whole: bool = False
    """Whether all that was there has been read once since the log was opened."""


class Session(Protocol):
    """A log that is open: what screens, commands and operations are given."""

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Blocks; may be called from any thread."""
        ...

    def question(self, query: str) -> str:
        """What that query answers, in words."""
        ...

    def parameters(self, query: str) -> frozenset[str]:
        """The names of the values that a query uses; none where there is no such query."""
        ...

    def give_up(self, thread: int) -> None:
        """Stop what that thread is asking: its answer is no longer wanted."""
        ...

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API was asked to do with traffic; called from any thread."""
        ...

    def revision(self) -> int:
        """A number that grows whenever answers may have changed."""
        ...

    def now(self) -> datetime:
        """The console's clock: fixed for a log of the past."""
        ...

    def progress(self) -> Progress:
        """How much of the log has been read."""
        ...

    def tidy(self) -> None:
        """Drop what was worked out for what the log was before; called after every look, where nobody waits."""
        ...

    def give_back(self) -> None:
        """Let go of memory that was used for answers; called from any thread, where nobody waits for one."""
        ...

    def close(self) -> None:
        """Stop reading and let go of everything."""
        ...
