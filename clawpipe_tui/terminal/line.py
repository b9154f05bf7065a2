"""The line to the terminal: a thread that writes, and an account of what has been sent and what still waits."""

from __future__ import annotations

import os
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_CHUNK = 4_096
_METER_S = 10.0


@dataclass(frozen=True)
class Traffic:
    """What the terminal has cost so far."""

    sent_bytes: int
    bytes_per_s: float
    frames: int
    dropped: int
    frame_s: float
    round_trip_s: float | None = None
    """None where the terminal has not answered."""
    pace_s: float = 0.0
    """How often this line can take a frame; 0 where it takes any."""


_QUICK_S = 0.25
"""A line that takes a frame in this time is asked for nothing."""
_SHARE = 4.0
_SLOWEST_S = 30.0


def line_pace_s(drain_s: float, round_trip_s: float | None) -> float:
    """How often to send frames to a line this slow, so that keys find it free most of the time; 0 where it is quick."""
    taken_s = max(drain_s, round_trip_s or 0.0)
    return 0.0 if taken_s <= _QUICK_S else min(_SLOWEST_S, _SHARE * taken_s)


class Line:
    """Takes text at once and never blocks whoever gives it; says when everything has been taken by the terminal."""

    def __init__(self, fd: int, encoding: str = "utf-8", drained: Callable[[], object] | None = None) -> None:
        self.fd = fd
        self.encoding = encoding
        self.drained = drained
        self.sent = 0
        """Bytes that the terminal took since the start."""
        self.dead = False
        self.drain_s = 0.0
        """How long the terminal took for the last frame that it has taken whole."""
        self._waiting = bytearray()
        self._writing = 0
        self._changed = threading.Condition()
        self._meter: deque[tuple[float, int]] = deque()
        threading.Thread(target=self._run, name="line", daemon=True).start()

    @property
    def pending(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return len(self._waiting) + self._writing

    def write(self, text: str) -> None:
        """Send this, after everything before it."""
        if self.dead:
            return
        with self._changed:
            self._waiting += text.encode(self.encoding, "replace")
            self._changed.notify_all()

    def drain(self, within_s: float) -> bool:
        """Wait until everything has been taken; False where the terminal does not take it in time."""
        deadline = time.monotonic() + within_s
        with self._changed:
            while self.pending and not self.dead:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return not self.pending
        return not self.dead

    def give_up(self, text: str = "") -> None:
        """The terminal takes nothing: throw away what waits, here and in the kernel, and try these last bytes once."""
        with self._changed:
            self._waiting.clear()
        with suppress(OSError, termios.error):
            termios.tcflush(self.fd, termios.TCOFLUSH)
        with suppress(OSError):
            os.set_blocking(self.fd, False)
            os.write(self.fd, text.encode(self.encoding, "replace"))

    def bytes_per_s(self) -> float:
        """The mean over the last ten seconds."""
        now = time.monotonic()
        with self._changed:
            return sum(count for at, count in self._meter if now - at <= _METER_S) / _METER_S

    def _run(self) -> None:
        begun = time.monotonic()
        while not self.dead:
            with self._changed:
                if not self._waiting:
                    while not self._waiting:
                        self._changed.wait()
                    begun = time.monotonic()
                chunk = bytes(self._waiting[:_CHUNK])
                del self._waiting[:_CHUNK]
                self._writing = len(chunk)
            self._send(chunk)
            if not self.pending:
                self.drain_s = time.monotonic() - begun
                if self.drained:
                    self.drained()

    def _send(self, chunk: bytes) -> None:
        try:
            while chunk:
                count = os.write(self.fd, chunk)
                chunk = chunk[count:]
                self._account(count, len(chunk))
        except BlockingIOError:
            self._account(0, 0)
        except OSError:
            with self._changed:
                self.dead, self._writing = True, 0
                self._waiting.clear()
                self._changed.notify_all()

    def _account(self, count: int, left: int) -> None:
        now = time.monotonic()
        with self._changed:
            self.sent += count
            self._writing = left
            self._meter.append((now, count))
            while self._meter and now - self._meter[0][0] > _METER_S:
                self._meter.popleft()
            self._changed.notify_all()
