"""What the console sends: nothing where nothing changes, little where little does, and the right picture after all."""

from __future__ import annotations

import signal
import time
from itertools import pairwise
from pathlib import Path
from unicodedata import normalize

import pytest

from clawpipe_tui.terminal.line import line_pace_s
from tests.terminal.conftest import OpenConsole, ready
from tests.terminal.pseudo import PATIENCE_S, Pseudo, console_words

PAGE_UP = "\x1b[5~"


def frame_as_meant(console: Pseudo, path: Path) -> list[str]:
    """The frame that the console believes to be on screen, and where its cursor stands."""
    path.unlink(missing_ok=True)
    console.signal(signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE_S
    while not (path.exists() and path.read_text()) and time.monotonic() < deadline:
        console.read(0.05)
    return normalize("NFC", path.read_text(encoding="utf-8")).split("\n")


def assert_as_meant(console: Pseudo, path: Path) -> None:
    """The emulated screen is the frame, its cursor is the cursor."""
    *rows, cursor = frame_as_meant(console, path)
    assert [line.rstrip() for line in console.screen.display] == rows
    assert str((console.screen.cursor.x, console.screen.cursor.y)) == cursor


def test_the_screen_is_right_after_many_random_updates_and_resizes(console: OpenConsole, tmp_path: Path) -> None:
    """Wide characters, marks, dialogs, an input's cursor, other sizes: at 20 ticks a second."""
    dump = tmp_path / "frame"
    terminal = console("--ticks", "20", "--dump", str(dump))
    terminal.until(ready)
    hold = Path(f"{dump}.hold")
    for keys, size in (("jj2", (80, 24)), ("?", (100, 35)), ("\x1b", (61, 21)), ("d", (80, 24)), ("\x1b1B", (120, 40))):
        for key in keys:
            terminal.send(key)
            terminal.read(0.3)
        terminal.resize(*size)
        hold.touch()
        terminal.read(0.7)
        assert_as_meant(terminal, dump)
        hold.unlink()


def test_an_unchanged_screen_sends_nothing_and_the_first_is_small(console: OpenConsole) -> None:
    """0 bytes in three seconds; the whole first paint below 14 kB; a cursor's step below 300 bytes."""
    terminal = console(COLORTERM="truecolor")
    terminal.until(ready)
    terminal.read(1.0)
    assert len(terminal.received) <= 14_000
    assert terminal.read(3.0) == b""
    terminal.send("j")
    assert 0 < len(terminal.read(0.5)) <= 300


def test_a_stalled_reader_stops_neither_the_clock_nor_the_truth(console: OpenConsole, tmp_path: Path) -> None:
    """Nobody reads for five seconds at 20 ticks a second: the app's own clock goes on, the screen is right at once."""
    dump, clock = tmp_path / "frame", tmp_path / "clock"
    terminal = console("--ticks", "20", "--dump", str(dump), "--clock", str(clock), size=(120, 40))
    terminal.until(ready)
    time.sleep(5.0)
    moments = [float(line) for line in clock.read_text().split()]
    assert max(after - before for before, after in pairwise(moments)) < 1.0
    Path(f"{dump}.hold").touch()
    terminal.read(1.0)
    assert_as_meant(terminal, dump)


def test_a_rollback_is_verified_while_nobody_reads(console: OpenConsole, tmp_path: Path) -> None:
    """The line stalls at 10 ticks a second, after the change was sent.

    The logs' last word is of the moment when the old version had been silent for five seconds, not of the moment when
    the line came back; the clock went on, nothing was queued, the screen is right when somebody reads again.
    """
    dump, clock = tmp_path / "frame", tmp_path / "clock"
    terminal = console("--ticks", "10", "--dump", str(dump), "--clock", str(clock), size=(120, 40))
    terminal.until(ready)
    terminal.send("B")
    terminal.until(lambda text: "Reason:" in text)
    terminal.send("metric feed breaks v43\r")
    terminal.until(lambda text: "Sent and accepted" in text)
    time.sleep(10.0)
    moments = [float(line) for line in clock.read_text().split()]
    assert max(after - before for before, after in pairwise(moments)) < 1.0
    Path(f"{dump}.hold").touch()
    assert len(terminal.read(1.0)) < 40_000
    assert "v43 has been silent for 5 s" in " ".join(terminal.text.split())
    assert_as_meant(terminal, dump)


def test_every_frame_can_be_sent_whole(console: OpenConsole, tmp_path: Path) -> None:
    """The switch for terminals on which changes go wrong."""
    dump = tmp_path / "frame"
    terminal = console("--dump", str(dump), CLAWPIPE_FULL_FRAMES="1")
    terminal.until(ready)
    terminal.read(0.5)
    terminal.send("j")
    assert len(terminal.read(0.5)) > 2_000
    assert_as_meant(terminal, dump)


@pytest.mark.parametrize(
    ("drain_s", "round_trip_s", "pace_s"), [(0.01, None, 0.0), (0.01, 0.2, 0.0), (1.5, 0.1, 6.0), (0.0, 90.0, 30.0)]
)
def test_a_slow_line_is_given_time(drain_s: float, round_trip_s: float | None, pace_s: float) -> None:
    """Four times what a frame takes to arrive, so that keys find the line free; a quick line keeps the chosen pace."""
    assert line_pace_s(drain_s, round_trip_s) == pace_s


def test_a_step_of_a_cursor_sends_the_rows_that_it_leaves_and_enters(tmp_path: Path) -> None:
    """On the Overview of a real log, in its most expensive colours: what stands beside the cursor stays as it is."""
    state = {"COLORTERM": "truecolor", "XDG_CACHE_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with Pseudo(console_words("--theme", "dark"), environment=state) as terminal:
        terminal.until(lambda text: "v41" in text and "reading" not in text)
        terminal.read(1.5)
        # From the versions to the drift table, which shows its worst columns alone: nothing is ever paged.
        for key in (*"jkGg", *"\t\t\t\t", *"GkgG", PAGE_UP):
            terminal.send(key)
            assert 0 < len(terminal.read(0.7)) <= 300, key
        assert "4 of 13" in terminal.text
        assert "origin" not in terminal.text
        terminal.send("z")
        terminal.until(lambda text: "origin" in text)
        terminal.send("G")
        terminal.until(lambda text: "▸origin" in text)
