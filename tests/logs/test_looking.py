"""A large log is listed whole seldom; what comes is found all the same, where it can be expected."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from clawpipe_tui.logs import looking
from clawpipe_tui.logs.listing import LogFile, children, list_files
from clawpipe_tui.logs.looking import Looker


@pytest.fixture(autouse=True)
def every_log_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test needs no thousand files; and looking again at once is allowed."""
    monkeypatch.setattr(looking, "FEW_FILES", 3)
    monkeypatch.setattr(looking, "_SHARE", 0)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders and patterns that are listed from now on."""
    seen: list[str] = []

    def list_one(folder: str) -> tuple[dict[str, LogFile], list[str]]:
        seen.append(folder)
        return children(folder)

    def list_all(patterns: list[str]) -> dict[str, LogFile]:
        seen.extend(patterns)
        return list_files(patterns)

    monkeypatch.setattr(looking, "children", list_one)
    monkeypatch.setattr(looking, "list_files", list_all)
    return seen


def put(path: Path, *, days_ago: float = 0.0) -> Path:
    """A file of some age."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PAR1")
    written = path.stat().st_mtime - days_ago * 86_400
    os.utime(path, (written, written))
    return path


def names(files: dict[str, LogFile], folder: Path) -> list[str]:
    """Paths from here."""
    return sorted(path.removeprefix(f"{folder}/") for path in files)


def test_only_the_newest_partitions_are_looked_at(tmp_path: Path, listed: list[str]) -> None:
    """A hundred old days are not: what comes into the last two, and new days, is found."""
    for day in range(1, 10):
        put(tmp_path / f"day=2026-11-0{day}" / "hour=01" / "a.parquet", days_ago=20 - day)
    looker = Looker([f"{tmp_path}/**/*.parquet"])
    assert len(looker.look()) == 9
    listed.clear()
    put(tmp_path / "day=2026-11-09" / "hour=01" / "b.parquet")
    put(tmp_path / "day=2026-11-10" / "hour=00" / "c.parquet")
    assert names(looker.look(), tmp_path)[-2:] == [
        "day=2026-11-09/hour=01/b.parquet",
        "day=2026-11-10/hour=00/c.parquet",
    ]
    assert {Path(path).relative_to(tmp_path).parts[0] for path in listed if path != str(tmp_path)} == {
        "day=2026-11-08", "day=2026-11-09", "day=2026-11-10",
    }  # fmt: skip


def test_an_old_folder_that_was_written_to_lately_is_looked_at(tmp_path: Path) -> None:
    """Late rows come where late rows came."""
    for day in range(1, 10):
        put(tmp_path / f"day={day}" / "a.parquet", days_ago=20 - day)
    put(tmp_path / "day=2" / "late.parquet")
    looker = Looker([f"{tmp_path}/**/*.parquet"])
    looker.look()
    put(tmp_path / "day=2" / "later.parquet")
    put(tmp_path / "day=3" / "unseen.parquet")
    assert [name for name in names(looker.look(), tmp_path) if "a." not in name] == [
        "day=2/late.parquet", "day=2/later.parquet",
    ]  # fmt: skip


def test_what_is_announced_is_found_anywhere(tmp_path: Path, listed: list[str]) -> None:
    """And nothing else is listed for it."""
    for day in range(1, 10):
        put(tmp_path / f"day={day}" / "a.parquet", days_ago=20 - day)
    looker = Looker([f"{tmp_path}/*/*.parquet"])
    looker.look()
    listed.clear()
    new = put(tmp_path / "day=3" / "new.parquet")
    (tmp_path / "day=3" / "a.parquet").unlink()
    seen = looker.look({str(new.parent)})
    assert (str(new) in seen, len(seen), listed) == (True, 9, [str(new.parent)])


def test_folders_that_the_pattern_does_not_name_are_not_taken_in(tmp_path: Path) -> None:
    """As little as by listing all."""
    for name in "abcd":
        put(tmp_path / f"model={name}" / "log" / "1.parquet")
    looker = Looker([f"{tmp_path}/model=*/log/*.parquet"])
    looker.look()
    for path in (
        "other=e/log/1.parquet",
        "model=e/text/1.parquet",
        "model=e/log/x/1.parquet",
        "model=f/log/.1.parquet",
    ):
        put(tmp_path / path)
    put(tmp_path / "model=g" / "log" / "2.parquet")
    assert names(looker.look({str(tmp_path)}), tmp_path)[4:] == ["model=g/log/2.parquet"]


def test_all_is_listed_again_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So nothing is missed for good."""
    for day in range(1, 10):
        put(tmp_path / f"day={day}" / "a.parquet", days_ago=20 - day)
    looker = Looker([f"{tmp_path}/**/*.parquet"])
    looker.look()
    put(tmp_path / "day=3" / "b.parquet")
    assert len(looker.look()) == 9
    monkeypatch.setattr(looking, "_WHOLE_EVERY_S", 0.0)
    assert len(looker.look()) == 10


def test_a_file_that_is_as_it_was_is_the_same_object(tmp_path: Path) -> None:
    """Listed whole each time, as few files are: a name is held once, however often it is met."""
    path = tmp_path / "a.parquet"
    put(path)
    looker = Looker([f"{tmp_path}/*.parquet"])
    first = looker.look()[str(path)]
    put(tmp_path / "b.parquet")
    second = looker.look()
    assert second[str(path)] is first
    assert len(second) == 2
    path.write_bytes(b"longer than it was")
    assert looker.look()[str(path)] == list_files([str(path)])[str(path)] != first


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_and_goes_in_live_folders_the_files_are_those_of_a_whole_listing(
    tmp_path: Path, seed: int
) -> None:
    """By seed: files, folders, rewritten, deleted."""
    rng = random.Random(seed)
    for number in range(6):
        put(tmp_path / f"m{number % 2}" / f"{number}" / "a.parquet")
    pattern = f"{tmp_path}/**/*.parquet"
    looker = Looker([pattern])
    looker.look()
    for _ in range(30):
        folder = tmp_path / f"m{rng.randrange(3)}" / f"{rng.randrange(8)}"
        path = folder / f"{rng.choice('abc')}.parquet"
        if path.exists() and rng.random() < 0.5:
            path.unlink()
        else:
            put(path)
        assert looker.look() == list_files([pattern])
