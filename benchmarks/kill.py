"""Kills a console at random moments of a backfill, and counts after each: `python kill.py [MOMENTS] [SEED]`.

What a kill left is checked on a copy; the store itself is read on and killed again, up to three times. Consoles are
forked from a process that has imported everything and opened nothing, so that a moment costs about a second.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from clawpipe_tui.rollups import batches  # noqa: E402
from clawpipe_tui.rollups.verify import verify_store  # noqa: E402
from tests.tiny_log import Counted, TinyLog, counted, random_rows  # noqa: E402 - it lies beside the tests

_FILES, _ROWS, _FILES_A_BATCH = 150, 40, 12
"""Small batches: many parts to be killed in, and some to be merged."""
_KILLS_A_STORE = 3
_LOOKS = 3
"""After the reading, small parts are merged: that may be killed, too."""
_EVERY = 20
_FORKING = multiprocessing.get_context("fork")


def main(moments: int, seed: int) -> int:
    """The number of restarts whose counts are not those of a clean run."""
    rng, wrong, began = random.Random(seed), 0, time.monotonic()
    batches.LATER_FILES = _FILES_A_BATCH  # in every console: they are forked
    with tempfile.TemporaryDirectory() as home:
        log = TinyLog(Path(home))
        for number in range(_FILES):
            log.write(f"{number}.parquet", random_rows(number, _ROWS))
        whole_s = _run(home, None)
        clean = _count(home)
        print(f"a clean run takes {whole_s:.2f} s", flush=True)
        for moment in range(moments):
            if moment % _KILLS_A_STORE == 0:
                shutil.rmtree(log.cache)
            _run(home, rng.uniform(0, whole_s))
            shutil.copytree(log.cache, Path(home) / "kept")
            after = _count(home)
            shutil.rmtree(log.cache)
            (Path(home) / "kept").rename(log.cache)
            wrong += after != clean
            if (moment + 1) % _EVERY == 0 or moment + 1 == moments:
                took_s = time.monotonic() - began
                print(f"{moment + 1} kills in {took_s:.0f} s, {wrong} restarts with other counts or faults", flush=True)
    return wrong


def _run(home: str, kill_after_s: float | None) -> float:
    """A console that reads the log, killed so long after it has opened it; returns how long it lived."""
    here, there = _FORKING.Pipe()
    console = _FORKING.Process(target=_read, args=(home, there))
    console.start()
    here.recv()
    began = time.monotonic()
    if here.poll(kill_after_s):
        here.recv()
    lived_s = time.monotonic() - began
    if kill_after_s is not None:
        console.kill()
    console.join()
    return lived_s


def _read(home: str, told: Connection) -> None:
    with TinyLog(Path(home)).opened(read=False) as session:
        told.send("open")
        session.read()
        for _ in range(_LOOKS):
            session._look_again()  # noqa: SLF001 - what its thread does, without waiting for what lands
        told.send("done")


def _count(home: str) -> tuple[Counted, int]:
    """What a console counts that is opened now, and how many faults its store has then."""
    here, there = _FORKING.Pipe()
    console = _FORKING.Process(target=_tell_counts, args=(home, there))
    console.start()
    found: tuple[Counted, int] = here.recv()
    console.join()
    return found


def _tell_counts(home: str, told: Connection) -> None:
    log = TinyLog(Path(home))
    with log.opened() as session:
        counts = counted(session)
    (store,) = (log.cache / "rollups").iterdir()
    told.send((counts, len(verify_store(store).faults)))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(1 if main(*(numbers + [200, 1][len(numbers) :])) else 0)
