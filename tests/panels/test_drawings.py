"""What each kind of drawing says, read back from its text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.panels.axis import log_axis, near_axis, settled, time_ticks, value_axis
from clawpipe_tui.panels.draw import draw_panel, row_count
from clawpipe_tui.panels.frame import to_text
from clawpipe_tui.panels.histogram import shares_of, to_fit
from clawpipe_tui.panels.look import Line, Look, Mark
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.panels.table import visible_rows
from clawpipe_tui.result import Result, Value
from clawpipe_tui.spec import PanelSpec

from . import samples

Rows = list[tuple[Value, ...]]


def _draw(kind: str, result: Result, width: int = 60, height: int = 10, look: Look | None = None) -> list[Line]:
    return draw_panel(PanelSpec("p", result.query, kind), PanelState("fresh", result), width, height, look or Look())


def _series(values: dict[int, float | None]) -> Result:
    rows: Rows = [(samples.SINCE + timedelta(minutes=minute), value) for minute, value in values.items()]
    bound: dict[str, Value] = {"since": samples.SINCE, "until": samples.UNTIL, "step": 60.0}
    return Result("any", ("at", "x_pct"), tuple(rows), bound=bound)


def _drawn_columns(lines: list[Line]) -> set[int]:
    """The columns of the plot in which some braille dot is set."""
    rows = ["".join(span.text for span in line) for line in lines[2:-2]]
    return {x for row in rows for x, char in enumerate(row) if "\u2801" <= char <= "\u28ff"}


def test_a_gap_in_the_rows_is_a_gap_in_the_line() -> None:
    """Minutes without rows are not bridged, and neither is a value that is NULL or not a number."""
    values: dict[int, float | None] = {minute: 5.0 for minute in range(60) if not 20 <= minute < 40}
    columns = _drawn_columns(_draw("line", _series(values), width=72))
    holes = [x for x in range(min(columns), max(columns)) if x not in columns]
    assert len(holes) >= 20
    assert holes == list(range(holes[0], holes[-1] + 1))
    with_nulls = values | dict.fromkeys(range(20, 40)) | {30: float("nan")}
    assert _drawn_columns(_draw("line", _series(with_nulls), width=72)) == columns


def test_a_single_point_is_seen() -> None:
    """One lonely minute shows as a blob of several dots."""
    lines = _draw("line", _series({30: 5.0}), width=72)
    dots = [char for line in lines for span in line for char in span.text if "\u2801" <= char <= "\u28ff"]
    assert [(ord(char) - 0x2800).bit_count() for char in dots] == [4]


def test_value_axes_begin_at_zero_and_end_on_a_round_number() -> None:
    """9.3 % is drawn on an axis to 10 %, 840 ms on one to 1 s."""
    assert [label for _, label in value_axis("error_pct", 0, 9.3, 9).ticks] == ["0", "5 %", "10 %"]
    assert [label for _, label in value_axis("p95_ms", 0, 840, 5).ticks] == ["0", "500 ms", "1 s"]
    assert [label for _, label in value_axis("requests_per_s", 0, 0.93, 5).ticks] == ["0", "0.5/s", "1/s"]
    assert value_axis("n", 0, 0, 5).high == 1


def test_an_axis_near_its_values_is_round_and_never_magnifies_noise() -> None:
    """A fall from 93 % to 83 % fills the plot, one of a fifth of a percent does not; more than 100 % is on no axis."""
    assert [label for _, label in near_axis("accuracy_pct", 83, 93, 9).ticks] == [
        "81 %",
        "84 %",
        "87 %",
        "90 %",
        "93 %",
    ]
    assert [label for _, label in near_axis("accuracy_pct", 91.0, 91.2, 5).ticks] == ["90 %", "95 %"]
    assert [label for _, label in near_axis("accuracy_pct", 100, 100, 6).ticks] == ["95 %", "100 %"]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.integers(1, 60), st.sampled_from(["x", "x_pct", "x_ms"]))
def test_an_axis_near_its_values_holds_them(low: float, span: float, rows: int, column: str) -> None:
    """Whatever the values are, they stand on it, and it has a length."""
    axis = near_axis(column, low, low + span, rows)
    slack = 1e-6 * max(1.0, abs(low), span)
    assert axis.low - slack <= low <= low + span <= axis.high + slack
    assert axis.low < axis.high


def test_a_series_without_any_part_in_a_bar_leaves_its_place_in_the_legend() -> None:
    """Nothing was limited: where it is narrow, that must not hide the timeouts."""
    spec = PanelSpec("bars", "outcomes_over_time", "bars", columns=("outcome", "requests"))
    legend = to_text(draw_panel(spec, samples.state("outcomes_over_time"), 36, 10, Look()))
    assert "timeout" in legend
    assert "limited" not in legend


def test_the_smallest_number_there_is_has_an_axis() -> None:
    """A power of ten below it is 0."""
    assert log_axis("x_ms", 5e-324, 5e-324, 9).high > 0


def test_an_axis_is_held_while_the_values_stand_well_on_it() -> None:
    """A value that moves about a round number flips no ticks; one that leaves the axis, or hardly uses it, does."""
    held = value_axis("rate_per_s", 0, 25.1, 9)
    assert settled(value_axis("rate_per_s", 0, 24.9, 9), held) is held
    higher, lower = value_axis("rate_per_s", 0, 31, 9), value_axis("rate_per_s", 0, 9, 9)
    assert settled(higher, held) is higher
    assert settled(lower, held) is lower


@pytest.mark.parametrize("kind", ["line", "bars"])
def test_a_change_is_marked_where_it_happened_and_named(kind: str) -> None:
    """A line through the chart with a glyph on top, under it nothing is hidden; its words stand in the legend's row."""
    marks = (Mark(samples.SINCE.timestamp() + 1_800, "◆", "v43 came"), Mark(0.0, "▼", "long ago"))
    lines = _draw(kind, _series(dict.fromkeys(range(60), 5.0)), width=72, look=Look(marks=marks))
    rows = to_text(lines).splitlines()
    assert rows[1].rstrip("│ ").endswith("◆ 02:30 v43 came")
    assert rows[2].index("◆") - rows[2].index("┤") == pytest.approx(33, abs=2)
    assert "long ago" not in to_text(lines)
    narrow = _draw(kind, _series(dict.fromkeys(range(60), 5.0)), width=30, look=Look(marks=marks))
    assert "◆ 02:30" in to_text(narrow)


