"""Ends that are clean and in time: signals outside the console, stderr kept off the screen, the last resort."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

_Modes = list[int | list[bytes | int]]
LAST_RESORT_S = 1.6
CODES = {signal.SIGHUP: 129, signal.SIGTERM: 143}


INTERRUPT = threading.Event()
"""Set by ctrl+c: libraries turn the exception into errors of their own, or lose it, and an end is an end."""


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    INTERRUPT.set()
    raise KeyboardInterrupt


def end_on_signals() -> None:
    """Make SIGHUP and SIGTERM unwind like ctrl+c does, so that everything that was started is ended."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    with suppress(ValueError, OSError):
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, _interrupt)
    for number in CODES:
        with suppress(ValueError, OSError):
            # nohup says: ignore it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, end)


def last_resort(code: int, after_s: float = LAST_RESORT_S) -> threading.Timer:
    """End the process for certain, with the terminal's modes as they were, if it has not ended by then."""
    before = _modes()

    def leave() -> None:
        with suppress(termios.error, OSError):
            if before is not None:
                termios.tcsetattr(0, termios.TCSANOW, before)
        os._exit(code)

    timer = threading.Timer(after_s, leave)
    timer.daemon = True
    timer.start()
    return timer


_FIRST_MODES: list[_Modes] = []


def remember_modes() -> None:
    """Keep the terminal's modes as they were before the console changed them."""
    with suppress(termios.error, OSError):
        _FIRST_MODES[:] = [termios.tcgetattr(0)]


def _modes() -> _Modes | None:
    return _FIRST_MODES[0] if _FIRST_MODES else None


@contextmanager
def stderr_in_file(path: Path) -> Generator[None]:
    """Send what libraries print to a file: a warning must not land in the middle of the screen."""
    sys.stderr.flush()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        yield
        return
    kept = os.dup(2)
    os.dup2(file, 2)
    os.close(file)
    try:
        yield
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
