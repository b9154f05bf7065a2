"""Which counted files are near a batch in time: those that its requests may stand in already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.rollups.hashes import Span
from clawpipe_tui.rollups.ledger import Ledger
from clawpipe_tui.rollups.parts import LedgerEntry, Part, PartStore
from clawpipe_tui.rollups.repeats import MOST_FILES, MOST_FILES_AFAR, Neighbour, near


@dataclass(frozen=True)
class Neighbourhood:
    """What is counted, and what of it still lies where it was read."""

    ledger: Ledger
    listing: Mapping[str, LogFile]
    store: PartStore
    parts: Mapping[str, Part]
    afar: bool = False
    """Whether each file has to be fetched first."""

    def around(self, span: Span) -> list[Neighbour]:
        """The counted files near a span, the nearest first; those that are gone, or have changed, cannot be asked."""
        found: dict[str, tuple[timedelta, Neighbour]] = {}
        for entry, own in self._counted():
            file = self.listing.get(entry.path)
            if file and near(own, span) and entry.is_of(file):
                found[entry.fingerprint] = (max(own[0] - span[1], span[0] - own[1]), Neighbour(file, own))
        nearest = sorted(found.items(), key=lambda pair: (pair[1][0], pair[0]))
        most = MOST_FILES_AFAR if self.afar else MOST_FILES
        return [replace(one, left_out=self._left_out(content)) for content, (_, one) in nearest[:most]]

    def told(self, entry: LedgerEntry, renamed: Collection[str]) -> LedgerEntry:
        """The word on a file that was read, with a warning where files of its time were counted and are gone.

        They may have been merged into this one; then their requests count twice. `renamed` contents are not gone.
        """
        here = self.listing.get(entry.path)
        if entry.file is None or entry.first_at is None or entry.last_at is None or (here and here.table):
            return entry  # of a table it is known what was taken away
        gone = sum(
            entry.first_at <= own[0] and own[1] <= entry.last_at
            for other, own in self._counted()
            if other.path not in self.listing and other.fingerprint not in renamed
        )
        if not gone:
            return entry
        words = f"{gone} counted files of the same time are gone: what they had in common with this one counts twice"
        return replace(entry, reason="; ".join(filter(None, (entry.reason, words))))

    def _counted(self) -> Iterator[tuple[LedgerEntry, tuple[datetime, datetime]]]:
        for entry in self.ledger.latest.values():
            if entry.fingerprint in self.ledger.counted and entry.first_at and entry.last_at:
                yield entry, (entry.first_at, entry.last_at)

    def _left_out(self, content: str) -> frozenset[int]:
        """The requests of a counted file that were left out, because another one has them."""
        part_id, key = self.ledger.counted[content]
        return self.store.left_out(self.parts[part_id], key)
