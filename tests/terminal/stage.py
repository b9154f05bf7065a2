"""A console on fakes in the terminal in which this runs: `python -m tests.terminal.stage [--ticks N] [--crash] …`."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from clawpipe_tui.app import ClawpipeApp
from clawpipe_tui.config import state_folder
from clawpipe_tui.panels.look import Look
from clawpipe_tui.result import Result, Value
from clawpipe_tui.terminal.ability import ability
from clawpipe_tui.terminal.ending import end_on_signals
from clawpipe_tui.terminal.ink import ink_for
from clawpipe_tui.terminal.running import run_in_terminal
from tests.app.fakes import ANSWERS, NOW, FakeServing, FakeSession
from tests.app.stories import settings_of

WORDS = ("späte Züge", "晚点的火车", "e\u0301tude", "a\tb\x1b[31m", "naïve ☂", "🚆🚄", "x")


class ChangingSession(FakeSession):
    """Other numbers and other words, some of them wide, at every tick."""

    seed = 0

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The canned answer with random numbers in it."""
        if query == "silence":
            return Result(query, ANSWERS["silence"][0], self._served_since(), "", context)
        result = super().ask(query, context)
        chance = random.Random(f"{query}{self.number // 3 if query in {'health', 'drift'} else self.number}")
        rows = tuple(tuple(_changed(value, chance) for value in row) for row in result.rows)
        if query == "error_types":
            rows = tuple((chance.choice(WORDS), *row[1:]) for row in rows)
        if query == "headline":
            rows = tuple((*row[:2], " ".join(chance.choices(WORDS, k=6)), *row[3:]) for row in rows)
        return Result(query, result.columns, rows, result.sql, result.bound, result.took_s)

    ticks_per_s = 10.0
    sent_at_tick: int | None = None

    def _served_since(self) -> tuple[tuple[Value, ...], ...]:
        """From the first question on, v42 serves ten requests a tick and v43 none; the log's clock goes by ticks."""
        if self.sent_at_tick is None:
            self.sent_at_tick = self.number
        ticks = self.number - self.sent_at_tick
        last_at = NOW + timedelta(seconds=ticks / self.ticks_per_s)
        return (("v42", "live", 10 * ticks, NOW, last_at, 0.0),) if ticks else ()


def _for_ever() -> FakeSession:
    """A log that takes longer to open than anybody waits."""
    time.sleep(3_600)
    raise AssertionError


def _changed(value: Value, chance: random.Random) -> Value:
    return value * chance.uniform(0.3, 1.7) if isinstance(value, float) and chance.random() < 0.4 else value


class Stage(ClawpipeApp):
    """A console that can be told to go wrong."""

    def __init__(self, given: argparse.Namespace) -> None:
        session = ChangingSession() if given.ticks else FakeSession()
        if isinstance(session, ChangingSession):
            session.ticks_per_s = given.ticks
        here = ability(os.environ, "utf-8" if given.charts != "ascii" else "ascii")
        theme = given.theme or here.theme
        look = Look(charts=given.charts, colour=here.depth != "none" and theme != "mono")
        serving = FakeServing(hold=threading.Event() if given.hold else None)
        journal = Path(given.journal) if given.journal else None
        settings = settings_of(session, serving, theme=theme, depth=here.depth, look=look, journal=journal)
        if given.opening:
            settings = replace(settings, open_session=_for_ever)
        super().__init__(settings)
        self.ink = ink_for(theme, here.depth, ascii_only=look.ascii)
        self.given = given
        if given.ticks:
            threading.Thread(target=self._grow, args=(session,), daemon=True).start()

    def on_mount(self) -> None:
        """What was asked for; Textual itself calls what the console does when it is mounted."""
        if self.given.crash:
            self.set_timer(0.5, self._go_wrong)
        if self.given.dump:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.dump)
        if self.given.clock:
            self.set_interval(0.1, self._note_time)

    def dump(self) -> None:
        """Write the frame as the app believes that the terminal shows it."""
        rows = ["".join(text for text, _ in row).rstrip() for row in self._sent or []]
        Path(self.given.dump).write_text("\n".join([*rows, str(tuple(self._cursor))]), encoding="utf-8")

    def _go_wrong(self) -> None:
        secret = "hunter2"  # a local variable that no report may show
        raise ValueError(f"the widget fell off{secret[:0]}")

    def _note_time(self) -> None:
        with Path(self.given.clock).open("a") as file:
            file.write(f"{time.monotonic()}\n")

    def _grow(self, session: FakeSession) -> None:
        while True:
            time.sleep(1 / self.given.ticks)
            session.number += not (self.given.dump and Path(self.given.dump + ".hold").exists())


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ticks", type=float, default=0.0)
    parser.add_argument("--crash", action="store_true")
    parser.add_argument("--clock", default="")
    parser.add_argument("--dump", default="")
    parser.add_argument("--theme", default="")
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--opening", action="store_true")
    parser.add_argument("--journal", default="")
    parser.add_argument("--charts", default="braille")
    end_on_signals()
    return run_in_terminal(Stage(parser.parse_args()), state_folder(), mouse=False)


if __name__ == "__main__":
    raise SystemExit(main())
