"""Every window gives the same numbers, whether it is answered from fine counts or from coarse ones."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_log import START, TinyLog, counted, plain_requests, random_rows

from clawpipe_tui import asking, looking
from clawpipe_tui.catalog import find_query, load_catalog, macro_files, shipped
from clawpipe_tui.looking import Served, Sources
from clawpipe_tui.result import Value
from clawpipe_tui.rollups import blocks, writing
from clawpipe_tui.rollups.cover import EVER, FINE, LEVELS_S, Cover, Looks, cover, level_for, looks_of
from clawpipe_tui.rollups.held import memory, view_select
from clawpipe_tui.session import LogSession

DAY = timedelta(days=1)
QUESTIONS = (
    "health", "headline", "drift", "drift_over_time", "errors_over_time", "error_types", "errors_by_client", "fleet",
    "freshness", "histogram", "latency_over_time", "latency_heat", "latency_by_version", "models", "outcomes_over_time",
    "split", "traffic_over_time", "version_diff", "version_decision", "versions", "what_moved_first", "will_it_help",
)  # fmt: skip
WINDOWS = (
    (START, START + timedelta(hours=6)),
    (START - DAY, START + DAY),
    (START - 9 * DAY, START + 2 * DAY),
    (START - 80 * DAY, START + 10 * DAY),
    (START - timedelta(days=1, hours=3, minutes=17, seconds=5), START + timedelta(minutes=7, seconds=35)),
    (START + timedelta(minutes=3), START + timedelta(minutes=4)),
)


@pytest.fixture
def all_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts carry levels, however small they are."""
    monkeypatch.setattr(writing, "_LEVELS_FROM_ROWS", 0)


@pytest.fixture
def log(tmp_path: Path, all_levels: None) -> TinyLog:
    """Files over three months, more of them lately; the last hours are a part of their own."""
    del all_levels
    found = TinyLog(tmp_path)
    for number in range(12):
        found.write(f"old{number}.parquet", random_rows(number, 60, at=START - number * number * DAY / 2))
    found.read()
    for number in range(4):
        at = START + timedelta(minutes=40 * number)
        found.write(f"new{number}.parquet", random_rows(20 + number, 60, at=at))
    found.read()
    return found


def _answers(session: LogSession, ends: tuple[datetime, datetime], baseline: str) -> Mapping[str, object]:
    context: dict[str, Value] = {"since": ends[0], "until": ends[1], "baseline": baseline, "column": "country"}
    context |= {"version": None, "other": None}
    pair = {"version": "v1", "other": "v2"}
    return {name: session.ask(name, context | (pair if name == "will_it_help" else {})).rows for name in QUESTIONS}


def _alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other


def _of_fine(*_: object, **__: object) -> dict[int, tuple[tuple[int, int], ...]]:
    return {FINE: (EVER,)}


@pytest.mark.parametrize("ends", WINDOWS, ids=lambda ends: str(ends[1] - ends[0]))
def test_every_question_has_the_same_answer_from_every_level(
    log: TinyLog, monkeypatch: pytest.MonkeyPatch, ends: tuple[datetime, datetime]
) -> None:
    """Counts exactly; what is computed of them as closely as floating point allows."""
    baseline = "same hour last week" if ends[1] - ends[0] < DAY else "training"
    with log.opened() as session:
        from_levels = _answers(session, ends, baseline)
    with log.opened() as session, monkeypatch.context() as fine:
        fine.setattr(looking, "cover", _of_fine)
        from_fine = _answers(session, ends, baseline)
    assert [name for name in QUESTIONS if not _alike(from_levels[name], from_fine[name])] == []


def test_what_is_void_is_void_in_every_level(log: TinyLog) -> None:
    """A rewritten file's old counts leave the days, hours and minutes, at once and in the part that is written anew."""
    with log.opened() as session:
        before = counted(session)
        log.write("old3.parquet", random_rows(99, 60, at=START - 5 * DAY))
        session._look_again()
        after, rewritten = counted(session), session._reader.taken.void
    expected = plain_requests(*(random_rows(number, 60) for number in (*range(3), 99, *range(4, 12), *range(20, 24))))
    assert after.requests == expected
    assert before.requests != expected
    assert rewritten == {}
    assert log.read() == after
    (log.cache / next(log.cache.rglob("index.parquet"))).unlink()
    assert log.read() == after


def test_late_rows_come_into_blocks_that_are_loaded(log: TinyLog) -> None:
    """Into days that are long past, and beside what two consoles wrote."""
    with log.opened() as one, log.opened() as other:
        for number, session in enumerate((one, other, one)):
            counted(session)
            log.write(f"late{number}.parquet", random_rows(50 + number, 30, at=START - (30 + number) * DAY))
            session._look_again()
        other._look_again()
        assert counted(one) == counted(other) == log.read()
        assert counted(one).rows == 16 * 60 + 90


