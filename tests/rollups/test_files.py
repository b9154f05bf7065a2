"""What becomes of files: delivered twice, renamed, rewritten, deleted, rotated, torn; the counts stay right."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from tiny_log import START, TinyLog, counted, plain_requests, random_rows, write

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.form import Form
from clawpipe_tui.logs.ranges import Needed
from clawpipe_tui.rollups.ledger import KEPT


@pytest.fixture
def log(tmp_path: Path) -> TinyLog:
    """A log of two files."""
    tiny = TinyLog(tmp_path)
    tiny.write("a.parquet", random_rows(1))
    tiny.write("b.parquet", random_rows(2))
    return tiny


BOTH = plain_requests(random_rows(1), random_rows(2))


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_file_delivered_twice_is_counted_once(log: TinyLog, *, seen_before: bool) -> None:
    """Whether the copy comes later or at once."""
    if seen_before:
        log.read()
    shutil.copy(log.folder / "a.parquet", log.folder / "c.parquet")
    seen = log.read()
    assert seen.requests == BOTH
    states = sorted([seen.files["a.parquet"], seen.files["c.parquet"]])
    assert [state for state, _ in states] == ["duplicate", "read"]
    assert "the same content as" in states[0][1]


def test_a_renamed_file_keeps_its_counts(log: TinyLog) -> None:
    """It is not read again, and both names say what happened."""
    log.read()
    (log.folder / "a.parquet").rename(log.folder / "z.parquet")
    seen = log.read()
    assert seen.requests == BOTH
    assert seen.files["a.parquet"] == ("renamed", f"now {log.folder}/z.parquet")
    assert seen.files["z.parquet"] == ("read", f"renamed from {log.folder}/a.parquet; counted once")


def test_a_rewritten_file_replaces_its_counts(log: TinyLog) -> None:
    """More rows under the same name: the old ones go."""
    log.read()
    log.write("a.parquet", random_rows(3, 70))
    seen = log.read()
    assert seen.requests == plain_requests(random_rows(3, 70), random_rows(2))
    assert seen.rows == 110


def test_a_deleted_file_keeps_its_counts(log: TinyLog) -> None:
    """A log that is cleaned up is still the past."""
    log.read()
    (log.folder / "a.parquet").unlink()
    seen = log.read()
    assert seen.requests == BOTH
    assert seen.files["a.parquet"][0] == "deleted"


@pytest.mark.parametrize("steps", [1, 2], ids=["at once", "one look between"])
def test_a_rotated_log_counts_the_old_and_the_new(log: TinyLog, steps: int) -> None:
    """App → app-1, and a new app."""
    log.read()
    (log.folder / "a.parquet").rename(log.folder / "a-1.parquet")
    if steps == 2:
        log.read()
    log.write("a.parquet", random_rows(5))
    seen = log.read()
    assert seen.requests == plain_requests(random_rows(1), random_rows(2), random_rows(5))
    assert {state for state, _ in seen.files.values()} == {"read"}


def test_a_chain_of_rotations_counts_each_content_once(log: TinyLog) -> None:
    """app-1 → app-2, app → app-1, a new app; thrice."""
    for turn in range(3):
        log.read()
        for older in (2, 1, 0):
            name = log.folder / (f"a-{older}.parquet" if older else "a.parquet")
            if name.exists():
                name.rename(log.folder / f"a-{older + 1}.parquet")
        log.write("a.parquet", random_rows(10 + turn))
    assert log.read().requests == plain_requests(*(random_rows(seed) for seed in (1, 2, 10, 11, 12)))


@pytest.mark.parametrize("touched", [True, False])
def test_copy_and_truncate_loses_nothing(log: TinyLog, *, touched: bool) -> None:
    """A copy is made first, then the original begins anew; a look in between changes nothing."""
    log.read()
    shutil.copy(log.folder / "a.parquet", log.folder / "a-1.parquet")
    if touched:
        os.utime(log.folder / "a.parquet")
    assert log.read().requests == BOTH
    log.write("a.parquet", random_rows(6))
    assert log.read().requests == plain_requests(random_rows(1), random_rows(2), random_rows(6))
    assert log.read().files["a-1.parquet"][0] == "read"


def test_a_file_that_is_torn_while_it_is_rewritten_keeps_its_counts(log: TinyLog) -> None:
    """The console must not flash to zero because a writer is at work."""
    log.read()
    whole = (log.folder / "a.parquet").read_bytes()
    (log.folder / "a.parquet").write_bytes(whole[:-20])
    seen = log.read()
    assert seen.requests == BOTH
    assert seen.files["a.parquet"][0] == "torn"
    assert seen.files["a.parquet"][1].endswith(KEPT)
    write(log.folder / "a.parquet", random_rows(7))
    assert log.read().requests == plain_requests(random_rows(7), random_rows(2))


def test_a_file_rewritten_to_nothing_counts_nothing(log: TinyLog) -> None:
    """Zero rows are a content, too."""
    log.read()
    log.write("a.parquet", {name: [] for name in random_rows(1)})
    seen = log.read()
    assert seen.requests == plain_requests(random_rows(2))
    assert seen.files["a.parquet"] == ("empty", "0 rows")


def test_a_bad_file_among_good_ones_is_named_and_stops_nothing(log: TinyLog) -> None:
    """Pages that cannot be read are found by halving the batch."""
    for number in range(5):
        log.write(f"n{number}.parquet", random_rows(20 + number, 400))
    whole = bytearray((log.folder / "n2.parquet").read_bytes())
    whole[4 : len(whole) // 2] = bytes(len(whole) // 2 - 4)
    (log.folder / "n2.parquet").write_bytes(whole)
    seen = log.read()
    assert seen.files["n2.parquet"][0] == "corrupt"
    assert seen.files["n2.parquet"][1].startswith("cannot be read: ")
    assert seen.requests == BOTH + plain_requests(*(random_rows(20 + number, 400) for number in (0, 1, 3, 4)))


def test_a_log_without_times_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The reason stands with the file."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"ts": [START]})
    with pytest.raises(LogError, match=r"no column served_at. Map one in clawpipe.toml"):
        log.read()


def test_a_file_that_vanishes_while_it_is_read_leaves_no_trace(log: TinyLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed, looked at, gone: the others are read, and it is not called corrupt."""
    from clawpipe_tui.rollups import first_look

    inspect = first_look.inspect
    gone = log.write("c.parquet", random_rows(3))

    def vanishing(file: first_look.LogFile, form: Form, needed: Needed) -> object:
        seen = inspect(file, form, needed)
        if file.path.endswith("c.parquet"):
            gone.unlink(missing_ok=True)
        return seen

    monkeypatch.setattr(first_look, "inspect", vanishing)
    seen = log.read()
    assert seen.requests == BOTH
    assert "c.parquet" not in seen.files


