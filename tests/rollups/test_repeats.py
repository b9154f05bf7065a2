"""A request counts once, in whichever of the files near each other it stands, and in whichever order they are read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.rollups.repeats import NEAR
from clawpipe_tui.session import LogSession
from tests.tiny_log import START, Columns, TinyLog, counted


def rows(numbers: Sequence[int], prefix: str = "request-", late: timedelta = timedelta()) -> Columns:
    """The requests of these numbers, a second apart, each at its own time."""
    return {
        "served_at": [START + timedelta(seconds=number) + late for number in numbers],
        "version": ["v1"] * len(numbers),
        "request_id": [f"{prefix}{number}" for number in numbers],
        "amount": [float(number) for number in numbers],
        "client": ["web"] * len(numbers),
    }


def total(log: TinyLog) -> int:
    """How many requests a console that opens now counts; values and clients agree with it."""
    seen = log.read()
    found = sum(seen.requests.values())
    assert sum(n for (column, _), n in seen.bins.items() if column == "amount") == found
    assert seen.clients == ({"web": found} if found else {})
    return found


FILES = {"a.parquet": range(60), "b.parquet": range(50, 110), "c.parquet": range(100, 130)}


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)), ids="".join)
def test_the_total_is_the_same_in_whichever_order_files_come(tmp_path: Path, order: Sequence[str]) -> None:
    """Each read by itself, by a console of its own."""
    log = TinyLog(tmp_path)
    for name in order:
        log.write(name, rows(FILES[name]))
        log.read()
    assert total(log) == total(log.forget()) == 130


def test_what_was_left_out_stands_with_the_file(tmp_path: Path) -> None:
    """Ten of its rows are counted in the other file."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60)))
    log.read()
    log.write("b.parquet", rows(range(50, 110)))
    state, reason = log.read().files["b.parquet"]
    assert (state, reason.split()[:4]) == ("read", ["10", "rows", "left", "out:"])


def test_a_bad_file_between_them_changes_nothing(tmp_path: Path) -> None:
    """The batch is then reduced in halves, which know of each other."""
    log = TinyLog(tmp_path)
    for name, numbers in FILES.items():
        log.write(name, rows(numbers))
    whole = (log.folder / "b.parquet").read_bytes()
    (log.folder / "bad.parquet").write_bytes(whole[:400] + b"\0" * 2_000 + whole[2_400:])
    assert total(log) == 130


def test_a_rewritten_file_with_more_rows_counts_what_is_new_in_it(tmp_path: Path) -> None:
    """What the other file left out because of the old one is counted in the new one."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60)))
    log.read()
    log.write("b.parquet", rows(range(50, 110)))
    assert total(log) == 110
    log.write("a.parquet", rows(range(80)))
    assert total(log) == total(log.forget()) == 110


def test_a_compacted_copy_beside_its_files_adds_nothing(tmp_path: Path) -> None:
    """All its rows are counted already."""
    log = TinyLog(tmp_path)
    for name, numbers in FILES.items():
        log.write(name, rows(numbers))
    log.read()
    log.write("compacted.parquet", rows(range(130)))
    assert total(log) == 130


def test_a_compacted_copy_whose_files_are_gone_is_told(tmp_path: Path) -> None:
    """Nobody can ask them any more, so the Files list warns."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60)))
    log.read()
    (log.folder / "a.parquet").unlink()
    log.write("compacted.parquet", rows(range(130)))
    assert "1 counted files of the same time are gone" in log.read().files["compacted.parquet"][1]


def test_a_rotated_file_that_has_grown_is_not_compared_with_what_has_its_name_now(tmp_path: Path) -> None:
    """Its old name stands for other rows."""
    log = TinyLog(tmp_path)
    log.write("log.parquet", rows(range(60)))
    log.read()
    log.write("log.1.parquet", rows(range(80)))
    log.write("log.parquet", rows(range(80, 90)))
    assert total(log) == total(log.forget()) == 90


def test_plain_numbers_as_ids_may_begin_again_in_every_file(tmp_path: Path) -> None:
    """They are one request only where they are of one moment."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60), prefix=""))
    log.write("b.parquet", rows(range(60), prefix="", late=timedelta(minutes=2)))
    assert total(log) == 120
    log.write("c.parquet", rows(range(50, 70), prefix=""))
    assert total(log) == total(log.forget()) == 130


def test_the_same_id_far_apart_in_time_is_another_request(tmp_path: Path) -> None:
    """Only files near each other are compared: whatever was read before need not be kept."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60)))
    log.write("b.parquet", rows(range(60), late=NEAR + timedelta(minutes=2)))
    assert total(log) == 120
    assert total(log.forget()) == 120


def test_a_shadow_in_another_file_is_counted_beside_the_live_version(tmp_path: Path) -> None:
    """Role and version belong to what makes a request."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", rows(range(60)))
    log.write("b.parquet", {**rows(range(60)), "role": ["shadow"] * 60, "version": ["v2"] * 60})
    assert total(log) == 120


def test_lines_of_text_are_compared_like_tables(tmp_path: Path) -> None:
    """A producer that tries again writes the same line into the next file."""
    log = TinyLog(tmp_path)
    log.folder.mkdir(parents=True)
    config = replace(log.config(), log_files=(f"{log.folder}/*.jsonl",), format="jsonl")
    for name, numbers in (("a", range(60)), ("b", range(50, 110))):
        lines = [
            f'{{"served_at": "{(START + timedelta(seconds=number)).isoformat()}", "request_id": "r{number}"}}\n'
            for number in numbers
        ]
        (log.folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        session = LogSession(config, cache=log.cache)
        session.read()
        seen = sum(counted(session).requests.values())
        session.close()
    assert seen == 110


deliveries = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=12), min_size=1, max_size=5)


@given(files=deliveries)
@settings(max_examples=12, deadline=None)
def test_any_deliveries_count_each_request_once(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]]
) -> None:
    """Some read together, some later, by the same console or by another."""
    log = TinyLog(tmp_path_factory.mktemp("deliveries"))
    for place, numbers in enumerate(files):
        log.write(f"{place}.parquet", rows(numbers))
        if place % 2:
            log.read()
    assert total(log) == len({number for numbers in files for number in numbers})
