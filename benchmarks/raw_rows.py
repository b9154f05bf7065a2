"""The same statistics from ten million raw rows and from the rollups: how far apart, and how long each takes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from log import CACHE
from streams import Floats

from clawpipe_tui.commands.opening import context_for
from clawpipe_tui.config import load_config
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession
from clawpipe_tui.statistics.ks import ks_exact
from clawpipe_tui.statistics.psi import psi
from clawpipe_tui.window import window_between

ROWS_A_FILE = 500_000
START = datetime(2026, 11, 1, tzinfo=UTC)


def columns(rng: np.random.Generator, rows: int, shift: float) -> dict[str, Floats]:
    """A normal feature that moved, one with heavy tails, one full of ties, one that never changes."""
    return {
        "normal": rng.normal(shift, 1, rows),
        "cauchy": rng.standard_cauchy(rows) * (1 + shift),
        "ties": np.round(rng.exponential(3 + shift, rows)),
        "constant": np.full(rows, 7.0),
    }


def compare_with_raw(rows: int) -> Iterator[tuple[str, ...]]:
    """Write the log, reduce it, ask it; and count the raw rows themselves."""
    folder = CACHE / "raw-rows"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "logs").mkdir(parents=True)
    rng = np.random.default_rng(1)
    before, parts = columns(rng, 20_000, 0.0), list[dict[str, Floats]]()
    pq.write_table(pa.table(before), folder / "baseline.parquet")
    for number, first in enumerate(range(0, rows, ROWS_A_FILE)):
        parts.append(columns(rng, min(ROWS_A_FILE, rows - first), 0.1))
        count = len(parts[-1]["normal"])
        at = np.datetime64(START.replace(tzinfo=None), "us") + np.arange(first, first + count).astype("timedelta64[ms]")
        table = {"served_at": pa.array(at, pa.timestamp("us", "UTC")), **parts[-1]}
        pq.write_table(pa.table(table), folder / "logs" / f"part-{number:03d}.parquet")
    (folder / "clawpipe.toml").write_text(
        '[log]\nfiles = "logs/*.parquet"\nnow = "end"\n[baseline]\nfiles = "baseline.parquet"\n', encoding="utf-8"
    )
    after = {name: np.concatenate([part[name] for part in parts]) for name in before}
    yield from _rows(LogSession(load_config(folder / "clawpipe.toml"), cache=folder / "cache"), before, after)
    shutil.rmtree(folder)


def _rows(session: LogSession, before: dict[str, Floats], after: dict[str, Floats]) -> Iterator[tuple[str, ...]]:
    session.read()
    context = context_for(session, window_between(START, START + timedelta(days=1)), "training")
    started = time.perf_counter()
    found = {str(row["column"]): row for row in session.ask("drift", context).records()}
    asked_s = time.perf_counter() - started
    yield (
        "column",
        "PSI, rollups",
        "PSI, raw rows",
        "D, rollups",
        "D, raw rows",
        "all columns from rollups",
        "one from raw rows",
    )
    for name, live in after.items():
        started = time.perf_counter()
        exact = ks_exact(before[name], live)
        bins = session.ask("histogram", {**context, "column": name}).records()
        raw = psi(_counted(bins, before[name]), _counted(bins, live))
        row = found[name]
        bracket = f"{row['ks_low']:.5f}…{row['ks_high']:.5f}"
        took = f"{time.perf_counter() - started:.2f} s"
        yield name, f"{row['psi']:.9f}", f"{raw:.9f}", bracket, f"{exact:.5f}", f"{asked_s:.2f} s", took
    session.close()


def _counted(bins: list[dict[str, Value]], values: Floats) -> list[float]:
    """Raw values counted into the bins that the console shows."""
    ordered, last = np.sort(values), max(cast("float", row["bin_low"]) for row in bins if row["mass"] == "bin")

    def below(edge: Value, side: str) -> int:
        return int(np.searchsorted(ordered, cast("float", edge), "left" if side == "left" else "right"))

    counts: list[float] = []
    for row in bins:
        low, high = row["bin_low"], row["bin_high"]
        first = 0 if row["mass"] == "below" else below(low, "right" if row["mass"] == "above" else "left")
        closed = low in (last, high)
        end = len(ordered) if row["mass"] == "above" else below(high, "right" if closed else "left")
        counts.append(float(end - first) if row["mass"] in {"below", "bin", "above"} else 0.0)
    return counts
