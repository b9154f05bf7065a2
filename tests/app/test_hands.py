"""Commands, filters, copies and exports in the console, as one presses them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from clawpipe_tui.dashboard.keys import KEYS, NEVER, remapped
from clawpipe_tui.dashboard.prompt import Prompt, completed, edited, remembered
from clawpipe_tui.errors import ConfigError
from tests.app.fakes import MODEL, NOW, SCREENS, FakeSession
from tests.app.stories import console


async def test_a_filter_holds_while_it_is_written_and_esc_removes_it() -> None:
    """The title shows it as long as it is at work; the histogram follows the row that is left."""
    async with console() as story:
        await story.press("2")
        await story.shows("distance")
        await story.press("slash")
        await story.write("carr")
        assert "distance" not in story.text
        assert "1 of 3 rows" in story.lines[-1]
        await story.press("enter")
        assert "Drift /carr" in story.text
        await story.until(lambda: story.session.asked_for("histogram")[-1]["column"] == "carrier")
        await story.press("slash", "escape")
        assert "/carr" not in story.text


async def test_a_filter_that_keeps_nothing_says_so() -> None:
    """And how many rows there are."""
    async with console() as story:
        await story.press("2", "slash")
        await story.write("zzz")
        await story.shows("0 of 3 rows")
        assert "Nothing of 3" in story.text


async def test_a_command_is_completed_run_and_remembered(tmp_path: Path) -> None:
    """Tab completes, enter runs, up brings it back; an unknown one gets the nearest name."""
    async with console(state=tmp_path) as story:
        await story.press("colon")
        await story.write("dri")
        await story.press("tab", "enter")
        await story.shows("2 Drift")
        await story.press("colon")
        await story.write("driift")
        await story.press("enter")
        assert "Did you mean 'drift'?" in story.lines[-1]
        await story.press("colon", "up", "up")
        assert story.lines[-1].startswith(":drift")
    assert (tmp_path / "history").stat().st_mode & 0o077 == 0


async def test_pasted_text_is_written_and_never_taken_for_keys() -> None:
    """A paste with a q in it must not quit, one with a B must not open a dialog."""
    async with console() as story:
        from textual.events import Paste

        story.app.dashboard.post_message(Paste("qBq\nq"))
        await story.pilot.pause()
        assert "Roll back" not in story.text
        await story.press("colon")
        story.app.dashboard.post_message(Paste("window 15m"))
        await story.pilot.pause()
        assert story.lines[-1].startswith(":window 15m")


async def test_an_export_is_written_where_it_says(tmp_path: Path) -> None:
    """By its ending; what is there already is never overwritten."""
    async with console() as story:
        await story.shows("temperature_f")
        story.app.hands.run(f"export {tmp_path / 'health.json'}")
        await story.pilot.pause()
        rows = json.loads((tmp_path / "health.json").read_text())
        assert rows[1]["version"] == "v43"
        story.app.hands.run(f"export {tmp_path / 'health.json'}")
        await story.pilot.pause()
        assert "Nothing is overwritten" in story.app.desk.said
        for name in ("frame.txt", "frame.svg"):
            story.app.hands.run(f"frame {tmp_path / name}")
        assert "v43" in (tmp_path / "frame.txt").read_text()
        assert (tmp_path / "frame.svg").read_text().startswith("<svg")


async def test_the_help_runs_what_it_lists() -> None:
    """Down to a screen's key, enter: there."""
    async with console() as story:
        await story.press("question_mark", "down", "enter")
        await story.shows("2 Drift")


async def test_sorting_turns_the_table_and_says_by_what() -> None:
    """`-` turns it round; a column that is not there gets the nearest name."""
    async with console() as story:
        await story.press("2")
        await story.shows("distance")
        story.app.hands.run("sort psi")
        await story.pilot.pause()
        assert "Drift ▲ psi" in story.text
        assert story.text.index("distance") < story.text.index("carrier")
        story.app.hands.run("sort pis")
        await story.pilot.pause()
        assert "Did you mean 'psi'?" in story.lines[-1]


@pytest.mark.parametrize(
    ("environment", "words"),
    [("prod-eu", "▲ prod-eu"), ("staging", "◆ staging"), ("demo", "● demo"), ("", "▲ unnamed")],
)
async def test_every_screen_and_dialog_says_where_one_is(environment: str, words: str) -> None:
    """Name, glyph, colour; what is not known counts as production."""
    async with console(environment=environment, size=(120, 40)) as story:
        await story.shows("v43")
        assert words in story.lines[0]
        await story.press("question_mark")
        assert (environment or "no environment named") in story.lines[0]


async def test_the_window_ends_where_it_is_told_or_with_the_newest_row() -> None:
    """A log of last week is two words away."""
    session = FakeSession()
    session.answers = {**session.answers, "models": (("model", "last_at"), ((MODEL, NOW - timedelta(days=7)),))}
    async with console(session=session) as story:
        await story.shows("WORSE")
        for written, days in (
            ("until", 7),
            (f"until {NOW - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}", 2),
            ("until 1d", 1),
        ):
            await story.write(f":{written}")
            await story.press("enter")
            assert story.app.desk.view.end == NOW - timedelta(days=days)
        await story.write(":until now")
        await story.press("enter")
        assert story.app.desk.view.end is None


async def test_a_slower_pace_is_said() -> None:
    """And `>` makes it faster again."""
    async with console(refresh_s=1.0) as story:
        await story.press("<")
        assert "every 2 s" in story.lines[-1]
        await story.press(">")
        assert "every 1 s" in story.lines[-1]
        for written, said in (("every 0.1", "every 100 ms"), ("every 5s", "every 5 s"), ("every 2m", "every 2 min")):
            await story.write(f":{written}")
            await story.press("enter")
            assert said in story.lines[-1]


def test_a_keymap_moves_keys_by_id() -> None:
    """One key or several; the label follows."""
    keys = remapped({"rollback": ("R", "f9")}, SCREENS)
    found = next(key for key in keys if key.id == "rollback")
    assert (found.keys, found.label) == (("R", "f9"), "R f9")
    assert len(keys) == len(KEYS)


@pytest.mark.parametrize(
    ("keymap", "words"),
    [
        ({"rolback": ("R",)}, "Did you mean 'rollback'"),
        ({"rollback": ("q",)}, "bound twice"),
        ({"zoom": ("1",)}, "the screen overview"),
        ({"rollback": ("ctrl+b",)}, "cannot be bound"),
    ],
)
def test_a_keymap_that_cannot_hold_is_refused_with_its_reason(keymap: dict[str, tuple[str, ...]], words: str) -> None:
    """Unknown ids, clashes, keys that hands press by habit."""
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        remapped(keymap, SCREENS)


def test_no_key_of_ours_is_one_that_is_never_bound() -> None:
    """Not by default either, and none twice."""
    pressed = [key for each in KEYS for key in each.keys]
    assert not NEVER & set(pressed)
    assert len(pressed) == len(set(pressed))


def test_the_prompt_edits_like_a_shell() -> None:
    """Words, ends, history."""
    prompt = Prompt(":", "window 15m", 10, history=("drift", "errors"))
    assert edited(prompt, "ctrl+w").text == "window "
    assert edited(edited(prompt, "home"), "delete").text == "indow 15m"
    up = edited(edited(prompt, "up"), "up")
    assert up.text == "drift"
    assert edited(edited(up, "down"), "down").text == "window 15m"
    assert completed(Prompt(":", "l", 1), ("latency", "labels")).text == "la"
    assert remembered(("a", "b"), "a") == ("b", "a")
