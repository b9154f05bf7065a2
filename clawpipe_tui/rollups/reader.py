"""Reads a log once: finds what is new, looks at it, reduces it in batches, newest first, and writes parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.listing import LogFile, newest_first
from clawpipe_tui.logs.looking import Looker
from clawpipe_tui.logs.objects import drop_copies, is_remote
from clawpipe_tui.logs.pieces import Cutter
from clawpipe_tui.rollups.baseline import Baseline, choose_baseline, load_baseline, save_baseline
from clawpipe_tui.rollups.batch import Met, Reducer
from clawpipe_tui.rollups.batches import first_batch, later_batch
from clawpipe_tui.rollups.bins import ColumnBins
from clawpipe_tui.rollups.connections import Connections
from clawpipe_tui.rollups.first_look import FirstLook, LookedAt
from clawpipe_tui.rollups.hashes import Seen
from clawpipe_tui.rollups.lanes import side_by_side
from clawpipe_tui.rollups.neighbours import Neighbourhood
from clawpipe_tui.rollups.parts import LedgerEntry, Part, PartStore
from clawpipe_tui.rollups.reduced import Reduced, joined, uncounted
from clawpipe_tui.rollups.repeats import Neighbour, Repeats
from clawpipe_tui.rollups.salt import salt_of
from clawpipe_tui.rollups.settings import LogSettings, store_name
from clawpipe_tui.rollups.source import give_back
from clawpipe_tui.rollups.taken import Change, TakenParts

if TYPE_CHECKING:
    import duckdb

_GIVE_BACK_S = 20.0
_LOOK_EVERY_S, _LOOK_SHARE = 0.1, 20
"""How often to look for what lands while a batch is reduced, and how many times as long as a look takes, at least."""


@dataclass(frozen=True)
class Backlog:
    """What of the log is read, for the progress line."""

    files_known: int
    files_pending: int


@dataclass(frozen=True)
class _Writing:
    """A part on its way to the disk, and what the next batch must know of it."""

    part: Future[Part]
    contents: frozenset[str]
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True)
class _Fixed:
    """The bins to count with, or why there are none."""

    bins: tuple[ColumnBins, ...]
    trouble: LogError | None = None


class LogReader:
    """One log and its rollup store; used by one thread at a time."""

    def __init__(self, settings: LogSettings, cache: Path) -> None:
        self.store = PartStore(cache / store_name(settings))
        layout = settings.layout
        if layout.sensitive:
            settings = replace(settings, layout=replace(layout, salt=salt_of(self.store.folder)))
        self.settings = settings
        self.taken = TakenParts(self.store)
        self.ledger = self.taken.ledger
        self._looker, self._cutter = Looker(settings.files), Cutter(settings.layout)
        self.listing: dict[str, LogFile] = {}
        self.baseline: Baseline | None = load_baseline(self.store.folder)
        self._is_remote = any(map(is_remote, (*settings.files, *settings.baseline_files)))
        self._is_plain = not self._is_remote and layout.form == "parquet"
        self._pending: set[str] = set()
        """The paths that this round of reading looks at."""
        self.on_landed: Callable[[Change], None] = lambda _: None
        """Told of what landed while a batch was being reduced, and is read already."""
        self.is_watched = False
        """Whether somebody looks on: a little is read first then, and waited for."""
        self._next_look = 0.0
        self._given_back_at = time.monotonic()
        # Of one thread where files are read side by side: idle ones would clear away what the others use again.
        self.connections = Connections(threads=1 if layout.form == "parquet" else 0)
        self._seen, self._met = Seen(), Met()
        self._writing: _Writing | None = None
        """The part that is written while the next batch is counted."""
        self._reading: Repeats | None = None
        """What the batch that is being counted has told of its requests."""
        self._landed_in_it = False
        """Whether something landed meanwhile that may have a request of it."""

    def look(self, announced: Collection[str] = ()) -> Backlog:
        """List the log again; `announced` are folders in which something has changed."""
        self.listing = self._cutter.cut(self._looker.look(announced))
        return Backlog(len(self.listing), len(self.ledger.changed(self.listing)))

    def files(self) -> list[LedgerEntry]:
        """Every file of the log, past ones included, and what became of it."""
        return list(self.ledger.shown(self.listing))

    def read_new(self) -> Iterator[Change]:
        """Reduce all that `look` found new, newest first; each part is on disk when it is yielded.

        Raises LogError where the counts cannot be kept, or the baseline cannot be read.
        """
        changed = self.ledger.changed(self.listing)
        self._pending = {file.path for file in changed}
        yield from self._swap([file for file in changed if file.table], self.ledger.left(self.listing))
        changed = self.ledger.changed(self.listing)
        # Known paths come last: a rotated log's old content must be met under its new name before it is let go.
        waiting = newest_first(file for file in changed if file.path not in self.ledger.latest)
        waiting += newest_first(file for file in changed if file.path in self.ledger.latest)
        try:
            yield from self._read(waiting, self.ledger.cut_off(self.listing))
        finally:
            if self._writing:  # whoever stops here finds the part on disk
                wait([self._writing.part])
                self._writing = None

    def _read(self, waiting: list[LogFile], cut_off: Sequence[LedgerEntry]) -> Iterator[Change]:
        """Batch after batch; a part is written while the next batch is counted."""
        is_first = self.is_watched
        while waiting or cut_off:
            batch, waiting = (first_batch if is_first else later_batch)(waiting)
            looked, repeats, reduced = self._read_batch(batch)
            entries = list(reduced.entries)
            waiting = [*looked.again, *waiting]
            if not waiting:
                entries += map(self.ledger.following, cut_off)
                cut_off = ()
            if self._is_remote:
                drop_copies()
            yield from self._written()
            if entries:
                self._write(replace(reduced, entries=tuple(entries)), repeats)
            del reduced  # what is not written yet is enough to hold
            if is_first or looked.again or not waiting:  # somebody waits for it
                yield from self._written()
            is_first = False

    def _read_batch(self, batch: Sequence[LogFile]) -> tuple[LookedAt, Repeats, Reduced]:
        """The counts of some files; once more, where what landed meanwhile has counted some of their requests."""
        looked, repeats = self._look_at(batch), self._repeats()
        self._reading, self._landed_in_it = repeats, False
        reduced = self._reduced(looked, repeats)
        self._reading = None
        if self._landed_in_it:
            looked, repeats = self._look_at(batch), self._repeats()
            reduced = self._reduced(looked, repeats, self.connections.own)
        return looked, repeats, reduced

    def _write(self, reduced: Reduced, repeats: Repeats) -> None:
        """Begin to write a part."""
        read = {entry.path for entry in reduced.entries if entry.file is not None}
        self._writing = _Writing(
            side_by_side().submit(self.store.write, reduced.table, reduced.entries),
            frozenset(entry.fingerprint for entry in reduced.entries),
            tuple(one for one in repeats.here if one.file.path in read),
        )

    def _written(self) -> Iterator[Change]:
        """The part that was being written, if any, when it is on disk. Raises LogError where it cannot be kept."""
        writing, self._writing = self._writing, None
        if writing:
            part = writing.part.result()
            self._pending.difference_update(entry.path for entry in part.ledger)
            yield self.taken.take_in(part)

    def _read_landed(self) -> None:
        """Read what has landed while a batch is being reduced: it is newer than all that waits, and it is little."""
        began = time.monotonic()
        if began < self._next_look or not self._is_plain or self.baseline is None:
            return
        self.look()
        seen = self.ledger.latest.keys() | self._pending
        new = (file for file in self.ledger.changed(self.listing) if file.path not in seen and not file.table)
        landed = newest_first(new)
        self._next_look = time.monotonic() + max(_LOOK_EVERY_S, _LOOK_SHARE * (time.monotonic() - began))
        if landed:
            aside = self.connections.landed()
            batch, _ = first_batch(landed)
            repeats = self._repeats()
            reduced = self._reduced(self._look_at(batch), repeats, aside)
            self._landed_in_it = self._landed_in_it or bool(self._reading and self._reading.may_meet(repeats))
            if reduced.entries:
                self.on_landed(self.taken.take_in(self.store.write(reduced.table, reduced.entries)))

    def _swap(self, new: Sequence[LogFile], left: Sequence[LedgerEntry]) -> Iterator[Change]:
        """What a table's rewrite brought, in one part with what it took away: never both, never neither.

        Until all of it is read, the former files count. What was only appended needs no such care.
        """
        if not left and not any(self.ledger.is_counted(file.path) for file in new):
            return
        waiting, swapped = newest_first(new), uncounted()
        repeats = self._repeats()
        while waiting:
            batch, waiting = later_batch(waiting)
            swapped = joined(swapped, self._reduced(self._look_at(batch), repeats))
        part = self.store.write(swapped.table, [*swapped.entries, *map(self.ledger.following, left)])
        self._pending.difference_update(entry.path for entry in part.ledger)
        yield self.taken.take_in(part)

    def tidy(self) -> Change | None:
        """Merge small parts where there are many, remove those that were merged a while ago, give back memory."""
        merged = self.taken.tidy()
        if time.monotonic() > self._given_back_at + _GIVE_BACK_S:
            self._given_back_at = time.monotonic()
            if connection := self.connections.made:  # the others are alongside
                give_back(connection)
        return merged

    def _neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(self.ledger, self.listing, self.store, self.taken.parts, afar=self._is_remote)

    def _repeats(self) -> Repeats:
        """What finds the repetitions of the next files, also of those that are counted and on their way to the disk."""
        here = self._writing.neighbours if self._writing else ()
        return Repeats(self._neighbourhood().around, self._seen, here)

    def _reduced(
        self, looked: LookedAt, repeats: Repeats, connection: duckdb.DuckDBPyConnection | None = None
    ) -> Reduced:
        """The counts of a batch; on the `connection` aside nothing else is read meanwhile."""
        fixing = side_by_side().submit(self._fix_bins, [file for file, _ in looked.fresh])
        if not self._is_plain:  # it fetches files that are wanted here, too
            wait([fixing])
        settings = self.settings
        reducer = Reducer(
            connection or self.connections.own,
            settings.layout,
            lambda: fixing.result().bins,
            by_wall_clock=settings.by_wall_clock,
            labelled=settings.labelled,
            repeats=repeats,
            met=self._met,
            meanwhile=(lambda: None) if connection else self._read_landed,
            aside=() if connection else self.connections.lanes(len(looked.fresh)),
        )
        try:
            reduced = reducer.reduce(looked.fresh)
        finally:
            wait([fixing])
        trouble = fixing.result().trouble
        if trouble and any(entry.file is not None for entry in reduced.entries):
            raise trouble  # files can be read, but counts without bins would be lost for good
        renamed = {entry.fingerprint for entry in looked.entries}
        counted = self._neighbourhood()
        read = (counted.told(entry, renamed) for entry in reduced.entries)
        return Reduced(reduced.tables, tuple(map(self.ledger.following, (*looked.entries, *read))))

    def _fix_bins(self, files: Sequence[LogFile]) -> _Fixed:
        """Bins are fixed before the first counts, and stand in the store as long as it has parts that need them."""
        if self.baseline is None and files:
            choosing = self.connections.choosing()
            try:
                self.baseline = choose_baseline(choosing, self.settings, self.listing.values(), files)
            except LogError as error:
                return _Fixed((), error)
        if self.baseline is None:
            return _Fixed(())
        self.baseline = save_baseline(self.store.folder, self.baseline)
        return _Fixed(self.baseline.bins)

    def _look_at(self, batch: Sequence[LogFile]) -> LookedAt:
        writing = self._writing.contents if self._writing else ()
        return FirstLook(self.settings.layout, self.ledger, self.listing, self._pending, writing).at(batch)
