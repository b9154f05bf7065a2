"""Tiny prediction logs, and what a console counts in them."""

from __future__ import annotations

import glob
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from clawpipe_tui.catalog import Query
from clawpipe_tui.config import Config
from clawpipe_tui.result import Result, Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.window import window_between

START = datetime(2026, 11, 7, 12, tzinfo=UTC)
END = START + timedelta(hours=2)
Columns = dict[str, list[object]]


def random_rows(seed: int, count: int = 40, *, at: datetime = START) -> Columns:
    """Rows with everything that a log can have, by seed."""
    rng = random.Random(seed)
    numbers = [1.0, 2.5, -3.0, 0.0, 1e300, float("nan"), float("inf"), float("-inf"), None]
    return {
        "served_at": [at + timedelta(milliseconds=rng.randrange(600_000)) for _ in range(count)],
        "version": [rng.choice(["v1", "v2"]) for _ in range(count)],
        "outcome": [rng.choice(["ok", "ok", "ok", "error", "timeout", "fallback"]) for _ in range(count)],
        "latency_ms": [rng.choice([0.0, -5.0, rng.uniform(1, 900), None, float("nan")]) for _ in range(count)],
        "client": [rng.choice(["web", "mobile", None]) for _ in range(count)],
        "amount": [rng.choice([*numbers, rng.gauss(50, 20)]) for _ in range(count)],
        "country": [rng.choice(["DE", "FR", "", None, f"new{rng.randrange(3)}"]) for _ in range(count)],
    }


def write(path: Path, rows: Mapping[str, Sequence[object]] | pa.Table) -> Path:
    """A Parquet file, as a careful writer leaves it: whole, by one rename."""
    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}")
    pq.write_table(table, building)
    return building.rename(path)


@dataclass(frozen=True)
class TinyLog:
    """A folder with a log in it, and a cache beside it."""

    home: Path
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    baseline: str = ""

    @property
    def folder(self) -> Path:
        """Where the log lies."""
        return self.home / "logs"

    @property
    def cache(self) -> Path:
        """Where the rollups are kept."""
        return self.home / "cache"

    def write(self, name: str, rows: Mapping[str, Sequence[object]] | pa.Table) -> Path:
        """A file of the log."""
        return write(self.folder / name, rows)

    def config(self) -> Config:
        """The configuration of this log."""
        baseline = (self.baseline,) if self.baseline else ()
        files = (f"{glob.escape(str(self.folder))}/**/*.parquet",)
        return Config(files, columns=self.columns, baseline_files=baseline, now=END)

    @contextmanager
    def opened(self, *, read: bool = True) -> Generator[LogSession]:
        """An open console on it."""
        session = LogSession(self.config(), cache=self.cache)
        try:
            if read:
                session.read()
            yield session
        finally:
            session.close()

    def read(self) -> Counted:
        """What a console that opens now counts."""
        with self.opened() as session:
            return counted(session)

    def forget(self) -> TinyLog:
        """The same log without rollups: it will be read from the start."""
        shutil.rmtree(self.cache, ignore_errors=True)
        return self


@dataclass(frozen=True)
class Counted:
    """Everything that the rollups of one console say."""

    requests: Mapping[tuple[str, str], int]
    """(version, outcome) → n"""
    latencies: int
    bins: Mapping[tuple[str, int], int]
    """(column, bin) → n"""
    clients: Mapping[str, int]
    files: Mapping[str, tuple[str, str]]
    """file name → (state, reason)"""
    rows: int


def rows_of(session: LogSession, sql: str) -> list[tuple[object, ...]]:
    """The answer of any SQL over the whole log, as a query of the user's own gets it."""
    return list(session._warehouse.answer(Query("asked", "", sql, frozenset(), Path()), {}).rows)


def counted(session: LogSession) -> Counted:
    """The counts in a console's memory."""

    def counts(sql: str) -> dict[tuple[object, ...], int]:
        return {row[:-1]: cast("int", row[-1]) for row in rows_of(session, sql)}

    return Counted(
        cast(
            "dict[tuple[str, str], int]", counts("select version, outcome, sum(n)::bigint from requests group by all")
        ),
        cast("int", rows_of(session, "select coalesce(sum(n), 0)::bigint from latencies")[0][0]),
        cast("dict[tuple[str, int], int]", counts('select "column", bin, sum(n)::bigint from "values" group by all')),
        {str(client): n for (client,), n in counts("select client, sum(n)::bigint from clients group by all").items()},
        {
            Path(str(path)).name: (str(state), str(reason))
            for path, state, reason in rows_of(session, "select path, state, reason from files")
        },
        session._warehouse.rows,
    )


def plain_requests(*logs: Columns) -> Counter[tuple[str, str]]:
    """(version, outcome) → n, counted one by one."""
    return Counter(
        (str(version), str(outcome))
        for rows in logs
        for version, outcome in zip(rows["version"], rows["outcome"], strict=True)
    )


def ask(session: LogSession, query: str, **values: Value) -> Result:
    """A named query over the two hours of a tiny log."""
    window = window_between(START - timedelta(hours=1), END)
    context: dict[str, Value] = dict.fromkeys(("version", "other", "column", "client"), None)
    context |= {"since": window.since, "until": window.until, "step": window.step}
    context |= {"baseline": "training", "now": session.now()}
    return session.ask(query, {**context, **values})


def wait_until(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
