"""`rollup verify` finds what is not as it was written, and says it in a sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_log import START, TinyLog, random_rows

from clawpipe_tui.cli import main
from clawpipe_tui.rollups import writing
from clawpipe_tui.rollups.verify import verify_store
from clawpipe_tui.rollups.writing import File, digest_of


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of a small log, with levels; one of its files was rewritten after it was read."""
    monkeypatch.setattr(writing, "_LEVELS_FROM_ROWS", 0)
    log = TinyLog(tmp_path)
    for number in range(4):
        log.write(f"{number}.parquet", random_rows(number, 50, at=START - timedelta(days=number)))
    log.read()
    log.write("3.parquet", random_rows(9, 50))
    log.read()
    (folder,) = (log.cache / "rollups").iterdir()
    return folder


def _of(store: Path, name: str) -> Path:
    return min(store.glob(f"parts/*/{name}"))


def _rewrite(path: Path, table: pa.Table) -> None:
    """As a careful forger would: the digest fits."""
    pq.write_table(table, path)
    about = json.loads((path.parent / "part.json").read_text(encoding="utf-8"))
    about["files"][path.name] = File(bytes=path.stat().st_size, digest=digest_of(path.read_bytes()))
    (path.parent / "part.json").write_text(json.dumps(about), encoding="utf-8")


def test_a_sound_store_has_no_fault(store: Path) -> None:
    """With void contributions, levels and an index."""
    found = verify_store(store)
    assert found.faults == ()
    assert (found.parts, found.files) == (len(list(store.glob("parts/*"))), 4)


def test_any_changed_byte_is_found(store: Path) -> None:
    """In the counts, in the levels, in the ledger."""
    for name in ("requests.parquet", "values.coarse.parquet", "ledger.parquet"):
        path = _of(store, name)
        whole = path.read_bytes()
        path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
        (fault,) = verify_store(store).faults
        assert f"{name} is not what was written" in fault
        path.write_bytes(whole)


def test_levels_that_do_not_add_up_are_found(store: Path) -> None:
    """One count more in one bucket of ten minutes."""
    path = _of(store, "clients.coarse.parquet")
    table = pq.read_table(path)
    numbers = table["n"].to_pylist()
    _rewrite(path, table.set_column(table.column_names.index("n"), "n", pa.array([numbers[0] + 1, *numbers[1:]])))
    faults = verify_store(store).faults
    assert any("the 10 minute level of clients does not add up to its fine counts" in fault for fault in faults)


def test_counts_of_no_file_are_found(store: Path) -> None:
    """A key that the ledger does not have."""
    path = _of(store, "requests.parquet")
    table = pq.read_table(path)
    _rewrite(path, table.set_column(0, "file", pa.array([77] * table.num_rows, pa.int32())))
    assert any("key 77, of which the ledger knows nothing" in fault for fault in verify_store(store).faults)


def test_an_index_that_tells_other_counts_is_found(store: Path) -> None:
    """It is only quicker than the parts, never truer."""
    path = store / "index.parquet"
    table = pq.read_table(path)
    more = pa.array([n + 1 for n in table["n"].to_pylist()])
    changed = table.set_column(table.column_names.index("n"), "n", more)
    pq.write_table(changed, path)
    (fault,) = verify_store(store).faults
    assert fault.startswith("index.parquet does not agree with the parts")


def test_the_command_says_it_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """5 where nothing is kept, 0 where all is well, 1 where the log says otherwise."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    words = ["rollup", "verify", "--against-log", "--logs", str(log.folder)]
    assert main(words) == 5
    assert main(["query", "models", "--logs", str(log.folder)]) == 0
    assert main(words) == 0
    assert "every checksum, ledger and level holds, and the log says the same." in capsys.readouterr().out
    (log.folder / "a.parquet").unlink()
    log.write("b.parquet", random_rows(2, 7))
    assert main(words) == 1
    assert "requests are kept" in capsys.readouterr().out
