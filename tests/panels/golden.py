"""The frames that were looked at and found good, and how each of them is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from clawpipe_tui.panels.draw import draw_panel
from clawpipe_tui.panels.frame import draw_frame, to_text
from clawpipe_tui.panels.look import Charts, Line, Look, Mark, Span
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.spec import PanelSpec, ScreenSpec
from clawpipe_tui.spec.reading import load_screens

from . import samples

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden"
SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))
MARKS = (
    Mark(samples.SINCE.timestamp() + 300, "V", "v43 first seen (canary)"),
    Mark(samples.INCIDENT.timestamp(), "S", "temperature_f became DOUBLE"),
)
SCREENS = ("fleet", "overview", "drift", "latency", "errors", "versions", "data", "quality", "failures", "timeline")
HEADER: Line = (Span(" flight-delay", "title"), Span("  02:00-03:00 UTC", "muted"))
FOOTER: Line = (Span(" ? keys  B roll back  q quit", "muted"),)

KINDS = (
    PanelSpec("status", "headline", "status", "The headline"),
    PanelSpec("number", "headline", "number", "Numbers", columns=("requests", "error_pct", "since_at", "lag_s")),
    PanelSpec("line", "errors_over_time", "line", "A line", columns=("error_pct",)),
    PanelSpec("log", "latency_over_time", "line", "A line on a logarithmic axis", log=True),
    PanelSpec("bars", "outcomes_over_time", "bars", "Bars", columns=("outcome", "requests")),
    PanelSpec("heat", "latency_heat", "heat", "A heat map"),
    PanelSpec("histogram", "histogram", "histogram", "A histogram"),
    PanelSpec("table", "error_types", "table", "A table"),
    PanelSpec("text", "error_types", "text", "Text"),
)
STATES = (
    PanelState("loading", age_s=3.2),
    PanelState("empty", message="the newest row is from 02:59:12"),
    PanelState("fresh", samples.result("latency_by_version"), age_s=2.0),
    PanelState("stale", samples.result("latency_by_version"), age_s=41.0),
    PanelState("failed", message="The query latency_by_version took longer than 10 s. Narrow the window with w."),
)


def screen(name: str) -> ScreenSpec:
    """A shipped screen."""
    found = {screen.name: screen for screen in load_screens([ROOT / "screens"], samples.COLUMNS)}[name]
    assert isinstance(found, ScreenSpec), found
    return found


def draw_screen(name: str, width: int, height: int, look: Look) -> list[Line]:
    """A shipped screen during the incident, its first table in focus."""
    spec = screen(name)
    states = {panel.name: samples.state(panel.query) for panel in spec.panels.values()}
    cursors = {panel.name: 0 for panel in spec.panels.values() if panel.picks}
    focus = next(iter(cursors), None)
    look = replace(look, marks=MARKS)
    return draw_frame(spec, states, HEADER, FOOTER, width, height, look, focus=focus, cursors=cursors)


def draw_kinds(charts: Charts) -> list[Line]:
    """Every kind of panel below each other, without colour."""
    look = Look(charts, colour=False)
    heights = {"status": 4, "number": 5, "text": 4}
    drawn = [draw_panel(spec, samples.state(spec.query), 72, heights.get(spec.draw, 11), look) for spec in KINDS]
    return [line for lines in drawn for line in lines]


def draw_states() -> list[Line]:
    """One panel in its five states."""
    spec = PanelSpec("p95", "latency_by_version", "line", "p95 by version")
    drawn = [draw_panel(spec, state, 48, 8, Look(), focused=state.kind == "stale") for state in STATES]
    return [line for lines in drawn for line in lines]


def _screen_frame(name: str, width: int, height: int) -> Callable[[], list[Line]]:
    return lambda: draw_screen(name, width, height, Look())


def _state_frame(name: str, state: PanelState) -> Callable[[], list[Line]]:
    """A screen at 80x24 whose panels are all in one state."""

    def draw() -> list[Line]:
        spec = screen(name)
        states = {
            panel.name: replace(samples.state(panel.query), kind="stale", age_s=41.0)
            if state.kind == "stale"
            else state
            for panel in spec.panels.values()
        }
        return draw_frame(spec, states, HEADER, FOOTER, 80, 24, Look(), focus=None, cursors={})

    return draw


def _chart_frame(name: str, charts: Charts) -> Callable[[], list[Line]]:
    return lambda: draw_screen(name, 80, 24, Look(charts, colour=False))


def _kind_frame(charts: Charts) -> Callable[[], list[Line]]:
    return lambda: draw_kinds(charts)


FRAMES: Mapping[str, Callable[[], list[Line]]] = {
    **{f"{name}-{width}x{height}": _screen_frame(name, width, height) for name in SCREENS for width, height in SIZES},
    **{
        f"{name}-{state.kind}": _state_frame(name, state)
        for name in SCREENS
        for state in STATES
        if state.kind != "fresh"
    },
    **{f"{name}-{charts}": _chart_frame(name, charts) for name in SCREENS for charts in ("block", "ascii")},
    "overview-58x40": _screen_frame("overview", 58, 40),
    **{f"kinds-{charts}": _kind_frame(charts) for charts in ("braille", "block", "ascii")},
    "states": draw_states,
}


def text_of(name: str) -> str:
    """The frame as it is drawn now."""
    return to_text(FRAMES[name]())
