"""The span of time that a screen speaks about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.errors import UsageError
from clawpipe_tui.window import WIDTHS_S, parse_moment, parse_span_s, step_for, window_between, window_ending

NOW = datetime(2026, 11, 7, 14, 0, 3, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(MOMENTS, st.sampled_from(WIDTHS_S))
def test_a_window_ends_with_the_step_that_holds_now(now: datetime, width_s: int) -> None:
    """So an axis moves by whole steps, and now is always on it."""
    window = window_ending(now, width_s)
    assert window.until - window.step <= now < window.until
    assert window.width_s == width_s
    assert window.until.timestamp() % window.step.total_seconds() == 0
    assert window.width_s / window.step.total_seconds() <= 60


@given(MOMENTS, st.sampled_from(WIDTHS_S), st.sampled_from([-2, -1, -0.5, 0.5, 1]))
def test_shifting_there_and_back_changes_nothing(now: datetime, width_s: int, windows: float) -> None:
    """By whole steps, of the same width."""
    window = window_ending(now, width_s)
    assert window.shifted(windows).shifted(-windows) == window
    assert window.shifted(windows).step == window.step


@given(st.floats(min_value=1, max_value=5_184_000))
def test_an_axis_has_at_most_sixty_steps(width_s: float) -> None:
    """Up to sixty days."""
    assert width_s / step_for(width_s).total_seconds() <= 60


@pytest.mark.parametrize(
    ("text", "span_s"), [("90s", 90), ("15m", 900), ("15 min", 900), ("6h", 21_600), ("7d", 604_800)]
)
def test_a_span_is_a_number_and_a_unit(text: str, span_s: int) -> None:
    """As people write it."""
    assert parse_span_s(text) == span_s


@pytest.mark.parametrize("text", ["", "h", "0s", "-5m", "1.5h", "5 parsecs", "99999999999999d"])
def test_another_span_is_told(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(UsageError) as told:
        parse_span_s(text)
    assert told.value.hint


def test_a_moment_is_a_time_now_or_a_span_ago() -> None:
    """A time without a zone is UTC."""
    assert parse_moment("now", NOW) == NOW
    assert parse_moment("2h", NOW) == NOW - timedelta(hours=2)
    assert parse_moment("2026-11-07T13:00:00", NOW) == datetime(2026, 11, 7, 13, tzinfo=UTC)
    assert parse_moment("2026-11-07T13:00:00+01:00", NOW) == datetime(2026, 11, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01", "9999-12-31T23:59:59-12:00", "2026-13-01"])
def test_another_moment_is_told(text: str) -> None:
    """Never an overflow."""
    with pytest.raises(UsageError):
        parse_moment(text, NOW)


def test_an_empty_window_is_told() -> None:
    """With both of its ends."""
    with pytest.raises(UsageError, match="The window is empty"):
        window_between(NOW, NOW)
