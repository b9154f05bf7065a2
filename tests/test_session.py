"""An open log: what it says about itself, that it follows, and that it ends."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import duckdb
import pytest
from tiny_log import END, START, TinyLog, ask, counted, plain_requests, random_rows, rows_of, wait_until

from clawpipe_tui.catalog import Query
from clawpipe_tui.errors import GivenUpError, LogError, QueryError
from clawpipe_tui.logs.footer import BadFile
from clawpipe_tui.session import LogSession


def _requests(session: LogSession) -> int:
    return session.progress().rows


def test_a_file_that_lands_is_answered_within_a_second(tmp_path: Path) -> None:
    """In a folder that did not exist when following began, too."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        session.follow()
        time.sleep(0.3)
        for number, name in enumerate(("b.parquet", "hour=13/c.parquet", "hour=13/d.parquet"), 2):
            log.write(name, random_rows(number))
            started = time.monotonic()
            assert wait_until(lambda expected=40 * number: _requests(session) == expected)
            assert time.monotonic() - started < 2.0
        assert sum(cast("int", row[3]) for row in ask(session, "health").rows) == 160


def test_following_an_empty_folder_says_so_until_files_come(tmp_path: Path) -> None:
    """The console may be opened before the first prediction, even before the folder."""
    log = TinyLog(tmp_path)
    with log.opened(read=False) as session:
        session.follow()
        assert wait_until(lambda: "There are no log files" in session.progress().message)
        log.write("a.parquet", random_rows(1))
        assert wait_until(lambda: _requests(session) == 40)
        assert wait_until(lambda: session.progress().message == "")


def test_looking_again_at_a_log_in_which_nothing_landed_gives_no_reason_to_ask(tmp_path: Path) -> None:
    """A console that asks anew because somebody looked would never be idle."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        session.read()
        before = session.revision()
        session.read()
        session.set_routes([])
        assert session.revision() == before
        log.write("b.parquet", random_rows(2))
        session.read()
        assert session.revision() > before


def test_progress_tells_how_far_reading_is(tmp_path: Path) -> None:
    """Files read, files known, rows, and whether it goes on."""
    log = TinyLog(tmp_path)
    for number in range(5):
        log.write(f"{number}.parquet", random_rows(number))
    with log.opened() as session:
        seen = session.progress()
    assert (seen.files_read, seen.files_known, seen.rows, seen.reading, seen.message) == (5, 5, 200, False, "")
    assert seen.whole


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There are no log files at"),
        (b"", "None of the 1 log files can be read. a.parquet: 0 bytes"),
        (b"time,version", "None of the 1 log files can be read. a.parquet: not a Parquet file"),
        (b"PAR1xxxxxxxx", "None of the 1 log files can be read. a.parquet: the end is missing"),
    ],
)
def test_a_log_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    """An empty folder, a folder of broken files: one sentence, and what to do."""
    log = TinyLog(tmp_path)
    if content is not None:
        log.folder.mkdir()
        (log.folder / "a.parquet").write_bytes(content)
    with log.opened(read=False) as session, pytest.raises(LogError) as told:
        session.read()
    assert told.value.message.startswith(said)
    assert told.value.hint
    assert told.value.exit_code == 1


def test_a_baseline_that_is_not_there_is_told(tmp_path: Path) -> None:
    """And one that is torn."""
    log = TinyLog(tmp_path, baseline=str(tmp_path / "base.parquet"))
    log.write("a.parquet", random_rows(1))
    with pytest.raises(LogError, match=r"The baseline .*base.parquet does not exist"):
        log.read()
    (tmp_path / "base.parquet").write_bytes(b"PAR1")
    with pytest.raises(LogError, match=r"The baseline .*base.parquet cannot be read"):
        log.read()


def test_the_clock_stands_where_it_is_told(tmp_path: Path) -> None:
    """At the log's last row, at a given time, or it is the wall's."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START, START + timedelta(minutes=3)]})
    for now, expected in (("end", START + timedelta(minutes=3)), (END, END)):
        session = LogSession(replace(log.config(), now=now), cache=log.cache)
        session.read()
        assert session.now() == expected
        session.close()
    session = LogSession(replace(log.config(), now=None), cache=log.cache)
    assert abs(session.now() - datetime.now(UTC)) < timedelta(minutes=1)
    session.close()


def test_the_end_moves_back_with_a_rewritten_file(tmp_path: Path) -> None:
    """A clock error in one file must not hold the console's clock for ever."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START]})
    log.write("b.parquet", {"served_at": [START + timedelta(days=900)]})
    session = LogSession(replace(log.config(), now="end"), cache=log.cache)
    session.read()
    log.write("b.parquet", {"served_at": [START + timedelta(minutes=1)]})
    session.read()
    assert session.now() == START + timedelta(minutes=1)
    session.close()


def test_the_model_is_the_chosen_the_configured_or_the_busiest(tmp_path: Path) -> None:
    """A configured name that the log does not know would show empty screens."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 3, "model": ["big", "big", "small"]})
    expected = [({}, "big"), ({"model": "small"}, "small"), ({"model": "typo"}, "big"), ({"chosen_model": "x"}, "x")]
    for config, name in expected:
        session = LogSession(replace(log.config(), **config), cache=log.cache)
        session.read()
        assert session.model() == name
        session.close()


