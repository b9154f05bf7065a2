"""What lands while older files are being read does not wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_log import TinyLog, counted, plain_requests, random_rows

from clawpipe_tui.rollups import batches
from clawpipe_tui.rollups.source import alongside, apart, connect
from clawpipe_tui.rollups.taken import Change


def test_who_looks_on_sees_the_newest_files_before_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody does, all are read together, which is sooner done."""
    monkeypatch.setattr(batches, "FIRST_FILES", 1)
    log = TinyLog(tmp_path)
    for seed in range(3):
        log.write(f"{seed}.parquet", random_rows(seed))
    with log.opened() as session:
        together = counted(session)
        assert [len(part.ledger) for part in session._reader.taken.parts.values()] == [3]
    with log.forget().opened(read=False) as session:
        session.follow()
        while not session.progress().whole:
            time.sleep(0.005)
        assert sorted(len(part.ledger) for part in session._reader.taken.parts.values()) == [1, 2]
        assert counted(session) == together


def test_what_lands_during_a_backfill_is_counted_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, whenever it is met again; the files that were being read lose nothing."""
    monkeypatch.setattr(batches, "LATER_FILES", 1)
    log, rows = TinyLog(tmp_path), [random_rows(seed) for seed in range(4)]
    for number in range(3):
        log.write(f"{number}.parquet", rows[number])
    with log.opened(read=False) as session:
        shown: list[tuple[str, bool]] = []
        look, show = session._reader._read_landed, session._reader.on_landed
        session._reader._read_landed = _landing(lambda: log.write("new.parquet", rows[3]), look)

        def on_landed(change: Change) -> None:
            show(change)
            shown.extend((Path(entry.path).name, session.progress().reading) for entry in change.part.ledger)

        session._reader.on_landed = on_landed
        session.read()
        assert shown == [("new.parquet", True)]
        assert counted(session).requests == plain_requests(*rows)
        session.read()
        assert counted(session).requests == plain_requests(*rows)
    assert log.read().requests == plain_requests(*rows)


def test_what_lands_while_a_part_is_being_written_repeats_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its requests are counted, though nobody around has heard of them yet."""
    monkeypatch.setattr(batches, "LATER_FILES", 1)
    log = TinyLog(tmp_path)
    rows = [random_rows(seed) | {"request_id": [f"{seed}-{n}" for n in range(40)]} for seed in range(3)]
    for number in range(3):
        log.write(f"{number}.parquet", rows[number])
    more = random_rows(9)
    with log.opened(read=False) as session:
        reader = session._reader
        look = reader._read_landed
        again: list[str] = []

        def looking() -> None:
            if reader._writing and not again:
                again.extend(map(str, rows[1]["request_id"]))
                log.write("new.parquet", more | {"request_id": again, "version": rows[1]["version"]})
                reader._next_look = 0.0
            look()

        monkeypatch.setattr(reader, "_read_landed", looking)
        session.read()
        assert again
        assert counted(session).rows == 3 * 40


@pytest.mark.parametrize("files", [1, 3])
def test_what_lands_while_its_own_requests_are_being_counted_counts_them_once(
    files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two is done first: the log has no more requests than before."""
    monkeypatch.setattr(batches, "LATER_FILES", files)
    log = TinyLog(tmp_path)
    rows = [random_rows(seed) | {"request_id": [f"{seed}-{n}" for n in range(40)]} for seed in range(3)]
    for seed in range(3):
        log.write(f"{seed}.parquet", rows[seed])

    def land_again() -> None:
        for seed in range(3):
            same = {name: rows[seed][name] for name in ("request_id", "version")}
            log.write(f"again-{seed}.parquet", random_rows(7 + seed) | same)

    with log.opened(read=False) as session:
        reader = session._reader
        look = _landing(land_again, reader._read_landed)
        monkeypatch.setattr(reader, "_read_landed", look)
        session.read()
        session.read()
        assert counted(session).rows == 3 * 40
    assert log.read().rows == 3 * 40


def test_what_lands_and_what_is_being_counted_may_both_repeat_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read at the same time, and neither leaves out what the other repeats."""
    monkeypatch.setattr(batches, "LATER_FILES", 1)
    log = TinyLog(tmp_path)
    rows = [
        random_rows(seed) | {"request_id": [f"{seed}-{n % 25}" for n in range(40)], "version": ["v1"] * 40}
        for seed in range(4)
    ]
    for seed in range(3):
        log.write(f"{seed}.parquet", rows[seed])
    with log.opened(read=False) as session:
        reader = session._reader
        look = _landing(lambda: log.write("new.parquet", rows[3]), reader._read_landed)
        monkeypatch.setattr(reader, "_read_landed", look)
        session.read()
        assert reader.connections._landed
        assert counted(session).rows == 4 * 25
    assert log.read().rows == 4 * 25


def _landing(write: Callable[[], object], look: Callable[[], None]) -> Callable[[], None]:
    """Looks for what has landed, after a file has landed."""
    landed: list[object] = []

    def looking() -> None:
        if not landed:
            landed.append(write())
        look()

    return looking


def test_a_connection_apart_has_tables_of_its_own_under_names_that_are_taken() -> None:
    """What is left out of a batch stands in a table that all who read the batch see, and nobody else replaces."""
    with connect(threads=1) as reading, apart(reading, "landed") as landed, alongside(reading) as helping:
        for number, one in enumerate((reading, landed)):
            one.execute(f"create or replace table left_out as select {number} as which")
        seen = [one.sql("from left_out").fetchall() for one in (reading, helping, landed)]
    assert seen == [[(0,)], [(0,)], [(1,)]]
