"""Textual's Linux driver with our own line: writes never block the app, and the end of the terminal is an event."""

from __future__ import annotations

import os
import selectors
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from clawpipe_tui.terminal.line import Line

if TYPE_CHECKING:
    from typing import Protocol

    from textual.app import App
    from textual.message import Message

    class Terminated(Protocol):
        """An app that wants to know what happens to its terminal."""

        def line_drained(self) -> None:
            """Everything that was sent has been taken."""
            ...

        def hung_up(self) -> None:
            """The terminal has gone."""
            ...

        def terminal_again(self) -> None:
            """Back after a stop: nothing is known of what the terminal shows."""
            ...

        def thread_failed(self, error: Exception) -> None:
            """A thread of ours ended with an error."""
            ...


LAST_WORDS = (
    "\x1b[?2026l\x1b[m\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""Everything that a shell needs to find its terminal as it was, for an end without time."""
_DRAIN_S = 0.4


def terminal_fd() -> int:
    """Where frames go: stdout where it is the terminal, so that a redirected stderr hides nothing."""
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with suppress(AttributeError, OSError, ValueError):
            if stream is not None and os.isatty(stream.fileno()):
                return stream.fileno()
    return 1


class LineDriver(LinuxDriver):
    """Reads keys, writes through the line, survives stop and continue."""

    def __init__(
        self, app: App[None], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.owner = cast("Terminated", app)
        self.line = Line(os.dup(terminal_fd()), drained=self._tell(self.owner.line_drained))
        self._stopped = False
        self.titled = False

    def _tell(self, callback: Callable[[], object]) -> Callable[[], None]:
        """The callback on the event loop, from any thread, also when the loop has ended meanwhile."""

        def tell() -> None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(callback)

        return tell

    def write(self, data: str) -> None:
        """Send this; never blocks."""
        self.line.write(data)

    def stop_application_mode(self) -> None:
        """Give the terminal back, its title included."""
        if self.titled:
            self.write("\x1b[23;2t")
        super().stop_application_mode()

    def close(self) -> None:
        """Let the last bytes go; a terminal that takes nothing gets only what restores it."""
        if not self.line.drain(_DRAIN_S) and not self.line.dead:
            self.line.give_up(LAST_WORDS)
        super().close()

    def set_mouse(self, *, on: bool) -> None:
        """Ask the terminal for mouse events, or no longer."""
        self._mouse = True
        if on:
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
        self._mouse = on

    @property
    def mouse(self) -> bool:
        """Whether the terminal sends mouse events."""
        return self._mouse

    def _get_terminal_size(self) -> tuple[int, int]:
        """As the terminal says; LINES and COLUMNS of the environment would never change."""
        try:
            width, height = os.get_terminal_size(self.line.fd)
        except OSError:
            return 80, 24
        return width or 80, height or 24

    # Stop and continue. The handlers only note what to do: the event loop does it, between two messages.

    def _sigtstp_application(self, *_: object) -> None:
        self._tell(self.stop_here)()

    def _sigcont_application(self, *_: object) -> None:
        self._tell(self.go_on)()

    def stop_here(self) -> None:
        """Give the terminal back and stop, with everything that shares our place in the shell's job."""
        if self._stopped:
            return
        self._stopped = True
        self.suspend_application_mode()
        before = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        # make and other parents of the same job must stop too, else the shell goes on waiting for them.
        os.kill(0, signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGSTOP)
        signal.signal(signal.SIGTSTP, before)

    def go_on(self) -> None:
        """Take the terminal again, whoever stopped us, and draw everything."""
        if not self._stopped:
            self.suspend_application_mode()
        self._stopped = False
        self.resume_application_mode()
        self.owner.terminal_again()

    # Reading

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001  the edge of the thread: the app says it
            self._tell(lambda error=error: self.owner.thread_failed(error))()

    def run_input_thread(self) -> None:
        """Keys and answers of the terminal as messages, until asked to end or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                ready = selector.select(0.1)
                if ready and not self._read(parser.feed, decode):
                    self._tell(self.owner.hung_up)()
                    break
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _read(self, feed: Callable[[str], object], decode: Callable[[bytes], str]) -> bool:
        """What can be read now; False at the end of the terminal, which would else be read again without end."""
        try:
            received = os.read(self.fileno, 4_096)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        # An empty text would tell the parser that its input has ended.
        text = decode(received)
        for message in cast("list[Message]", feed(text)) if text else ():
            self.process_message(message)
        return bool(received)
