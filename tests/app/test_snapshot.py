"""What is asked for one screen, with which values, and what becomes of errors."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clawpipe_tui.opened import Progress
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result
from clawpipe_tui.snapshot import Answers, OutdatedError, Snapshot, Wanted, aged, partner, sentence, take_snapshot
from tests.app.fakes import DRIFT, MODEL, NOW, OVERVIEW, VERSIONS, FakeSession, panel

WANTED = Wanted(1, "overview", tuple(OVERVIEW.panels.values()), MODEL, 3_600, "training")


def still(_: object = None) -> bool:
    """Nothing changed meanwhile."""
    return False


def test_the_window_follows_the_sessions_clock() -> None:
    """A log of the past is looked at in its own time."""
    snapshot = take_snapshot(FakeSession(), WANTED, Answers(), still)
    assert snapshot.window is not None
    assert snapshot.window.until == NOW + timedelta(minutes=1)
    assert snapshot.clock_stands
    assert (snapshot.model, snapshot.versions) == (MODEL, ("v42", "v43", "v41"))


def test_where_a_version_begins_is_marked_when_all_older_files_are_read() -> None:
    """Until then it would be marked where the part that was read begins."""
    session = FakeSession(progress_now=Progress(34, 360, 9_000, reading=True))
    assert take_snapshot(session, WANTED, Answers(), still).marks == ()
    session.progress_now = Progress(360, 361, 9_000, reading=True, whole=True)
    assert [mark.glyph for mark in take_snapshot(session, WANTED, Answers(), still).marks] == ["V"]


def test_an_empty_window_says_where_the_log_ends() -> None:
    """A log of yesterday is no log without rows."""
    session = FakeSession()
    session.answers = {**session.answers, "health": (session.answers["health"][0], ())}
    last_at = NOW - timedelta(hours=12)
    session.answers["models"] = (("model", "requests", "last_at"), ((MODEL, 900, last_at),))
    snapshot = take_snapshot(session, WANTED, Answers(), still)
    assert snapshot.states["health"].message.startswith(f"the newest row is from {last_at:%Y-%m-%d %H:%M:%S} UTC")
    assert snapshot.newest_at == last_at


def test_every_usual_parameter_is_bound() -> None:
    """A query may use any of them without asking."""
    session = FakeSession()
    take_snapshot(session, WANTED, Answers(), still)
    usual = {"model", "version", "other", "since", "until", "step", "baseline", "column", "client", "now"}
    assert all(usual <= context.keys() for _, context in session.asked)


def test_a_column_that_another_panel_shows_is_picked_from_the_beginning() -> None:
    """A histogram beside the columns is never empty only because nobody has moved the cursor."""
    drift = replace(panel("drift", "drift", "table"), picks="column", opens="drift")
    panels = (panel("histogram", "histogram", "histogram"), drift)
    session = FakeSession(uses={"drift": frozenset({"model"})})
    take_snapshot(session, replace(WANTED, panels=panels), Answers(), still)
    first = session.answers["drift"][1][0][0]
    assert session.asked_for("histogram")[0]["column"] == first


def test_a_failed_query_is_a_sentence_in_its_panel() -> None:
    """The others are fresh."""
    session = FakeSession(failing={"drift": "The query drift failed."})
    snapshot = take_snapshot(session, WANTED, Answers(), still)
    assert snapshot.states["drift"] == PanelState("failed", message="The query drift failed.")
    assert snapshot.states["health"].kind == "fresh"


def test_an_answer_is_kept_until_the_log_grows_but_an_error_is_not() -> None:
    """Asking twice at the same revision repeats only what failed."""
    session, answers = FakeSession(failing={"drift": "No."}), Answers()
    take_snapshot(session, WANTED, answers, still)
    session.asked.clear()
    take_snapshot(session, WANTED, answers, still)
    assert [query for query, _ in session.asked] == ["drift"]
    session.number += 1
    take_snapshot(session, WANTED, answers, still)
    assert len(session.asked_for("health")) == 1


def test_answers_of_windows_long_past_are_forgotten_on_a_log_that_stands_still() -> None:
    """A silent log has one revision for ever while its window moves on with the clock."""
    session, answers = FakeSession(), Answers()
    for minute in range(200):
        take_snapshot(session, replace(WANTED, end=NOW - timedelta(minutes=minute)), answers, still)
    session.asked.clear()
    take_snapshot(session, replace(WANTED, end=NOW - timedelta(minutes=199)), answers, still)
    assert not session.asked_for("health")
    take_snapshot(session, replace(WANTED, end=NOW), answers, still)
    assert len(session.asked_for("health")) == 1


def test_a_panel_that_drives_its_screen_picks_its_first_row() -> None:
    """The histogram is asked for the worst column although nobody has moved a cursor."""
    session = FakeSession()
    wanted = replace(WANTED, panels=tuple(DRIFT.panels.values()))
    assert take_snapshot(session, wanted, Answers(), still).picks == {"column": "temperature_f"}
    assert session.asked_for("drift")[0]["column"] is None


def test_the_fleet_shows_the_model_under_its_cursor() -> None:
    """Its charts are about the row under the cursor, the first one to begin with; the fleet itself is about all."""
    session = FakeSession()
    models, traffic = panel("models", "health", "table"), panel("traffic", "traffic_over_time", "bars")
    panels = (replace(models, picks="model", opens="overview"), traffic)
    take_snapshot(session, replace(WANTED, model="churn", panels=panels), Answers(), still)
    assert [context["model"] for context in session.asked_for("traffic_over_time")] == [MODEL]
    assert [context["model"] for context in session.asked_for("health")] == ["churn"]


def test_a_picked_version_is_compared_with_the_busiest_other() -> None:
    """The side-by-side table needs no second choice; a canary is judged by the live version, never the other way."""
    session = FakeSession()
    wanted = replace(WANTED, panels=tuple(VERSIONS.panels.values()), picks={"version": "v43"})
    take_snapshot(session, wanted, Answers(), still)
    context = session.asked_for("version_diff")[0]
    assert (context["version"], context["other"]) == ("v42", "v43")
    assert partner([], "v1") is None


def test_what_a_screen_file_binds_goes_before_what_is_picked() -> None:
    """A panel can be about one version for good."""
    session = FakeSession()
    bound = replace(panel("only", "error_types", "table"), bind={"version": "v41"})
    take_snapshot(session, replace(WANTED, panels=(bound,), picks={"version": "v43"}), Answers(), still)
    assert session.asked_for("error_types")[0]["version"] == "v41"


def test_a_panel_that_ignores_a_parameter_stays_as_it_is_whatever_is_picked() -> None:
    """The Overview's drift is of all versions: a step of a cursor repaints nothing else on a slow line."""
    session = FakeSession()
    drift = replace(panel("drift", "drift", "table"), ignores=("version",))
    panels = (drift, panel("types", "error_types", "table"))
    take_snapshot(session, replace(WANTED, panels=panels, picks={"version": "v43"}), Answers(), still)
    assert (session.asked_for("drift")[0]["version"], session.asked_for("error_types")[0]["version"]) == (None, "v43")


