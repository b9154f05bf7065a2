"""Which files a log has, and where new ones can appear."""

from __future__ import annotations

import glob
import threading
import time
from pathlib import Path

import pytest

from clawpipe_tui.logs.landing import landings
from clawpipe_tui.logs.listing import list_files, newest_first, watched_folders


def test_hidden_files_and_folders_are_not_part_of_a_log(tmp_path: Path) -> None:
    """A writer's own, not yet renamed."""
    (tmp_path / "x.parquet").mkdir()
    for name in (".a.parquet", "b.parquet", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [Path(path).name for path in list_files([f"{tmp_path}/**/*.parquet"])] == ["b.parquet"]


def test_newest_come_first(tmp_path: Path) -> None:
    """What was written last says what is happening now."""
    for number in range(3):
        (tmp_path / f"{number}.parquet").write_bytes(b"")
    listed = newest_first(list_files([f"{tmp_path}/*.parquet"]).values())
    assert [file.mtime_ns for file in listed] == sorted((file.mtime_ns for file in listed), reverse=True)


@pytest.mark.parametrize(
    ("pattern", "folder", "below"),
    [
        ("**/*.parquet", ".", True),
        ("*.parquet", ".", False),
        ("in/*/x.parquet", "in", True),
        ("one.parquet", ".", False),
    ],
)
def test_the_folder_above_the_first_wildcard_is_watched(
    tmp_path: Path, pattern: str, folder: str, *, below: bool
) -> None:
    """And those below it only where the glob reaches them."""
    (tmp_path / "in").mkdir()
    assert watched_folders([f"{tmp_path}/{pattern}"]) == {tmp_path / folder: below}


def test_a_folder_that_does_not_exist_is_not_replaced_by_all_above_it(tmp_path: Path) -> None:
    """Watching / because /data is missing would watch the whole machine."""
    assert watched_folders([f"{tmp_path}/missing/logs/**/*.parquet"]) == {}


def test_a_folder_whose_name_has_wildcards_is_watched_itself(tmp_path: Path) -> None:
    """Escaped letters are letters."""
    (tmp_path / "logs [1]").mkdir()
    assert watched_folders([f"{glob.escape(str(tmp_path / 'logs [1]'))}/**/*.parquet"]) == {tmp_path / "logs [1]": True}


def test_a_file_that_lands_while_nobody_listens_is_announced(tmp_path: Path) -> None:
    """One watch lives on while files are being read."""
    stopping = threading.Event()
    heard = landings([f"{tmp_path}/**/*.parquet"], stopping)
    (tmp_path / "day").mkdir()
    next(heard)
    (tmp_path / "day" / "a.parquet").write_bytes(b"PAR1")
    started = time.monotonic()
    next(heard)
    assert time.monotonic() - started < 2.0
    stopping.set()
    assert next(heard, "ended") == "ended"


def test_a_watched_folder_may_vanish(tmp_path: Path) -> None:
    """The wait goes on by looking, until it is back."""
    (tmp_path / "logs").mkdir()
    stopping = threading.Event()
    heard = landings([f"{tmp_path}/logs/*.parquet"], stopping)
    threading.Timer(0.3, (tmp_path / "logs").rmdir).start()
    for _ in range(3):
        next(heard)
    (tmp_path / "logs").mkdir()
    next(heard)
    stopping.set()
    assert list(heard) == []
