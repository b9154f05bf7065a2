"""A pseudo-terminal with a program in it, its bytes counted and drawn by an emulator."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pyte

PATIENCE_S = 20.0


def _begin_session() -> None:
    """As a login does: this terminal, and ctrl+c ends, even where the suite itself runs in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Pseudo:
    """Runs words in a terminal of its own; reads only when asked to."""

    def __init__(
        self,
        words: Sequence[str],
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        *,
        stderr: Path | None = None,
    ) -> None:
        self.size = size
        self.received = bytearray()
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.master, slave = os.openpty()
        self.resize(*size)
        self.modes_before = termios.tcgetattr(slave)
        self._slave = slave
        errors = stderr.open("wb") if stderr else None
        self.process = subprocess.Popen(
            list(words),
            stdin=slave,
            stdout=slave,
            stderr=errors or slave,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(environment or {})},
            start_new_session=True,
            preexec_fn=_begin_session,  # noqa: PLW1509  no threads run here
        )
        if errors:
            errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self._slave):
            with suppress(OSError):
                os.close(fd)

    def resize(self, width: int, height: int) -> None:
        """Another size; the program in it gets its signal from the kernel."""
        self.size = (width, height)
        self.screen.resize(height, width)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, for_s: float) -> bytes:
        """Everything that comes in this time."""
        start, deadline = len(self.received), time.monotonic() + for_s
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    chunk = os.read(self.master, 65_536)
                except OSError:
                    break
                self.received += chunk
                self._stream.feed(_known(chunk))
        return bytes(self.received[start:])

    def until(self, holds: Callable[[str], bool], within_s: float = PATIENCE_S) -> str:
        """Read until the screen's text is as wanted."""
        deadline = time.monotonic() + within_s
        while not holds(self.text):
            if time.monotonic() > deadline:
                raise AssertionError("It did not come:\n" + self.text)
            self.read(0.05)
        return self.text

    def send(self, text: str) -> None:
        """Keys."""
        os.write(self.master, text.encode())

    def signal(self, number: int) -> None:
        """A signal to the program."""
        os.kill(self.process.pid, number)

    def ends(self, within_s: float = 2.0) -> int:
        """Wait for its end while reading, and give its exit code; fails where it does not end in time."""
        deadline = time.monotonic() + within_s
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError("It did not end in time:\n" + self.text)
            self.read(0.02)
        self.read(0.05)
        return self.process.returncode

    def resident_mb(self) -> float:
        """The program's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1_024

    def hang_up(self) -> None:
        """The terminal goes away."""
        os.close(self.master)

    @property
    def text(self) -> str:
        """The screen's text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def restored(self) -> bool:
        """Whether a shell would find its terminal as it was: modes, screen, cursor."""
        sent = bytes(self.received)
        same = termios.tcgetattr(self._slave)[:4] == self.modes_before[:4]
        return (
            same
            and sent.rfind(b"\x1b[?1049l") > sent.rfind(b"\x1b[?1049h")
            and sent.rfind(b"\x1b[?25h") > sent.rfind(b"\x1b[?25l")
        )


def _known(chunk: bytes) -> bytes:
    """Without the private sequences that the emulator would print: it does not know `CSI > u` and `CSI < u`."""
    return chunk.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b"").replace(b"\x1b[>1u", b"")


def console_words(*more: str) -> list[str]:
    """The console on the sample log."""
    root = Path(__file__).parents[2]
    return [sys.executable, "-m", "clawpipe_tui", "--logs", str(root / "sample_data"), *more]


def alive(pid: int) -> bool:
    """Whether a process is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
