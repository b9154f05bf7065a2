"""The console: opens things, owns the clock, turns keys into changes of the view. No numbers, no SQL."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.message import Message

from clawpipe_tui.config import state_folder
from clawpipe_tui.dashboard.asker import Asker
from clawpipe_tui.dashboard.band import badge, window_title
from clawpipe_tui.dashboard.comparison import compare
from clawpipe_tui.dashboard.desk import ConsoleSettings, Desk
from clawpipe_tui.dashboard.hands import Hands
from clawpipe_tui.dashboard.keys import Key, all_keys, key_for
from clawpipe_tui.dashboard.prompt import typed
from clawpipe_tui.dashboard.rollback import Rollback, Wish, firing, unresolved_sentences, wishes
from clawpipe_tui.dashboard.screen import Dashboard
from clawpipe_tui.dashboard.view import panel_in
from clawpipe_tui.dashboard.watch import Watch, Watched
from clawpipe_tui.dialogs.dialog import Skin
from clawpipe_tui.dialogs.diff import DiffPage, Pair
from clawpipe_tui.dialogs.errand import run_errand
from clawpipe_tui.dialogs.help import LEGEND, HelpLine, HelpPage
from clawpipe_tui.dialogs.info import InfoPage
from clawpipe_tui.dialogs.pick import Pick
from clawpipe_tui.dialogs.rollback import RollbackDialog
from clawpipe_tui.dialogs.sql import SqlPage
from clawpipe_tui.errors import INTERRUPTED
from clawpipe_tui.snapshot import Snapshot, context_of
from clawpipe_tui.spec import ScreenSpec
from clawpipe_tui.terminal.display import TerminalApp
from clawpipe_tui.terminal.ink import ink_for
from clawpipe_tui.terminal.running import run_in_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.screen import Screen

    from clawpipe_tui.dashboard.view import View
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent

UNSEEN_S = 5.0
"""How often to look for news while another window has the keys."""

__all__ = ["ClawpipeApp", "ConsoleSettings", "run_console"]


class ClawpipeApp(TerminalApp):
    """Keys in, one view, one snapshot, one drawing out."""

    class Snapped(Message):
        """The asker has a new snapshot."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

    class Observed(Message):
        """The watch looked at the logs."""

        def __init__(self, observation: Observation) -> None:
            super().__init__()
            self.observation = observation

    def __init__(self, settings: ConsoleSettings) -> None:
        super().__init__(ink_for(settings.theme, settings.depth, ascii_only=settings.look.ascii))
        self.title = settings.title
        self.settings = settings
        self.desk = Desk(settings, settings.first_view())
        self.skin = Skin(settings.theme, settings.look, badge(settings.environment))
        self.wanted = self.desk.wanted(0)
        self.asker = Asker(settings.open_session, self.wanted, self._snapped, settings.refresh_s)
        self._watch: Watch | None = None
        self.hands = Hands(self, settings.state)
        self._pace_before: float | None = None
        self.next_environment = ""
        """Where the user wants to go after this console has ended."""
        self._actions: dict[str, Callable[[], None]] = {
            "refresh": self._refresh_now,
            "sql": self._show_sql,
            "diff": self._show_diff,
            "rollback": partial(self._plan_move, Wish()),
            "undo": partial(self._plan_move, Wish("undo")),
            "move": self._pick_move,
            "command": partial(self.hands.write, ":"),
            "filter": partial(self.hands.write, "/"),
            "slower": self.hands.slower,
            "faster": self.hands.faster,
            "copy": self.hands.copy,
            "copy.command": self.hands.copy_command,
            "export": self.hands.ask_export,
            "mouse": self._toggle_mouse,
            "info": self._show_info,
            "help": self._show_help,
            "quit": self._quit,
        }
        most = max((len(screen.panels) for screen in settings.screens if isinstance(screen, ScreenSpec)), default=1)
        self.dashboard = Dashboard(self.skin, most, self._fit)

    def get_default_screen(self) -> Screen[None]:
        """The dashboard is the screen under everything."""
        return self.dashboard

    def on_mount(self) -> None:
        """Paint first; then open the log."""
        self.call_after_refresh(self.asker.start)
        self.call_after_refresh(self._tell_unresolved)
        if self.settings.titled:
            self.set_terminal_title(window_title(self.settings.environment, self.desk.model))
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self._watch:
            self._watch.stop()
        self.asker.stop()

    # What changes the desk

    def put(self, desk: Desk) -> None:
        """Another desk: ask where its answers are other ones, draw what is different."""
        self.desk = desk
        wanted = desk.wanted(self.wanted.number)
        if wanted != self.wanted:
            self.wanted = replace(wanted, number=wanted.number + 1)
            self.asker.want(self.wanted)
        if self.dashboard.is_mounted:
            self.dashboard.draw(desk)

    def look_at(self, view: View, said: str = "") -> None:
        """Another view, with nothing or something said about it."""
        self.put(replace(self.desk, view=view, said=said))

    def say(self, text: str) -> None:
        """One sentence in the footer, until the next key."""
        self.put(replace(self.desk, said=text))

    def _tick(self) -> None:
        """Time passes: an answer that is late makes what is on screen older."""
        self.put(replace(self.desk, lateness=self.asker.lateness(self.desk.snapshot)))

    def _fit(self) -> None:
        """Another amount of room."""
        self.put(replace(self.desk, width=self.size.width, height=self.size.height))

    def _snapped(self, snapshot: Snapshot) -> None:
        """From the asker's thread."""
        self.post_message(self.Snapped(snapshot))

    def on_clawpipe_app_snapped(self, event: Snapped) -> None:
        """New answers, unless the user wants other ones by now."""
        if event.snapshot.number == self.wanted.number:
            self.put(replace(self.desk, snapshot=event.snapshot, lateness=(0.0, 0.0)))

    # Keys

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
            self._do(key)

    def _do(self, key: Key) -> None:
        desk = self.desk
        if key.id == "back" and desk.watched and desk.watched.ended:
            self.put(replace(desk, watched=None, said=""))
            return
        reason = key.blocked(desk.view, desk.scene())
        if reason:
            self.say(f"{key.label}: {reason}")
        elif key.change:
            self.look_at(key.change(desk.view, desk.scene()))
        else:
            self._actions[key.id]()

    def on_dashboard_pasted(self, event: Dashboard.Pasted) -> None:
        """Pasted text is written where something is being written, and is never taken for keys."""
        if self.desk.prompt:
            self.put(replace(self.desk, prompt=typed(self.desk.prompt, event.text)))

    def perform(self, key_id: str) -> None:
        """What a key does, by its id."""
        self._do(next(key for key in all_keys(self.desk.scene()) if key.id == key_id))

    def on_dashboard_clicked(self, event: Dashboard.Clicked) -> None:
        """A click on a panel focuses it."""
        self.look_at(replace(self.desk.view, place=replace(self.desk.view.place, focus=event.panel)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette runs our keys, and nothing else."""
        if screen is self.dashboard:
            for key in all_keys(self.desk.scene()):
                yield SystemCommand(key.words.capitalize(), f"key {key.label}", lambda key=key: self._do(key))

    # What keys open

    def _refresh_now(self) -> None:
        self.wanted = replace(self.wanted, number=self.wanted.number + 1)
        self.asker.want(self.wanted, again=True)
        self.say("Asked again.")

    def _quit(self) -> None:
        watched, sentence = self.desk.watched, "The rollback is still being watched; q again quits, the rollback stays."
        if watched and not watched.ended and self.desk.said != sentence:
            self.say(sentence)
        else:
            self.leave()

    def _show_help(self) -> None:
        scene = self.desk.scene()
        keys = [HelpLine(key.label, key.words, key.blocked(self.desk.view, scene), key.id) for key in all_keys(scene)]
        self.push_screen(HelpPage(self.skin, keys, LEGEND), lambda key_id: self.perform(key_id) if key_id else None)

    def _toggle_mouse(self) -> None:
        if self.terminal:
            self.terminal.set_mouse(on=not self.terminal.mouse)
            self.say(
                "The mouse is on: a click focuses a panel; hold shift to select text."
                if self.terminal.mouse
                else "The mouse is off: the terminal selects text."
            )

    def _show_info(self) -> None:
        self.ask_round_trip()
        self.push_screen(InfoPage(self.skin, self.traffic, self.settings.about))

    def _show_sql(self) -> None:
        panel, session = panel_in(self.desk.view, self.desk.scene()), self.asker.session
        if panel and session:
            question = session.question(panel.query)
            self.push_screen(SqlPage(self.skin, panel.query, question, self.desk.states[panel.name]))

    def _show_diff(self) -> None:
        snapshot, session, settings = self.desk.snapshot, self.asker.session, self.settings
        rows = snapshot.version_rows if snapshot else ()
        if snapshot and snapshot.window and session and len(rows) > 1:
            pair = Pair(snapshot.versions[0], snapshot.versions[1])
            context = context_of(self.wanted, snapshot.window, session.now(), {})
            ask = partial(compare, session.ask, context, settings.documents, self.desk.model)
            choices = [(str(row["version"]), str(row.get("role") or "")) for row in rows]
            self.push_screen(DiffPage(self.skin, f"{self.desk.model}: two versions on this window", choices, pair, ask))

    def send_sequence(self, text: str) -> bool:
        """Send a sequence to the terminal; False where there is none."""
        if self.terminal:
            self.terminal.write(text)
        return self.terminal is not None

    def switch_to(self, environment: str) -> None:
        """End here and begin anew there: nothing of this environment may be left over."""
        self.next_environment = environment
        self.exit()

    def doing(self) -> str:
        """What the user was looking at."""
        place = self.desk.view.place
        return f"screen {place.screen}, panel {place.focus}"

    def on_app_blur(self) -> None:
        """Nobody looks: look for news less often."""
        self._pace_before = self.asker.refresh_s
        self.asker.refresh_s = max(self.asker.refresh_s, UNSEEN_S)

    def on_app_focus(self) -> None:
        """Somebody looks again."""
        if self._pace_before is not None:
            self.asker.refresh_s, self._pace_before = self._pace_before, None

    # Rollback

    def _plan_move(self, wish: Wish) -> None:
        if self.settings.serving:
            move = Rollback(self.settings, self.settings.serving, self.desk.model, wish, self.asker.session)
            heading = " · ".join(filter(None, (f"{wish.heading} {self.desk.model}", self.settings.environment)))
            snapshot = self.desk.snapshot
            reason = firing(snapshot.headline if snapshot else None) if wish.action == "rollback" else ""
            on_sent = partial(self._watch_it, move)
            self.push_screen(RollbackDialog(self.skin, heading, move.plan, move.send, on_sent, reason))

    def _pick_move(self) -> None:
        snapshot = self.desk.snapshot
        found = wishes(snapshot.version_rows if snapshot else ())

        def picked(name: str | None) -> None:
            if name is not None:
                self._plan_move(found[name][1])

        if found:
            choices = [(name, words) for name, (words, _) in found.items()]
            self.push_screen(Pick(self.skin, f"Move traffic of {self.desk.model}", choices, choices[0][0]), picked)

    def _tell_unresolved(self) -> None:
        """An earlier console may have been killed between a request and its answer."""
        look = partial(unresolved_sentences, self.settings)
        run_errand(self, "unresolved", look, self._told_unresolved, lambda error: self.say(f"Unresolved: {error}"))

    def _told_unresolved(self, told: tuple[str, ...]) -> None:
        if told:
            self.say(" ".join(told))

    def _watch_it(self, rollback: Rollback, plan: MovePlan, sent: Sent) -> None:
        session = self.asker.session
        if session is None or sent.state == "not applied":
            return
        if self._watch:
            self._watch.stop()
        self.put(replace(self.desk, watched=Watched(plan, sent)))
        look = partial(rollback.observe, session, plan, sent)
        self._watch = Watch(look, lambda observation: self.post_message(self.Observed(observation)))

    def on_clawpipe_app_observed(self, event: Observed) -> None:
        """Another look at the logs: on the dashboard's line, and in the dialog where it is still open."""
        if self.desk.watched:
            self.put(replace(self.desk, watched=replace(self.desk.watched, observation=event.observation)))
        if isinstance(self.screen, RollbackDialog):
            self.screen.observed(event.observation)


def run_console(settings: ConsoleSettings, *, mouse: bool | None = None) -> tuple[int, str]:
    """Run until the user quits; gives the exit code, and the environment to go on in, if any.

    No mouse over SSH: each of its moves travels up the line.
    """
    app = ClawpipeApp(settings)
    remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
    code = run_in_terminal(app, settings.state or state_folder(), mouse=not remote if mouse is None else mouse)
    return code, app.next_environment
