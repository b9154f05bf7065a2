"""A filter over any table: what it keeps, and what it says where it keeps nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.panels.filtering import filtered, matches
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result

ROWS = (
    ("temperature_f", "drifted", 2.31, 840.0),
    ("carrier", "drifted", 0.4, None),
    ("distance", "inside noise", 0.004, 12.0),
)
RESULT = Result("drift", ("column", "verdict", "psi", "p95_ms"), ROWS)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("carr", ["carrier"]),
        ("^d", ["carrier", "distance", "temperature_f"]),
        ("!drifted", ["distance"]),
        ("psi>0.1", ["carrier", "temperature_f"]),
        ("psi <= 0.4", ["carrier", "distance"]),
        ("verdict=inside noise", ["distance"]),
        ("verdict!=drifted", ["distance"]),
        ("p95>0.5s", ["temperature_f"]),
        ("p95_ms<100ms", ["distance"]),
        ("drifted & psi>1", ["temperature_f"]),
        ("column=CARRIER", ["carrier"]),
        ("nothing like it", []),
    ],
)
def test_a_filter_keeps_the_rows_that_it_names(text: str, kept: list[str]) -> None:
    """Words and regular expressions on every cell as shown, `!` for not, columns with or without their unit."""
    state = filtered(PanelState("fresh", RESULT), text)
    assert state.result
    assert sorted(map(str, state.result.column("column"))) == kept


def test_where_nothing_matches_the_panel_says_so() -> None:
    """With how many rows there are, and what to press."""
    state = filtered(PanelState("fresh", RESULT), "zzz")
    assert state.kind == "empty"
    assert "Nothing of 3 rows matches /zzz" in state.message


def test_what_is_wrong_with_a_filter_is_said() -> None:
    """A pattern that is none is taken as words; a column that is not there keeps nothing."""
    assert "regular expression" in matches(RESULT, "psi(")[1]
    assert matches(RESULT, "pis>1") == (0, "there is no column 'pis' here")
    assert matches(RESULT, "psi>x") == (0, "'x' is no number")


@given(st.text(max_size=30))
def test_no_text_breaks_it_and_not_is_the_other_half(text: str) -> None:
    """Whatever is typed: some rows are kept; a filter and its opposite share the rows between them."""
    kept = matches(RESULT, text)[0]
    assert 0 <= kept <= len(ROWS)
    plain = text.strip().isalpha()
    if plain:
        assert kept + matches(RESULT, f"!{text}")[0] == len(ROWS)
