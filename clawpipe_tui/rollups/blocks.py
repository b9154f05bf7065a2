"""Counts in memory: of all parts together, by table, level and block of time.

A block is loaded from the parts when it is first asked for, kept up to date by the parts that come, and dropped when
there is too much and it has not been used for the longest time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.cover import DAYS, EVER, FINE, Cover, Range, merged
from clawpipe_tui.rollups.held import Slot, insert, insert_rows, levels_of_table, meet, memory, sources
from clawpipe_tui.rollups.levels import ASKED, LEVELLED, level_select, stored_columns, within
from clawpipe_tui.rollups.schema import columns_sql

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.rollups.parts import Part

BLOCK_S = {FINE: 600, 600: 3_600, 3_600: 86_400, DAYS: 512 * 86_400}
"""Level → how much time is loaded at once, and let go."""
MOST_ROWS = 1_000_000
_UNUSED_S = 10.0
"""What no question has looked at for so long goes, however little: a window that moves on leaves nothing behind."""
_OVERLAP = 1.25
"""Adding up halves the speed of loading; where parts overlap by less than a quarter, it has nothing to add up."""
_AGAIN_ROWS = 2_000
"""So many rows are added to a table before equal keys in it are added up again."""


class Blocks:
    """The blocks that are in memory. Loading has a connection of its own, so that it can be stopped."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._filling = connection
        self._loading = connection.cursor()
        self.lock = threading.RLock()
        self._parts: dict[str, Part] = {}
        self._void: dict[str, frozenset[int]] = {}
        self._used: dict[Slot, dict[int, float]] = {}
        """Slot → block → the look that used it last, by the monotonic clock."""
        self._rows: dict[Slot, int] = {}
        self._added: dict[Slot, int] = {}
        self._look = 0.0
        self.forgotten = 0
        """How often blocks were taken out of memory: who reads without the lock reads again where this has grown."""
        for name in ASKED:
            for level in levels_of_table(name):
                connection.execute(f"create table {memory(name, level)} ({columns_sql(stored_columns(name))})")

    def close(self) -> None:
        """Let go of the loading connection."""
        self._loading.close()

    def interrupt(self) -> None:
        """Stop what is being loaded."""
        self._loading.interrupt()

    @property
    def part_ids(self) -> set[str]:
        """The parts whose counts are, or can be, in memory."""
        return set(self._parts)

    def begin(self, parts: Mapping[str, Part], void: Mapping[str, frozenset[int]], days: pa.Table) -> None:
        """Start from an index: parts that are known without being read, and the days of `requests`."""
        with self.lock, self._whole(self._filling):
            self._parts, self._void = dict(parts), dict(void)
            self._filling.register("given", days)
            self._filling.execute(f"insert into {memory('requests', DAYS)} by name from given")
            self._filling.unregister("given")
            self._note(("requests", DAYS), self._blocks(DAYS, [EVER]), days.num_rows)

    def add(self, part: Part, void: Mapping[str, frozenset[int]], *, recount: bool) -> None:
        """Take in a part, and take back what is void from now on: all of it or nothing.

        `recount`: it replaces parts of which nobody here knows whether they counted the same.
        """
        with self.lock:
            stale = [self._parts[one].span_s for one in void if one in self._parts]
            stale += [part.span_s] if recount else []
            stale += [self._parts[one].span_s for one in part.replaces if recount and one in self._parts]
            is_new = part.id not in self._parts and not part.replaces
            with self._whole(self._filling):
                self._drop(stale)
                rows = self._insert_part(part, void.get(part.id, frozenset())) if is_new else {}
            for slot, added in rows.items():
                self._rows[slot] += added
                self._added[slot] = self._added.get(slot, 0) + added
            self._register(part, void)
            self._add_up_again()

    def lose(self, part_ids: Iterable[str]) -> None:
        """These parts are gone: what they counted is not counted any more."""
        with self.lock, self._whole(self._filling):
            self._drop([self._parts.pop(part_id).span_s for part_id in list(part_ids) if part_id in self._parts])

    def missing(self) -> list[str]:
        """Known parts whose tables are not on disk."""
        with self.lock:
            return [part.id for part in self._parts.values() if not part.table("requests").exists()]

    def hold(self, wanted: Mapping[str, Cover]) -> None:
        """See to it that what these covers look at is in memory. Raises duckdb.Error where a part cannot be read."""
        self._hold(wanted, self._filling)

    def hold_unless_stopped(self, wanted: Mapping[str, Cover]) -> None:
        """The same for a question, which `interrupt` may stop."""
        self._hold(wanted, self._loading)

    def _hold(self, wanted: Mapping[str, Cover], connection: duckdb.DuckDBPyConnection) -> None:
        with self.lock:
            self._look = time.monotonic()
            lacking: dict[Slot, set[int]] = {}
            for name, cover in wanted.items():
                for level, spans in cover.items():
                    slot = (name, level if name in LEVELLED else FINE)
                    blocks = self._blocks(slot[1], spans)
                    held = self._used.setdefault(slot, {})
                    held.update(dict.fromkeys(blocks & held.keys(), self._look))
                    if blocks - held.keys():
                        lacking.setdefault(slot, set()).update(blocks - held.keys())
            if lacking:
                with self._whole(connection):
                    rows = {slot: self._load(connection, slot, blocks) for slot, blocks in lacking.items()}
                for slot, blocks in lacking.items():
                    self._note(slot, blocks, rows[slot])
            self._make_room()

    def _note(self, slot: Slot, blocks: Iterable[int], rows: int) -> None:
        self._used.setdefault(slot, {}).update(dict.fromkeys(blocks, self._look))
        self._rows[slot] = self._rows.get(slot, 0) + rows

    def _register(self, part: Part, void: Mapping[str, frozenset[int]]) -> None:
        for part_id in part.replaces:
            self._parts.pop(part_id, None)
            self._void.pop(part_id, None)
        self._parts[part.id] = part
        for part_id, keys in void.items():
            self._void[part_id] = self._void.get(part_id, frozenset()) | keys

    def _blocks(self, level: int, spans: Iterable[Range]) -> set[int]:
        """The blocks that these spans touch, as far as there are parts."""
        size = BLOCK_S[level]
        lived = [part.span_s for part in self._parts.values() if part.span_s[0] < part.span_s[1]]
        first, last = min((start for start, _ in lived), default=0), max((end for _, end in lived), default=0)
        cut = ((max(start, first), min(end, last)) for start, end in spans)
        return {block for start, end in cut if start < end for block in range(start // size, -(-end // size))}

    def _load(self, connection: duckdb.DuckDBPyConnection, slot: Slot, blocks: Iterable[int]) -> int:
        spans = spans_of(slot[1], blocks)
        parts = [part for part in self._parts.values() if any(meet(part.span_s, span) for span in spans)]
        selects = list(sources(slot, parts, self._void, spans))
        if len(selects) == 1 and self._is_added_up(slot, parts):
            return insert_rows(connection, slot, selects[0])
        return insert(connection, slot, selects) if selects else 0

    def _is_added_up(self, slot: Slot, parts: Sequence[Part]) -> bool:
        """Whether parts hold the level itself, each of a time of its own but for its ends: adding up would be idle."""
        name, level = slot
        if level == FINE or any(self._void.get(part.id) or not part.has_levels for part in parts):
            return False
        lived = [(part.span_s[0] // level, -(-part.span_s[1] // level)) for part in parts if name not in part.empty]
        return _length(lived) <= _OVERLAP * _length(merged(lived))

    def _insert_part(self, part: Part, void: frozenset[int]) -> dict[Slot, int]:
        rows: dict[Slot, int] = {}
        for slot, held in self._used.items():
            spans = [span for span in spans_of(slot[1], held) if meet(part.span_s, span)]
            if spans and (selects := list(sources(slot, [part], {part.id: void}, spans))):
                rows[slot] = insert(self._filling, slot, selects)
        return rows

    def _drop(self, spans: Sequence[Range]) -> None:
        """Take the blocks of these spans out of memory; they are loaded again when they are asked for."""
        for slot, held in self._used.items() if spans else ():
            size = BLOCK_S[slot[1]]
            stale = {block for block in held if any(meet((block * size, (block + 1) * size), span) for span in spans)}
            self._forget(slot, stale)

    def _forget(self, slot: Slot, blocks: Iterable[int]) -> None:
        blocks = set(blocks)
        if blocks:
            self.forgotten += 1
            self._filling.execute(f"delete from {memory(*slot)} where {within(spans_of(slot[1], blocks))}")
            for block in blocks:
                del self._used[slot][block]
            ((self._rows[slot],),) = self._filling.execute(f"select count(*) from {memory(*slot)}").fetchall()

    def _make_room(self) -> None:
        """Drop what was not used for long, and where there is much the longest unused; blocks of this look stay."""
        idle = sorted((look, slot, block) for slot, held in self._used.items() for block, look in held.items())
        idle = [one for one in idle if one[0] < self._look and one[1] != ("requests", DAYS)]
        if not idle or not self._is_too_much(idle[0][0]):
            return
        with self._whole(self._filling):
            while idle and self._is_too_much(idle[0][0]):
                look = idle[0][0]
                together: dict[Slot, set[int]] = {}
                while idle and idle[0][0] == look:
                    _, slot, block = idle.pop(0)
                    together.setdefault(slot, set()).add(block)
                for slot, blocks in together.items():
                    self._forget(slot, blocks)
        self.give_back()

    def _is_too_much(self, last_look: float) -> bool:
        return sum(self._rows.values()) > MOST_ROWS or last_look < self._look - _UNUSED_S

    def _add_up_again(self) -> None:
        """Rows that came one part at a time and have the same key become one."""
        grown = [slot for slot, added in self._added.items() if added > max(_AGAIN_ROWS, self._rows[slot] // 2)]
        grown = [slot for slot in grown if slot[0] in LEVELLED]
        for slot in grown:
            held = memory(*slot)
            with self._whole(self._filling):
                self._filling.execute(f"create or replace temp table again as {level_select(*slot, [f'from {held}'])}")
                self._filling.execute(f"delete from {held}")
                ((rows,),) = self._filling.execute(f"insert into {held} by name from again").fetchall()
                self._filling.execute("drop table again")
            self._rows[slot], self._added[slot] = rows, 0
        if grown:
            self.give_back()

    def give_back(self) -> None:
        """The memory of rows that were deleted, and what new ones take too much of; where there is neither, nothing.

        While a step is being worked out for a question, it is left to the next time.
        """
        import duckdb

        with suppress(duckdb.Error):
            self._filling.execute("checkpoint")

    @contextmanager
    def _whole(self, connection: duckdb.DuckDBPyConnection) -> Generator[None]:
        """All of it or nothing; what is noted of it, too."""
        noted = {slot: dict(held) for slot, held in self._used.items()}, dict(self._rows), dict(self._parts)
        try:  # begun within: whoever is stopped as it begins may have an open transaction all the same
            connection.execute("begin")
            yield
            connection.execute("commit")
        except BaseException:
            roll_back(connection)
            self._used, self._rows, self._parts = noted
            raise


def roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Until it is done: whoever is impatient may stop this as well."""
    import duckdb

    while True:
        try:
            connection.execute("rollback")
        except duckdb.InterruptException:
            continue
        except duckdb.Error:  # there is nothing to roll back
            return
        return


def spans_of(level: int, blocks: Iterable[int]) -> list[Range]:
    """The time of some blocks."""
    size = BLOCK_S[level]
    return merged((block * size, (block + 1) * size) for block in blocks)


def _length(spans: Iterable[Range]) -> int:
    return sum(end - start for start, end in spans)
