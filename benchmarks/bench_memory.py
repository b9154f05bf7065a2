"""A day of the demo in twenty minutes: how the console's memory grows: `python benchmarks/bench_memory.py 20`.

The demo's traffic (20 requests/s, two files a second) with its clock running 72 times as fast; the console follows it
at its fastest pace, through all its screens. `make bench` runs two minutes of it, which are 144 of the demo. Memory is
sampled every second of the second half of each minute. What is held between two answers is the lower quartile; the
median has what answers need while they are worked out, the more of them at a time the busier the machine.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from resources import used_by  # noqa: E402  beside this file

from clawpipe_tui.demo.model import DelayModel  # noqa: E402  the checkout's own
from clawpipe_tui.demo.parquet_log import log_table  # noqa: E402
from clawpipe_tui.demo.world import Phase, Share, Story, World, simulate  # noqa: E402
from tests.terminal.pseudo import Pseudo  # noqa: E402

FASTER = 72
FILE_EVERY_S = 0.5
HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 11, 7, tzinfo=UTC)
SAMPLE = ROOT / "sample_data"
WARM_MINUTES = 1.0
"""The console is opened, has read its history and drawn each screen: growth is counted from here."""


def hour_of(story: Story, seed: int) -> pa.Table:
    """One hour of the demo's traffic, which is repeated with other times and other request ids."""
    models = {version: DelayModel.load(SAMPLE / "versions" / f"{version}.json") for version in ("v42", "v43")}
    world = World.load(SAMPLE / "baseline.parquet")
    return log_table(simulate(world, models, story, BEGIN, BEGIN + HOUR, np.random.default_rng(seed)))


def hours() -> tuple[pa.Table, pa.Table]:
    """A calm one, and one with the incident."""
    phases = (Phase(datetime.min.replace(tzinfo=UTC), (Share("v42", 80.0), Share("v43", 20.0, "canary"))),)
    return hour_of(Story(phases, 20.0), 7), hour_of(Story(phases, 20.0, incident_at=BEGIN), 11)


def piece(hour: pa.Table, since_s: float, until_s: float, number: int) -> pa.Table:
    """The rows of a part of an hour, moved to their place in the day."""
    whole, begin_s = divmod(since_s, 3_600.0)
    offsets_us = hour["served_at"].to_numpy().astype("int64") - int(BEGIN.timestamp() * 1e6)
    first, last = np.searchsorted(offsets_us, [begin_s * 1e6, (begin_s + until_s - since_s) * 1e6])
    rows = hour.slice(first, last - first)
    served_at = rows["served_at"].to_numpy() + np.timedelta64(int(whole), "h")
    rows = rows.set_column(0, "served_at", pa.array(served_at, pa.timestamp("us", "UTC")))
    ids = pa.array([f"{number:x}-{name}" for name in rows["request_id"].to_pylist()])
    return rows.set_column(rows.column_names.index("request_id"), "request_id", ids)


def write(folder: Path, table: pa.Table, number: int) -> None:
    """One file, renamed into place."""
    beside = folder / f".part-{number:06d}.parquet"
    pq.write_table(table, beside, compression="zstd")
    beside.replace(folder / f"part-{number:06d}.parquet")


def play(folder: Path) -> None:
    """Write twenty minutes of history, say so, then the day, until the process is ended."""
    calm, incident = hours()
    at_s = 1_200.0
    write(folder, piece(calm, 0.0, at_s, 0), 0)
    print("ready", flush=True)
    begun, number = time.monotonic(), 0
    while True:
        number += 1
        time.sleep(max(0.0, begun + number * FILE_EVERY_S - time.monotonic()))
        hour = incident if int(at_s // 3_600) % 6 == 1 else calm
        write(folder, piece(hour, at_s, at_s + FILE_EVERY_S * FASTER, number), number)
        at_s += FILE_EVERY_S * FASTER


def stage(folder: Path) -> subprocess.Popen[bytes]:
    """The log's writer, and the configuration that leads to it."""
    (folder / "logs").mkdir(parents=True)
    sample = (SAMPLE / "clawpipe.toml").read_text(encoding="utf-8")
    (folder / "clawpipe.toml").write_text(sample.replace("[console]\n", '[console]\nwindow = "5m"\n'), encoding="utf-8")
    shutil.copy(SAMPLE / "baseline.parquet", folder)
    shutil.copytree(SAMPLE / "versions", folder / "versions")
    writer = subprocess.Popen([sys.executable, __file__, "--play", str(folder / "logs")], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    return writer


def run(minutes: float, folder: Path) -> None:
    """Open the console on a log that grows, visit each screen again and again, print what it weighs."""
    writer = stage(folder / "demo")
    here = {"COLORTERM": "truecolor", "XDG_STATE_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    words = [sys.executable, "-m", "clawpipe_tui", "--logs", str(folder / "demo")]
    every_s = 15.0 if minutes <= 2 else 60.0
    print("minute  log's hour  files  held MB   since 1st  median MB   since 1st", flush=True)
    try:
        with Pseudo(words, (120, 40), here) as terminal:
            terminal.until(lambda text: "v43" in text and "loading" not in text, 60.0)
            terminal.send(":every 0.2\r")
            begun, screens = time.monotonic(), "1234567"
            warm = (0.0, 0.0)
            for turn in range(1, int(minutes * 60 / every_s) + 1):
                samples_mb: list[float] = []
                while time.monotonic() < begun + turn * every_s:
                    terminal.send(screens[int(time.monotonic()) % len(screens)])
                    terminal.read(1.0)
                    terminal.received.clear()
                    samples_mb.append(used_by(terminal.process.pid).resident_mb)
                quartiles = statistics.quantiles(samples_mb[len(samples_mb) // 2 :], n=4)
                held, passed = (quartiles[0], quartiles[1]), (time.monotonic() - begun) / 60
                warm = held if passed <= WARM_MINUTES + 0.01 or not warm[0] else warm
                files, hour = len(list((folder / "demo" / "logs").iterdir())), passed * FASTER / 60
                cells = "  ".join(
                    f"{now:9.1f}  {(now / then - 1) * 100:+8.1f} %" for now, then in zip(held, warm, strict=True)
                )
                print(f"{passed:6.1f}  {hour:10.1f}  {files:5}{cells}", flush=True)
            terminal.send("q")
            terminal.ends(10.0)
    finally:
        writer.kill()
        writer.wait()


def main(minutes: float) -> None:
    """The table."""
    with tempfile.TemporaryDirectory() as folder:
        run(minutes, Path(folder))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        play(Path(sys.argv[2]))
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
