"""The lines around the panels fit any width, and say first what matters most."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.dashboard.header import Standing, footer_line, header_line
from clawpipe_tui.dashboard.view import Place, Scene, View
from clawpipe_tui.opened import Progress
from clawpipe_tui.panels.cells import cell_width
from clawpipe_tui.panels.look import Line, Look
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result
from clawpipe_tui.window import window_ending
from tests.app.fakes import MODEL, NOW, SCREENS

SCENE = Scene(SCREENS, {}, {}, window_ending(NOW, 3_600), NOW)
VIEW = View(Place("drift", "drift"))


def behind(lag_s: float | None, logged_pct: float = 100.0, late_rows: int = 0) -> PanelState:
    """A headline of a log that is this far behind the clock."""
    facts = ("lag_s", "logged_pct", "late_rows")
    return PanelState("fresh", Result("headline", facts, ((lag_s, logged_pct, late_rows),)))


STANDING = Standing("clawpipe", MODEL, "production", Progress(360, 360), behind(2.0), today=NOW.date())


def text(line: Line) -> str:
    """A line without its styles."""
    return "".join(span.text for span in line)


@given(st.integers(1, 250), st.text(max_size=60), st.text(max_size=30))
def test_header_and_footer_are_exactly_as_wide_as_the_terminal(width: int, model: str, picked: str) -> None:
    """Whatever the model and the picked value are called, wide and combining characters included."""
    view = replace(VIEW, place=replace(VIEW.place, picks={"column": picked}), paused=True)
    standing = replace(STANDING, model=model)
    for line in (header_line(standing, view, SCENE, width, Look()), footer_line(view, SCENE, picked, width, Look())):
        assert cell_width(text(line)) == width


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_environment_model_screen_window_and_freshness_are_always_there(width: int) -> None:
    """Nobody has to ask which model, which environment, which time."""
    shown = text(header_line(STANDING, VIEW, SCENE, width, Look()))
    for part in ("production", MODEL, "2 Drift", "1 h", "02:56", "live"):
        assert part in shown


def test_a_wide_terminal_names_every_screen() -> None:
    """The digits have their words beside them."""
    shown = text(header_line(STANDING, VIEW, SCENE, 160, Look()))
    assert "1 Overview" in shown
    assert "5 Versions" in shown


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (replace(STANDING, freshness=behind(250.0)), "4 min behind"),
        (replace(STANDING, freshness=behind(2.0, 10.0)), "live · 10 % logged"),
        (replace(STANDING, freshness=behind(2.0, 100.0, 1_200)), "live · 1.2k late"),
        (replace(STANDING, freshness=PanelState("empty")), "no rows yet"),
        (replace(STANDING, freshness=PanelState("empty"), newest_at=NOW - timedelta(hours=12), now=NOW), "12 h behind"),
        (replace(STANDING, freshness=PanelState("failed")), "freshness unknown"),
        (replace(STANDING, clock_stands=True), "fixed clock"),
        (replace(STANDING, progress=None), "opening"),
        (replace(STANDING, progress=Progress(34, 360, reading=True)), "reading 34/360"),
    ],
)
def test_the_header_says_how_fresh_the_log_is(standing: Standing, expected: str) -> None:
    """Live, behind, being read, or not there yet."""
    assert expected in text(header_line(standing, VIEW, SCENE, 80, Look()))


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (replace(STANDING, environment="sample", write=False, clock_stands=True), "◆ fixed clock"),
        (replace(STANDING, environment="demo", write=True, freshness=behind(250.0)), "▲ 4 min behind"),
        (replace(STANDING, environment="demo", write=True, progress=Progress(34, 360, reading=True)), "reading 34/360"),
    ],
)
def test_at_60_columns_the_clock_goes_before_the_freshness(standing: Standing, expected: str) -> None:
    """What is wrong with the log is never cut in favour of what time it is."""
    shown = text(header_line(standing, VIEW, SCENE, 60, Look()))
    assert expected in shown
    assert "2 Drift" in shown
    assert "…" not in shown


def test_a_baseline_that_is_not_the_usual_one_is_said_at_80_columns() -> None:
    """What changes the meaning of every number is never cut."""
    view = replace(VIEW, baseline="same hour yesterday", paused=True)
    standing = replace(STANDING, environment="demo")
    shown = text(header_line(standing, view, SCENE, 80, Look()))
    assert "same hour yesterday" in shown
    assert "PAUSED" in shown


def test_the_footer_keeps_the_keys_that_matter_at_60_columns() -> None:
    """Rollback, diff, help and quit are the last to go."""
    shown = text(footer_line(VIEW, replace(SCENE, versions=("a", "b")), "", 60, Look()))
    for hint in ("B rollback", "d diff", "? help", "q quit"):
        assert hint in shown
