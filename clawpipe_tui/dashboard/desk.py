"""Everything on the desk at one moment (settings, view, snapshot, room), and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from clawpipe_tui.config import Objectives
from clawpipe_tui.dashboard.arranging import arranged_panel, arranged_state
from clawpipe_tui.dashboard.commands import note_for
from clawpipe_tui.dashboard.header import Standing, footer_line, header_line
from clawpipe_tui.dashboard.keys import KEYS, Key
from clawpipe_tui.dashboard.prompt import Prompt, prompt_line
from clawpipe_tui.dashboard.view import Place, Scene, View, first_focus
from clawpipe_tui.dashboard.watch import Watched, watch_lines, watch_rows
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import wrap
from clawpipe_tui.panels.draw import table_rows
from clawpipe_tui.panels.look import Line, Look
from clawpipe_tui.snapshot import Snapshot, Wanted, aged, drives
from clawpipe_tui.spec import Rect, ScreenSpec
from clawpipe_tui.spec.layout import rectangles
from clawpipe_tui.wording import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from clawpipe_tui.opened import Session
    from clawpipe_tui.panels.state import PanelState
    from clawpipe_tui.serving.seam import Registry, Router
    from clawpipe_tui.spec import BrokenScreen, PanelSpec
    from clawpipe_tui.terminal.ability import Depth

_SAID_ROWS = 5
"""At most so many lines for one sentence that is said."""
CHROME = 2
"""Rows that are not panels: header and footer."""


@dataclass(frozen=True)
class ConsoleSettings:
    """All that the console is told from outside."""

    screens: tuple[ScreenSpec | BrokenScreen, ...]
    open_session: Callable[[], Session]
    """Called in a thread, after the first paint."""
    model: str
    """Empty: the one that the log speaks of most."""
    serving: Callable[[], tuple[Registry, Router]] | None = None
    """Called in a thread, when a rollback is planned or documents are compared."""
    part: Callable[[Session, str, datetime, datetime], AbstractContextManager[Session]] | None = None
    """A part of the traffic of an open log, in a window, as a log of its own."""
    reads_routes: bool = False
    """Whether the API is read now and then without a key: not where its token comes from somewhere that may ask."""
    registry: Callable[[], Registry] | None = None
    """Version documents, where they do not come from the serving API."""
    no_serving: str = "Nothing can be rolled back from here: no serving API is set ([serving] url in clawpipe.toml)."
    environment: str = ""
    title: str = "clawpipe"
    theme: str = "dark"
    depth: Depth = "truecolor"
    """How many colours the terminal has; the theme is drawn in those."""
    keys: tuple[Key, ...] = KEYS
    source: tuple[str, ...] = ()
    """The options that lead to this log, for commands that are copied from here."""
    contexts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environments that can be switched to: name → the configuration file."""
    about: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, "Mapping[str, str]"])
    """Paths and settings with their origin, by heading, for `i`."""
    write_from: str = "default"
    """What decided whether anything may be changed from here."""
    titled: bool = False
    """Whether the terminal has a title that may be set."""
    state: Path | None = None
    """The folder of the console's own log and of crash reports."""
    look: Look = field(default_factory=Look)
    safety: Safety = field(default_factory=lambda: Safety(write=False))
    """What may be changed from here."""
    objectives: Objectives = field(default_factory=Objectives)
    journal: Path | None = None
    """The folder of the journal that every attempt is written to before it is sent."""
    refresh_s: float = 1.0
    width_s: int = 3_600
    deadline_s: float = 120.0
    """How long the logs may take to confirm a rollback before it is called overdue."""

    @property
    def documents(self) -> Callable[[], Registry] | None:
        """Where version documents are read: the files of the configuration, else the serving API."""
        serving = self.serving
        return self.registry or ((lambda: serving()[0]) if serving else None)

    def first_view(self) -> View:
        """Where the console opens."""
        first = self.screens[0] if self.screens else None
        place = Place(first.name, first_focus(first)) if first else Place("")
        return View(place, width_s=self.width_s)


def _above(rect: Rect, bottom: int) -> Rect:
    """The part of a panel above a line: what is said for a moment must not move the panels."""
    return replace(rect, height=min(rect.height, bottom - rect.y))