def test_what_is_let_go_while_it_is_copied_is_read_again(log: TinyLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else makes room between loading and copying: no count is missed."""
    with log.opened() as session:
        expected = _answers(session, WINDOWS[1], "training")
        held, turns = session._warehouse._blocks, list(range(5))

        def let_go() -> None:
            if held.lock.acquire(timeout=0.05):
                held._drop([EVER])
                held.lock.release()
                turns.pop()

        def select(name: str, covered: Cover) -> str:
            if turns:
                other = threading.Thread(target=let_go)
                other.start()
                other.join()
            return view_select(name, covered)

        monkeypatch.setattr(asking, "view_select", select)
        session._warehouse.revision += 1
        assert _answers(session, WINDOWS[1], "training") == expected
        assert not turns


def test_models_see_what_the_other_questions_of_their_screen_see(log: TinyLog) -> None:
    """A question that names no time shares their copy, and has the same answer with a window and without."""
    with log.opened() as session:
        context: dict[str, Value] = {"since": WINDOWS[0][0], "until": WINDOWS[0][1], "baseline": "training"}
        alone = session.ask("models", {}).rows
        session.ask("traffic_over_time", context)
        kept = session._warehouse.asking._kept
        before = len(kept._tables)
        assert session.ask("models", context).rows == alone
        assert len(kept._tables) == before
        assert session.model() == alone[0][0]


def test_memory_holds_what_is_looked_at_and_little_more(log: TinyLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that were not used for the longest time go; asked for again, they give the same."""
    monkeypatch.setattr(blocks, "MOST_ROWS", 2_000)
    with log.opened() as session:
        first = _answers(session, WINDOWS[0], "training")
        for ends in WINDOWS[1:]:
            _answers(session, ends, "training")
        assert _answers(session, WINDOWS[0], "training") == first
        held = session._warehouse._blocks
        names = [memory(*slot) for slot in held._rows]
        sums = [f"(select count(*) from {name})" for name in names]
        ((rows,),) = held._filling.execute(f"select {' + '.join(sums)}").fetchall()
        assert rows == sum(held._rows.values())
        assert rows < 8_000


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(since=MOMENTS, width_s=st.integers(5, 40_000_000), step_s=st.sampled_from([10, 60, 600, 1_800, 10_800, 86_400]))
def test_a_cover_gives_each_moment_to_one_level_and_no_bucket_an_edge(
    since: datetime, width_s: int, step_s: int
) -> None:
    """Spans are disjoint, reach over the window, and begin and end with their buckets and at its edges."""
    until, step = since + timedelta(seconds=width_s), timedelta(seconds=step_s)
    looks = looks_of(since, until, step, None)
    for whole in (True, False):
        found = cover(looks, whole=whole)
        spans = sorted(span for each in found.values() for span in each)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
        assert all(end % level == 0 for level in LEVELS_S for span in found[level] for end in span)
        inside = [span for span in spans if span[1] > since.timestamp() and span[0] < until.timestamp()]
        assert all(one[1] == other[0] for one, other in itertools.pairwise(inside))
        assert inside[0][0] <= since.timestamp() < until.timestamp() <= inside[-1][1]
        assert max(level for level in found if any(span in inside for span in found[level])) <= level_for(step)
        for edge in looks.edges:
            holding = [level for level in LEVELS_S for start, end in found[level] if start <= edge.timestamp() < end]
            assert all(edge.timestamp() % level == 0 for level in holding)


def test_a_question_without_a_window_is_answered_whole() -> None:
    """By days, whatever there is."""
    assert cover(Looks(), whole=True)[86_400] == (EVER,)


@pytest.mark.parametrize(("labelled", "fewest_h", "most_h"), [(False, 1, 4), (True, 14 * 24, 17 * 24)])
def test_answers_of_two_weeks_are_held_only_where_there_are_labels_to_join_them_with(
    *, labelled: bool, fewest_h: int, most_h: int
) -> None:
    """Without labels a window's own answers, and those of the window before, say all that is known."""
    sources = Sources.of(path.read_text(encoding="utf-8") for path in macro_files((shipped("queries"),)))
    window: dict[str, Value] = {"since": START, "until": START + timedelta(hours=1), "step": timedelta(minutes=1)}
    served = Served((START + timedelta(hours=1),), labelled=labelled)
    held = sources.covers(find_query(load_catalog(), "quality_over_time"), window, served)["answers"]
    assert fewest_h <= sum(end - start for start, end in held[FINE]) / 3_600 <= most_h


def test_without_labels_only_an_objective_of_estimates_has_answers_held_for_its_window() -> None:
    """The others would count labels of answers, and there are none."""
    sources = Sources.of(path.read_text(encoding="utf-8") for path in macro_files((shipped("queries"),)))
    until, day = START + timedelta(hours=1), timedelta(days=1)
    window: dict[str, Value] = {"since": START, "until": until, "step": timedelta(minutes=1)}
    query = find_query(load_catalog(), "objectives")
    for estimated, fewest_h, most_h in (((), 1, 4), ((day,), 24, 27)):
        served = Served((until,), (day,), estimated, labelled=False)
        held = sources.covers(query, window, served)["answers"]
        assert fewest_h <= sum(end - start for start, end in held[FINE]) / 3_600 <= most_h
