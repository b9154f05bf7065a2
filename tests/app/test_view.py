"""What keys do to the view, without a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.dashboard import focus, view
from clawpipe_tui.dashboard.keys import KEYS, key_for, screen_keys
from clawpipe_tui.dashboard.view import BASELINES, Place, Scene, View
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result
from clawpipe_tui.spec.layout import rectangles
from clawpipe_tui.window import WIDTHS_S, window_ending
from tests.app.fakes import ANSWERS, DRIFT, NOW, OVERVIEW, SCREENS

FORBIDDEN = {"ctrl+a", "ctrl+b", "ctrl+k", "ctrl+d", "delete", "backspace"}


def fresh(query: str) -> PanelState:
    """The canned answer as a state."""
    columns, rows = ANSWERS[query]
    return PanelState("fresh", Result(query, columns, rows))


STATES = {"headline": fresh("headline"), "health": fresh("health"), "drift": fresh("drift")}
SCENE = Scene(SCREENS, rectangles(OVERVIEW, 80, 22), STATES, window_ending(NOW, 3_600), NOW, ("v42", "v43"))
HOME = View(Place("overview", "health"))


def test_no_dangerous_key_is_bound() -> None:
    """Keys that tmux, shells and editors use, and keys that delete, do nothing here."""
    bound = {pressed for key in (*screen_keys(SCENE), *KEYS) for pressed in key.keys}
    assert not bound & FORBIDDEN


def test_every_key_means_one_thing() -> None:
    """No key stands twice in the table, and ids are unique."""
    table = (*screen_keys(SCENE), *KEYS)
    pressed = [each for key in table for each in key.keys]
    assert len(pressed) == len(set(pressed))
    assert len({key.id for key in table}) == len(table)


def test_moving_the_cursor_picks_and_a_reordered_table_keeps_the_pick() -> None:
    """The pick is a value, not a row number."""
    moved = view.move(HOME, SCENE, 1)
    assert moved.place.picks == {"version": "v43"}
    health = STATES["health"].result
    assert health is not None
    turned = PanelState("fresh", replace(health, rows=health.rows[::-1]))
    assert view.cursor_row(OVERVIEW.panels["health"], turned, moved.place) == 0


@given(st.lists(st.integers(-5, 5), max_size=20))
def test_the_cursor_never_leaves_the_table(steps: list[int]) -> None:
    """Whatever is pressed, the row exists."""
    here = HOME
    for step in steps:
        here = view.move(here, SCENE, step)
    assert view.cursor_row(OVERVIEW.panels["health"], STATES["health"], here.place) in (0, 1)


def test_a_panel_that_shows_its_first_rows_alone_is_not_left_by_the_cursor() -> None:
    """Nothing below them is reached by steps or jumps; what was picked below, when it was zoomed, is not lost."""
    scene = replace(SCENE, reach={"drift": 0})
    here = replace(HOME, place=replace(HOME.place, focus="drift"))
    for by in (1, 1, 10, 10_000):
        here = view.move(here, scene, by)
        assert here.place.rows["drift"] == 0
    below = view.move(here, SCENE, 10_000)
    assert below.place.rows["drift"] == 2
    assert view.move(below, scene, 1).place.rows == below.place.rows
    assert view.move(below, scene, -10_000).place.rows["drift"] == 0


def test_enter_opens_with_the_row_and_back_returns_to_the_same_place() -> None:
    """A breadcrumb, not a guess."""
    there = view.enter(replace(HOME, place=replace(HOME.place, focus="drift")), SCENE)
    assert (there.place.screen, dict(there.place.picks)) == ("drift", {"column": "temperature_f"})
    assert view.back(there, SCENE).place == replace(HOME.place, focus="drift")


def test_a_digit_forgets_what_was_picked() -> None:
    """A filter must never survive unseen."""
    picked = view.move(HOME, SCENE, 1)
    assert view.open_screen(picked, SCENE, "drift").place == Place("drift", "drift")


def test_enter_on_a_panel_that_opens_nothing_zooms_it() -> None:
    """There is always something that enter does."""
    assert view.enter(replace(HOME, place=replace(HOME.place, focus="errors")), SCENE).place.zoomed


def test_tab_goes_through_all_panels_in_reading_order_and_back() -> None:
    """As many tabs as panels come home again."""
    here, seen = HOME, list[str]()
    for _ in OVERVIEW.panels:
        here = focus.step_focus(here, SCENE, 1)
        seen.append(here.place.focus)
    assert seen == ["errors", "drift", "headline", "health"]
    assert focus.step_focus(here, SCENE, -1).place.focus == "headline"


@pytest.mark.parametrize(("dx", "dy", "expected"), [(0, 1, "errors"), (0, -1, "headline"), (1, 0, "health")])
def test_arrows_go_where_the_eye_sees_a_panel(dx: int, dy: int, expected: str) -> None:
    """Down from health is errors, which stands under its left edge; to the right there is none."""
    assert focus.look_towards(HOME, SCENE, dx, dy).place.focus == expected


def test_the_width_key_goes_through_all_widths() -> None:
    """Six presses come back to the first."""
    here, widths = HOME, list[int]()
    for _ in WIDTHS_S:
        here = view.next_width(here, SCENE)
        widths.append(here.width_s)
    assert sorted(widths) == sorted(WIDTHS_S)
    assert here.width_s == HOME.width_s


def test_b_comes_by_every_baseline_and_back_to_training() -> None:
    """Each baseline once; where several versions serve, each of them, too."""
    for versions, more in (((), ()), (("v42",), ()), (("v43", "v42"), ("version v42", "version v43"))):
        here, scene = HOME, replace(SCENE, versions=versions)
        for expected in (*BASELINES[1:], *more, BASELINES[0]):
            here = view.next_baseline(here, scene)
            assert here.baseline == expected


@given(st.integers(1, 8), st.sampled_from(WIDTHS_S), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_stepping_back_and_on_again_follows_the_clock_again(steps: int, width_s: int, naive: datetime) -> None:
    """As many ] as [ arrive at now; a window in the past ends before it."""
    now = naive.replace(tzinfo=UTC)
    here = replace(HOME, width_s=width_s)
    for halves in [-1] * steps + [1] * steps:
        window = window_ending(here.end or now, width_s)
        here = view.step_window(here, replace(SCENE, window=window, now=now), halves)
        if here.end:
            assert window_ending(here.end, width_s).until <= now + timedelta(seconds=width_s)
    assert here.end is None


def test_a_disabled_key_has_a_reason() -> None:
    """n, [ and B say why they cannot work where they cannot."""
    nowhere = replace(SCENE, window=None, no_serving="No serving API.", versions=("v42",))
    reasons = {key.id: key.blocked(HOME, nowhere) for key in KEYS}
    for blocked in ("window.now", "window.back", "rollback", "diff", "back"):
        assert reasons[blocked].endswith("."), blocked


def test_a_screen_key_comes_from_its_file() -> None:
    """Digits are not wired into the program."""
    key = key_for("2", SCENE)
    assert key is not None
    assert key.change is not None
    assert key.change(HOME, SCENE).place.screen == DRIFT.name
    assert key_for("9", SCENE) is None
