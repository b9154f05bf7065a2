"""What is known about every file of a log, from all parts together: which counts live, which are dead, what is new.

Counts belong to a content (its fingerprint). A content lives while some path stands for it, deleted paths included,
and is counted once, whichever parts hold it. So renamed, rotated, repeated and rewritten files all follow one rule.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from clawpipe_tui.logs.listing import OF_TABLE, LogFile, file_of_piece
from clawpipe_tui.rollups.holders import Holders
from clawpipe_tui.rollups.parts import LedgerEntry, Part

DELETED = "deleted from the log after it was read; its counts are kept"
REMOVED = "no longer in the table: rewritten, or its rows deleted; not counted"
CUT_OFF = "the file ends before this: it was written anew; not counted"
_WITHOUT_CONTENT = frozenset({"renamed", "removed"})
KEPT = "what it held before stays counted"
_RETRY_NS = 60_000_000_000
"""A file that could not be opened is tried again after a minute: a mount comes back without changing any file."""
Contribution = tuple[str, int]
"""(part id, file key): the rows of the rollup tables that one file gave."""


@dataclass
class Ledger:
    """The latest word on every path, and the contribution that stands for every content."""

    latest: dict[str, LedgerEntry] = field(default_factory=dict[str, LedgerEntry])
    counted: dict[str, Contribution] = field(default_factory=dict[str, Contribution])
    """fingerprint → the contribution that counts."""
    holders: Holders = field(default_factory=Holders)
    """The paths that stand for each content."""
    newest: LedgerEntry | None = None
    """The file that was written last, of those that were read."""
    _orphans: set[str] = field(default_factory=set[str])

    def add(self, part: Part) -> set[Contribution]:
        """Take in a part's ledger; returns the contributions, of it or of earlier parts, that are dead now.

        The contributions of the parts that it replaces go with those parts and are not named.
        """
        self.forget(*part.replaces)
        for entry in part.ledger:
            self._hear(entry)
        dead = {lost for entry in part.ledger if (lost := self._offer(entry, part.id))}
        return dead | set(self._abandoned())

    def forget(self, *part_ids: str) -> None:
        """Nothing of these parts counts any more."""
        if part_ids:
            self.counted = {content: at for content, at in self.counted.items() if at[0] not in part_ids}

    def _hear(self, entry: LedgerEntry) -> None:
        known = self.latest.get(entry.path)
        if known and known.looked_ns > entry.looked_ns:
            return
        if known and known.fingerprint != entry.fingerprint:
            self._let_go(known)
        self.latest[entry.path] = entry
        if entry.fingerprint:
            self.holders.add(entry.fingerprint, entry.path)
        if entry.columns and entry.rows and (self.newest is None or _written(entry) >= _written(self.newest)):
            self.newest = entry

    def _let_go(self, known: LedgerEntry) -> None:
        self.holders.remove(known.fingerprint, known.path)
        if known.fingerprint not in self.holders:
            self._orphans.add(known.fingerprint)

    def _offer(self, entry: LedgerEntry, part_id: str) -> Contribution | None:
        """Let a contribution count where its content needs one; returns the one that does not count.

        Of two, the one in the older part stands: all consoles choose alike.
        """
        if entry.file is None:
            return None
        offered = (part_id, entry.file)
        if entry.fingerprint not in self.holders:
            return offered
        standing = self.counted.setdefault(entry.fingerprint, offered)
        if standing == offered:
            return None
        self.counted[entry.fingerprint] = min(standing, offered)
        return max(standing, offered)

    def _abandoned(self) -> Iterator[Contribution]:
        """The contributions of contents that no path stands for any more."""
        for content in self._orphans:
            if content in self.holders:
                continue
            contribution = self.counted.pop(content, None)
            if contribution:
                yield contribution
        self._orphans.clear()

    def logged(self) -> int:
        """How many rows of the log are counted."""
        paths = map(self.holders.one_of, self.counted)
        return sum(self.latest[path].rows for path in paths if path is not None)

    def changed(self, listing: Mapping[str, LogFile]) -> list[LogFile]:
        """The files that were never looked at, or that are not what they were."""
        return [file for file in listing.values() if not self._same(file)]

    def left(self, listing: Mapping[str, LogFile]) -> list[LedgerEntry]:
        """What is to be said of the files that a table no longer has: unlike a folder's, their counts go with them."""
        return [
            replace(entry, state="removed", reason=REMOVED, fingerprint="", file=None)
            for path, entry in self.latest.items()
            if path not in listing and entry.fingerprint.startswith(OF_TABLE)
        ]

    def cut_off(self, listing: Mapping[str, LogFile]) -> list[LedgerEntry]:
        """The same of pieces of a text file that has become shorter: it was written anew."""
        return [
            replace(entry, state="removed", reason=CUT_OFF, fingerprint="", file=None)
            for path, entry in self.latest.items()
            if path not in listing and entry.fingerprint and (whole := file_of_piece(path)) and whole in listing
        ]

    def is_counted(self, path: str) -> bool:
        """Whether counts stand for what this path held when it was last read."""
        known = self.latest.get(path)
        return known is not None and known.fingerprint in self.counted

    def _same(self, file: LogFile) -> bool:
        entry = self.latest.get(file.path)
        if entry is None or entry.size_bytes != file.size_bytes or entry.mtime_ns != file.mtime_ns:
            return False
        if entry.state == "unreadable":
            return time.time_ns() - entry.looked_ns < _RETRY_NS
        if entry.state == "removed":
            return False  # a table was restored
        return entry.state not in {"read", "duplicate"} or entry.fingerprint in self.counted

    def following(self, entry: LedgerEntry) -> LedgerEntry:
        """The entry as the latest word on its path: later than all before, and true to what is still counted."""
        known = self.latest.get(entry.path)
        entry = replace(entry, looked_ns=max(time.time_ns(), known.looked_ns + 1 if known else 0))
        if entry.fingerprint or entry.state in _WITHOUT_CONTENT or known is None or not known.fingerprint:
            return entry
        reason = f"{entry.reason}; {KEPT}" if known.rows else entry.reason
        kept = replace(entry, reason=reason, fingerprint=known.fingerprint, rows=known.rows)
        return replace(kept, first_at=known.first_at, last_at=known.last_at)

    def shown(self, listing: Mapping[str, LogFile]) -> Iterator[LedgerEntry]:
        """Every file as the Files list shows it; one that was read and is gone is `deleted`."""
        for path, entry in self.latest.items():
            holders = self.holders.of(entry.fingerprint) if entry.rows else ()
            others = [other for other in holders if other != path and other in listing] if len(holders) > 1 else []
            if path not in listing:
                yield entry if entry.state in _WITHOUT_CONTENT else _gone(entry, min(others, default=""))
            elif entry.state == "duplicate" and not others:
                yield replace(entry, state="read", reason="the other file with this content is gone; counted once")
            else:
                yield entry


def _written(entry: LedgerEntry) -> tuple[int, str]:
    return entry.mtime_ns, entry.path


def _gone(entry: LedgerEntry, twin: str) -> LedgerEntry:
    if twin:
        return replace(entry, state="deleted", reason=f"deleted; {twin} has the same content, counted once")
    return replace(entry, state="deleted", reason=DELETED if entry.rows else "deleted from the log")
