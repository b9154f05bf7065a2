"""What several questions work out alike is worked out once, and no answer is another one for it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import duckdb
import pytest

from clawpipe_tui.catalog import find_query, macro_files, shipped
from clawpipe_tui.config import load_config
from clawpipe_tui.errors import GivenUpError
from clawpipe_tui.looking import Sources
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.steps import STEPS, Call, Kept, macros_of, text_of

SHARED = ("headline", "drift", "health", "histogram", "what_moved_first", "version_decision")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """The sample log, read."""
    config = load_config(shipped("sample_data") / "clawpipe.toml")
    session = LogSession(config, cache=tmp_path_factory.mktemp("cache"))
    session.read()
    yield session
    session.close()


def test_a_call_with_plain_values_is_a_step_and_any_other_stays_what_it_is() -> None:
    """Parameters, texts and null are plain; a column or a subquery is not."""
    sql = "from version_health($model, $since) as h, compared_bins(h.model, null), drift_since(a, 'x')"
    text = text_of(sql)
    assert text.calls == (Call("version_health", ("$model", "$since")),)
    assert text.sql({text.calls[0]: '"kept"'}) == sql.replace("version_health($model, $since)", '"kept"')
    assert text_of(sql, ("a",)).calls[1].values({"a": 3}) == (3, "x")


def test_every_step_is_a_macro_that_can_be_taken_apart() -> None:
    """A macro that is renamed must not silently be worked out again and again."""
    sources = Sources.of(path.read_text(encoding="utf-8") for path in macro_files((shipped("queries"),)))
    macros = macros_of(sources.macros)
    assert tuple(macros) == STEPS
    assert {call.step for macro in macros.values() for call in macro.text.calls} >= {"compared_bins"}


def _moved(session: LogSession) -> dict[str, Value]:
    until = session.now() + timedelta(seconds=1)
    return {"model": session.model(), "since": until - timedelta(hours=6), "until": until, "column": "carrier"}


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("baseline", ["training", "previous window"])
def test_a_question_that_shares_steps_answers_as_one_that_does_not(
    session: LogSession, name: str, baseline: str
) -> None:
    """The same SQL as a query of one's own is worked out whole, from all of the log."""
    context = {**session._limits(), **_moved(session), "step": timedelta(minutes=10), "baseline": baseline}
    context |= {"version": None, "other": None, "now": session.now()}
    query = find_query(session.catalog, name)
    assert text_of(query.sql).calls
    whole = session._warehouse.answer(replace(query, path=Path("mine.sql")), context)
    shared = session._warehouse.answer(query, context)
    assert shared.columns == whole.columns
    assert _plain(shared.rows) == _plain(whole.rows)


def _plain(rows: Sequence[Sequence[Value]]) -> list[list[str]]:
    """To twelve digits: sums of fractions depend on their order."""
    return [[f"{value:.9g}" if isinstance(value, float) else str(value) for value in row] for row in rows]