def test_a_logarithmic_axis_has_ticks_of_powers_of_ten() -> None:
    """From 4 ms to 3 s: 10 ms, 100 ms, 1 s, equally far from each other."""
    axis = log_axis("low_ms", 4, 3_000, 8)
    assert [label for _, label in axis.ticks] == ["10 ms", "100 ms", "1 s"]
    shares = [axis.share(value) for value, _ in axis.ticks]
    assert shares[1] - shares[0] == pytest.approx(shares[2] - shares[1])


@pytest.mark.parametrize(
    ("span_s", "expected"),
    [(300, "02:58"), (3_600, "02:10"), (86_400, "08:00"), (604_800, "11-01")],
)
def test_time_ticks_are_round(span_s: int, expected: str) -> None:
    """Whole minutes, ten minutes, hours or days, as many as there is room for."""
    until = samples.UNTIL.timestamp()
    labels = [label for _, label in time_ticks(until - span_s, until, 6)]
    assert expected in labels
    assert len(labels) <= 7


def test_stacked_bars_are_as_high_as_their_sum() -> None:
    """3 and 5 on an axis to 8: the column is full, three eighths of it in the first series' colour."""
    rows: Rows = [(samples.SINCE, "a", 3.0), (samples.SINCE, "b", 5.0)]
    bound: dict[str, Value] = {"since": samples.SINCE, "until": samples.SINCE + timedelta(minutes=1), "step": 60.0}
    result = Result("any", ("at", "outcome", "requests"), tuple(rows), bound=bound)
    lines = _draw("bars", result, width=30, height=5)
    bar = [span for line in lines for span in line if " on " in span.style]
    assert {span.style for span in bar} == {"series0 on series1"}
    assert {span.text[0] for span in bar} == {"▃"}


def test_a_histogram_keeps_guards_and_masses_when_bins_are_merged() -> None:
    """Twenty bins become four of equal width; below, above, missing and NaN keep lines of their own."""
    lines = to_fit(shares_of(samples.result("histogram")), 8)
    assert [line.label for line in lines] == [
        *("below 18", "18 to 39", "39 to 60", "60 to 81", "81 to 102", "above 102", "missing", "NaN"),
    ]
    assert sum(line.baseline_pct for line in lines) == pytest.approx(100.4)


def test_a_histogram_without_a_baseline_says_so_and_compares_with_nothing() -> None:
    """A window before the log's first row holds nothing; that is no 0 %."""
    rows: Rows = [(*row[:4], None, *row[5:]) for row in samples.histogram()]
    text = to_text(_draw("histogram", samples.result("histogram", rows), width=80))
    assert "no baseline" in text
    assert "was" not in text


def test_a_new_category_is_marked_new() -> None:
    """A category that the baseline does not know stands last, in the style of trouble."""
    lines = _draw("histogram", samples.result("histogram", samples.categories()), height=11)
    text = to_text(lines)
    assert "ZZ (new)" in text
    assert text.index("UA") < text.index("ZZ (new)")
    assert any("ZZ (new)" in span.text and span.style == "bad" for line in lines for span in line)


def test_a_histogram_that_is_too_low_says_how_much_is_hidden() -> None:
    """Five lines for seven categories: the last one counts the others."""
    text = to_text(_draw("histogram", samples.result("histogram", samples.categories()), height=8))
    assert "3 more" in text


def test_a_heat_map_shows_the_slow_hump_where_it_is() -> None:
    """Since the incident there is a second band around 800 ms, and before it next to nothing."""
    text = to_text(_draw("heat", samples.result("latency_heat"), width=72, height=12))
    slow = [row for row in text.splitlines()[2:6] if row[55:70].count("▒") > 8]
    assert slow
    assert not any("▒" in row[8:48] for row in slow)


