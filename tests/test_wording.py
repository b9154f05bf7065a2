"""Numbers and moments as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.wording import NOTHING, clean, day_and_moment, number, worded


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("requests", 999, "999"),
        ("requests", 12_300, "12.3k"),
        ("requests", 4_560_000, "4.56M"),
        ("requests", 999_950, "1M"),
        ("p95_ms", 87.1, "87.1 ms"),
        ("p95_ms", 0.42, "0.42 ms"),
        ("p95_ms", 1_240.0, "1.24 s"),
        ("lag_s", 0.0871, "87.1 ms"),
        ("lag_s", 45, "45 s"),
        ("lag_s", 12_600, "3.5 h"),
        ("error_pct", 0.003, "<0.01 %"),
        ("error_pct", 0.0, "0 %"),
        ("error_pct", 45.0, "45 %"),
        ("size_bytes", 812, "812 B"),
        ("size_bytes", 2_300_000, "2.3 MB"),
        ("requests_per_s", 12.34, "12.3/s"),
        ("psi", 0.0004, "<0.001"),
        ("psi", 0.12345, "0.123"),
        ("anything", None, NOTHING),
        ("anything", float("nan"), NOTHING),
        ("anything", True, "yes"),
        ("served_at", datetime(2026, 11, 7, 2, 41, 7, tzinfo=UTC), "02:41:07"),
    ],
)
def test_a_cell_is_worded_by_the_unit_in_its_column(column: str, value: object, words: str) -> None:
    """The suffix of the column's name is the unit."""
    assert worded(column, value) == words


COLUMNS = st.sampled_from(["n", "p50_ms", "error_pct", "x_bytes", "lag_s", "requests_per_s", "served_at"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), None])


@given(COLUMNS, st.floats() | st.integers() | st.just(10**400) | st.just(-(10**400)) | st.text() | st.booleans())
def test_any_value_is_worded_shortly_and_safely(column: str, value: float | str) -> None:
    """Huge integers, infinities and any text: printable, and a number never fills the line."""
    words = worded(column, value)
    assert words.isprintable() or isinstance(value, str)
    assert "\x1b" not in words
    if not isinstance(value, str):
        assert len(words) <= 14


@given(COLUMNS, st.datetimes(timezones=ZONES))
def test_any_moment_is_worded(column: str, value: datetime) -> None:
    """The first and the last day of the calendar in any zone, too."""
    assert worded(column, value).count(":") == 2
    assert day_and_moment(value).count(":") == 2


@given(st.floats(min_value=1, max_value=9e14))
def test_a_count_has_at_most_five_characters_up_to_a_trillion(value: float) -> None:
    """So that columns of counts stand."""
    assert len(number(value)) <= (5 if value < 9.99e11 else 8)


def test_text_from_outside_is_made_harmless() -> None:
    """No control codes, no change of direction, bounded."""
    assert clean("a\x1b[31mb\u202ec\nd") == "a [31mb c d"
    assert len(clean("x" * 10_000)) == 2_000