def test_a_snapshot_that_nobody_wants_any_more_is_given_up() -> None:
    """Between two questions the asker looks whether the user moved on."""
    with pytest.raises(OutdatedError):
        take_snapshot(FakeSession(), WANTED, Answers(), lambda: True)


def test_late_rows_are_stale_and_missing_rows_are_loading() -> None:
    """Both say for how long, in whole seconds."""
    states = {"drift": PanelState("fresh"), "health": PanelState("failed", message="No.")}
    shown = aged(states, WANTED.panels, 4.7, 9.2)
    assert shown["drift"] == PanelState("stale", age_s=9.0)
    assert shown["headline"] == PanelState("loading", age_s=4.0)
    assert shown["health"].kind == "failed"
    assert aged(states, WANTED.panels, 0.3, 9.2)["drift"].kind == "fresh"


def test_a_foreign_error_is_one_line_that_names_its_kind() -> None:
    """No traceback, no second line."""
    assert sentence(ValueError("bad\nworse")) == "ValueError: bad"
    assert sentence(KeyError()) == "KeyError"


def test_the_asked_moment_has_a_zone() -> None:
    """Ages are computed against it."""
    asked_at = take_snapshot(FakeSession(), WANTED, Answers(), still).asked_at
    assert (datetime.now(UTC) - asked_at).total_seconds() < 5


def test_the_model_is_known_as_soon_as_anything_is_answered() -> None:
    """Whatever comes first: a key that needs the model must not wait for the headline, nor go without it."""
    answered = PanelState("fresh", Result("versions", ("version",), (("v1",),), bound={"model": "flight-delay"}))
    snapshot = Snapshot(1, "overview", {}, NOW, always={"headline": PanelState("loading"), "versions": answered})
    assert snapshot.model == "flight-delay"
    assert replace(snapshot, always={}).model == ""


def test_questions_do_not_wait_for_each_other() -> None:
    """While the headline is worked out, the other panels are answered."""
    session, answers = FakeSession(slow={"headline": threading.Event()}), Answers()
    asking = threading.Thread(target=take_snapshot, args=(session, WANTED, answers, still))
    asking.start()
    deadline = time.monotonic() + 10
    while not session.asked_for("drift") and time.monotonic() < deadline:
        time.sleep(0.005)
    assert session.asked_for("drift")
    session.slow["headline"].set()
    asking.join()


def test_one_question_is_asked_once_however_many_want_it() -> None:
    """The header line and the first panel show the same headline."""
    session = FakeSession(uses={"headline": frozenset({"model", "since", "until"})})
    take_snapshot(session, WANTED, Answers(), still)
    assert len(session.asked_for("headline")) == 1
