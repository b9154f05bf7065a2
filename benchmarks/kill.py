"""Kills a console at random moments of a backfill, and counts after each restart: `python kill.py [MOMENTS] [SEED]`."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from clawpipe_tui.rollups.verify import verify_store  # noqa: E402
from tests.tiny_log import TinyLog, counted, random_rows  # noqa: E402 - it lies beside the tests

_FILES, _ROWS = 300, 40
_KILLS_A_STORE = 5


def main(moments: int, seed: int) -> int:
    """The number of restarts whose counts are not those of a clean run."""
    rng, wrong = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as home:
        log = TinyLog(Path(home))
        for number in range(_FILES):
            log.write(f"{number}.parquet", random_rows(number, _ROWS))
        clean = log.read()
        for moment in range(moments):
            if moment % _KILLS_A_STORE == 0:
                shutil.rmtree(log.cache)
            words = [sys.executable, str(ROOT / "tests" / "rollups" / "kill_target.py"), home]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as console:
                assert console.stdout is not None
                console.stdout.readline()
                time.sleep(rng.uniform(0, 1.5))
                console.kill()
            if moment % _KILLS_A_STORE == _KILLS_A_STORE - 1:
                with log.opened() as session:
                    same = counted(session) == clean
                (store,) = (log.cache / "rollups").iterdir()
                wrong += not same or bool(verify_store(store).faults)
                print(f"{moment + 1} kills, {wrong} restarts with other counts", flush=True)
    return wrong


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(1 if main(*(numbers + [200, 1][len(numbers) :])) else 0)
