"""The local journal of every attempt to change production, written before it is sent: a crash leaves a trace.

Each line carries the digest of itself and of all before it, and a second file carries the last one: an edit and a cut
are both found.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
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
    *("expected", "boot"),
)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Uptime:
    """How long this machine has been running: a clock that nobody can set."""

    boot: str
    """Which start of the machine; empty where it does not say."""
    up_s: float


def uptime_now() -> Uptime:
    """The time since this machine started, sleep included where the system counts it."""
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot = ""
    return Uptime(boot, time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)))


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
    expected: str = ""
    """The token of the state that it was planned on: while the state has it, a lost request may still arrive."""
    boot: str = ""
    up_s: float = 0.0

    def ago(self, now: datetime, uptime: Uptime | None = None) -> timedelta:
        """How long ago: by the machine's uptime, so that a clock that is set changes no limit; else by the clock.

        By a clock that was set back it was just now: a limit errs on the safe side.
        """
        if uptime is not None and self.boot and self.boot == uptime.boot:
            return timedelta(seconds=max(0.0, uptime.up_s - self.up_s))
        return max(timedelta(0), now - self.at)

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

    def __init__(self, folder: Path, uptime: Callable[[], Uptime] = uptime_now) -> None:
        self.path = folder / "journal.jsonl"
        self.head_path = folder / "journal.head"
        self.uptime = uptime

    def record(self, attempt: Attempt) -> None:
        """Append one step and wait until the disk has it. Raises JournalError."""
        self.admit(attempt, lambda _before: None)

    def admit(self, attempt: Attempt, judge: Callable[[tuple[Attempt, ...]], object]) -> None:
        """Append one step, unless `judge` raises at the steps before it; nobody else can write between the two.

        Raises JournalError, and what `judge` raises.
        """
        uptime = self.uptime()
        timed = replace(attempt, boot=uptime.boot, up_s=round(uptime.up_s, 3))
        fields: dict[str, object] = {**asdict(timed), "at": timed.at.astimezone(UTC).isoformat()}
        try:
            with self._locked() as descriptor:
                judge(tuple(_read(_whole(descriptor).splitlines())))
                previous, torn = _end_of(descriptor)
                digest = link(previous, fields)
                # A crash may have torn the last line: end it, so that this one stays whole.
                _write_all(
                    descriptor, (b"\n" if torn else b"") + _line({**fields, "previous": previous, "sha256": digest})
                )
                os.fsync(descriptor)
                self._keep_head(digest)
        except OSError as error:
            message = f"The journal {self.path} cannot be written: {error.strerror or error}."
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
            _write_all(descriptor, digest.encode() + b"\n")
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
            as_written = _line(fields).rstrip(b"\n")
            said, digest = fields.pop("previous", None), fields.pop("sha256", None)
            if said != previous or digest != link(previous, fields) or line != as_written:
                raise JournalError(
                    f"{self.path}, line {place}: the chain is broken. This line, or one before it, was changed.",
                    "Compare it with a copy; do not trust what follows.",
                )
            previous = str(digest)
            digests.append(previous)
        self._check_head(digests, head)
        return Verified(len(digests) - 1, previous, torn)

    def _check_head(self, digests: list[str], given: str) -> None:
        kept = "" if given and not self.head_path.exists() else self._kept_head()
        for head in filter(None, (kept, given)):
            if head not in digests:
                raise JournalError(f"{self.path}: lines are missing at its end.", f"It once ended with {head[:16]}….")

    def _kept_head(self) -> str:
        """The head that stands beside the journal. Raises JournalError where it is gone, or is none."""
        try:
            return self.head_path.read_text("ascii").strip()
        except FileNotFoundError:
            if not self._lines():
                return GENESIS
        except (OSError, UnicodeDecodeError) as error:
            raise JournalError(f"{self.head_path} cannot be read: {error}.") from error
        message = f"{self.head_path} is missing: whether lines were cut off the end of the journal cannot be told."
        raise JournalError(message, "Compare with a head that was written down elsewhere: audit verify --head.")

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


def _whole(descriptor: int) -> bytes:
    """All of an open file."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _write_all(descriptor: int, content: bytes) -> None:
    """A full disk takes a part, and says so only when it is given the rest."""
    while content:
        content = content[os.write(descriptor, content) :]


def _line(fields: Mapping[str, object]) -> bytes:
    """A step as it is written; a line that is not exactly so was changed."""
    return json.dumps(fields, ensure_ascii=True).encode() + b"\n"


def _end_of(descriptor: int) -> tuple[str, bool]:
    """The digest of the last whole line, and whether the file ends within a line."""
    content = _whole(descriptor)
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
    up_s = fields.get("up_s")
    return Attempt(
        state=cast("State", state),
        at=at,
        evidence=evidence,
        up_s=float(up_s) if isinstance(up_s, int | float) else 0.0,
        **texts,
    )