def test_choosing_a_model_reads_nothing_again(tmp_path: Path) -> None:
    """--model chooses what is looked at, not how the log is read."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START]})
    log.read()
    session = LogSession(replace(log.config(), chosen_model="other"), cache=log.cache)
    assert session._warehouse.rows == 1
    session.close()


def test_closing_in_the_middle_of_reading_takes_no_time(tmp_path: Path) -> None:
    """Within two seconds, wherever reading is."""
    log = TinyLog(tmp_path)
    for number in range(40):
        log.write(f"{number}.parquet", random_rows(number, 2_000))
    for pause_s in (0.0, 0.1, 0.3):
        session = LogSession(log.config(), cache=log.cache)
        session.follow()
        time.sleep(pause_s)
        started = time.monotonic()
        session.close()
        assert time.monotonic() - started < 2.0
        assert session._thread is not None
        assert not session._thread.is_alive()
    assert log.read().requests == plain_requests(*(random_rows(number, 2_000) for number in range(40)))


def test_asking_a_closed_log_is_an_error_of_ours(tmp_path: Path) -> None:
    """A late question of a screen that is about to end."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        pass
    with pytest.raises(QueryError):
        ask(session, "health")


def test_stopping_a_question_never_stops_a_part_from_being_counted(tmp_path: Path) -> None:
    """The user pages on while files come in."""
    log = TinyLog(tmp_path)
    stop = threading.Event()
    with log.opened(read=False) as session:

        def impatient() -> None:
            while not stop.wait(0.001):
                session._warehouse.asking.interrupt()

        thread = threading.Thread(target=impatient)
        thread.start()
        for number in range(8):
            log.write(f"{number}.parquet", random_rows(number))
            session._look_again()
        stop.set()
        thread.join()
        assert counted(session).requests == plain_requests(*(random_rows(number) for number in range(8)))


def test_a_question_is_given_up_for_the_thread_that_asked_it_alone(tmp_path: Path) -> None:
    """A key that pages on stops the screen's query, never the one that watches over a rollback."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    sql = "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"
    forever = Query("forever", "", sql, frozenset(), tmp_path)
    ended: list[Exception] = []

    def asking() -> None:
        try:
            session._warehouse.answer(forever, {})
        except GivenUpError as error:
            ended.append(error)

    with log.opened() as session:
        thread = threading.Thread(target=asking)
        thread.start()
        while thread.ident not in session._warehouse.asking.asked_by:
            time.sleep(0.001)
        session.give_up(threading.get_ident())
        thread.join(0.2)
        assert thread.is_alive()
        deadline = time.monotonic() + 20
        while thread.is_alive() and thread.ident and time.monotonic() < deadline:
            session.give_up(thread.ident)  # again and again: it may not have begun when it is stopped
            thread.join(0.01)
        assert [str(error) for error in ended] == ["The query forever was stopped."]


class StoppedAsItBegins:
    """A connection that somebody stops once, in the moment in which its transaction begins: it is open by then."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.stops = connection, 1

    def execute(self, sql: str, *values: object) -> duckdb.DuckDBPyConnection:
        """As the connection does, but for that moment."""
        done = self.connection.execute(sql, *values)
        if sql == "begin" and self.stops:
            self.stops -= 1
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return done

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)


def test_who_is_given_up_as_counts_begin_to_be_loaded_leaves_the_next_one_to_load_them(tmp_path: Path) -> None:
    """A console stops questions all day long, some in the very moment in which a transaction begins."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        blocks = session._warehouse._blocks
        blocks._loading = cast("duckdb.DuckDBPyConnection", StoppedAsItBegins(blocks._loading))
        with pytest.raises(GivenUpError):
            ask(session, "health")
        assert sum(cast("int", row[3]) for row in ask(session, "health").rows) == 40


def test_asking_while_reading_sees_whole_parts_only(tmp_path: Path) -> None:
    """Every answer counts as many latencies' files as requests' files."""
    log = TinyLog(tmp_path)
    for number in range(6):
        log.write(f"{number}.parquet", {"served_at": [START] * 10, "client": [str(number)] * 10})
    with log.opened(read=False) as session:
        session.follow()
        for _ in range(60):
            rows = rows_of(
                session, "select (select sum(n) from requests) is not distinct from (select sum(n) from clients)"
            )
            assert rows == [(True,)]
        assert wait_until(lambda: _requests(session) == 60)


def test_following_survives_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of any kind is said, and the next file is read."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        session.follow()
        look, failing = session._reader.look, True

        def fragile(announced: Collection[str] = ()) -> object:
            if failing:
                raise RuntimeError("a disk on fire")
            return look(announced)

        monkeypatch.setattr(session._reader, "look", fragile)
        log.write("b.parquet", random_rows(2))
        assert wait_until(lambda: session.progress().message == "Reading the log failed: a disk on fire")
        failing = False
        log.write("c.parquet", random_rows(3))
        assert wait_until(lambda: _requests(session) == 120)
        assert wait_until(lambda: session.progress().message == "")


def test_the_log_folder_may_vanish_and_come_back(tmp_path: Path) -> None:
    """A mount that went away: the counts stay, and reading goes on when it is back."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session:
        session.follow()
        time.sleep(0.2)
        shutil.rmtree(log.folder)
        assert wait_until(lambda: session.progress().files_known == 0)
        assert counted(session).requests == plain_requests(random_rows(1))
        log.write("b.parquet", random_rows(2))
        assert wait_until(lambda: _requests(session) == 80)


def test_an_unreadable_file_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute; a mount that comes back changes no file."""
    from clawpipe_tui.rollups import first_look, ledger

    def denied(*_: object) -> BadFile:
        return BadFile("unreadable", "cannot be opened: Permission denied")

    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened(read=False) as session:
        with monkeypatch.context() as broken:
            broken.setattr(first_look, "inspect", denied)
            session._look_again()
        session._look_again()
        assert "Permission denied" in session.progress().message
        monkeypatch.setattr(ledger, "_RETRY_NS", 0)
        session._look_again()
        assert _requests(session) == 40
