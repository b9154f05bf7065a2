"""What is measured from outside, on a console in a terminal of its own: seconds to a frame, keys, idling."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from resources import used_by  # noqa: E402  beside this file

from tests.terminal.pseudo import Pseudo  # noqa: E402  the checkout's own tests know how to hold a terminal

CONSOLE = (sys.executable, "-m", "clawpipe_tui")
SAMPLE = ROOT / "sample_data"
EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("here it is")
Empty().run()
"""
ROUNDS, KEYS = 4, 30
"""A backfill should outlast the keys of one round."""


def seconds_of(words: Sequence[str], runs: int = 7) -> float:
    """The median time that a command takes."""
    return statistics.median(_seconds(words) for _ in range(runs))


def _seconds(words: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def first_frame_s(words: Sequence[str], shown: str, runs: int = 5) -> float:
    """The median time from exec until a text is on the screen."""
    return statistics.median(until_s(words, lambda text: shown in text) for _ in range(runs))


def until_s(words: Sequence[str], holds: Callable[[str], bool], cache: str = "") -> float:
    """From exec until the screen is as wanted, in an empty cache or the given one."""
    with tempfile.TemporaryDirectory() as own:
        began = time.perf_counter()
        with Pseudo(words, (120, 40), _home(cache or own)) as terminal:
            # Only what came is looked at: looking costs a core that the console is measured on.
            while not (terminal.read(0.005) and holds(terminal.text)):
                assert time.perf_counter() < began + 300, terminal.text
            return time.perf_counter() - began


def _home(folder: str) -> dict[str, str]:
    return {"COLORTERM": "truecolor", "XDG_CACHE_HOME": folder, "XDG_STATE_HOME": folder}


def overview_is_full(text: str) -> bool:
    """Whether every panel of the Overview has its answer."""
    return "v1" in text and "/s" in text and "Drift" in text and "loading" not in text and "no rows" not in text


def cold_open_s(log: Path, runs: int = 3) -> float:
    """From exec to the newest hour on the Overview, nothing read before."""
    words = [*CONSOLE, "--logs", str(log / "clawpipe.toml")]
    return statistics.median(until_s(words, overview_is_full) for _ in range(runs))


def warm_open_s(log: Path, runs: int = 5) -> float:
    """From exec to the full Overview of a log that was read before."""
    cache = str(log / "warm")
    words = ["query", "files", "--logs", str(log / "clawpipe.toml")]
    subprocess.run([*CONSOLE, *words], env=os.environ | _home(cache), stdout=subprocess.DEVNULL, check=True)
    words = [*CONSOLE, "--logs", str(log / "clawpipe.toml")]
    return statistics.median(until_s(words, overview_is_full, cache) for _ in range(runs))


def keys_s(logs: Path, *, busy: bool) -> tuple[float, float, bool]:
    """Key in → its character painted, typed into the prompt: median, 99th percentile, and whether a backfill ran on."""
    rounds = [_keys(logs, busy=busy) for _ in range(ROUNDS)]
    ordered = sorted(wait for waits, _ in rounds for wait in waits)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)], all(running for _, running in rounds)


def _keys(logs: Path, *, busy: bool) -> tuple[list[float], bool]:
    with (
        tempfile.TemporaryDirectory() as cache,
        Pseudo([*CONSOLE, "--logs", str(logs)], (120, 40), _home(cache)) as terminal,
    ):
        terminal.until(lambda text: "v1" in text or "v43" in text, 120.0)
        if not busy:
            terminal.until(lambda text: "loading" not in text, 60.0)
            terminal.read(3.0)
        terminal.send(":")
        terminal.read(0.3)
        waits = [_painted_s(terminal, number) for number in range(KEYS)]
        return waits, "rows/s" in terminal.text or "reading" in terminal.text


def _painted_s(terminal: Pseudo, number: int) -> float:
    """One letter, until it stands behind those typed before."""
    typed = "".join("abcdefghij"[place % 10] for place in range(number % 20 + 1))
    if number and number % 20 == 0:
        terminal.send("\x15")  # the line is emptied before it is full
        terminal.read(0.3)
    terminal.read(0.02 + 0.01 * (number % 5))
    began = time.perf_counter()
    terminal.send(typed[-1])
    while typed not in terminal.text:
        assert time.perf_counter() < began + 10, terminal.text
        terminal.read(0.001)
    return time.perf_counter() - began


def idling(for_s: float = 30.0) -> dict[str, float]:
    """The console on the sample's log, left alone, then led through its screens, and left alone again."""
    with (
        tempfile.TemporaryDirectory() as cache,
        Pseudo([*CONSOLE, "--logs", str(SAMPLE)], (120, 40), _home(cache)) as terminal,
    ):
        terminal.until(lambda text: "v43" in text and "loading" not in text, 60.0)
        _until_still(terminal)
        first, before = len(terminal.received), used_by(terminal.process.pid)
        sent = len(terminal.read(for_s))
        idle = used_by(terminal.process.pid)
        for screen in "1234567":
            terminal.send(screen)
            terminal.read(1.0)
        _until_still(terminal)
        after = used_by(terminal.process.pid)
    return {
        "cpu_pct": 100 * (idle.cpu_s - before.cpu_s) / for_s, "rss_mb": idle.resident_mb, "own_mb": idle.own_mb,
        "processes": idle.processes, "after_mb": after.resident_mb, "after_own_mb": after.own_mb,
        "peak_mb": after.peak_mb, "first_bytes": float(first), "bytes_s": sent / for_s,
    }  # fmt: skip


def _until_still(terminal: Pseudo, still_s: float = 4.0) -> None:
    """Until nothing is sent for a while."""
    while terminal.read(still_s):
        pass
