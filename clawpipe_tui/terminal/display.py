"""The app under the console: frames as changed cells, dropped where the line stalls; clean ends; crash reports.

It relies on private names of Textual, which is pinned exactly; a test fails when one of them changes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING, cast

from textual._context import visible_screen_stack
from textual.app import App

from clawpipe_tui.terminal.driver import LineDriver
from clawpipe_tui.terminal.ending import last_resort
from clawpipe_tui.terminal.frame import Frame, Row, changes, row_of
from clawpipe_tui.terminal.ink import Ink
from clawpipe_tui.terminal.line import Traffic, line_pace_s

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.messages import TerminalSupportsSynchronizedOutput
    from textual.screen import Screen
    from textual.strip import Strip

FULL_FRAMES = "CLAWPIPE_FULL_FRAMES"
"""Set, every frame is sent whole: for a terminal on which cell changes go wrong."""
ENDINGS = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
LEAVE_S = 1.9
"""How long whatever was begun may take to end after `q`."""
ASK_EVERY_S = 10.0
"""How often the round trip is measured, behind a frame that is sent anyhow, on terminals that answer."""
SAVE_TITLE = "\x1b[22;2t"
_SYNC_FROM = 400
"""Shorter frames arrive in one piece anyhow."""


class TerminalApp(App[None]):
    """Sends what changed and nothing else."""

    ENABLE_COMMAND_PALETTE = True

    def __init__(self, ink: Ink) -> None:
        # Textual takes NO_COLOR out of the environment, for its own filter; our ink does that, and children need it.
        no_color = os.environ.pop("NO_COLOR", None)
        super().__init__(ansi_color=True, driver_class=cast("type[Driver]", LineDriver))
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color
        self.animation_level = "none"
        self.ink = ink
        self.takes_signals = False
        """Whether this process is ours to end; a test's is not."""
        self.crash: Exception | None = None
        self.frames, self.dropped, self.frame_s = 0, 0, 0.0
        self._whole = bool(os.environ.get(FULL_FRAMES))
        self._sent: Frame | None = None
        self._strips: list[Strip] = []
        self._cursor = (0, 0)
        self._late = False
        self._asked_at: float | None = None
        self._last_asked_at = time.monotonic()
        self._round_trip_s: float | None = None

    @property
    def terminal(self) -> LineDriver | None:
        """The driver where it is ours; tests run without a terminal."""
        return self._driver if isinstance(self._driver, LineDriver) else None

    # Frames

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self.terminal is None:
            super()._display(screen, renderable)
        elif renderable is not None and not self._batch_count:
            self.send_frame()
            self.post_display_hook()

    def send_frame(self) -> None:
        """Send the cells that differ from the last frame sent; where that is still on its way, do it later."""
        driver = self.terminal
        if driver is None or not self._running or self._closed or not self.screen_stack:
            return
        if driver.line.pending:
            self.dropped += not self._late
            self._late = True
            return
        started = time.perf_counter()
        try:
            text = self._changes()
        except Exception as error:  # noqa: BLE001  as Textual does: the app ends, and says where
            self._handle_exception(error)
            return
        if text:
            self.frames += 1
            whole = self._sync_available and len(text) >= _SYNC_FROM
            driver.write(f"\x1b[?2026h{text}\x1b[?2026l" if whole else text)
            if self._sync_available and time.monotonic() - self._last_asked_at >= ASK_EVERY_S:
                self.ask_round_trip()
        self.frame_s = time.perf_counter() - started

    def _changes(self) -> str:
        width, height = self.size
        screen = self.screen
        visible_screen_stack.set(self._background_screens)
        strips = screen._compositor.render_strips(self.size)  # noqa: SLF001  there is no public way to a whole frame
        before = self._sent
        if before is not None and (self._whole or len(before) != height or (before and len(before[0]) != width)):
            before = None
        after = self._rows(strips[:height], before, width)
        after += [row_of((), width, self.ink) for _ in range(height - len(after))]
        cursor = screen.outer_size.clamp_offset(self.cursor_position)
        text = changes(before, after, self.ink, cursor)
        if not text and cursor != self._cursor:
            text = f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H"
        self._sent, self._strips, self._cursor = after, strips, cursor
        return text

    def _rows(self, strips: list[Strip], before: Frame | None, width: int) -> Frame:
        """The rows of this frame; those whose strip is what it was are the rows that were sent."""
        known = self._strips if before is not None else []
        rows: list[Row] = []
        for y, strip in enumerate(strips):
            same = before is not None and y < len(known) and known[y] == strip
            rows.append(before[y] if same and before is not None else row_of(strip, width, self.ink))
        return rows

    def line_drained(self) -> None:
        """The terminal took everything: what was dropped meanwhile is drawn now, as it is now."""
        if self._late:
            self._late = False
            self.call_later(self.send_frame)

    def repaint(self) -> None:
        """Draw everything, as on a terminal of which nothing is known."""
        self._sent = None
        self.send_frame()

    def traffic(self) -> Traffic | None:
        """What the terminal has cost so far."""
        driver = self.terminal
        if driver is None:
            return None
        line = driver.line
        trip_s, pace_s = self._round_trip_s, self.line_pace_s
        return Traffic(line.sent, line.bytes_per_s(), self.frames, self.dropped, self.frame_s, trip_s, pace_s)

    @property
    def line_pace_s(self) -> float:
        """How often the line can take a frame; 0 where it takes any."""
        return line_pace_s(self.terminal.line.drain_s, self._round_trip_s) if self.terminal else 0.0

    def ask_round_trip(self) -> None:
        """Ask the terminal something that every terminal answers, and note when."""
        if self.terminal:
            self._asked_at = self._last_asked_at = time.monotonic()
            self.terminal.write("\x1b[?2026$p")

    def _on_terminal_supports_synchronized_output(self, message: TerminalSupportsSynchronizedOutput) -> None:
        super()._on_terminal_supports_synchronized_output(message)
        if self._asked_at is not None:
            self._round_trip_s, self._asked_at = time.monotonic() - self._asked_at, None

    def set_terminal_title(self, text: str) -> None:
        """Put a text into the terminal's own title; it gets its old one back at the end."""
        if self.terminal:
            self.terminal.write(f"{'' if self.terminal.titled else SAVE_TITLE}\x1b]2;{text}\x07")
            self.terminal.titled = True

    def _set_pointer_shape(self, shape: str) -> None:
        """The shape of a mouse pointer is nobody's business here, and old terminals print the sequence."""

    # The terminal's own life

    def terminal_again(self) -> None:
        """Back after a stop."""
        self.call_later(self.repaint)

    def hung_up(self) -> None:
        """The terminal has gone."""
        self.end(signal.SIGHUP)

    def thread_failed(self, error: Exception) -> None:
        """A thread of ours ended with an error: so does the console, never with exit code 0."""
        self._handle_exception(error)

    def end(self, number: signal.Signals) -> None:
        """End as this signal says; in time, whatever hangs."""
        last_resort(ENDINGS[number])
        self.exit(return_code=ENDINGS[number])

    def leave(self) -> None:
        """End because the user wants to; in time, too."""
        if self.takes_signals:
            last_resort(0, LEAVE_S)
        self.exit()

    def on_load(self) -> None:
        """Signals become ends: from here on the terminal is ours to restore."""
        if self.takes_signals:
            for number in ENDINGS:
                asyncio.get_running_loop().add_signal_handler(number, self.end, number)

    def doing(self) -> str:
        """What the user was looking at, for a crash report."""
        return ""

    def _handle_exception(self, error: Exception) -> None:
        """End with code 1; what is known goes into a report and not onto the screen, where it may show secrets."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.crash = self.crash or error
        self._close_messages_no_wait()
