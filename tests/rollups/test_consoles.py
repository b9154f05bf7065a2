"""Several consoles on one store, killed ones among them; and parts that are merged: the numbers never change."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_log import START, TinyLog, counted, plain_requests, random_rows

from clawpipe_tui.rollups import compact, parts
from clawpipe_tui.rollups.parts import PartStore
from clawpipe_tui.rollups.verify import verify_store
from clawpipe_tui.session import LogSession

TARGET = Path(__file__).with_name("kill_target.py")


def _store(session: LogSession) -> PartStore:
    return session._reader.store


@pytest.fixture
def few_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are merged early, so that tests need only a few."""
    monkeypatch.setattr(compact, "MOST_PARTS", 4)
    monkeypatch.setattr(compact, "_AT_LEAST", 3)


def test_two_consoles_that_read_the_same_files_count_them_once(tmp_path: Path) -> None:
    """Both read everything before either sees the other's parts."""
    log = TinyLog(tmp_path)
    for number in range(3):
        log.write(f"{number}.parquet", random_rows(number))
    expected = plain_requests(*(random_rows(number) for number in range(3)))
    with log.opened(read=False) as one, log.opened(read=False) as two:
        one.read()
        two._reader.look()
        for change in two._reader.read_new():  # without catching up first
            two._load(iter([change]))
        for session in (one, two, one, two):
            session.read()
            assert counted(session).requests == expected
            assert session._warehouse.rows == 120
    assert log.read().requests == expected


def test_two_consoles_that_start_at_once_share_their_bins(tmp_path: Path) -> None:
    """The bins that were fixed first stand for both."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened(read=False) as one, log.opened(read=False) as two:
        one.read()
        log.write("b.parquet", random_rows(2, at=START))
        two._reader.look()
        list(two._reader.read_new())
        assert one._reader.baseline is not None
        assert two._reader.baseline == one._reader.baseline


def test_both_consoles_see_a_rename(tmp_path: Path) -> None:
    """Each writes what it saw; that a name moved is told twice, and counted once."""
    log = TinyLog(tmp_path)
    path = log.write("a.parquet", random_rows(1))
    with log.opened() as one, log.opened() as two:
        path.rename(log.folder / "b.parquet")
        for session in (one, two):
            session._reader.look()
            for change in session._reader.read_new():
                session._load(iter([change]))
        for session in (one, two, one):
            session.read()
            assert counted(session).requests == plain_requests(random_rows(1))
    assert log.read().requests == plain_requests(random_rows(1))


@pytest.mark.parametrize("moment_s", [random.Random(seed).uniform(0, 0.8) for seed in range(10)])
def test_a_console_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, moment_s: float) -> None:
    """Killed hard in the middle of reading, merging or noting; the next console counts what a clean run counts."""
    log = TinyLog(tmp_path)
    for number in range(90):
        log.write(f"{number}.parquet", random_rows(number, 5))
    words = [sys.executable, str(TARGET), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as console:
        assert console.stdout is not None
        assert console.stdout.readline() == b"open\n"
        time.sleep(moment_s)
        console.kill()
    assert log.read().requests == plain_requests(*(random_rows(number, 5) for number in range(90)))
    (store,) = (log.cache / "rollups").iterdir()
    assert verify_store(store).faults == ()


@pytest.mark.usefixtures("few_parts")
def test_merging_parts_changes_no_count(tmp_path: Path) -> None:
    """In memory, on disk, and for a console that opens later; bad and renamed files keep their place in the ledger."""
    log = TinyLog(tmp_path)
    with log.opened(read=False) as session:
        for number in range(12):
            log.write(f"{number}.parquet", random_rows(number))
            session._look_again()
        (log.folder / "bad.parquet").write_bytes(b"nothing")
        (log.folder / "3.parquet").rename(log.folder / "x.parquet")
        log.write("4.parquet", random_rows(40))
        for _ in range(4):
            session._look_again()
        before, live = counted(session), len(session._reader.taken.parts)
    expected = plain_requests(*(random_rows(number) for number in (*range(4), *range(5, 12), 40)))
    assert live <= 5
    assert before.requests == expected
    after = log.read()
    assert after == before
    assert after.files["bad.parquet"][0] == "corrupt"
    assert after.files["3.parquet"][0] == "renamed"


@pytest.mark.usefixtures("few_parts")
def test_two_consoles_that_merge_the_same_parts_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither knows of the other's merge, nor of its removal of old parts."""
    monkeypatch.setattr(parts, "_GRACE_S", 0.0)
    log = TinyLog(tmp_path)
    with log.opened(read=False) as one, log.opened(read=False) as two:
        for number in range(14):
            log.write(f"{number}.parquet", random_rows(number))
            (one if number % 2 else two)._look_again()
        for session in (one, two, one, two):
            session._look_again()
            expected = plain_requests(*(random_rows(number) for number in range(14)))
            assert counted(session).requests == expected
    assert log.read().requests == expected


@pytest.mark.usefixtures("few_parts")
def test_merged_parts_stay_for_a_while_then_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another console may be reading them right now."""
    log = TinyLog(tmp_path)
    with log.opened(read=False) as session:
        for number in range(5):
            log.write(f"{number}.parquet", random_rows(number))
            session._look_again()
        assert len(_store(session).ids()) == 6
        session._look_again()
        assert len(_store(session).ids()) == 6
        monkeypatch.setattr(parts, "_GRACE_S", 0.0)
        session._look_again()
        assert len(_store(session).ids()) == 1
    assert log.read().rows == 200


def test_a_store_deleted_under_an_open_console_is_made_again(tmp_path: Path) -> None:
    """What it has counted it keeps; what comes goes to the new store; the next console reads the rest anew."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    expected = plain_requests(random_rows(1), random_rows(2))
    with log.opened() as session:
        log.forget()
        log.write("b.parquet", random_rows(2))
        session._look_again()
        assert session.progress().message == ""
        assert counted(session).requests == expected
    assert log.read().requests == expected


def test_a_damaged_part_is_read_anew(tmp_path: Path) -> None:
    """After a power cut a part may be there and hold nothing."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    before = log.read()
    for name in ("requests", "ledger"):
        for path in log.cache.rglob(f"{name}.parquet"):
            path.write_bytes(b"")
        assert log.read().requests == before.requests


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With the folder, and what to do."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    log.cache.write_text("a file in the way")
    with pytest.raises(Exception, match=r"The counts cannot be kept in .*XDG_CACHE_HOME"):
        log.read()


@pytest.mark.usefixtures("few_parts")
def test_following_stays_as_quick_as_it_began(tmp_path: Path) -> None:
    """A file each look: the last costs what the first cost, and the store stays small."""
    log = TinyLog(tmp_path)
    took: list[float] = []
    with log.opened(read=False) as session:
        for number in range(32):
            log.write(f"{number}.parquet", random_rows(number, 3))
            started = time.process_time()
            session._look_again()
            took.append(time.process_time() - started)
        assert len(session._reader.taken.parts) <= compact.MOST_PARTS + 1
        assert counted(session).rows == 96
    first, last = sorted(took[4:14]), sorted(took[-10:])
    assert last[5] < 3 * first[5]
