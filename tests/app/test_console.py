"""The console as one sees it: what is on screen, what was asked, what each key does."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from clawpipe_tui.app import ClawpipeApp
from clawpipe_tui.errors import LogError
from clawpipe_tui.opened import Progress, Session
from clawpipe_tui.panels.look import PALETTES
from tests.app.fakes import BROKEN, FakeSession
from tests.app.stories import console, settings_of


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_the_overview_names_the_version_in_trouble_and_the_columns(size: tuple[int, int]) -> None:
    """Within moments of opening, the health line says which version is worse and which columns drifted."""
    async with console(size) as story:
        await story.shows("WORSE", "v43 worse: errors 9.1 %", "temperature_f", "carrier")
        assert "flight-delay" in story.lines[0]
        assert "quit" in story.lines[-1]
        assert all(len(line) <= size[0] for line in story.lines)


async def test_the_first_frame_is_painted_before_the_log_is_open() -> None:
    """A slow log delays numbers, not the screen: every panel says that it is loading."""
    opened = threading.Event()
    session = FakeSession()

    def open_slowly() -> FakeSession:
        opened.wait(5)
        return session

    async with console(session=session, open_session=open_slowly) as story:
        assert story.text.count("loading") >= 4
        assert "opening" in story.lines[0]
        assert session.asked == []
        opened.set()
        await story.shows("WORSE")


async def test_a_log_that_cannot_be_opened_is_said_in_every_panel() -> None:
    """The sentence and its hint stand where the numbers would be, and r tries again."""
    attempts: list[int] = []

    def fail() -> FakeSession:
        attempts.append(1)
        raise LogError("There are no log files at logs/.", "Name the folder: --logs FOLDER.")

    async with console(open_session=fail) as story:
        await story.shows("failed", "There are no log files at logs/. Name the folder")
        await story.press("r")
        await story.until(lambda: len(attempts) == 2)


async def test_every_panel_says_which_of_the_five_states_it_is_in() -> None:
    """Empty, failed and fresh stand side by side; one panel's failure stops no other."""
    session = FakeSession(failing={"errors_over_time": "The query errors_over_time failed: out of memory."})
    columns, _ = session.answers["drift"]
    session.answers["drift"] = (columns, ())
    async with console(session=session) as story:
        await story.shows("WORSE", "failed", "out of memory", "empty", "no rows in this window")


async def test_rows_on_screen_become_stale_while_an_answer_is_late() -> None:
    """A question that hangs leaves the old numbers in place, and they say their age."""
    session = FakeSession()
    async with console(session=session) as story:
        await story.shows("WORSE")
        session.slow["drift"] = threading.Event()
        session.number += 1
        await story.shows("stale", "9.1 %")
        session.slow.pop("drift").set()
        await story.until(lambda: "stale" not in story.text)


async def test_a_broken_screen_shows_its_error_and_the_others_run() -> None:
    """A wrong file is told in its own place, with the nearest known key."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("6")
        await story.shows("mine.toml, line 3: unknown key 'qurey'. Did you mean 'query'?")
        await story.press("2")
        await story.shows("temperature_f", "Histogram")


async def test_a_console_with_nothing_but_a_broken_screen_still_opens() -> None:
    """The block is in the file, not in the console."""
    async with console(screens=(BROKEN,)) as story:
        await story.shows("unknown key 'qurey'")
        await story.press("z")
        await story.shows("This screen has no panel that works.")


async def test_only_the_screen_in_sight_is_asked_and_each_question_once() -> None:
    """Hidden screens cost nothing; headline is drawn twice and asked once."""
    session = FakeSession()
    session.uses = dict.fromkeys(session.answers, frozenset({"model"}))
    async with console(session=session) as story:
        await story.shows("WORSE", "temperature_f")
        asked = [query for query, _ in story.session.asked]
        assert sorted(asked) == ["drift", "errors_over_time", "events", "headline", "health", "models", "versions"]


async def test_nothing_is_asked_while_nothing_changes() -> None:
    """The log did not grow, the window did not move: no question, no byte."""
    async with console() as story:
        await story.shows("WORSE")
        count = len(story.session.asked)
        await story.pilot.pause(0.4)
        assert len(story.session.asked) == count
        story.session.number += 1
        await story.until(lambda: len(story.session.asked) > count)


async def test_the_cursor_on_the_drift_screen_chooses_the_histogram() -> None:
    """The first row is chosen from the start; moving the cursor asks the histogram alone again."""
    async with console() as story:
        await story.press("2")
        await story.until(lambda: len(story.session.asked_for("histogram")) == 1)
        assert story.session.asked_for("histogram")[0]["column"] == "temperature_f"
        before = len(story.session.asked_for("drift"))
        await story.press("j")
        await story.until(lambda: len(story.session.asked_for("histogram")) == 2)
        assert story.session.asked_for("histogram")[1]["column"] == "carrier"
        assert len(story.session.asked_for("drift")) <= before + 1
        assert "› carrier" in story.lines[0]


async def test_enter_opens_the_picked_row_and_esc_comes_back() -> None:
    """Drill down with the version under the cursor, and return to the same place."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("j", "enter")
        await story.until(lambda: bool(story.session.asked_for("version_diff")))
        assert story.session.asked_for("version_diff")[-1]["version"] == "v42"
        assert story.session.asked_for("version_diff")[-1]["other"] == "v43"
        assert "5 Versions" in story.lines[0]
        await story.press("escape")
        assert "1 Overview" in story.lines[0]


