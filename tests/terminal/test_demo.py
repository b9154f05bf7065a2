"""The demo takes everything with it, however it ends."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.terminal.pseudo import PATIENCE_S, Pseudo, alive


def children_of(pid: int) -> list[int]:
    """The processes that this one started."""
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_its_server_and_its_folder_go_with_it(tmp_path: Path, number: int) -> None:
    """With the signal's exit code, nothing left in the folder for temporary files."""
    here = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "c")}
    with Pseudo([sys.executable, "-m", "clawpipe_tui", "demo"], environment=here) as terminal:
        terminal.until(lambda text: "v43" in text, 3 * PATIENCE_S)
        started = children_of(terminal.process.pid)
        assert started
        terminal.signal(number)
        # Two seconds on a machine with nothing else to do: here a server and a reader of logs end beside other tests.
        assert terminal.ends(5.0) == 128 + number
        deadline = time.monotonic() + 2.0
        while any(map(alive, started)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(alive, started))
        assert list(tmp_path.glob("clawpipe-demo-*")) == []


def test_a_signal_while_the_stage_is_being_set_leaves_nothing(tmp_path: Path) -> None:
    """Before there is a console at all."""
    words = [sys.executable, "-m", "clawpipe_tui", "demo"]
    with Pseudo(words, environment={"TMPDIR": str(tmp_path)}) as terminal:
        terminal.until(lambda text: "Setting the stage" in text)
        terminal.read(0.5)
        started = children_of(terminal.process.pid)
        terminal.signal(signal.SIGTERM)
        assert terminal.ends(8.0) == 143
        time.sleep(1.0)
        assert not any(map(alive, started))
        assert list(tmp_path.glob("clawpipe-demo-*")) == []