def test_a_step_is_made_once_and_goes_when_the_log_has_grown() -> None:
    """Whoever comes second waits; what is being read is not dropped."""
    dropped: list[str] = []
    made: list[str] = []
    kept, go_on = Kept(lambda tables: dropped.extend(tables) or []), threading.Event()

    def make(table: str) -> None:
        go_on.wait(20)
        made.append(table)

    kept.begin(1)
    threads = [threading.Thread(target=kept.table, args=(("a",), make)) for _ in range(3)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    kept.begin(2)
    kept.end()
    kept.tidy()
    assert (len(made), dropped) == (1, [])
    kept.end()
    kept.tidy()
    assert dropped == made


def test_a_step_takes_the_place_of_an_older_one_that_nobody_reads() -> None:
    """So views that show it stay as they are; beside one that is read it stands under another name."""
    dropped: list[str] = []
    kept = Kept(lambda tables: dropped.extend(tables) or [])

    def made(revision: int) -> str:
        kept.begin(revision)
        return kept.table(("a", revision), lambda _: None)

    first = made(1)
    kept.end()
    assert made(2) == first
    beside = made(3)
    assert beside != first
    kept.end()
    kept.end()
    kept.tidy()
    assert dropped == [first]
    assert made(4) == first


def test_a_step_that_failed_leaves_its_name_to_one_alone() -> None:
    """Given up while it was made, and the log has grown: dropping what is left of it must not drop what is read now."""
    dropped: list[str] = []
    kept = Kept(lambda tables: dropped.extend(tables) or [])

    def stopped(_: str) -> None:
        raise TimeoutError

    kept.begin(1)
    with pytest.raises(TimeoutError):
        kept.table(("a", "of one version"), stopped)
    kept.end()
    kept.begin(1)
    kept.table(("a", "of another"), lambda _: None)
    kept.end()
    kept.begin(2)
    live = kept.table(("a", "of another"), lambda _: None)
    kept.end()
    kept.tidy()
    assert live not in dropped


def test_a_step_that_fails_is_tried_again_by_whoever_asks_next() -> None:
    """One question that is given up must not spoil the others."""
    kept = Kept(lambda _: [])
    kept.begin(1)

    def fail(_: str) -> None:
        raise ValueError("given up")

    with pytest.raises(ValueError, match="given up"):
        kept.table(("a",), fail)
    assert kept.table(("a",), lambda _: None)


class Stopped:
    """A connection that somebody stops at every second table that it drops."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.drops = connection, 0

    def execute(self, sql: str | duckdb.Statement, *values: object) -> duckdb.DuckDBPyConnection:
        """As the connection does, unless it is stopped."""
        if (sql if isinstance(sql, str) else sql.query).startswith("drop"):
            self.drops += 1
            if self.drops % 2:
                raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return self.connection.execute(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)


def test_who_is_given_up_while_tables_are_dropped_leaves_none_behind() -> None:
    """A console stops questions all day long: what it did not get to drop goes with the next."""
    config = load_config(shipped("sample_data") / "clawpipe.toml")
    with tempfile.TemporaryDirectory() as cache, closing(LogSession(config, cache=Path(cache))) as session:
        session.read()
        asking = session._warehouse.asking
        window = {"until": session.now(), "since": session.now() - timedelta(hours=1)}
        own = [lane.connection for lane in asking._lanes]

        def news_and_a_question(number: int) -> None:
            session.set_routes([{"model": "m", "version": f"v{number}", "role": "live", "weight_pct": 100.0}])
            session.ask("health", _moved(session) | window)
            session.tidy()

        for lane in asking._lanes:
            lane.connection = cast("duckdb.DuckDBPyConnection", Stopped(lane.connection))
        for number in range(4):
            news_and_a_question(number)
        for lane, connection in zip(asking._lanes, own, strict=True):
            lane.connection = connection
        news_and_a_question(4)
        there = own[0].sql("select table_name from duckdb_tables() where table_name like 'step %'").fetchall()
        assert {f'main."{name}"' for (name,) in there} == {one.name for one in asking._kept._tables.values()}


def test_a_question_that_comes_again_is_read_once() -> None:
    """Of what a screen asks at every tick, reading the text is a tenth: its tables get the same names again."""
    config = load_config(shipped("sample_data") / "clawpipe.toml")
    with tempfile.TemporaryDirectory() as cache, closing(LogSession(config, cache=Path(cache))) as session:
        session.read()
        lanes = session._warehouse.asking._lanes
        window = {"until": session.now(), "since": session.now() - timedelta(hours=1)}
        read: list[int] = []
        for number in range(6):
            session.set_routes([{"model": "m", "version": f"v{number}", "role": "live", "weight_pct": 100.0}])
            session.ask("health", _moved(session) | window)
            session.tidy()
            read.append(sum(lane.read.cache_info().misses for lane in lanes))
        assert read[0] > 3
        assert read[-1] <= 2 * read[0]  # each lane reads each of them once
        assert sum(lane.read.cache_info().hits for lane in lanes) > 2 * read[0]


def test_only_the_macros_that_a_question_uses_are_defined() -> None:
    """Defining all of them takes a tenth of a second, before the first answer."""
    config = load_config(shipped("sample_data") / "clawpipe.toml")
    with tempfile.TemporaryDirectory() as cache, closing(LogSession(config, cache=Path(cache))) as session:
        session.read()
        asking = session._warehouse.asking
        session.ask("traffic_over_time", {"since": session.now() - timedelta(hours=1), "until": session.now()})
        assert "stepped" not in asking._waiting
        assert {"drift_measures", "version_health", "version_sides"} <= asking._waiting.keys()


def test_who_is_given_up_while_macros_are_defined_spoils_nothing() -> None:
    """They are defined when they are first needed: all of a file, or nothing and again."""
    config = load_config(shipped("sample_data") / "clawpipe.toml")
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as cache, closing(LogSession(config, cache=Path(cache))) as session:

        def impatient() -> None:
            while not stop.wait(0.001):
                session._warehouse.asking.interrupt()

        thread = threading.Thread(target=impatient)
        thread.start()
        for _ in range(3):
            with suppress(GivenUpError):
                session.ask("health", _moved(session) | {"until": session.now(), "since": session.now()})
        stop.set()
        thread.join()
        assert session.ask("version_decision", {"since": session.now(), "until": session.now()}).columns