async def test_a_change_during_a_slow_question_drops_the_old_answer() -> None:
    """What the user wants now is what appears, not what was wanted when the question was put."""
    session = FakeSession(slow={"drift": threading.Event()})
    async with console(session=session) as story:
        await story.until(lambda: bool(session.asked_for("drift")))
        await story.press("w")
        session.slow.pop("drift").set()
        await story.shows("6 h", "WORSE")
        snapshot = story.app.desk.snapshot
        assert snapshot is not None
        assert snapshot.window is not None
        assert snapshot.window.width_s == 21_600


async def test_the_baseline_key_says_what_is_compared_with() -> None:
    """B goes through the three baselines; the query is asked with the new one."""
    async with console((120, 40)) as story:
        await story.shows("vs training", "WORSE")
        await story.press("b")
        await story.shows("vs previous window")
        await story.until(lambda: story.session.asked_for("drift")[-1]["baseline"] == "previous window")


async def test_a_window_in_the_past_is_marked_and_n_returns() -> None:
    """[ moves half a window back, and the header says so in a word."""
    async with console((120, 40)) as story:
        await story.shows("WORSE")
        await story.press("n")
        await story.shows("n: The window already ends now.")
        await story.press("left_square_bracket")
        await story.shows("02:26 (past)")
        await story.press("n")
        await story.until(lambda: "(past)" not in story.text)


async def test_pause_stands_still_until_it_is_lifted() -> None:
    """A paused console asks nothing although the log grows."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("p")
        await story.shows("PAUSED")
        await story.pilot.pause(0.1)
        count = len(story.session.asked)
        story.session.number += 1
        await story.pilot.pause(0.3)
        assert len(story.session.asked) == count
        await story.press("p")
        await story.until(lambda: len(story.session.asked) > count)


async def test_reading_progress_is_in_the_header() -> None:
    """While files are read the header counts them."""
    session = FakeSession(progress_now=Progress(34, 360, 9_000, reading=True))
    async with console(session=session) as story:
        await story.shows("reading 34/360")
        session.progress_now = Progress(360, 360, 100_000)
        await story.shows("fixed clock")


async def test_zoom_shows_one_panel_alone() -> None:
    """Z makes the focused panel as large as the screen, tab goes on to the next one, esc brings all back."""
    async with console() as story:
        await story.shows("WORSE", "Errors")
        await story.press("z")
        assert "Health" in story.text
        assert "WORSE" not in story.text
        await story.press("escape")
        await story.shows("WORSE", "Errors")


async def test_s_shows_the_question_the_values_and_the_sql() -> None:
    """Every number can be traced to its statement."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("s")
        await story.shows("What does health say?", "$model", "flight-delay", "from   health", "4 ms")
        await story.press("escape")
        await story.shows("WORSE")


async def test_help_lists_the_keys_and_why_one_cannot_work() -> None:
    """A disabled key is listed with its reason."""
    async with console((120, 60), serving=None) as story:
        await story.shows("WORSE")
        await story.press("?")
        await story.shows("Overview", "plan a rollback", "not now: Nothing to go back from")


