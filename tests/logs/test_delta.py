"""Delta tables: the counts follow the live files, and are what deltalake itself reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from clawpipe_tui.cli import main
from clawpipe_tui.config import Config
from clawpipe_tui.errors import CANNOT_TELL, OK, USAGE, LogError
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.tables import resolved
from clawpipe_tui.session import LogSession
from tests.tables import as_table, by_outcome, console, delete_by_vector, read_delta
from tests.tiny_log import END, counted, random_rows


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two commits."""
    for seed in (1, 2):
        write_deltalake(tmp_path / "log", as_table(random_rows(seed)), mode="append")
    return tmp_path / "log"


def check(table: Path) -> None:
    """What the console counts is what the table holds."""
    assert console(str(table), table.parent).requests == by_outcome(read_delta(table))


def test_appends_are_counted(table: Path) -> None:
    """Rows that are alike, too: a table that holds them twice means it."""
    check(table)
    write_deltalake(table, as_table(random_rows(2)), mode="append")
    check(table)


def test_what_optimize_rewrites_is_counted_once(table: Path) -> None:
    """And nothing is left of the files that it replaced."""
    check(table)
    DeltaTable(table).optimize.compact()
    check(table)
    seen = console(str(table), table.parent)
    assert sorted(state for state, _ in seen.files.values()) == ["read", "removed", "removed"]


@pytest.mark.parametrize("vacuumed", [False, True])
def test_deleted_and_updated_rows_do_not_count(table: Path, *, vacuumed: bool) -> None:
    """DELETE, UPDATE and MERGE rewrite files; VACUUM removes the old ones."""
    check(table)
    DeltaTable(table).delete("version = 'v1'")
    DeltaTable(table).update(updates={"outcome": "'error'"}, predicate="client = 'web'")
    if vacuumed:
        DeltaTable(table).vacuum(0, enforce_retention_duration=False, dry_run=False)
    check(table)


def test_merged_rows_count_as_they_are_now(table: Path) -> None:
    """New ones are added, known ones replaced."""
    check(table)
    late = as_table(random_rows(2, 60))
    merging = DeltaTable(table).merge(late, "s.served_at = t.served_at", source_alias="s", target_alias="t")
    merging.when_matched_update_all().when_not_matched_insert_all().execute()
    check(table)


def test_rewritten_requests_are_not_taken_for_repetitions(tmp_path: Path) -> None:
    """Of a request id in two files one counts; the file that was replaced is none of the two."""
    table = tmp_path / "log"
    for seed in range(3):
        ids = pa.array([f"request-{seed}-{place}" for place in range(40)])
        write_deltalake(table, as_table(random_rows(seed)).append_column("request_id", ids), mode="append")
    check(table)
    DeltaTable(table).optimize.compact()
    check(table)
    DeltaTable(table).update(updates={"outcome": "'error'"}, predicate="client = 'web'")
    check(table)
    (path,) = (str(row["path"]) for row in pa.table(DeltaTable(table).get_add_actions()).to_pylist())
    delete_by_vector(table, {path: [0, 5]})
    check(table)


def test_a_restored_version_counts_again(table: Path) -> None:
    """Files that were let go come back."""
    check(table)
    DeltaTable(table).delete("version = 'v1'")
    check(table)
    DeltaTable(table).restore(1)
    check(table)


def test_an_emptied_table_counts_nothing(table: Path) -> None:
    """Though it has had rows."""
    check(table)
    DeltaTable(table).delete()
    session = LogSession(Config((f"delta:{table}",), now=END), cache=table.parent / "cache")
    with pytest.raises(LogError, match="no rows"):
        session.read()
    assert counted(session).rows == 0
    session.close()


