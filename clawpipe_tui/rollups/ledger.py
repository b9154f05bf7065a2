"""What is known about every file of a log, from all parts together: which counts live, which are dead, what is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.rollups.parts import LedgerEntry, Part

DELETED = "deleted from the log after it was read; its counts are kept"
Contribution = tuple[str, int]
"""(part id, file key): the rows of the rollup tables that one file gave."""


@dataclass
class Ledger:
    """The latest word on every path, and which contributions it keeps alive."""

    latest: dict[str, LedgerEntry] = field(default_factory=dict[str, LedgerEntry])
    counted: dict[str, Contribution] = field(default_factory=dict[str, Contribution])
    """path → the contribution that stands for it now."""

    def add(self, part: Part) -> set[Contribution]:
        """Take in a part's ledger; returns the contributions, of it or of earlier parts, that are dead now."""
        dead: set[Contribution] = set()
        for entry in part.ledger:
            contribution = (part.id, entry.file) if entry.file is not None else None
            known = self.latest.get(entry.path)
            if known and known.part > part.id and known.part not in part.replaces:
                dead |= {contribution} if contribution else set()
                continue
            self.latest[entry.path] = entry
            dead |= self._recount(entry, contribution)
        return dead

    def _recount(self, entry: LedgerEntry, contribution: Contribution | None) -> set[Contribution]:
        """Let this entry's counts stand for its path; returns those that stood for it before."""
        if entry.renamed_from is not None:
            contribution = contribution or self.counted.pop(entry.renamed_from, None)
        old = self.counted.pop(entry.path, None)
        if contribution:
            self.counted[entry.path] = contribution
        return {old} - {contribution} if old else set()

    def changed(self, listing: Mapping[str, LogFile]) -> list[LogFile]:
        """The files that were never looked at, or that are not what they were."""
        return [file for file in listing.values() if not self._same(file)]

    def _same(self, file: LogFile) -> bool:
        entry = self.latest.get(file.path)
        return bool(entry and entry.size_bytes == file.size_bytes and entry.mtime_ns == file.mtime_ns)

    def shown(self, listing: Mapping[str, LogFile]) -> list[LedgerEntry]:
        """Every file as the Files list shows it; one that was read and is gone is `deleted` or `renamed`."""
        new_names = {entry.renamed_from: entry.path for entry in self.latest.values() if entry.renamed_from}
        return [entry if path in listing else _gone(entry, new_names.get(path)) for path, entry in self.latest.items()]

    def by_fingerprint(self) -> dict[str, str]:
        """Fingerprint → the path whose counts hold that content."""
        return {self.latest[path].fingerprint: path for path in self.counted}


def _gone(entry: LedgerEntry, new_name: str | None) -> LedgerEntry:
    if new_name:
        return replace(entry, state="renamed", reason=f"now {new_name}")
    return replace(entry, state="deleted", reason=DELETED if entry.file is not None else "deleted from the log")