async def test_diff_compares_the_live_version_with_its_canary() -> None:
    """Behaviour from one query, documents from the registry; b chooses another version."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("d")
        await story.shows("a v42   b v43", "dependencies.scikit-learn", "upgraded", "worse")
        assert story.session.asked_for("version_diff")[-1]["other"] == "v43"
        await story.press("b", "down", "enter")
        await story.shows("a v42   b v41")


async def test_resizing_lays_the_panels_out_again() -> None:
    """The same numbers in another amount of room."""
    async with console() as story:
        await story.shows("WORSE")
        await story.pilot.resize_terminal(132, 43)
        await story.shows("WORSE", "1 Overview", "can write")
        assert len(story.lines) == 43


async def test_panels_are_never_mounted_again() -> None:
    """Screens change what the same widgets show."""
    async with console() as story:
        widgets = list(story.app.dashboard.children)
        await story.press("2", "5", "6", "1", "z")
        assert list(story.app.dashboard.children) == widgets


async def test_a_version_keeps_its_colour_when_an_older_one_becomes_known() -> None:
    """Logs are read newest first; nothing on screen changes its colour because something older was found."""
    async with console() as story:
        await story.shows("WORSE")
        desk = story.app.desk
        known = desk.series
        assert known == ("v41", "v42", "v43")
        assert replace(desk, series=("v42", "v43")).known_versions == ("v42", "v43", "v41")


async def test_quitting_during_a_slow_question_ends_promptly() -> None:
    """Nobody waits for a query to be told goodbye; the session is closed."""
    session = FakeSession(slow={"drift": threading.Event()})
    app = ClawpipeApp(settings_of(session, None))
    async with app.run_test(size=(80, 24)) as pilot:
        while not session.asked_for("drift"):
            await pilot.pause(0.02)
        started = time.monotonic()
        await pilot.press("q")
    assert time.monotonic() - started < 2
    assert session.closed


@pytest.mark.parametrize("theme", sorted(PALETTES))
async def test_every_theme_shows_the_same_words(theme: str) -> None:
    """Colour is never the only carrier."""
    async with console(theme=theme) as story:
        await story.shows("▲ WORSE", "v43 worse")


async def test_in_ascii_no_character_needs_more_than_seven_bits() -> None:
    """Header, panels, footer and help alike."""
    look = replace(settings_of(FakeSession(), None).look, charts="ascii")
    async with console(look=look) as story:
        await story.shows("WORSE")
        assert story.text.isascii()
        await story.press("?")
        await story.shows("Keys")
        assert story.text.isascii()


async def test_the_palette_runs_our_keys() -> None:
    """ctrl+p offers what the keys do, by its words and by its name in `keys.toml`."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("ctrl+p")
        await story.write("zoom")
        await story.shows("Zoom: the panel alone")
        await story.press("escape", "ctrl+p")
        await story.write("behind the panel")
        await story.shows("The question and the SQL")
        await story.press("enter")
        await story.shows("What does health say?")


async def test_a_click_focuses_the_panel_under_it() -> None:
    """With the mouse on, it does the least surprising thing."""
    async with console() as story:
        await story.shows("WORSE")
        await story.pilot.click(offset=(60, 18))
        await story.until(lambda: story.app.desk.view.place.focus == "drift")


async def test_a_tick_at_the_end_draws_on_nothing() -> None:
    """Textual takes everything off the screen before the app has ended: time that passes meanwhile is no error."""
    async with console() as story:
        await story.shows("WORSE")
        await story.app.dashboard.remove_children()
        story.app.desk = replace(story.app.desk, width=1)
        story.app.tick()


async def test_a_part_of_the_traffic_is_compared_on_its_own() -> None:
    """Typed after a slash on the diff page; the part is a log of its own, in the window that is on screen."""
    asked: list[str] = []

    @contextmanager
    def part(whole: Session, where: str, since: datetime, until: datetime) -> Generator[Session]:
        assert since < until
        asked.append(where)
        yield whole

    async with console(part=part) as story:
        await story.shows("WORSE")
        await story.press("d")
        await story.shows("a v42   b v43", "worse")
        await story.press("slash", *"client", "equals_sign", *"web", "enter")
        await story.shows("only where client=web", "upgraded")
        assert asked == ["client=web"]
        await story.press("slash", "escape")
        await story.shows("only where client=web")


async def test_a_line_that_is_never_wrapped_is_read_sideways() -> None:
    """SQL that is wider than the terminal ends in a mark, and l goes on where it ends."""
    async with console(size=(20, 24)) as story:
        await story.shows("v43 worse")
        await story.press("s", "G")
        await story.shows("-- the SQL of hea…")
        await story.press("l")
        await story.shows("…- the SQL of health")
        await story.press("h")
        await story.shows("-- the SQL of hea…")
