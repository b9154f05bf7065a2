"""Questions: two at a time, each on a connection of its own, and what they have in common once."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from clawpipe_tui.catalog import Query, is_shipped
from clawpipe_tui.lane import Lane
from clawpipe_tui.looking import Served, Sources, parameters_for_requests
from clawpipe_tui.rollups.blocks import Blocks, roll_back
from clawpipe_tui.rollups.cover import DAYS, EVER, Cover, Looks, cover
from clawpipe_tui.rollups.held import view_select
from clawpipe_tui.steps import Call, Kept, Text, macros_of, text_of
from clawpipe_tui.turns import Turns

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.result import Value

_MOST_SERVED = 8
"""Ends of windows for which it is kept when each version served last: questions without an end come between."""
_LANES = 2
_STOP_AGAIN_S = 0.05
_PARAMETER = re.compile(r"\$(\w+)")
_MOST_VERSIONS = 50
"""Of so many versions, the latest, it is known when they served last; objectives are measured up to then."""
_ASKED_OF_SPANS = """select list(distinct window_s), list(distinct window_s) filter (metric = 'estimated_pct'),
                            exists (from labels)
                     from   objectives where window_s > 0"""
EVERY_DAY: Cover = {DAYS: (EVER,)}


@dataclass(frozen=True)
class Known:
    """What the log is when a question is put."""

    revision: int
    last_at: datetime | None


class Asking:
    """The asking side of the counts in memory. Any thread may ask; a third waits for one of two.

    `macros` are texts that define them; those in the texts that are `waiting` are defined when they are first used.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, blocks: Blocks, macros: Sequence[str], waiting: Sequence[str]
    ) -> None:
        # Its remedy, a relation, binds every statement twice; an answer's rows are few.
        warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
        self._blocks, self._sources = blocks, Sources.of(macros)
        self._waiting = dict(Sources.of(waiting).macros)
        self._steps: set[str] = set()
        """The steps that are defined."""
        self._defining = threading.Lock()
        self._bare = connection.cursor()
        """Has no views: macros bind to the empty tables, never to what one lane happens to see."""
        self._lanes = tuple(Lane(connection.cursor()) for _ in range(_LANES))
        self._turns = Turns(self._lanes)
        self._loading_for: int | None = None
        self._macros = macros_of(self._sources.macros)
        self._kept = Kept(self._drop)
        self._served_lock = threading.Lock()
        self._served_known: tuple[int, dict[Value, Served]] = -1, {}

    def close(self) -> None:
        """Let go of the connections, once what runs on them has stopped."""
        self._turns.with_each(lambda lane: lane.connection.close(), self.interrupt, _STOP_AGAIN_S)
        with self._defining:
            self._bare.close()

    @property
    def asked_by(self) -> set[int]:
        """The threads whose questions are being answered."""
        return self._turns.takers

    def give_up(self, thread: int) -> None:
        """Stop what that thread asks."""
        self._turns.with_taken(thread, Lane.interrupt)
        if self._loading_for == thread:
            self._blocks.interrupt()

    def tidy(self) -> None:
        """Drop what was worked out for what the log was before; who asks next would wait for it."""
        self._kept.tidy()

    def interrupt(self) -> None:
        """Stop everything that is being asked."""
        for lane in self._lanes:
            lane.interrupt()
        self._blocks.interrupt()

    def answer(self, query: Query, bound: Mapping[str, Value], context: Mapping[str, Value], known: Known) -> pa.Table:
        """The rows of an answer. Raises duckdb.Error."""
        with self._turns.in_order():
            return self._answer(query, bound, context, known)

    def _answer(self, query: Query, bound: Mapping[str, Value], context: Mapping[str, Value], known: Known) -> pa.Table:
        self._define(self._sources.words(_text(query).plain if is_shipped(query) else query.sql))
        until = context.get("until") if "until" in parameters_for_requests(query, context) else None
        wanted = self._sources.covers(query, context, self._served(known, until))
        if not is_shipped(query):
            return self._answer_alone(query, bound, wanted)
        self._kept.begin(known.revision)
        try:
            text, seen = _text(query), self._copies(wanted)
            sql, used = self._put_in(text, bound, wanted), {name: bound[name] for name in _parameters(query)}
            with self._turns.taking() as lane:
                lane.show(seen)
                return lane.run(sql, used or None).to_arrow_table()
        finally:
            self._kept.end()

    def _answer_alone(self, query: Query, bound: Mapping[str, Value], wanted: Mapping[str, Cover]) -> pa.Table:
        """A query of the user's own sees all of the log, which is not copied for it, and shares nothing."""
        with self._turns.taking() as lane:
            lane.show({name: view_select(name, covered) for name, covered in wanted.items()})
            with self._holding(lane, wanted):
                return lane.connection.execute(query.sql, dict(bound) or None).to_arrow_table()

    def define_ahead(self, texts: Sequence[str]) -> None:
        """Define what these queries use, in a thread of its own."""
        used = frozenset[str]().union(*map(self._sources.words, texts))

        def define() -> None:
            import duckdb

            with suppress(duckdb.Error):  # closed meanwhile; or a question meets it again, and says it
                for text in texts:
                    self._define(self._sources.words(text_of(text).plain))
                for step in self._macros:
                    if step in used:
                        self._define_step(step)

        threading.Thread(target=define, name="macros", daemon=True).start()

    def _define(self, words: Collection[str]) -> None:
        """The macros among these words, which were not needed before."""
        if self._waiting.keys().isdisjoint(words):
            return
        with self._defining:
            needed = {name: body for name, body in self._waiting.items() if name in words}
            if not needed:  # somebody else defined them meanwhile
                return
            texts = (f"create macro {name}{body.rstrip().rstrip(';')};" for name, body in needed.items())
            try:  # all of them or none
                self._bare.execute(f"begin; {' '.join(texts)} commit")
            finally:
                roll_back(self._bare)
            self._waiting = {name: body for name, body in self._waiting.items() if name not in needed}

    def _define_step(self, step: str) -> None:
        """A step as a macro: the tables of the steps inside it are given by name, so that it is planned as it stays."""
        if step in self._steps:
            return
        macro = self._macros[step]
        self._define(self._sources.words(macro.text.plain))
        with self._defining:
            if step not in self._steps:
                inner = {call: f"query_table(kept_{place})" for place, call in enumerate(macro.text.calls)}
                parameters = ", ".join((*macro.parameters, *(f"kept_{place}" for place in range(len(inner)))))
                self._bare.execute(f"create macro {_own(step)}({parameters}) as table {macro.text.sql(inner)}")
                self._steps.add(step)

    def _copies(self, wanted: Mapping[str, Cover]) -> dict[str, str]:
        """What questions with these covers see: one plain table each, which is quicker planned than levels are."""
        return {name: f"from {self._copy(name, covered)}" for name, covered in wanted.items()}

    def _copy(self, name: str, covered: Cover) -> str:
        def make(table: str) -> None:
            with self._turns.taking() as lane:
                forgotten = -1
                while forgotten != self._blocks.forgotten:  # cheaper than a transaction that sees to it
                    with self._blocks.lock:
                        self._hold_what_is_there({name: covered})
                        forgotten = self._blocks.forgotten
                    lane.connection.execute(f"create or replace table {table} as {view_select(name, covered)}")

        return self._kept.table((name, *covered.items()), make)

    def _put_in(self, text: Text, known: Mapping[str, Value], wanted: Mapping[str, Cover]) -> str:
        """The text with the tables of its steps, made where they are not there yet."""
        return text.sql({call: self._table(call, call.values(known), wanted) for call in text.calls})

    def _table(self, call: Call, values: tuple[Value, ...], wanted: Mapping[str, Cover]) -> str:
        """The table of a step. What it looks at is part of its key: how exact a time is depends on the level."""
        macro, words = self._macros[call.step], self._sources.words(call.step)
        wanted = {name: covered for name, covered in sorted(wanted.items()) if name in words}

        def make(table: str) -> None:
            inner = dict(zip(macro.parameters, values, strict=True))
            tables = [self._table(one, one.values(inner), wanted) for one in macro.text.calls]
            self._define_step(call.step)
            seen = self._copies(wanted)
            with self._turns.taking() as lane:
                lane.show(seen)
                given = ", ".join("?" * (len(values) + len(tables)))
                lane.run(f"create or replace table {table} as from {_own(call.step)}({given})", [*values, *tables])

        return self._kept.table((call.step, *values, *((name, *each.items()) for name, each in wanted.items())), make)

    def _drop(self, tables: Sequence[str]) -> list[str]:
        """Returns those that are still there: whoever is impatient may stop this as well."""
        import duckdb

        left = list(tables)
        with suppress(duckdb.Error), self._turns.taking() as lane:
            while left:
                lane.run(f"drop table if exists {left[-1]}")
                left.pop()
        return left

    @contextmanager
    def _holding(self, lane: Lane, wanted: Mapping[str, Cover]) -> Generator[None]:
        """Load what is looked at; its transaction has begun to read, so that nobody takes it out of memory."""
        try:
            with self._blocks.lock:
                self._hold_what_is_there(wanted)
                lane.connection.execute("begin")
                lane.connection.execute("select count(*) from log_totals").fetchall()
            yield
        finally:
            roll_back(lane.connection)

    def _hold_what_is_there(self, wanted: Mapping[str, Cover]) -> None:
        import duckdb

        try:
            self._hold(wanted)
        except duckdb.IOException:  # somebody removed parts under us: their files are read anew (session.py)
            self._blocks.lose(self._blocks.missing())
            self._hold(wanted)

    def _hold(self, wanted: Mapping[str, Cover]) -> None:
        self._loading_for = threading.get_ident()
        try:
            self._blocks.hold_unless_stopped(wanted)
        finally:
            self._loading_for = None

    def _served(self, known: Known, until: Value) -> Served:
        """When each version served last before a moment; of many versions the latest."""
        with self._served_lock:
            revision, found = self._served_known
            if revision != known.revision or len(found) > _MOST_SERVED:
                found = {}
                self._served_known = known.revision, found
            if until not in found:
                found[until] = self._look_served(known.last_at, until)
            return found[until]

    def _look_served(self, last_at: datetime | None, until: Value) -> Served:
        past, before = {"requests": EVERY_DAY}, ""
        if isinstance(until, datetime) and last_at is not None and until <= last_at:
            past = {"requests": cover(Looks(edges=(until,)), whole=True)}
            before = "where bucket_start < $until"
        sql = f"""select epoch_us(max(last_at)) from ({view_select("requests", past["requests"])}) {before}
                  group by model, version order by 1 desc limit {_MOST_VERSIONS}"""
        with self._turns.taking() as lane, self._blocks.lock:
            self._hold(past)
            ends = lane.connection.execute(sql, {"until": until} if before else None).fetchall()
            ((widths, estimated, labelled),) = lane.run(_ASKED_OF_SPANS).fetchall()
        return Served(
            tuple(datetime.fromtimestamp(end / 1e6, UTC) for (end,) in ends if end is not None),
            tuple(timedelta(seconds=width_s) for width_s in widths or ()),
            tuple(timedelta(seconds=width_s) for width_s in estimated or ()),
            labelled,
        )


def _own(step: str) -> str:
    return f'"step of {step}"'


@lru_cache(maxsize=256)
def _text(query: Query) -> Text:
    return text_of(query.sql)


@lru_cache(maxsize=256)
def _parameters(query: Query) -> frozenset[str]:
    """What is left to bind when the steps stand as tables."""
    return query.parameters & set(_PARAMETER.findall(_text(query).plain))
