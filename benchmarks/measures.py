"""What is measured in a process of its own: `python benchmarks/measures.py NAME LOG` prints it as JSON."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clawpipe_tui.terminal.beginning import before_threads

before_threads()  # as every command does, before it loads a library: they read their settings then

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from log import CATEGORICAL, NUMERIC, QUARTER_S, table  # noqa: E402

from clawpipe_tui.catalog import load_catalog, shipped  # noqa: E402
from clawpipe_tui.config import load_config  # noqa: E402
from clawpipe_tui.rollups.source import connect  # noqa: E402
from clawpipe_tui.session import LogSession  # noqa: E402
from clawpipe_tui.snapshot import Answers, Wanted, take_snapshot  # noqa: E402
from clawpipe_tui.spec import ScreenSpec  # noqa: E402
from clawpipe_tui.spec.reading import load_screens  # noqa: E402

Measured = dict[str, float]
HOUR_S, DAY_S, YEAR_S = 3_600, 86_400, 365 * 86_400
LANDINGS = 15
LANDED_ROWS = 10_000


def measure(name: str, log: Path, runs: int = 1) -> Measured:
    """The medians of some runs, each in a process of its own."""
    command = [sys.executable, __file__, name, str(log)]
    found: list[Measured] = [
        json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout) for _ in range(runs)
    ]
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def scan_and_reduction(log: Path) -> Measured:
    """The raw scan, everything that the rollups take from the log, and the raw scan again: one after the other."""
    before, reduced, after = raw_scan(log), reduction(log), raw_scan(log)
    scan = {key: (before[key] + after[key]) / 2 for key in ("wall_s", "cpu_s")}
    return {
        "scan_s": scan["wall_s"],
        "wall_s": reduced["wall_s"],
        "times_wall": reduced["wall_s"] / scan["wall_s"],
        "times_cpu": reduced["cpu_s"] / scan["cpu_s"],
    }


def raw_scan(log: Path) -> Measured:
    """The limit: every column that the reduction needs, read once and summed, with as many threads."""
    sums = ", ".join(f"sum({name})" for name in (*NUMERIC, "latency_ms"))
    texts = (*CATEGORICAL, "model", "version", "outcome", "client", "error", "request_id")
    others = ", ".join(f"max({name})" for name in texts)
    sql = f"select {sums}, {others}, min(epoch_us(served_at)) from read_parquet('{log}/logs/*.parquet')"
    with connect() as connection:
        connection.execute(sql).fetchall()
        return _timed(lambda: connection.execute(sql).fetchall())


def reduction(log: Path) -> Measured:
    """Everything: outcomes, latencies, errors, clients, 16 numeric columns in 20 bins, 4 categorical ones."""
    with _opened(log) as session:
        return _timed(session.read)


def windows(log: Path) -> Measured:
    """What the Overview asks when its window changes to a width for the first time, and again after news: a tick."""
    with _opened(log, log / "cache") as session:
        session.read()
        answers = Answers()
        found = {"opened": _asked(session, answers, QUARTER_S)}
        for name, width_s in (("hour", HOUR_S), ("day", DAY_S), ("year", YEAR_S)):
            found[name] = _asked(session, answers, width_s)
            again = (_asked_after_news(session, answers, width_s, at) for at in range(5))
            found[f"{name}_again"] = statistics.median(again)
        return found


def landing_idle(log: Path) -> Measured:
    """Files of 10 000 rows land in a log that is read: until each is counted."""
    with _copied(log, files=4) as folder, _opened(folder) as session:
        session.read()
        session.follow()
        time.sleep(1.0)
        return _landed(session, folder)


def landing_busy(log: Path) -> Measured:
    """The same while a backfill runs: until the log's last row is one of the file's."""
    with _copied(log) as folder, _opened(folder) as session:
        session.follow()
        while not session.progress().rows:
            time.sleep(0.005)
        return _landed(session, folder)


def keeping_up(log: Path) -> Measured:
    """Two hundred files of 10 000 rows a minute: on how much of a core are they counted, and how far behind?"""
    with _copied(log, files=4) as folder, _opened(folder) as session:
        session.read()
        session.follow()
        time.sleep(1.0)
        pieces = [table(1_000 + number, LANDED_ROWS) for number in range(50)]
        before, began, cpu = session.progress().rows, time.monotonic(), time.process_time()
        written = _write_steadily(folder / "logs", pieces, every_s=0.3)
        while session.progress().rows < before + len(pieces) * LANDED_ROWS and time.monotonic() < began + 60:
            time.sleep(0.01)
        passed = time.monotonic() - began
        return {"cores": (time.process_time() - cpu - written) / passed, "behind_s": passed - 0.3 * len(pieces)}


def _write_steadily(folder: Path, pieces: Sequence[pa.Table], every_s: float) -> float:
    """Write them; returns the CPU seconds that writing took in this thread."""
    began, cpu = time.monotonic(), time.thread_time()
    for number, piece in enumerate(pieces):
        time.sleep(max(0.0, began + number * every_s - time.monotonic()))
        pq.write_table(piece, folder / ".landing")
        (folder / ".landing").rename(folder / f"steady-{number}.parquet")
    return time.thread_time() - cpu


def _asked(session: LogSession, answers: Answers, width_s: float) -> float:
    """Seconds for all that the Overview shows of a window."""
    overview = next(one for one in load_screens((shipped("screens"),), load_catalog()) if one.name == "overview")
    assert isinstance(overview, ScreenSpec)
    grid = next(one for one in overview.grids if (one.min_width, one.min_height) == (120, 40))
    panels = tuple(overview.panels[name] for name in dict.fromkeys(name for row in grid.rows for name in row))
    wanted = Wanted(1, "overview", panels, "", int(width_s), "training")
    began = time.perf_counter()
    take_snapshot(session, wanted, answers, lambda: False)
    took = time.perf_counter() - began
    session.tidy()
    return took


def _asked_after_news(session: LogSession, answers: Answers, width_s: float, at: int) -> float:
    """The same when nothing that was worked out before holds any more."""
    session.set_routes(
        [{"model": "another", "version": f"v{at}", "role": "live", "weight_pct": 100.0, "since_at": None}]
    )
    return _asked(session, answers, width_s)


def _landed(session: LogSession, folder: Path) -> Measured:
    waits = [_land(session, folder / "logs", number) for number in range(LANDINGS)]
    return {"median_s": statistics.median(waits), "worst_s": max(waits)}


def _land(session: LogSession, folder: Path, number: int) -> float:
    pq.write_table(table(100_000 + number, LANDED_ROWS), folder / ".landing")
    before, began = session.now(), time.perf_counter()
    (folder / ".landing").rename(folder / f"landed-{number}.parquet")
    while session.now() == before and time.perf_counter() < began + 30:
        time.sleep(0.002)
    return time.perf_counter() - began


@contextmanager
def _opened(log: Path, cache: Path | None = None) -> Generator[LogSession]:
    own = cache or Path(tempfile.mkdtemp())
    session = LogSession(load_config(log / "clawpipe.toml"), cache=own)
    try:
        yield session
    finally:
        session.close()
        if cache is None:
            shutil.rmtree(own, ignore_errors=True)


@contextmanager
def _copied(log: Path, files: int | None = None) -> Generator[Path]:
    """The log, or its last files, in a folder that may be written: by hard links."""
    folder = Path(tempfile.mkdtemp(dir=log.parent))
    try:
        (folder / "logs").mkdir()
        for path in sorted((log / "logs").iterdir())[-files if files else None :]:
            (folder / "logs" / path.name).hardlink_to(path)
        for name in ("clawpipe.toml", "baseline.parquet"):
            shutil.copy(log / name, folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def _timed(work: Callable[[], object]) -> Measured:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "memory_mb": memory_mb}


MEASURES: dict[str, Callable[[Path], Measured]] = {
    one.__name__: one
    for one in (scan_and_reduction, raw_scan, reduction, windows, landing_idle, landing_busy, keeping_up)
}

if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](Path(sys.argv[2]))))
