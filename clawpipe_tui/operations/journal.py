"""The local journal of every attempt to change production, written before it is sent: a crash leaves a trace.

Each line carries the digest of itself and of all before it, and a second file carries the last one: an edit and a cut
are both found.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.serving.canonical import GENESIS, link
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, moment_of, parse, plain, text

State = Literal["planned", "denied", "sent", "answered", "refused", "lost", "observed"]
_OPEN: frozenset[State] = frozenset({"sent", "lost"})
_STATES: frozenset[str] = frozenset(get_args(State))
_TEXTS = (
    *("key", "model", "leaving", "returning", "reason", "change_id", "sentence", "action", "environment", "serving"),
)


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
    action: str = "rollback"
    environment: str = ""
    serving: str = ""
    """The address that it was sent to."""
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was on screen when it was decided."""

    def now(self, state: State, at: datetime, sentence: str = "", change_id: str = "") -> Attempt:
        """The same attempt, one step further; the evidence stays with the first step."""
        return replace(self, state=state, at=at, sentence=sentence, change_id=change_id or self.change_id, evidence={})


class JournalError(ClawpipeError):
    """The journal cannot be written, so nothing is sent; or it is not what was written."""


@dataclass(frozen=True)
class Verified:
    """A journal whose chain holds."""

    entries: int
    head: str
    torn: int
    """Lines that a crash cut; each cost only itself."""


class Journal:
    """An append-only file of JSON lines in the state folder, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"
        self.head_path = folder / "journal.head"

    def record(self, attempt: Attempt) -> None:
        """Append one step and wait until the disk has it. Raises JournalError."""
        fields: dict[str, object] = {**asdict(attempt), "at": attempt.at.astimezone(UTC).isoformat()}
        try:
            with self._locked() as descriptor:
                previous, torn = _end_of(descriptor)
                digest = link(previous, fields)
                line = json.dumps({**fields, "previous": previous, "sha256": digest}, ensure_ascii=True) + "\n"
                # A crash may have torn the last line: end it, so that this one stays whole.
                os.write(descriptor, (b"\n" if torn else b"") + line.encode())
                os.fsync(descriptor)
                self._keep_head(digest)
        except OSError as error:
            message = f"The journal {self.path} cannot be written: {error.strerror}."
            raise JournalError(message, "Nothing is sent without it: make room, or make it writable.") from error

    @contextmanager
    def _locked(self) -> Generator[int]:
        """The open file; one writer at a time, also among consoles."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _keep_head(self, digest: str) -> None:
        beside = self.head_path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, digest.encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(self.head_path)

    def attempts(self) -> tuple[Attempt, ...]:
        """Every step, oldest first; a torn line is passed over."""
        return tuple(_read(self._lines()))

    def verify(self, head: str = "") -> Verified:
        """Follow the chain to its head, and to one that was kept elsewhere. Raises JournalError where it breaks."""
        previous, torn, digests = GENESIS, 0, [GENESIS]
        for place, line in enumerate(self._lines(), 1):
            try:
                fields = dict(as_fields(parse(line), "an attempt"))
            except MalformedError:
                torn += 1
                continue
            said, digest = fields.pop("previous", None), fields.pop("sha256", None)
            if said != previous or digest != link(previous, fields):
                raise JournalError(
                    f"{self.path}, line {place}: the chain is broken. This line, or one before it, was changed.",
                    "Compare it with a copy; do not trust what follows.",
                )
            previous = str(digest)
            digests.append(previous)
        self._check_head(digests, head)
        return Verified(len(digests) - 1, previous, torn)

    def _check_head(self, digests: list[str], given: str) -> None:
        kept = self.head_path.read_text("ascii").strip() if self.head_path.exists() else GENESIS
        for head in filter(None, (kept, given)):
            if head not in digests:
                raise JournalError(f"{self.path}: lines are missing at its end.", f"It once ended with {head[:16]}….")

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(f"The journal {self.path} cannot be read: {error.strerror}.") from error


def unresolved(journal: Journal) -> tuple[Attempt, ...]:
    """The attempts that were sent and of which nobody knows how they ended, oldest first."""
    last: dict[str, Attempt] = {}
    for attempt in journal.attempts():
        last[attempt.key] = attempt
    return tuple(attempt for attempt in last.values() if attempt.state in _OPEN)


def _end_of(descriptor: int) -> tuple[str, bool]:
    """The digest of the last whole line, and whether the file ends within a line."""
    size = os.fstat(descriptor).st_size
    content = os.pread(descriptor, size, 0)
    for line in reversed(content.splitlines()):
        try:
            digest = as_fields(parse(line), "an attempt").get("sha256")
        except MalformedError:
            continue
        return (digest if isinstance(digest, str) else GENESIS), not content.endswith(b"\n")
    return GENESIS, bool(content) and not content.endswith(b"\n")


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
    evidence = {plain(name): plain(str(said)) for name, said in as_fields(fields.get("evidence") or {}, "e").items()}
    texts = {name: plain(text(fields, name)) for name in _TEXTS}
    return Attempt(state=cast("State", state), at=at, evidence=evidence, **texts)