@pytest.mark.parametrize("inline", [False, True])
def test_deletion_vectors_are_applied(table: Path, *, inline: bool) -> None:
    """On some of the files, at once and after they have been counted whole, and again when a vector grows."""
    first, second = (str(row["path"]) for row in pa.table(DeltaTable(table).get_add_actions()).to_pylist())
    for before in (True, False):
        if before:
            check(table)
        delete_by_vector(table, {first: [0, 3, 39]}, inline=inline)
        check(table)
        delete_by_vector(table, {first: [0, 3, 7, 39], second: [5]}, inline=inline)
        check(table)


def test_a_deletion_vector_may_be_on_a_rewritten_file(table: Path) -> None:
    """Writers in Rust leave other types behind than those of the first file."""
    DeltaTable(table).delete("version = 'v1'")
    (path,) = (str(row["path"]) for row in pa.table(DeltaTable(table).get_add_actions()).to_pylist())
    delete_by_vector(table, {path: [0, 5]})
    check(table)


@pytest.mark.parametrize("mapped", [False, True], ids=["plain", "columns mapped"])
def test_partitions_are_columns(tmp_path: Path, *, mapped: bool) -> None:
    """Odd values and NULL included; with mapped columns they stand in the log alone."""
    rows = as_table(random_rows(3))
    odd = pa.array(["a b", "x/y=z", None, "ü%20"] * 10)
    rows = rows.append_column("model", odd)
    write_deltalake(
        tmp_path / "log", rows, partition_by=["model"],
        configuration={"delta.columnMapping.mode": "name"} if mapped else None,
    )  # fmt: skip
    check(tmp_path / "log")
    session = LogSession(Config((f"delta:{tmp_path}/log",), now=END), cache=tmp_path / "cache")
    session.read()
    models = {row[0] for row in session.ask("models", {}).rows}
    session.close()
    assert models == {"a b", "x/y=z", "model", "ü%20"}


def test_columns_may_come(table: Path) -> None:
    """Schema evolution: older files have NULL there."""
    check(table)
    more = as_table(random_rows(5)).append_column("extra", pa.array([1.5] * 40))
    write_deltalake(table, more, mode="append", schema_mode="merge")
    check(table)
    DeltaTable(table).optimize.compact()
    check(table)


def test_a_reader_that_runs_never_shows_both(table: Path) -> None:
    """What replaces and what is replaced change places in one step: every revision is one that the table had."""
    session = LogSession(Config((f"delta:{table}",), now=END), cache=table.parent / "cache")
    session.read()
    for number in range(12):
        write_deltalake(table, as_table(random_rows(10 + number)), mode="append")
    session.read()
    DeltaTable(table).optimize.compact()
    DeltaTable(table).delete("version = 'v2'")
    session._reader.look()
    truth = by_outcome(read_delta(table))
    seen: list[int] = []
    for change in session._reader.read_new():
        session._warehouse.load(change)
        seen.append(counted(session).rows)
    session.close()
    assert seen == [truth.total()]


def test_a_folder_that_is_a_table_is_read_as_one(table: Path) -> None:
    """Its checkpoints and dead files are not part of the log."""
    assert resolved([f"{table}/**/*.parquet"]) == (f"delta:{table}",)
    DeltaTable(table).optimize.compact()
    DeltaTable(table).create_checkpoint()
    assert len(list_files(resolved([f"{table}/**/*.parquet"]))) == 1


def test_init_and_status_work_on_a_table(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no edit; the file says that it is one."""
    monkeypatch.chdir(table.parent)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(table.parent / name))
    assert main(["init", "log", "--yes"]) == OK
    assert 'files  = "delta:log"' in (table.parent / "clawpipe.toml").read_text()
    assert main(["status"]) == CANNOT_TELL


def test_without_the_extra_one_sentence_names_it(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the command that installs it."""
    import sys

    monkeypatch.setitem(sys.modules, "deltalake", None)
    monkeypatch.setitem(sys.modules, "deltalake.exceptions", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(table.parent / "cache"))
    assert main(["status", "--logs", str(table)]) == USAGE
    assert "pip install 'clawpipe-tui[delta]'" in capsys.readouterr().err
