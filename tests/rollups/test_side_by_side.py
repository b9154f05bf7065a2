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
from clawpipe_tui.rollups import lanes, reader
from clawpipe_tui.rollups.batch import _even
from clawpipe_tui.rollups.repeats import Seen

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
        monkeypatch.setattr(reader, "MOST_LANES", shares)
        with log.forget().opened() as session:
            assert len(session._reader._lanes) == (shares if shares > 1 else 0)
            errors = rows_of(session, "select error, outcome, sum(n)::bigint from errors group by all order by all")
            found.append((counted(session), errors))
    assert found[0] == found[1] == found[2]


def test_a_file_that_is_broken_inside_stops_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its footer is whole; the files beside it are counted, and it is named."""
    monkeypatch.setattr(reader, "MOST_LANES", 2)
    log = TinyLog(tmp_path)
    path, *_ = [log.write(f"{number}.parquet", random_rows(number, 400)) for number in range(4)]
    whole = bytearray(path.read_bytes())
    whole[4:2_000] = bytes(1_996)
    path.write_bytes(whole)
    found = log.read()
    assert found.files["0.parquet"][0] == "corrupt"
    assert found.rows == 3 * 400


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
    assert lanes.side_by_side().submit(priority).result() == min(before + 10, 19)
    assert priority() == before
