"""Files that are counted side by side, each share on a connection of its own, count as they do one after the other."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_log import TinyLog, counted, random_rows, rows_of

from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.rollups import batches, connections, lanes
from clawpipe_tui.rollups.batch import _even
from clawpipe_tui.rollups.cells import Who, who_may_come
from clawpipe_tui.rollups.hashes import Seen, have_common
from clawpipe_tui.rollups.names import Names

BY_FOLDER = {"version": "regexp_extract({path}, 'logs/(v[0-9])', 1)"}


@pytest.mark.parametrize("columns", [{}, BY_FOLDER])
def test_any_number_of_shares_counts_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, str]
) -> None:
    """Also where the file that a row stands in decides its version."""
    log = TinyLog(tmp_path, columns)
    for number in range(7):
        log.write(f"v{number % 3}/{number}.parquet", random_rows(number))
    found: list[object] = []
    for shares in (1, 2, 4):
        monkeypatch.setattr(connections, "MOST_LANES", shares)
        with log.forget().opened() as session:
            assert len(session._reader.connections._lanes) == (shares if shares > 1 else 0)
            errors = rows_of(session, "select error, outcome, sum(n)::bigint from errors group by all order by all")
            found.append((counted(session), errors))
    assert found[0] == found[1] == found[2]


def test_a_file_that_is_broken_inside_stops_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its footer is whole; the files beside it are counted, and it is named."""
    monkeypatch.setattr(connections, "MOST_LANES", 2)
    log = TinyLog(tmp_path)
    path, *_ = [log.write(f"{number}.parquet", random_rows(number, 400)) for number in range(4)]
    whole = bytearray(path.read_bytes())
    whole[4:2_000] = bytes(1_996)
    path.write_bytes(whole)
    found = log.read()
    assert found.files["0.parquet"][0] == "corrupt"
    assert found.rows == 3 * 400


@pytest.mark.parametrize("shares", [1, 2])
def test_batches_count_the_same_as_one_whoever_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shares: int
) -> None:
    """A version that was not in the batch before is counted like one that was, and a part is written meanwhile."""
    monkeypatch.setattr(connections, "MOST_LANES", shares)
    log = TinyLog(tmp_path)
    for number in range(9):
        version = f"v{number % 3 + number // 4}"
        log.write(f"{number}.parquet", random_rows(number) | {"version": [version] * 40})
    with log.opened() as session:
        together = counted(session)
    monkeypatch.setattr(batches, "LATER_FILES", 2)
    with log.forget().opened() as session:
        assert len(session._reader.taken.parts) >= 4
        assert counted(session) == together


def test_what_stands_beside_a_file_that_breaks_while_it_is_counted_is_no_repetition(tmp_path: Path) -> None:
    """Its ids could be read, and had been compared, before one of its other columns turned out to be broken."""
    log = TinyLog(tmp_path)
    path, *_ = [
        log.write(f"{number}.parquet", random_rows(number, 400) | {"request_id": [f"{number}-{n}" for n in range(400)]})
        for number in range(4)
    ]
    column = pq.read_metadata(path).row_group(0).column(pq.read_schema(path).get_field_index("amount"))
    begin = column.dictionary_page_offset or column.data_page_offset
    whole = bytearray(path.read_bytes())
    whole[begin : begin + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(whole)
    found = log.read()
    assert found.files["0.parquet"][0] == "corrupt"
    assert found.rows == 3 * 400


@given(sizes=st.lists(st.integers(1, 1_000), min_size=1, max_size=30), most=st.integers(1, 8))
def test_shares_are_no_more_than_asked_for_and_miss_no_file(sizes: list[int], most: int) -> None:
    """Every file is in one of them; none is empty."""
    ends = _even(sizes, most)
    assert (ends[0], ends[-1]) == (0, len(sizes))
    assert ends == sorted(set(ends))
    assert len(ends) - 1 <= most


@given(
    one=st.sets(st.integers(0, 60), max_size=30),
    other=st.sets(st.integers(0, 60), max_size=30),
    all_known=st.booleans(),
)
def test_what_is_in_mind_says_whether_files_meet(one: set[int], other: set[int], *, all_known: bool) -> None:
    """A file that is not in mind may have anything."""
    known, unknown, seen = LogFile("a", 1, 1), LogFile("b", 1, 1), Seen()
    seen.add([known], np.array(sorted(one), np.uint64))
    asked = [known] if all_known else [known, unknown]
    assert seen.may_meet(asked, np.array(sorted(other), np.uint64)) == (not all_known or bool(one & other))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_threads_that_count_stand_back_for_keys_and_questions() -> None:
    """They alone: the thread that waits for them keeps its priority."""

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    pool = lanes.side_by_side.__wrapped__()
    stood_back = min(before + 10, 19)
    assert pool.submit(priority).result() == stood_back
    assert pool.submit(lambda: pool.submit(priority).result()).result() == stood_back
    pool.shutdown()
    assert priority() == before


@given(one=st.lists(st.integers(0, 90), max_size=60), other=st.lists(st.integers(0, 90), max_size=60))
def test_what_two_batches_have_in_common_is_found(one: list[int], other: list[int]) -> None:
    """Whatever each of them repeats of its own, and also where one is much the longer."""
    few, many = sorted((np.sort(np.array(numbers, np.uint64)) for numbers in (one, other)), key=len)
    assert have_common(few, many) == bool({*one} & {*other})
    assert have_common(few[:1], many) == bool({*few[:1].tolist()} & {*many.tolist()})


@given(
    sizes=st.lists(st.integers(0, 1_000), min_size=1, max_size=40),
    files=st.integers(1, 10),
    most_bytes=st.integers(1, 5_000),
)
def test_batches_hold_what_they_may_and_miss_no_file(sizes: list[int], files: int, most_bytes: int) -> None:
    """Every file once and in order, as many for each lane; none but a single file is far over the limit."""
    waiting = [LogFile(str(number), size, 1) for number, size in enumerate(sizes)]
    taken: list[LogFile] = []
    while waiting:
        batch, waiting = batches.batch(waiting, files, most_bytes)
        assert 1 <= len(batch) <= files
        assert len(batch) == 1 or sum(file.size_bytes for file in batch) <= most_bytes * batches.LITTLE_MORE
        assert not waiting or len(batch) < lanes.MOST_LANES or len(batch) % lanes.MOST_LANES == 0
        taken += batch
    assert [file.path for file in taken] == [str(number) for number in range(len(sizes))]


def test_who_may_come_is_anybody_met_so_far_unless_that_is_too_many() -> None:
    """Then only those of the last batch, and where even they are too many, nobody is expected."""

    def who(models: int, versions: int) -> Who:
        names = ([f"m{n}" for n in range(models)], [f"v{n}" for n in range(versions)], ["live"], ["ok"])
        return Who(tuple(Names(tuple(one)) for one in names), np.zeros(1, np.int64))

    few = who_may_come(who(2, 3), who(1, 5))
    assert few is not None
    assert few.sizes == (2, 5, 1, 1)
    assert len(few.codes) == 10
    again = who_may_come(who(2, 3), who(100, 100))
    assert again is not None
    assert again.sizes == (2, 3, 1, 1)
    assert who_may_come(who(100, 100), None) is None
