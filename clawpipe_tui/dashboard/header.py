"""The lines around the panels: where am I, what time is it about, how fresh is it, and what do the keys do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.band import band_spans
from clawpipe_tui.dashboard.keys import KEYS, Key, title_of
from clawpipe_tui.dashboard.view import BASELINES
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import CUT, cell_width
from clawpipe_tui.panels.look import Line, Look, Span
from clawpipe_tui.wording import clean, number, seconds

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.view import Scene, View
    from clawpipe_tui.opened import Progress
    from clawpipe_tui.panels.state import PanelState

_ALWAYS_HINTED = frozenset({"diff", "rollback", "help", "quit"})
_DIGITS_ONLY = 2
"""From this brevity on, the other screens are their digits."""
_SHORT = 3
"""From this brevity on, words give way to shorter ones."""
_TIGHT, _BARE = 5, 6
"""From these on, blanks and the model's name are cut short, then the clock is left out where the window follows it."""
_FOR_PICKS, _WIDE = 8, 100
"""Cells that are kept for what was picked, twice as many from this width on, or once something was."""
_AT_ONCE = 3
"""So few new files are read within a second: counting them would only flicker."""
_ALL_PCT = 99.5
LIVE_WITHIN_S = 15
"""A log that ends less than this before the clock is called live: saying the seconds would repaint for nothing."""


@dataclass(frozen=True)
class Standing:
    """What the header says that is neither the view nor the panels."""

    title: str
    model: str
    environment: str
    progress: Progress | None = None
    freshness: PanelState | None = None
    """The headline's state: how far the log is behind the clock, how much of the traffic it holds, what came late."""
    clock_stands: bool = False
    """Whether the console looks at a log of the past, by a clock that does not move."""
    write: bool | None = None
    """Whether anything may be changed from here; None: nothing is said of it."""
    write_from: str = ""
    """What decided that."""
    today: date | None = None
    newest_at: datetime | None = None
    now: datetime | None = None
    """The model's last row and the clock: how far it is behind, where the window holds none of its rows."""

    @property
    def lag_s(self) -> float | None:
        """How far the log's last row is behind the clock."""
        lag_s = self._fact("lag_s")
        if lag_s is None and self.newest_at and self.now:
            return (self.now - self.newest_at).total_seconds()
        return lag_s

    @property
    def logged_pct(self) -> float:
        """How much of the traffic the log holds: less than all where it is a sample."""
        logged_pct = self._fact("logged_pct")
        return 100.0 if logged_pct is None else logged_pct

    @property
    def late_rows(self) -> int:
        """Rows of the window whose file came more than an hour after them."""
        return int(self._fact("late_rows") or 0)

    def _fact(self, name: str) -> float | None:
        found = self.freshness.result if self.freshness else None
        values = found.column(name)[:1] if found and name in found.columns else ()
        return next((float(value) for value in values if isinstance(value, int | float)), None)


def cut(line: Sequence[Span], width: int, look: Look) -> Line:
    """Exactly `width` cells: filled up with blanks, or ended with a mark that something is missing."""
    canvas, x = Canvas(width, 1, look), 0
    for span in line:
        x = canvas.put(x, 0, span.text, span.style)
    if sum(cell_width(clean(span.text)) for span in line) > width:
        canvas.put(width - 1, 0, CUT, "warn")
    return canvas.line(0)


def fitting(variants: Sequence[Sequence[Span]], width: int, look: Look) -> Line:
    """The first variant that fits, else the last one, cut with a mark."""
    fits = (line for line in variants if sum(cell_width(span.text) for span in line) <= width)
    return cut(next(fits, variants[-1]), width, look)


def header_line(standing: Standing, view: View, scene: Scene, width: int, look: Look) -> Line:
    """One line in as many words as there is room for; the window, the baseline and what is unusual go last."""
    bare = [_header(standing, view, scene, brevity) for brevity in range(_BARE + 1)]
    way = _trail(view)
    # What was picked stands last, in room that is kept for it, so that picking repaints nothing else on a slow line.
    kept = width - (2 * _FOR_PICKS if width >= _WIDE or way else _FOR_PICKS)
    roomy = [*next((line for line in bare if _cells(line) <= kept), bare[-1]), *way]
    return fitting([roomy, *([*line, *way] for line in bare)], width, look)


def _cells(line: Sequence[Span]) -> int:
    return sum(cell_width(span.text) for span in line)


