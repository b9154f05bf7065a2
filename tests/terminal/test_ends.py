"""How the console ends and comes back: in time, with the right exit code, the terminal as it was."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.terminal.conftest import OpenConsole, ready
from tests.terminal.pseudo import PATIENCE_S, Pseudo, console_words


@pytest.mark.parametrize(("number", "code"), [("SIGHUP", 129), ("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_ends_it_within_two_seconds_with_its_code(console: OpenConsole, number: str, code: int) -> None:
    """Also while it is busy; the shell finds its terminal as it was."""
    terminal = console("--ticks", "20")
    terminal.until(ready)
    terminal.signal(signal.Signals[number])
    assert terminal.ends() == code
    assert terminal.restored


def test_a_signal_ends_it_while_nobody_reads(console: OpenConsole) -> None:
    """The line is stalled, in the middle of a frame."""
    terminal = console("--ticks", "20", size=(160, 50))
    terminal.until(ready)
    time.sleep(1.5)
    terminal.signal(signal.SIGTERM)
    assert terminal.process.wait(2.0) == 143


IN_THE_MIDDLE = {
    "help is open": ((), "?", "Keys"),
    "a command is being written": ((), ":wind", "window"),
    "the log is being opened": (("--opening",), "", "loading"),
    "a plan is being read": ((), "B", "Reason:"),
}


@pytest.mark.parametrize("middle", IN_THE_MIDDLE)
@pytest.mark.parametrize(("number", "code"), [("SIGHUP", 129), ("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_ends_it_in_the_middle_of_anything(console: OpenConsole, middle: str, number: str, code: int) -> None:
    """In time, with its code, the terminal as it was."""
    words, keys, shows = IN_THE_MIDDLE[middle]
    terminal = console(*words)
    terminal.until((lambda text: "loading" in text) if words else ready)
    terminal.send(keys)
    terminal.until(lambda text: shows in text)
    terminal.signal(signal.Signals[number])
    assert terminal.ends() == code
    assert terminal.restored


def test_a_signal_before_there_is_a_screen_ends_it_without_a_traceback() -> None:
    """At each moment of the start: by the signal itself, or with its code."""
    for after_s in (0.03, 0.06, 0.1, 0.2):
        with Pseudo(console_words()) as terminal:
            terminal.read(after_s)
            terminal.signal(signal.SIGTERM)
            assert terminal.ends() in {-signal.SIGTERM, 143}
            assert b"Traceback" not in terminal.received


def test_what_was_in_flight_is_told_at_the_next_start(console: OpenConsole, tmp_path: Path) -> None:
    """A change was sent and its answer never seen: the journal says so, and the next console tells it."""
    journal = str(tmp_path / "journal")
    terminal = console("--hold", "--journal", journal)
    terminal.until(ready)
    terminal.send("B")
    terminal.until(lambda text: "Dry run" in text or "enter cancel" in text)
    terminal.read(0.3)
    terminal.send("metric feed breaks v43\r")
    terminal.until(lambda text: "Sending, once." in text)
    terminal.signal(signal.SIGTERM)
    assert terminal.ends() == 143
    assert terminal.restored
    again = console("--journal", journal)
    again.until(lambda text: "Unresolved: the rollback of flight-delay to v42" in text)
    assert "was never answered" in " ".join(again.text.split())


def test_it_goes_on_after_a_long_sleep(console: OpenConsole) -> None:
    """Stopped from outside, as when a laptop sleeps: nothing was said to the terminal, everything is drawn again."""
    terminal = console("--ticks", "10")
    terminal.until(ready)
    terminal.signal(signal.SIGSTOP)
    time.sleep(2.0)
    terminal.read(0.2)
    terminal.screen.reset()
    terminal.signal(signal.SIGCONT)
    terminal.until(ready)
    terminal.send("?")
    terminal.until(lambda text: "Keys" in text)


def test_the_end_of_the_terminal_is_its_end(console: OpenConsole) -> None:
    """No process is left that spins on a terminal which has gone."""
    terminal = console("--ticks", "5")
    terminal.until(ready)
    terminal.hang_up()
    assert terminal.process.wait(2.0) == 129


def test_ctrl_c_and_q_end_it(console: OpenConsole) -> None:
    """130 and 0."""
    for key, code in (("\x03", 130), ("q", 0)):
        terminal = console()
        terminal.until(ready)
        terminal.send(key)
        assert terminal.ends() == code
        assert terminal.restored


def is_stopped(terminal: Pseudo) -> bool:
    """Whether the process sleeps in a stop."""
    return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("how", ["key", "signal"])
def test_it_stops_and_goes_on_with_a_whole_screen(console: OpenConsole, how: str) -> None:
    """ctrl+z or SIGTSTP give the terminal back; after `fg` everything is drawn again, and keys work."""
    terminal = console()
    terminal.until(ready)
    terminal.send("\x1a") if how == "key" else terminal.signal(signal.SIGTSTP)
    deadline = time.monotonic() + PATIENCE_S
    while not is_stopped(terminal) and time.monotonic() < deadline:
        terminal.read(0.05)
    terminal.read(0.1)
    assert terminal.restored
    terminal.screen.reset()
    terminal.signal(signal.SIGCONT)
    terminal.until(ready)
    terminal.send("?")
    terminal.until(lambda text: "Keys" in text)
    terminal.send("\x1b")
    terminal.until(ready)
    terminal.send("q")
    assert terminal.ends(5.0) == 0


def test_a_storm_of_resizes_leaves_a_right_screen(console: OpenConsole, tmp_path: Path) -> None:
    """A hundred sizes in a second, down to one that is absurd."""
    terminal = console("--ticks", "10", "--dump", str(tmp_path / "frame"))
    terminal.until(ready)
    for step in range(100):
        terminal.resize(20 + step % 90, 3 + step % 40)
        terminal.read(0.01)
    terminal.resize(80, 24)
    terminal.read(1.5)
    assert ready(terminal.text)
    assert terminal.process.poll() is None


def test_a_crash_leaves_one_report_without_secrets_and_exits_1(console: OpenConsole, tmp_path: Path) -> None:
    """The user reads a sentence; the report has the place, and no values of variables."""
    terminal = console("--crash")
    assert terminal.ends(PATIENCE_S) == 1
    assert terminal.restored
    assert b"ValueError: the widget fell off" in terminal.received
    assert b"Traceback" not in terminal.received
    (report,) = (tmp_path / "state" / "clawpipe-tui").glob("crash-*.txt")
    assert "_go_wrong" in report.read_text()
    assert "hunter2" not in report.read_text().replace('secret = "hunter2"', "")
    assert report.stat().st_mode & 0o077 == 0


def test_it_is_drawn_although_stderr_goes_elsewhere(console: OpenConsole, tmp_path: Path) -> None:
    """`clawpipe-tui 2> file` is a console, not a blank screen."""
    terminal = console(stderr=tmp_path / "stderr")
    terminal.until(ready)
    terminal.send("q")
    assert terminal.ends() == 0
    assert (tmp_path / "stderr").read_bytes() == b""