@dataclass(frozen=True)
class Desk:
    """One moment of the console."""

    settings: ConsoleSettings
    view: View
    width: int = 80
    height: int = 24
    snapshot: Snapshot | None = None
    said: str = ""
    """The last thing that was said in the footer."""
    prompt: Prompt | None = None
    """The line that is being written, where one is."""
    watched: Watched | None = None
    series: tuple[str, ...] = ()
    """The versions known so far; each keeps its colour."""
    lateness: tuple[float, float] = (0.0, 0.0)
    """For how many seconds the present question has been waiting, and how old the last answers are."""

    @property
    def model(self) -> str:
        """The model that everything here is about; empty until the log is open where none was named."""
        return self.view.model or self.settings.model or (self.snapshot.model if self.snapshot else "")

    @cached_property
    def screen(self) -> ScreenSpec | BrokenScreen | None:
        """The screen that is looked at."""
        return next((screen for screen in self.settings.screens if screen.name == self.view.place.screen), None)

    @cached_property
    def look(self) -> Look:
        """What drawings may rely on at this size; versions keep their colours, charts mark what changed."""
        fitted = self.settings.look.fitted(self.width, self.height)
        if self.snapshot is None:
            return fitted
        if self.snapshot.picks.get("model") not in {None, self.snapshot.model}:
            return fitted  # the charts are of another model than versions and changes are known of
        return replace(fitted, series=self.series or self.known_versions, marks=self.snapshot.marks)

    @property
    def known_versions(self) -> tuple[str, ...]:
        """The versions in the order in which they became known, so that none changes its colour when one is added."""
        new = sorted(self.snapshot.versions) if self.snapshot else ()
        return tuple(dict.fromkeys([*self.series, *new]))

    @cached_property
    def rects(self) -> dict[str, Rect]:
        """Where the panels stand: by the grid, or the zoomed one alone."""
        place, screen = self.view.place, self.screen
        if not isinstance(screen, ScreenSpec):
            return {}
        height = self.height - CHROME
        zoomed = place.zoomed and place.focus in screen.panels
        whole = {place.focus: Rect(0, 0, self.width, height)}
        watched = watch_rows(self.width) if self.watched else 0
        rects = whole if zoomed else rectangles(screen, self.width, height, watched)
        return {name: _above(rect, height - self.watch_rows) for name, rect in rects.items()}

    @cached_property
    def panels(self) -> tuple[PanelSpec, ...]:
        """The panels that are asked: those in sight, and those that steer them."""
        screen = self.screen
        if not isinstance(screen, ScreenSpec):
            return ()
        rects = self.rects
        return tuple(panel for panel in screen.panels.values() if panel.name in rects or drives(panel))

    @cached_property
    def states(self) -> Mapping[str, PanelState]:
        """The states as the user arranged them: what is drawn, walked and copied."""
        arranged = self.view.place.arranged
        return {
            name: arranged_state(state, arranged[name]) if name in arranged else state
            for name, state in self.whole_states.items()
        }

    @cached_property
    def shown_panels(self) -> Mapping[str, PanelSpec]:
        """The screen's panels, with what the user asked of them."""
        arranged, screen = self.view.place.arranged, self.screen
        panels = screen.panels if isinstance(screen, ScreenSpec) else {}
        if self.view.place.zoomed:
            panels = {name: replace(panel, only_first=False) for name, panel in panels.items()}
        return {
            name: arranged_panel(panel, arranged[name]) if name in arranged else panel for name, panel in panels.items()
        }

    @cached_property
    def _reach(self) -> Mapping[str, int]:
        """The last row that a cursor gets to, in the panels that show their first rows alone."""
        panels = self.shown_panels
        return {
            name: table_rows(rect.width, rect.height, self.look) - 1
            for name, rect in self.rects.items()
            if panels[name].only_first
        }

    @cached_property
    def whole_states(self) -> Mapping[str, PanelState]:
        """The snapshot's states where it is of this screen, aged where an answer is late."""
        snapshot = self.snapshot
        states = snapshot.states if snapshot and snapshot.screen == self.view.place.screen else {}
        return aged(states, self.panels, *self.lateness)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the log speaks of, the one that is looked at first."""
        told = self.snapshot.models if self.snapshot else ()
        return tuple(dict.fromkeys(filter(None, (self.model, *told))))

    @property
    def watch_rows(self) -> int:
        """How many rows stand above the footer: the words about a rollback, and what is too long for the footer."""
        return (watch_rows(self.width) if self.watched else 0) + max(0, len(self._said_lines) - 1)

    @cached_property
    def _said_lines(self) -> list[str]:
        """What was said, on as many lines as it needs; it is never cut in the middle where there is room."""
        most = max(1, min(_SAID_ROWS, self.height // 4))
        return wrap(clean(self.said), self.width - 2, most) if self.said else []

    def watch(self) -> list[Line]:
        """The words about a rollback that was sent, then the beginning of what is too long for the footer."""
        lines = watch_lines(self.watched, self.width, self.look) if self.watched else []
        for text in self._said_lines[:-1]:
            canvas = Canvas(self.width, 1, self.look)
            canvas.put(1, 0, text, "strong")
            lines += canvas.lines()
        return lines

    def scene(self) -> Scene:
        """The facts that keys and lines look at."""
        snapshot, reason = self.snapshot, "" if self.settings.serving else self.settings.no_serving
        window, now, versions = (snapshot.window, snapshot.now, snapshot.versions) if snapshot else (None, None, ())
        shown = self.settings
        return Scene(shown.screens, self.rects, self.states, window, now, versions, shown.keys, reason, self._reach)

    def header(self, scene: Scene) -> Line:
        """The first line."""
        shown, snapshot = self.settings, self.snapshot
        standing = Standing(
            shown.title,
            self.model,
            shown.environment,
            today=datetime.now(UTC).date(),
            write=shown.safety.write,
            write_from=shown.write_from,
        )
        if snapshot:
            freshness, stands = snapshot.always.get("headline"), snapshot.clock_stands
            standing = replace(standing, progress=snapshot.progress, freshness=freshness, clock_stands=stands)
            standing = replace(standing, newest_at=snapshot.newest_at, now=snapshot.now)
        return header_line(standing, self.view, scene, self.width, self.look)

    def footer(self, scene: Scene) -> Line:
        """The last line: what is being written, what was said, or what the keys do."""
        if self.prompt:
            return prompt_line(self.prompt, note_for(self.prompt.kind, self.prompt.text, self), self.width, self.look)
        said = self._said_lines[-1] if self._said_lines else ""
        return footer_line(self.view, scene, said, self.width, self.look)

    def wanted(self, number: int) -> Wanted:
        """What has to be asked for this view."""
        view, place = self.view, self.view.place
        asked = (view.width_s, view.baseline, view.end, place.picks, view.paused)
        return Wanted(number, place.screen, self.panels, self.view.model or self.settings.model, *asked)
