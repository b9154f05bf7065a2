"""`clawpipe-tui demo`: the whole product in small, in the console; without a terminal, as a story in frames."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clawpipe_tui.catalog import shipped
from clawpipe_tui.commands.output import talk
from clawpipe_tui.errors import ClawpipeError, UsageError

_AFTER_WITH_TERMINAL_S, _AFTER_HEADLESS_S = 30.0, 8.0
_STOP_S = 5.0


@dataclass(frozen=True)
class Stage:
    """Where the demo plays."""

    folder: Path
    incident_at: float
    """By the monotonic clock."""


def run(given: argparse.Namespace) -> int:
    """Set the stage, open the console on it (or tell the story), and end everything that was started."""
    terminal = sys.stdout.isatty() and sys.stdin.isatty()
    after_s = given.incident_after
    if after_s is None:
        after_s = _AFTER_WITH_TERMINAL_S if terminal else _AFTER_HEADLESS_S
    with set_stage(after_s) as stage:
        given.logs, given.write = str(stage.folder), True
        if not terminal:
            from clawpipe_tui.commands.story import tell

            return tell(given, stage)
        from clawpipe_tui.commands import console

        return console.run(given)


@contextmanager
def set_stage(incident_after_s: float) -> Generator[Stage]:
    """Start the stage in a process of its own, so that the console keeps its core; end it afterwards."""
    for needed in ("starlette", "uvicorn"):
        if importlib.util.find_spec(needed) is None:
            raise UsageError(f"The demo needs {needed}.", "Install it: pip install 'clawpipe-tui[demo]'.")
    talk("Setting the stage: 20 minutes of history, a serving API on this machine, live traffic ...")
    folder = Path(tempfile.mkdtemp(prefix="clawpipe-demo-"))
    words = [sys.executable, "-m", "clawpipe_tui.demo.stage", str(shipped("sample_data")), str(folder)]
    stage = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
        [*words, str(incident_after_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        if stage.stdout is None or stage.stdout.readline() != b"ready\n":
            raise ClawpipeError("The demo's server did not start.", "What it said stands above.")
        yield Stage(folder, time.monotonic() + incident_after_s)
    finally:
        _end(stage)
        shutil.rmtree(folder, ignore_errors=True)


def _end(stage: subprocess.Popen[bytes]) -> None:
    """Close its stdin, which it takes as the end; insist where it does not end."""
    for pipe in (stage.stdin, stage.stdout):
        if pipe:
            pipe.close()
    try:
        stage.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        stage.kill()
        stage.wait()
