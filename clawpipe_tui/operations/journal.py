"""The local journal of every attempt to change production, written before it is sent: a crash leaves a trace."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, moment_of, parse, plain, text

State = Literal["planned", "sent", "answered", "refused", "lost", "observed"]
_OPEN: frozenset[State] = frozenset({"sent", "lost"})
_STATES: frozenset[str] = frozenset(get_args(State))


@dataclass(frozen=True)
class Attempt:
    """One step of one attempt; steps of the same attempt share the idempotency key."""

    key: str
    state: State
    at: datetime
    model: str
    leaving: str
    returning: str
    reason: str
    change_id: str = ""
    sentence: str = ""

    def now(self, state: State, at: datetime, sentence: str = "", change_id: str = "") -> Attempt:
        """The same attempt, one step further."""
        return replace(self, state=state, at=at, sentence=sentence, change_id=change_id or self.change_id)


class JournalError(ClawpipeError):
    """The journal cannot be written, so nothing is sent."""


class Journal:
    """An append-only file of JSON lines in the state folder, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"

    def record(self, attempt: Attempt) -> None:
        """Append one step and wait until the disk has it. Raises JournalError."""
        line = json.dumps({**asdict(attempt), "at": attempt.at.astimezone(UTC).isoformat()}) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # A crash may have torn the last line: end it, so that this one stays whole.
                torn = os.fstat(descriptor).st_size > 0 and os.pread(descriptor, 1, _last(descriptor)) != b"\n"
                os.write(descriptor, (b"\n" if torn else b"") + line.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            message = f"The journal {self.path} cannot be written: {error.strerror}."
            raise JournalError(message, "Nothing is sent without it: make room, or make it writable.") from error

    def attempts(self) -> tuple[Attempt, ...]:
        """Every step, oldest first; a torn line is passed over."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise JournalError(f"The journal {self.path} cannot be read: {error.strerror}.") from error
        return tuple(_read(lines))


def unresolved(journal: Journal) -> tuple[Attempt, ...]:
    """The attempts that were sent and of which nobody knows how they ended, oldest first."""
    last: dict[str, Attempt] = {}
    for attempt in journal.attempts():
        last[attempt.key] = attempt
    return tuple(attempt for attempt in last.values() if attempt.state in _OPEN)


def _last(descriptor: int) -> int:
    return os.fstat(descriptor).st_size - 1


def _read(lines: list[bytes]) -> Iterator[Attempt]:
    for line in lines:
        try:
            attempt = _attempt(as_fields(parse(line), "an attempt"))
        except MalformedError:
            continue
        if attempt is not None:
            yield attempt


def _attempt(fields: Fields) -> Attempt | None:
    state, at = text(fields, "state"), moment_of(fields, "at")
    if state not in _STATES or at is None:
        return None
    names = ("key", "model", "leaving", "returning", "reason", "change_id", "sentence")
    return Attempt(state=cast("State", state), at=at, **{name: plain(text(fields, name)) for name in names})
