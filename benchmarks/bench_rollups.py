"""How fast is a log reduced, beside the raw scan of the same columns in the same run? `make bench`, or with --rows 1e7.

Prints a table of medians: each row with its limit. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from log import CATEGORICAL, NUMERIC, make_log, table

from clawpipe_tui.commands.opening import context_for
from clawpipe_tui.config import load_config
from clawpipe_tui.rollups.source import connect
from clawpipe_tui.session import LogSession
from clawpipe_tui.window import window_ending


def main() -> None:
    """Measure in processes of their own, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=float, default=2e6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", help="measure one thing in this process and print it as JSON")
    given = parser.parse_args()
    log = make_log(int(given.rows))
    if given.one:
        print(json.dumps(MEASURES[given.one](log)))
        return
    found = {name: _median(name, given.rows, given.runs) for name in MEASURES}
    _print(found, int(given.rows))


def raw_scan(log: Path) -> dict[str, float]:
    """The limit: every column that the reduction needs, read once and summed, with as many threads."""
    sums = ", ".join(f"sum({name})" for name in (*NUMERIC, "latency_ms"))
    others = ", ".join(f"max({name})" for name in (*CATEGORICAL, "version", "outcome", "client"))
    sql = f"select {sums}, {others}, min(epoch_us(served_at)) from read_parquet('{log}/logs/*.parquet')"
    with connect() as connection:
        connection.execute(sql).fetchall()
        return _timed(lambda: connection.execute(sql).fetchall())


def reduction(log: Path) -> dict[str, float]:
    """Everything: outcomes, latencies, errors, clients, 16 numeric columns in 20 bins, 4 categorical ones."""
    cache = Path(tempfile.mkdtemp())
    session = LogSession(load_config(log / "clawpipe.toml"), cache=cache)
    try:
        return _timed(session.read)
    finally:
        session.close()
        shutil.rmtree(cache)


def first_answer(log: Path) -> dict[str, float]:
    """Cold open: until the newest hour answers the headline."""
    cache = Path(tempfile.mkdtemp())
    began = time.perf_counter()
    session = LogSession(load_config(log / "clawpipe.toml"), cache=cache)
    try:
        session.follow()
        while not session.progress().rows or not _headline(session):
            time.sleep(0.005)
        return {"wall_s": time.perf_counter() - began, "memory_mb": _memory_mb()}
    finally:
        session.close()
        shutil.rmtree(cache)


def warm_open(log: Path) -> dict[str, float]:
    """Open what was read before, up to the headline of the last hour."""
    cache = log / "cache"
    session = LogSession(load_config(log / "clawpipe.toml"), cache=cache)
    session.read()
    session.close()
    began = time.perf_counter()
    session = LogSession(load_config(log / "clawpipe.toml"), cache=cache)
    try:
        session.read()
        _headline(session)
        return {"wall_s": time.perf_counter() - began, "memory_mb": _memory_mb()}
    finally:
        session.close()


def landing(log: Path) -> dict[str, float]:
    """A file of 10 000 rows lands: until it is counted."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(log, folder / "log", ignore=shutil.ignore_patterns("cache"))
    session = LogSession(load_config(folder / "log" / "clawpipe.toml"), cache=folder / "cache")
    try:
        session.read()
        session.follow()
        time.sleep(1.0)
        waits = [_land(session, folder / "log" / "logs", number) for number in range(10)]
        return {"wall_s": statistics.median(waits), "worst_s": max(waits)}
    finally:
        session.close()
        shutil.rmtree(folder)


def _land(session: LogSession, folder: Path, number: int) -> float:
    rows, before = table(100_000 + number, 10_000), session.progress().rows
    pq.write_table(rows, folder / ".landing")
    began = time.perf_counter()
    (folder / ".landing").rename(folder / f"landed-{number}.parquet")
    while session.progress().rows == before:
        time.sleep(0.002)
    return time.perf_counter() - began


def _headline(session: LogSession) -> bool:
    window = window_ending(session.now(), 3_600)
    return bool(session.ask("headline", context_for(session, window, "training")).rows)


def _timed(work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "memory_mb": _memory_mb(),
    }


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _median(name: str, rows: float, runs: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--rows", str(rows), "--one", name]
    found = [
        json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for _ in range(runs)
    ]
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


MEASURES: dict[str, Callable[[Path], dict[str, float]]] = {
    "raw_scan": raw_scan,
    "reduction": reduction,
    "first_answer": first_answer,
    "warm_open": warm_open,
    "landing": landing,
}
LIMITS = {
    "reduction": ("x the raw scan", 4.0),
    "first_answer": ("s", 2.0),
    "warm_open": ("s", 1.0),
    "landing": ("s", 0.3),
}


def _print(found: dict[str, dict[str, float]], rows: int) -> None:
    print(f"{rows:,} rows, 16 numeric and 4 categorical columns; medians")
    print(f"{'':14}{'wall s':>9}{'cpu s':>9}{'MB':>7}  {'against':>9}  limit")
    scan = found["raw_scan"]["wall_s"]
    for name, one in found.items():
        unit, limit = LIMITS.get(name, ("", 0.0))
        value = one["wall_s"] / scan if unit.startswith("x") else one["wall_s"]
        against = f"{value:9.2f}  {limit:g} {unit}" if unit else ""
        cpu, memory = one.get("cpu_s"), one.get("memory_mb")
        print(f"{name:14}{one['wall_s']:9.3f}{_cell(cpu, 9, 3)}{_cell(memory, 7, 0)}  {against}")


def _cell(value: float | None, width: int, places: int) -> str:
    return f"{value:{width}.{places}f}" if value is not None else " " * width


if __name__ == "__main__":
    main()
