"""Reduces a batch of log files to the rollup tables; a bad file in it is named and stops nothing."""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.canonical import Kind, Layout, canonical_select, is_weighed
from clawpipe_tui.logs.footer import Footer, first_line
from clawpipe_tui.logs.listing import LogFile, is_unchanged
from clawpipe_tui.logs.objects import complete_copy
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.bins import ColumnBins, kinds_of
from clawpipe_tui.rollups.cells import UnknownError, Who, who_is_in, who_may_come
from clawpipe_tui.rollups.counters import Clients, Errors, Latencies, Requests, clients_in
from clawpipe_tui.rollups.labels import ANSWER, answers_select
from clawpipe_tui.rollups.lanes import side_by_side
from clawpipe_tui.rollups.names import Names
from clawpipe_tui.rollups.pairs import has_shadows, pairs_table
from clawpipe_tui.rollups.parts import LedgerEntry
from clawpipe_tui.rollups.reduce import Lane, count_rows
from clawpipe_tui.rollups.reduced import MakeTable, Reduced, as_made, joined, together, uncounted
from clawpipe_tui.rollups.repeats import Repeats, Unrepeated
from clawpipe_tui.rollups.source import Rows, Share, alongside, rows_of
from clawpipe_tui.rollups.spans import Span, Spans
from clawpipe_tui.rollups.values import Values, in_groups
from clawpipe_tui.rollups.violations import violations_table

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

AHEAD = timedelta(days=1)
"""How far ahead of the clock a row may be: clocks differ by minutes, times without a zone by hours."""
_QUOTED = re.compile(r"'.*'|\".*\"")
Looked = tuple[LogFile, Footer]


@dataclass
class Met:
    """Who was met in the batches before: mostly nobody else comes, and nobody has to be looked for first."""

    who: Who | None = None


@dataclass(frozen=True)
class Known:
    """Who is expected in a batch."""

    who: Who
    clients: Names
    """Those that count by name."""


