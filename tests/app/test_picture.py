"""Only what changed is painted: the difference of two lines, cell by cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.dialogs.picture import cells_of, changed_span, rich_style
from clawpipe_tui.panels.look import PALETTES, Line, Span

SPANS = st.builds(Span, st.text("ab ▲世é", max_size=6), st.sampled_from(["", "good", "bad"]))
LINES = st.lists(SPANS, max_size=5).map(tuple)


@given(LINES, LINES)
def test_repainting_the_span_turns_one_line_into_the_other(before: Line, after: Line) -> None:
    """What lies outside of it is the same in both."""
    span, old, new = changed_span(before, after), cells_of(before), cells_of(after)
    if span is None:
        assert old == new
    elif len(old) == len(new):
        start, end = span
        assert old[:start] + new[start:end] + old[end:] == new


def test_the_same_picture_cut_into_other_spans_is_no_change() -> None:
    """How a drawing splits its text is nobody's business."""
    assert changed_span((Span("ab"), Span("c")), (Span("a"), Span("bc"))) is None


def test_one_digit_repaints_one_cell() -> None:
    """A counter does not repaint its line."""
    assert changed_span((Span("rows 1234"),), (Span("rows 1235"),)) == (8, 9)


def test_a_style_between_two_styles_takes_both_colours() -> None:
    """`a on b` is one colour over another."""
    style = rich_style("dark", "live on baseline")
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.name == PALETTES["dark"]["live"].fg
