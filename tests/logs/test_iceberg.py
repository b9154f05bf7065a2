"""Iceberg tables: the counts follow the newest snapshot, and are what pyiceberg itself reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.utils.config import Config

from clawpipe_tui.cli import main
from clawpipe_tui.errors import CANNOT_TELL, OK, USAGE, LogError
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.tables import resolved
from tests.icebergs import catalog, delete_positions, delete_values, newest
from tests.tables import as_table, by_outcome, console
from tests.tiny_log import random_rows


@dataclass(frozen=True)
class Tables:
    """A catalog, and the folder that it puts `ml.log` into."""

    home: Path
    catalog: Catalog

    @property
    def folder(self) -> Path:
        """Where the table lies."""
        return self.home / "warehouse" / "ml" / "log"

    def append(self, rows: pa.Table) -> None:
        """Rows, in a file of their own."""
        if not self.catalog.table_exists("ml.log"):
            self.catalog.create_table("ml.log", schema=rows.schema)
        self.catalog.load_table("ml.log").append(rows)

    def check(self, truth: Counter[tuple[str, str]] | None = None) -> None:
        """What the console counts is what the table holds."""
        truth = by_outcome(newest(self.folder).scan().to_arrow()) if truth is None else truth
        assert console(str(self.folder), self.home).requests == truth


@pytest.fixture
def tables(tmp_path: Path) -> Generator[Tables]:
    """A table of two commits."""
    with catalog(tmp_path) as made:
        tables = Tables(tmp_path, made)
        for seed in (1, 2):
            tables.append(as_table(random_rows(seed)))
        yield tables


def test_appends_deletes_and_overwrites_are_followed(tables: Tables) -> None:
    """What a commit takes away no longer counts."""
    tables.check()
    tables.append(as_table(random_rows(2)))
    tables.check()
    tables.catalog.load_table("ml.log").delete("version == 'v1'")
    tables.check()
    tables.catalog.load_table("ml.log").overwrite(as_table(random_rows(7, 90)))
    tables.check()


def test_deletes_by_position_are_applied(tables: Tables) -> None:
    """On files that have been counted whole, and again when there are more."""
    tables.check()
    first, second = (task.file.file_path for task in newest(tables.folder).scan().plan_files())
    delete_positions(tables.folder, {first: [0, 3, 39]})
    tables.check()
    delete_positions(tables.folder, {first: [7], second: [5, 6]})
    assert newest(tables.folder).scan().to_arrow().num_rows == 74
    tables.check()


def test_deletes_by_value_are_applied(tables: Tables) -> None:
    """The library itself refuses those. They speak of what was there before them, not of what came later."""
    tables.check()
    delete_values(tables.folder, "client", ["web", None])
    rows = [row for seed in (1, 2) for row in as_table(random_rows(seed)).to_pylist() if row["client"] == "mobile"]
    tables.check(Counter((row["version"], row["outcome"]) for row in rows))


def test_columns_may_be_added_and_renamed(tables: Tables) -> None:
    """Columns go by ids: older files are read under the new name."""
    tables.check()
    with tables.catalog.load_table("ml.log").update_schema() as update:
        update.rename_column("outcome", "result")
    with tables.catalog.load_table("ml.log").update_schema() as update:
        update.rename_column("result", "outcome")
        update.rename_column("country", "land")
    more = as_table(random_rows(4))
    tables.append(more.rename_columns([{"country": "land"}.get(name, name) for name in more.column_names]))
    tables.check()


def test_partitions_are_columns(tables: Tables) -> None:
    """NULL included."""
    rows = as_table(random_rows(3))
    made = tables.catalog.create_table("ml.parted", schema=rows.schema)
    with made.update_spec() as update:
        update.add_identity("client")
        update.add_identity("version")
    made.append(rows)
    folder = tables.home / "warehouse" / "ml" / "parted"
    assert console(str(folder), tables.home).requests == by_outcome(rows)


def test_a_partition_may_stand_in_the_metadata_alone(tables: Tables) -> None:
    """As in tables that were taken over from Hive."""
    import pyarrow.parquet as pq

    rows = as_table(random_rows(3))
    made = tables.catalog.create_table("ml.hive", schema=rows.schema)
    with made.update_spec() as update:
        update.add_identity("version")
    own = rows.filter(pa.array([name == "v1" for name in rows["version"].to_pylist()]))
    folder = tables.home / "warehouse" / "ml" / "hive"
    made.append(own)
    (path,) = list(folder.rglob("*.parquet"))
    pq.write_table(pq.ParquetFile(path).read().drop_columns("version"), path)
    assert console(str(folder), tables.home).requests == by_outcome(own)


def test_a_table_may_be_named_by_its_folder_its_metadata_or_its_catalog(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A metadata file is one snapshot, and stays it."""
    metadata = newest(tables.folder).metadata_location.removeprefix("file://")
    monkeypatch.setenv("PYICEBERG_CATALOG__TESTS__URI", f"sqlite:///{tables.home}/catalog.db")
    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())  # the library looks once, when it is imported
    assert resolved([f"{tables.folder}/**/*.parquet", metadata]) == (f"iceberg:{tables.folder}", f"iceberg:{metadata}")
    live = list_files([f"iceberg:{tables.folder}"])
    assert len(live) == 2
    assert list_files(["iceberg:tests.ml.log"]).keys() == list_files([f"iceberg:{metadata}"]).keys() == live.keys()
    tables.append(as_table(random_rows(5)))
    assert len(list_files([f"iceberg:{metadata}"])) == 2
    assert len(list_files(["iceberg:tests.ml.log"])) == len(list_files([f"iceberg:{tables.folder}"])) == 3
    with pytest.raises(LogError, match=r"tests\.ml\.none cannot be read"):
        list_files(["iceberg:tests.ml.none"])


def test_init_and_status_work_on_a_table(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no edit; the file says that it is one."""
    monkeypatch.chdir(tables.folder.parent)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tables.home / name))
    assert main(["init", "log", "--yes"]) == OK
    assert 'files  = "iceberg:log"' in Path("clawpipe.toml").read_text()
    assert main(["status"]) == CANNOT_TELL


def test_without_the_extra_one_sentence_names_it(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the command that installs it."""
    import sys

    monkeypatch.setitem(sys.modules, "pyiceberg", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tables.home / "cache"))
    assert main(["status", "--logs", str(tables.folder)]) == USAGE
    assert "pip install 'clawpipe-tui[iceberg]'" in capsys.readouterr().err