@dataclass(frozen=True)
class Reducer:
    """How one log is reduced: the connection that does it, the layout and the bins."""

    connection: duckdb.DuckDBPyConnection
    layout: Layout
    bins: Callable[[], tuple[ColumnBins, ...]]
    """They may still be on their way while repetitions are looked for."""
    by_wall_clock: bool = False
    """Whether the log is of the present, so that a row far ahead of the clock has a wrong time."""
    labelled: bool = False
    """Whether labels are expected, so that answers are kept for them to find."""
    repeats: Repeats = field(default_factory=Repeats)
    met: Met = field(default_factory=Met)
    meanwhile: Callable[[], None] = lambda: None
    """What is called now and then while a batch is reduced."""
    aside: Sequence[duckdb.DuckDBPyConnection] = ()
    """Connections of one thread each, to count files side by side."""

    def reduce(self, files: Sequence[Looked]) -> Reduced:
        """Counts of all files that can be read and were not changed meanwhile: those are left for the next look."""
        reduced = self._halving(files)
        moved = {file.path for file, _ in files if not is_unchanged(file)}
        if not moved or self.layout.form != "parquet":  # of text that grows, what was listed is what was read
            return reduced
        return reduced.only(entry for entry in reduced.entries if entry.path not in moved)

    def _halving(self, files: Sequence[Looked]) -> Reduced:
        """All files together; where that fails, each half for itself, down to the one that is bad."""
        import duckdb

        if not files:
            return uncounted()
        try:
            return self._together(files)
        except (duckdb.Error, LogError, OSError) as error:
            if isinstance(error, duckdb.InterruptException):
                raise
            if len(files) == 1:
                if complete_copy(files[0][0]):
                    return self._halving(files)  # a column was asked for that had not seemed to be needed
                return uncounted(entry_of(files[0][0], "corrupt", f"cannot be read: {_harmless(error, self.layout)}"))
        middle = len(files) // 2
        return joined(self._halving(files[:middle]), self._halving(files[middle:]))

    def _together(self, files: Sequence[Looked]) -> Reduced:
        with rows_of(self.connection, [file for file, _ in files], self.layout) as rows:
            return self._counted(files, rows)

    def _counted(self, files: Sequence[Looked], rows: Rows) -> Reduced:
        latest = datetime.now(UTC) + AHEAD if self.by_wall_clock else None
        shares = self._shares(files, rows)
        unrepeated, known = self._looked_through([file for file, _ in files], shares, rows, latest)
        rows = unrepeated.kept(rows)
        shares = [replace(share, rows=unrepeated.kept(share.rows)) for share in shares]
        counted, spans = self._scanned(shares, rows, latest, known)
        weighed = is_weighed(rows.columns, rows.layout)
        violations = violations_table(
            self.connection, lambda kinds: canonical_of(rows, kinds, latest), rows.layout.ranges, weighed=weighed
        )
        answers = self._answers(rows, latest)
        pairs = table_schema("pairs").empty_table()
        if has_shadows(counted["requests"]()):
            pairs = pairs_table(
                self.connection, lambda kinds: canonical_of(rows, kinds, latest), self.bins(), weighed=weighed
            )
        read = {"repeats": unrepeated.requests, "violations": violations, "answers": answers, "pairs": pairs}
        tables = counted | {name: as_made(table) for name, table in read.items()}
        notes = [f"{name} is empty: {reason}" for name, reason in rows.unknown.items()]
        entries = (
            _read_entry(
                index, file, _told(footer, rows), spans.of.get(index, Span()), unrepeated.left_out.get(index, 0), notes
            )
            for index, (file, footer) in enumerate(files)
        )
        self.repeats.add(unrepeated.neighbours)
        return Reduced(tables, tuple(entries))

    def _answers(self, rows: Rows, latest: datetime | None) -> pa.Table:
        """What was said to each request, where labels may come for it."""
        if not self.labelled:
            return table_schema("answers").empty_table()
        sql = answers_select(canonical_of(rows, ANSWER, latest))
        return exact(self.connection.sql(sql).to_arrow_table(), "answers")

    def _looked_through(
        self, files: Sequence[LogFile], shares: Sequence[Share], rows: Rows, latest: datetime | None
    ) -> tuple[Unrepeated, Known]:
        """What repeats itself, and who is in these rows; at the same time, where the shares are not read here."""

        def look(connection: duckdb.DuckDBPyConnection) -> Known:
            canonical = canonical_of(rows, {}, latest)
            who = self.met.who or self._meet(who_is_in(connection, canonical))
            return Known(who, clients_in(connection, canonical))

        if len(shares) == 1:
            return self.repeats.leave_out(self.connection, files, shares, rows, latest), look(self.connection)
        with alongside(self.connection) as own:
            looking = side_by_side().submit(look, own)
            try:
                unrepeated = self.repeats.leave_out(self.connection, files, shares, rows, latest)
            finally:
                wait([looking])
            return unrepeated, looking.result()

    def _scanned(
        self, shares: Sequence[Share], rows: Rows, latest: datetime | None, known: Known
    ) -> tuple[dict[str, MakeTable], Spans]:
        """All tables of a scan, which counts on whoever was met before; where somebody new comes, of another one."""
        try:
            return self._scanned_by(known, shares, rows, latest)
        except UnknownError:
            who = self._meet(who_is_in(self.connection, canonical_of(rows, {}, None)))
        return self._scanned_by(replace(known, who=who), shares, rows, latest)

    def _meet(self, who: Who) -> Who:
        """These, and whoever was met before; they are kept in mind, unless that is too many."""
        self.met.who = who_may_come(who, self.met.who)
        return self.met.who or who

    def _scanned_by(
        self, known: Known, shares: Sequence[Share], rows: Rows, latest: datetime | None
    ) -> tuple[dict[str, MakeTable], Spans]:
        """All tables that one scan fills, or a few where the log has hundreds of columns."""
        who = known.who
        weighed = is_weighed(rows.columns, rows.layout)
        spans = Spans(latest)
        requests = Requests(who)
        others = {"latencies": Latencies(who), "errors": Errors(who), "clients": Clients(who, known.clients)}
        parts: list[MakeTable] = [table_schema("values").empty_table]
        for group, bins in enumerate(in_groups(fixed) if (fixed := self.bins()) else [()]):
            values = Values(who, bins)
            counters = (values,) if group else (values, requests, *others.values())
            kinds = kinds_of(tuple(bins))
            lanes = [Lane(share.connection, canonical_of(share.rows, kinds, None)) for share in shares]
            heard = Spans(latest) if group else spans
            count_rows(lanes, who, counters, heard, weighed=weighed, meanwhile=self.meanwhile)
            unseen = values.unseen(self.connection, canonical_of(rows, kinds, latest), weighed=weighed)
            parts += [values.table, as_made(unseen)]
        tables: dict[str, MakeTable] = {name: counter.table for name, counter in others.items()}
        return {**tables, "requests": as_made(requests.table()), "values": partial(together, *parts)}, spans

    def _shares(self, files: Sequence[Looked], rows: Rows) -> list[Share]:
        """The rows in as many shares as there are connections aside; in one where the files are not all alike."""
        columns = {footer.columns for _, footer in files}
        if not self.aside or not rows.paths or len(files) == 1 or len(columns) > 1 or columns == {""}:
            return [Share(self.connection, rows)]
        ends = _even([file.size_bytes for file, _ in files], len(self.aside))
        parts = zip(self.aside, pairwise(ends), strict=False)
        return [Share(connection, rows.of_files(first, last)) for connection, (first, last) in parts]


