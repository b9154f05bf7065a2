"""The first look at the files of a batch: what must be read, and what is known of the others without reading them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.footer import BadFile, Footer, inspect
from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.logs.ranges import Needed
from clawpipe_tui.rollups.batch import Looked, entry_of, whole_entry
from clawpipe_tui.rollups.ledger import Ledger
from clawpipe_tui.rollups.parts import LedgerEntry


@dataclass(frozen=True)
class LookedAt:
    """A batch after one look at each file."""

    fresh: tuple[Looked, ...]
    entries: tuple[LedgerEntry, ...]
    """Those that need no reading: bad, empty, or counted already."""
    again: tuple[LogFile, ...]
    """The same content as a fresh one: to be looked at when it is known whether that could be read."""


@dataclass(frozen=True)
class FirstLook:
    """What is known when a batch is looked at."""

    layout: Layout
    ledger: Ledger
    listing: Mapping[str, LogFile]
    pending: Collection[str]
    """The paths that wait to be looked at."""
    writing: Collection[str]
    """The contents that are counted, but of which the ledger does not know yet."""

    def at(self, batch: Sequence[LogFile]) -> LookedAt:
        """Which files of a batch must be reduced, and what can be said of the others at once."""
        fresh: dict[str, Looked] = {}
        entries: list[LedgerEntry] = []
        again: list[LogFile] = []
        for file in batch:
            seen = inspect(file, self.layout.form, Needed(self.layout))
            if isinstance(seen, BadFile):
                entries.append(entry_of(file, seen.state, seen.reason))
            elif seen.rows == 0:
                entries.append(whole_entry(file, seen, "empty", "0 rows"))
            elif seen.fingerprint in self.ledger.counted:
                entries += self._known_content(file, seen)
            elif seen.fingerprint in fresh or seen.fingerprint in self.writing:
                again.append(file)
            else:
                fresh[seen.fingerprint] = (file, seen)
        return LookedAt(tuple(fresh.values()), tuple(entries), tuple(again))

    def _known_content(self, file: LogFile, footer: Footer) -> Iterator[LedgerEntry]:
        """A file whose content is counted already: only touched, renamed (or rotated), or delivered twice."""
        others = sorted(set(self.ledger.holders.of(footer.fingerprint)) - {file.path})
        staying = [path for path in others if path in self.listing and path not in self.pending]
        gone = [path for path in others if path not in self.listing]
        known = self.ledger.latest.get(file.path)
        if known and known.fingerprint == footer.fingerprint and known.state in {"read", "duplicate"}:
            entry, gone = whole_entry(file, footer, known.state, known.reason), []
        elif staying:
            entry = whole_entry(file, footer, "duplicate", f"the same content as {staying[0]}; counted once")
        else:
            before = (gone or others or [""])[0]
            entry = whole_entry(file, footer, "read", f"renamed from {before}; counted once" if before else "")
        twin = self.ledger.latest[others[0]] if others else known
        yield replace(entry, first_at=twin.first_at, last_at=twin.last_at) if twin else entry
        if gone:
            yield self._renamed(gone[0], file.path)

    def _renamed(self, path: str, new_name: str) -> LedgerEntry:
        """The old name stands for nothing any more: what becomes of the content is the new one's business."""
        return replace(self.ledger.latest[path], state="renamed", reason=f"now {new_name}", fingerprint="", file=None)