def _header(standing: Standing, view: View, scene: Scene, brevity: int) -> list[Span]:
    name = standing.title if brevity == 0 else ""
    gap = " " * (1 if brevity >= _TIGHT else 2)
    spans = [Span(f" {name} ", "title")] if name else [Span(" " * (brevity < _TIGHT))]
    spans += band_spans(standing.environment, write=standing.write, brevity=brevity, write_from=standing.write_from)
    spans += [Span(clean(standing.model)[: 40 if brevity < _TIGHT else 12], "strong"), Span(gap)]
    spans += _tabs(view, scene, brevity)
    spans += [Span(gap), *_time(view, scene, standing, brevity)]
    if brevity < 4 or view.baseline != BASELINES[0]:
        spans += [Span("  vs " if brevity < 3 else " vs ", "muted"), Span(view.baseline)]
    return [*spans, Span("  " if brevity < 3 else " "), *_freshness(standing, view, brevity)]


def _tabs(view: View, scene: Scene, brevity: int) -> list[Span]:
    spans: list[Span] = []
    for screen in scene.screens:
        title, here = title_of(screen), screen.name == view.place.screen
        if here:
            spans.append(Span(f" {screen.key} {title} ", "cursor"))
        elif brevity < _DIGITS_ONLY:
            spans += [Span(f" {screen.key}", "strong"), Span(f" {title} ", "muted")]
        elif brevity < _TIGHT:
            spans.append(Span(f" {screen.key} ", "muted"))
    return spans


def _trail(view: View) -> list[Span]:
    """The way here: which screen `esc` goes back to, and what was picked."""
    way = [Span(f" ‹ {place.screen}", "muted") for place in view.trail[-2:]]
    return [*way, *_picks(view)]


def _picks(view: View) -> list[Span]:
    worded = " ".join(clean(str(value), 24) for value in view.place.picks.values() if value is not None)
    return [Span(f" › {worded}", "strong")] if worded else []


def _time(view: View, scene: Scene, standing: Standing, brevity: int) -> list[Span]:
    width = seconds(view.width_s)
    if scene.window is None:
        return [Span(width), Span(" window", "muted")]
    until = scene.window.until.astimezone(UTC)
    shown = (
        f"{until:%H:%M}" if until.date() == standing.today or brevity > 3 else f"{until:%b} {until.day} {until:%H:%M}"
    )
    zone = " UTC" if brevity == 0 else ""
    if view.end is None and brevity >= _BARE:
        return [Span(width)]
    if view.end is None:
        return [Span(width), Span(" to ", "muted"), Span(shown + zone)]
    return [Span(width), Span(" to ", "muted"), Span(f"{shown}{zone} (past)", "warn")]


def _freshness(standing: Standing, view: View, brevity: int) -> list[Span]:
    """How far behind the log is; a console that stands still says that instead."""
    if view.paused:
        return [Span(" PAUSED ", "warn_badge")]
    progress = standing.progress
    if progress is None:
        return [Span("opening the log" if brevity < _SHORT else "opening", "muted")]
    if progress.reading and progress.files_known - progress.files_read > _AT_ONCE:
        return [Span(f"reading {number(progress.files_read)}/{number(progress.files_known)}", "warn")]
    if standing.clock_stands:
        return [Span("◆ fixed clock", "warn")]
    return [_lag(standing, brevity), *_unusual(standing)]


def _unusual(standing: Standing) -> list[Span]:
    """What is said of the log only where it is not as one expects."""
    words = [f"{standing.logged_pct:.2g} % logged"] if standing.logged_pct < _ALL_PCT else []
    words += [f"{number(standing.late_rows)} late"] if standing.late_rows else []
    return [Span(f" · {word}", "warn") for word in words]


def _lag(standing: Standing, brevity: int) -> Span:
    """How far the log's last row is behind the clock."""
    lag_s, state, log = standing.lag_s, standing.freshness, "log " if brevity < _SHORT else ""
    if lag_s is None:
        return Span("freshness unknown" if state and state.kind == "failed" else "no rows yet", "warn")
    if lag_s < LIVE_WITHIN_S:
        return Span(f"● {log}live", "good")
    return Span(f"▲ {log}{_coarse(lag_s)} behind", "warn")


def _coarse(lag_s: float) -> str:
    """A lag in steps that do not repaint the line every second."""
    step_s = 5 if lag_s < 60 else 60 if lag_s < 3_600 else 600
    return seconds(lag_s // step_s * step_s)


def footer_line(view: View, scene: Scene, message: str, width: int, look: Look) -> Line:
    """The last thing that was said, else the keys that work here, as many as there is room for."""
    if message:
        return cut([Span(" "), Span(clean(message), "strong")], width, look)
    hints = [key for key in scene.keys or KEYS if key.hint and not key.blocked(view, scene)]
    last = [key for key in hints if key.id in _ALWAYS_HINTED]
    first = [key for key in hints if key not in last]
    return fitting([_hints([*first[:count], *last]) for count in range(len(first), -1, -1)], width, look)


def _hints(keys: Sequence[Key]) -> list[Span]:
    spans = [Span(" ")]
    for key in keys:
        label, _, word = key.hint.rpartition(" ")
        spans += [Span(label, "strong"), Span(f" {word}  ", "muted")]
    return spans