def _even(sizes: Sequence[int], most: int) -> list[int]:
    """Where to cut a row of sizes into at most so many shares of about the same size; both ends included."""
    reached = list(accumulate(sizes))
    half_a_file = reached[-1] / len(sizes) / 2
    cuts = (bisect(reached, reached[-1] * share / most + half_a_file) for share in range(1, most))
    return sorted({0, *cuts, len(sizes)})


def _harmless(error: BaseException, layout: Layout) -> str:
    """Why a file cannot be read, without what stands in it where a column is sensitive: errors quote values."""
    text = first_line(error)
    return _QUOTED.sub("…", text) if layout.sensitive else text


def canonical_of(rows: Rows, watched: Mapping[str, Kind], latest: datetime | None) -> str:
    """The canonical select over some files; what is later than `latest` has no time."""
    return canonical_select(rows.source, rows.columns, rows.layout, watched, key=rows.key, latest=latest)


def entry_of(file: LogFile, state: str, reason: str) -> LedgerEntry:
    """A ledger entry that adds no counts."""
    return LedgerEntry(file.path, state, reason, file.size_bytes, file.mtime_ns)


def whole_entry(file: LogFile, footer: Footer, state: str, reason: str) -> LedgerEntry:
    """The same, for a file that can be read: its path stands for its content."""
    return replace(
        entry_of(file, state, reason), rows=footer.rows, fingerprint=footer.fingerprint, columns=footer.columns
    )


def _told(footer: Footer, rows: Rows) -> Footer:
    """Of text, and of bodies that are taken apart, which columns there are is known when they have been read."""
    if footer.columns and not rows.layout.select:
        return footer
    return replace(footer, columns=json.dumps(dict(rows.columns), ensure_ascii=False))


def _read_entry(
    index: int, file: LogFile, footer: Footer, span: Span, repeated: int, notes: Sequence[str]
) -> LedgerEntry:
    reasons = [f"{span.timeless} rows left out: served_at cannot be read as a time since 1970"] if span.timeless else []
    reasons += [f"{span.ahead} rows left out: their time is more than a day ahead of the clock"] if span.ahead else []
    reasons += (
        [f"{repeated} rows left out: their request id is counted already, in this file or in one near it"]
        if repeated
        else []
    )
    reasons += [*notes, *([footer.note] if footer.note else [])]
    entry = replace(whole_entry(file, footer, "read", "; ".join(reasons)), file=index)
    return replace(entry, rows=span.rows, first_at=span.first_at, last_at=span.last_at)