def test_a_second_opening_reads_no_log_file(log: TinyLog) -> None:
    """What was read once is read from the rollups: the log's bytes may even be gone."""
    first = log.read()
    for name in ("a.parquet", "b.parquet"):
        path = log.folder / name
        stat = path.stat()
        path.write_bytes(bytes(stat.st_size))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert log.read() == first


@pytest.mark.parametrize("seed", range(3))
def test_any_story_of_files_ends_in_the_counts_of_what_there_was(tmp_path: Path, seed: int) -> None:
    """Random deliveries, renames, copies, touches and rewrites, with a console now and then, or two."""
    rng, log = random.Random(seed), TinyLog(tmp_path)
    content: dict[str, int] = {}
    with log.opened(read=False) as other:
        for step in range(20):
            names = sorted(content)
            act = rng.choice(["new", "new", "rename", "copy", "touch", "rewrite", "look", "look", "other"])
            name = rng.choice(names) if names else ""
            if act == "new" or not names:
                content[f"n{step}.parquet"] = step
                log.write(f"n{step}.parquet", random_rows(step))
            elif act == "rename":
                log.read()
                (log.folder / name).rename(log.folder / f"r{step}.parquet")
                content[f"r{step}.parquet"] = content.pop(name)
                log.read()
            elif act == "copy":
                shutil.copy(log.folder / name, log.folder / f"c{step}.parquet")
                content[f"c{step}.parquet"] = content[name]
            elif act == "touch":
                os.utime(log.folder / name)
            elif act == "rewrite":
                content[name] = step
                log.write(name, random_rows(step))
            elif act == "look":
                log.read()
            else:
                other.read()
        other.read()
        expected = plain_requests(*(random_rows(number) for number in set(content.values())))
        assert counted(other).requests == expected
    assert log.read().requests == expected
    assert log.forget().read().requests == expected