def test_a_verdict_is_glyph_word_and_colour() -> None:
    """Nobody has to tell red from green; 'cannot tell' is never the colour of good."""
    lines = _draw("table", samples.result("health"), width=120)
    said = {span.text.strip(): span.style for line in lines for span in line}
    assert said["▲ worse"] == "bad"
    assert said["● not shown worse"] == "good"
    assert said["? cannot tell"] == "warn"


def test_rows_that_name_their_measure_have_its_unit() -> None:
    """Two versions side by side: the heading names the version, each row has the unit of what it measures."""
    rows = to_text(_draw("table", samples.result("version_diff"), width=100)).splitlines()
    assert rows[1].split()[1:6] == ["measure", "unit", "v42", "v43", "difference"]
    assert " ".join(rows[7].split()[1:]).startswith("p95 ms 87 ms 840 ms 753 ms")


@pytest.mark.parametrize("verdict", ["cannot tell", "", None, "a word of tomorrow"])
def test_a_headline_that_cannot_tell_is_not_good_news(verdict: str | None) -> None:
    """Unknown verdicts and missing ones look like a warning."""
    result = samples.result("headline", [(verdict, "v43", "too few requests", 0, None, 12, None, None)])
    styles = {span.style for line in _draw("status", result)[1:] for span in line}
    assert styles & {"warn", "warn_badge"}
    assert not styles & {"good", "good_badge"}


def test_a_narrow_table_says_that_columns_are_missing() -> None:
    """Columns go from the right, a sign stands in their place, the first column stays whole."""
    text = to_text(_draw("table", samples.result("drift"), width=40))
    heading = text.splitlines()[1]
    assert "›" in heading
    assert "temperature_f" in text


def test_a_verdict_is_whole_where_a_long_name_can_be_shorter() -> None:
    """A table of measures, one cell too narrow for both."""
    rows: Rows = [("error: ValueError: wind chill", 5_770, "not shown worse", 0.5), ("failed", 1, "worse", 0.5)]
    text = to_text(_draw("table", Result("any", ("measure", "a", "verdict", "low"), tuple(rows)), width=40))
    assert "● not shown worse" in text
    assert "error: Val" in text


@pytest.mark.parametrize(("width", "top"), [(34, "stale 41 s"), (27, "if ok  stale"), (22, "Latency i…  stale")])
def test_words_of_trouble_become_shorter_before_a_title_is_cut(width: int, top: str) -> None:
    """The age goes first, the edge after it next, and both words stay."""
    spec = PanelSpec("p", "latency_by_version", "line", "Latency if ok")
    state = PanelState("stale", samples.result("latency_by_version"), age_s=41.0)
    drawn = to_text(draw_panel(spec, state, width, 6, Look(border="rule"))).splitlines()[0]
    assert "Latency" in drawn
    assert top in drawn


def test_a_long_table_says_which_rows_are_shown() -> None:
    """The border carries the rows in view, and the cursor's page is the one in view."""
    spec, state = PanelSpec("p", "drift", "table"), PanelState("fresh", samples.result("drift"))
    assert row_count(spec, state) == 11
    text = to_text(draw_panel(spec, state, 60, 7, Look(), focused=True, cursor=9))
    assert "8-11 of 11" in text
    assert "▸dest" in text


@pytest.mark.parametrize(
    ("cursor", "expected"), [(None, range(4)), (3, range(4)), (4, range(4, 8)), (99, range(6, 10))]
)
def test_a_table_moves_by_whole_pages(cursor: int | None, expected: range) -> None:
    """A cursor that moves by one row seldom moves all rows."""
    assert visible_rows(10, 5, cursor) == expected


def test_rates_are_not_spans_of_time() -> None:
    """`requests_per_s` ends in _s and is still no duration."""
    text = to_text(_draw("bars", Result("any", ("at", "requests_per_s"), ((samples.SINCE, 12.0),))))
    assert "12/s" in text


def test_more_series_than_colours_are_counted() -> None:
    """Eight curves are drawn, the legend says that there are more."""
    rows: Rows = [(at, f"v{n}", float(n)) for at in samples.MOMENTS[:5] for n in range(12)]
    text = to_text(_draw("line", Result("any", ("at", "version", "error_pct"), tuple(rows)), width=110))
    assert "+4" in text


def test_a_fresh_panel_says_nothing_that_changes_every_second() -> None:
    """An unchanged screen sends nothing."""
    result = samples.result("versions")
    spec = PanelSpec("p", "versions", "table")
    drawn = {to_text(draw_panel(spec, PanelState("fresh", result, age_s=age), 60, 6, Look())) for age in range(60)}
    assert len(drawn) == 1


def test_no_rows_are_said_in_words_with_the_reason() -> None:
    """An empty panel is no blank panel."""
    state = PanelState("empty", message="the newest row is from 02:59:12")
    text = to_text(draw_panel(PanelSpec("p", "drift", "table"), state, 72, 5, Look()))
    assert "no rows in this window" in text
    assert "02:59:12" in text
