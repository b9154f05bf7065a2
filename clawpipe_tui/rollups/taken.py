"""The parts of a store that are taken in: what counts of them, what has been merged, what was known at the last use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.compact import compact
from clawpipe_tui.rollups.index import Index, read_index, write_index
from clawpipe_tui.rollups.ledger import Contribution, Ledger
from clawpipe_tui.rollups.parts import Part, PartStore

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Change:
    """A part to take in, and the contributions, of it or of others, that do not count (any more)."""

    part: Part
    void: frozenset[Contribution]
    is_own: bool = False
    """Whether this console wrote the part, so that what it replaces counted the same."""


class TakenParts:
    """What one console knows of its log's store, and the ledger of every file in it; used by one thread at a time."""

    def __init__(self, store: PartStore) -> None:
        self.store = store
        self.ledger = Ledger()
        self.parts: dict[str, Part] = {}
        """The parts whose counts are taken in."""
        self.void: dict[str, frozenset[int]] = {}
        """Part → its contributions that do not count."""
        self._replaced: dict[str, str] = {}
        """Merged part → the part that holds its counts now."""

    def open_index(self) -> Index | None:
        """What the store knew when it was last used; None where it must be found out part by part."""
        present = set(self.store.ids())
        index = read_index(self.store.folder)
        return index if index and index.parts.keys() <= present else None

    def save_index(self, days: pa.Table) -> None:
        """Note what is known now for the next opening."""
        newest = self.ledger.newest
        parts = {part.id: replace(part, ledger=()) for part in self.parts.values()}
        index = Index(parts, self.void, self.ledger.logged(), newest.columns if newest else "", days)
        write_index(self.store.folder, index)

    def catch_up(self) -> Iterator[Change]:
        """Parts on disk that are not taken in: from earlier days, or from another console."""
        new = [part_id for part_id in self.store.ids() if part_id not in self.parts and part_id not in self._replaced]
        parts = [part for part_id in new if (part := self.store.load(part_id))]
        for part in parts:
            self._replaced |= dict.fromkeys(part.replaces, part.id)
        for part in parts:
            if part.id not in self._replaced:
                yield self.take_in(part)

    def take_in(self, part: Part, *, is_own: bool = False) -> Change:
        """Count what a part holds, and no longer what it replaces."""
        self._replaced |= dict.fromkeys(part.replaces, part.id)
        for part_id in part.replaces:
            self._drop(part_id)
        self.parts[part.id] = part
        void = frozenset(self.ledger.add(part))
        for part_id, key in void:
            self.void[part_id] = self.void.get(part_id, frozenset()) | {key}
        return Change(part, void, is_own)

    def forget(self, *part_ids: str) -> None:
        """The counts of these parts cannot be had: their contents are to be read again."""
        for part_id in part_ids:
            self._drop(part_id)
        self.ledger.forget(*part_ids)

    def tidy(self) -> Change | None:
        """Merge small parts where there are many, and remove those that were merged a while ago."""
        present = set(self.store.ids())
        self._replaced = {part_id: by for part_id, by in self._replaced.items() if part_id in present}
        self.store.sweep(self._replaced)
        part = compact(self.store, self.parts, self.void.keys(), self.ledger)
        return self.take_in(part, is_own=True) if part else None

    def _drop(self, part_id: str) -> None:
        self.parts.pop(part_id, None)
        self.void.pop(part_id, None)
