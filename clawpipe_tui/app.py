"""The console with hands: owns the clock, turns keys into changes of the view. No numbers, no SQL."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from clawpipe_tui.config import state_folder
from clawpipe_tui.dashboard import openings
from clawpipe_tui.dashboard.band import window_title
from clawpipe_tui.dashboard.console import Console
from clawpipe_tui.dashboard.desk import ConsoleSettings
from clawpipe_tui.dashboard.hands import Hands
from clawpipe_tui.dashboard.keys import all_keys, found_as, key_for
from clawpipe_tui.dashboard.moves import Moves
from clawpipe_tui.dashboard.prompt import typed
from clawpipe_tui.dashboard.rollback import Wish
from clawpipe_tui.errors import INTERRUPTED
from clawpipe_tui.terminal.running import run_in_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen

    from clawpipe_tui.dashboard.screen import Dashboard

UNSEEN_S = 5.0
"""How often to look for news while another window has the keys."""

__all__ = ["ClawpipeApp", "ConsoleSettings", "run_console"]


class ClawpipeApp(Console):
    """Keys in, what they name is done."""

    def __init__(self, settings: ConsoleSettings) -> None:
        super().__init__(settings)
        self.hands = Hands(self, settings.state)
        self.moves = Moves(self)
        self._pace_before: float | None = None
        self.actions = {
            "refresh": self.ask_again,
            "sql": partial(openings.show_sql, self),
            "diff": partial(openings.show_diff, self),
            "rollback": partial(self.moves.plan, Wish()),
            "undo": partial(self.moves.plan, Wish("undo")),
            "move": self.moves.pick,
            "command": partial(self.hands.write, ":"),
            "filter": partial(self.hands.write, "/"),
            "slower": self.hands.slower,
            "faster": self.hands.faster,
            "copy": self.hands.copy,
            "copy.command": self.hands.copy_command,
            "export": self.hands.ask_export,
            "mouse": partial(openings.toggle_mouse, self),
            "info": partial(openings.show_info, self),
            "help": partial(openings.show_help, self),
            "quit": self._quit,
        }

    def on_mount(self) -> None:
        """Paint first; then open the log."""
        self.call_after_refresh(self.asker.start)
        self.call_after_refresh(self.moves.start)
        if self.settings.titled:
            self.set_terminal_title(window_title(self.settings.environment, self.desk.model))
        self.set_interval(1.0, self.tick)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        self.moves.stop()
        self.asker.stop()

    def on_console_observed(self, event: Console.Observed) -> None:
        """The watch looked at the logs."""
        self.moves.observed(event.observation)

    def on_dashboard_pressed(self, event: Dashboard.Pressed) -> None:
        """A key: say why it cannot work, change the view, or do what it names."""
        if self.desk.prompt:
            self.hands.key(event.key, self.desk.prompt)
            return
        key = key_for(event.key, self.desk.scene())
        if event.key == "ctrl+c":
            self.exit(return_code=INTERRUPTED)
        elif event.key == "ctrl+z" and self.terminal:
            self.terminal.stop_here()
        elif key is not None:
            self.do(key)

    def on_dashboard_pasted(self, event: Dashboard.Pasted) -> None:
        """Pasted text is written where something is being written, and is never taken for keys."""
        if self.desk.prompt:
            self.put(replace(self.desk, prompt=typed(self.desk.prompt, event.text)))

    def on_dashboard_clicked(self, event: Dashboard.Clicked) -> None:
        """A click on a panel focuses it."""
        self.look_at(replace(self.desk.view, place=replace(self.desk.view.place, focus=event.panel)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette runs our keys, and nothing else."""
        if screen is self.dashboard:
            for key in all_keys(self.desk.scene()):
                yield SystemCommand(found_as(key), f"key {key.label}", lambda key=key: self.do(key))

    def _quit(self) -> None:
        watched, sentence = self.desk.watched, "The rollback is still being watched; q again quits, the rollback stays."
        if watched and not watched.ended and self.desk.said != sentence:
            self.say(sentence)
        else:
            self.leave()

    def doing(self) -> str:
        """What the user was looking at."""
        place = self.desk.view.place
        return f"screen {place.screen}, panel {place.focus}"

    def on_app_blur(self) -> None:
        """Nobody looks: look for news less often."""
        if self._pace_before is None:
            self._pace_before = self.asker.refresh_s
        self.asker.refresh_s = max(self.asker.refresh_s, UNSEEN_S)

    def on_app_focus(self) -> None:
        """Somebody looks again."""
        if self._pace_before is not None:
            self.asker.refresh_s, self._pace_before = self._pace_before, None


def run_console(settings: ConsoleSettings, *, mouse: bool | None = None) -> tuple[int, str]:
    """Run until the user quits; gives the exit code, and the environment to go on in, if any.

    No mouse over SSH: each of its moves travels up the line.
    """
    app = ClawpipeApp(settings)
    remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
    code = run_in_terminal(app, settings.state or state_folder(), mouse=not remote if mouse is None else mouse)
    return code, app.next_environment
