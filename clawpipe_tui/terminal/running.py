"""One run of an app in a terminal: stderr in a file, signals as ends, a crash as one report, the right exit code."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from clawpipe_tui.errors import FAILED
from clawpipe_tui.terminal import crash
from clawpipe_tui.terminal.beginning import before_threads
from clawpipe_tui.terminal.ending import end_on_signals, remember_modes, stderr_in_file

if TYPE_CHECKING:
    from pathlib import Path

    from clawpipe_tui.terminal.display import TerminalApp

LOG_FILE = "console.log"


def _hush() -> None:
    with suppress(OSError):
        sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def run_in_terminal(app: TerminalApp, state: Path, *, mouse: bool) -> int:
    """Run until it ends; gives the exit code. `state` is the folder of the log and of crash reports."""
    app.takes_signals = True
    # DuckDB's bindings count their objects while the interpreter ends, and say so on the user's terminal.
    atexit.register(_hush)
    remember_modes()
    before_threads()
    before = threading.excepthook

    def thread_failed(failed: threading.ExceptHookArgs) -> None:
        if isinstance(failed.exc_value, Exception):
            app.call_later(app.thread_failed, failed.exc_value)

    threading.excepthook = thread_failed
    try:
        with stderr_in_file(state / LOG_FILE):
            app.run(mouse=mouse)
    finally:
        threading.excepthook = before
        end_on_signals()
    if app.crash is not None:
        sys.stderr.write(crash.told(app.crash, crash.write_report(app.crash, state, app.doing())) + "\n")
        return app.return_code or FAILED
    return app.return_code or 0
