"""The live prediction log: whole files only, nothing lost at the stop, bounded when the disk refuses."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clawpipe_tui.demo.parquet_log import Table
from clawpipe_tui.demo.prediction_log import PredictionLog

NOON = datetime(2026, 11, 7, 12, 34, 56, tzinfo=UTC)


def table(rows: Sequence[int]) -> Table:
    """Numbers in a column."""
    return pa.table({"n": list(rows)})


def log_in(folder: Path, **options: float) -> PredictionLog[int]:
    """A log of numbers at noon."""
    return PredictionLog(folder, table, every_s=options.get("every_s", 9.0), most_rows=5, now=lambda: NOON)


def numbers(folder: Path) -> list[int]:
    """Everything in the files, by file name."""
    return [n for path in sorted(folder.rglob("*.parquet")) for n in pq.read_table(path)["n"].to_pylist()]


def test_rows_lie_in_the_folder_of_their_hour(tmp_path: Path) -> None:
    """One file a flush, none for nothing."""
    log = log_in(tmp_path)
    log.add(1)
    path = log.flush()
    assert path is not None
    assert path.parent == tmp_path / "2026-11-07" / "12"
    assert log.flush() is None
    log.add(2)
    log.flush()
    assert numbers(tmp_path) == [1, 2]


def test_the_thread_writes_by_itself_and_the_stop_writes_the_rest(tmp_path: Path) -> None:
    """Rows added from several threads all arrive."""
    log: PredictionLog[int] = PredictionLog(tmp_path, table, every_s=0.01)
    log.start()
    adding = [threading.Thread(target=lambda: [log.add(n) for n in range(500)]) for _ in range(4)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    log.stop()
    assert sorted(numbers(tmp_path)) == sorted([*range(500)] * 4)
    assert log.lost == 0


def test_a_refusing_disk_loses_only_the_oldest_rows(tmp_path: Path) -> None:
    """Five rows are kept, the rest is counted, and all is well when the disk is."""
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    log = log_in(folder)
    for n in range(4):
        log.add(n)
    assert log.flush() is None
    assert log.failure
    for n in range(4, 7):
        log.add(n)
    folder.unlink()
    log.flush()
    assert (numbers(folder), log.lost, log.failure) == ([2, 3, 4, 5, 6], 2, "")


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """It is written under a dot-name beside its place; a failure leaves nothing behind."""
    seen: list[list[str]] = []

    def spying(rows: Sequence[int]) -> Table:
        seen.append([path.name for path in tmp_path.rglob("*.parquet") if not path.name.startswith(".")])
        return table(rows)

    log: PredictionLog[int] = PredictionLog(tmp_path, spying, now=lambda: NOON)
    log.add(1)
    log.flush()
    assert seen == [[]]
    assert [path.name.startswith(".") for path in tmp_path.rglob("*") if path.is_file()] == [False]
