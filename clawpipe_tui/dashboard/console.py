"""What the console is at any moment: one desk, one asker, one drawing; the app above it only adds hands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from clawpipe_tui.dashboard.asker import Asker
from clawpipe_tui.dashboard.band import badge, window_title
from clawpipe_tui.dashboard.desk import ConsoleSettings, Desk
from clawpipe_tui.dashboard.keys import all_keys
from clawpipe_tui.dashboard.screen import Dashboard
from clawpipe_tui.dialogs.dialog import Skin
from clawpipe_tui.spec import ScreenSpec
from clawpipe_tui.terminal.display import TerminalApp
from clawpipe_tui.terminal.ink import ink_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.screen import Screen

    from clawpipe_tui.dashboard.keys import Key
    from clawpipe_tui.dashboard.view import View
    from clawpipe_tui.operations.rollback import Observation
    from clawpipe_tui.snapshot import Snapshot


class Console(TerminalApp):
    """One view, one snapshot, one drawing out."""

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
        if settings.theme == "light":
            self.theme = "textual-light"  # what is Textual's own, buttons and the palette, is dark otherwise
        self.title = settings.title
        self.settings = settings
        self.desk = Desk(settings, settings.first_view())
        self.skin = Skin(settings.theme, settings.look, badge(settings.environment))
        self.wanted = self.desk.wanted(0)
        self.asker = Asker(settings.open_session, self.wanted, self._snapped, settings.refresh_s)
        self.actions: Mapping[str, Callable[[], None]] = {}
        """What the hands do: for each key that is more than a change of the view."""
        self.next_environment = ""
        """Where the user wants to go after this console has ended."""
        most = max((len(screen.panels) for screen in settings.screens if isinstance(screen, ScreenSpec)), default=1)
        self.dashboard = Dashboard(self.skin, most, self._fit)

    def get_default_screen(self) -> Screen[None]:
        """The dashboard is the screen under everything."""
        return self.dashboard

    def put(self, desk: Desk) -> None:
        """Another desk: ask where its answers are other ones, draw what is different."""
        before, self.desk = self.desk, desk
        if self.settings.titled and desk.model != before.model:
            self.set_terminal_title(window_title(self.settings.environment, desk.model))
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

    def tick(self) -> None:
        """Time passes: an answer that is late makes what is on screen older."""
        self.asker.line_s = self.line_pace_s
        self.put(replace(self.desk, lateness=self.asker.lateness(self.desk.snapshot)))

    def _fit(self) -> None:
        """Another amount of room."""
        self.put(replace(self.desk, width=self.size.width, height=self.size.height))

    def _snapped(self, snapshot: Snapshot) -> None:
        """From the asker's thread."""
        self.post_message(self.Snapped(snapshot))

    def on_console_snapped(self, event: Snapped) -> None:
        """New answers, unless the user wants other ones by now."""
        if event.snapshot.number == self.wanted.number:
            before = self.desk.snapshot
            same = before is None or before.model == event.snapshot.model
            series = self.desk.series if same else ()
            desk = replace(self.desk, snapshot=event.snapshot, series=series, lateness=(0.0, 0.0))
            self.put(replace(desk, series=desk.known_versions))

    def ask_again(self) -> None:
        """Ask for the same answers anew."""
        self.wanted = replace(self.wanted, number=self.wanted.number + 1)
        self.asker.want(self.wanted, again=True)
        self.say("Asked again.")

    def send_sequence(self, text: str) -> bool:
        """Send a sequence to the terminal; False where there is none."""
        if self.terminal:
            self.terminal.write(text)
        return self.terminal is not None

    def do(self, key: Key) -> None:
        """Say why a key cannot work, change the view, or do what it names."""
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
            self.actions[key.id]()

    def perform(self, key_id: str) -> None:
        """What a key does, by its id."""
        self.do(next(key for key in all_keys(self.desk.scene()) if key.id == key_id))

    def switch_to(self, environment: str) -> None:
        """End here and begin anew there: nothing of this environment may be left over."""
        self.next_environment = environment
        self.exit()
