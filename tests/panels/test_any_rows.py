"""Whatever a query answers and however small the panel is: exactly the cells that were asked for."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.panels.cells import ascii_char, cell_width, char_width, cut, fit, wrap
from clawpipe_tui.panels.draw import draw_panel, row_count
from clawpipe_tui.panels.frame import to_text
from clawpipe_tui.panels.look import Charts, Look
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result, Value
from clawpipe_tui.spec import DRAW_KINDS, PanelSpec

from . import samples

_NUMBERS = st.one_of(
    st.none(),
    st.floats(),
    st.floats(0, 1e4),
    st.integers(-(2**127), 2**127),
    st.sampled_from([0.0, 1e308, -1e308, 5e-324]),
)
_TEXTS = st.one_of(
    st.text(max_size=12), st.sampled_from(["", "漢字の列", "a\u0301\u0301", "\x1b[31mred", "v42", "worse"])
)
_MOMENTS = st.datetimes(timezones=st.one_of(st.none(), st.just(UTC))) | st.sampled_from(samples.MOMENTS)
_VALUES: st.SearchStrategy[Value] = st.one_of(
    _NUMBERS, _TEXTS, _MOMENTS, st.booleans(), st.lists(_NUMBERS, max_size=20)
)
_LOOKS = st.builds(
    Look,
    st.sampled_from(["braille", "block", "ascii"]),
    st.booleans(),
    st.sampled_from(["box", "rule"]),
    st.sampled_from([(), ("v41", "v42")]),
)
_KINDS = st.sampled_from(DRAW_KINDS)
_STATES = st.sampled_from(["loading", "empty", "fresh", "stale", "failed"])


@st.composite
def _results(draw: st.DrawFn) -> Result:
    """Rows under the columns of a real query or of any, with values that mostly have the wrong type."""
    columns = draw(st.sampled_from([tuple(text.split()) for text in samples.COLUMNS.values()]) | st.just(("only",)))
    first = _MOMENTS if columns[0] == "at" else _VALUES
    row = st.tuples(first, *(_likely(column) for column in columns[1:]))
    return Result("any", columns, tuple(draw(st.lists(row, max_size=8))))


def _likely(column: str) -> st.SearchStrategy[Value]:
    """Usually what a column of this name holds, sometimes anything."""
    if column == "mass":
        return st.sampled_from(["bin", "below", "above", "null", "unseen", "?"]) | _VALUES
    texts = {"version", "verdict", "outcome", "category", "sentence"}
    return st.one_of(_TEXTS if column in texts else _NUMBERS, _VALUES)


_SPECS = st.builds(
    PanelSpec, st.just("p"), st.just("any"), _KINDS, st.just("Title 題"), log=st.booleans(), near=st.booleans()
)
_SHOWN = st.builds(PanelState, _STATES, _results(), st.just("why\n漢"), st.sampled_from([0.0, 61.0]))
_SIZES = st.tuples(st.integers(1, 90), st.integers(1, 30))


@settings(max_examples=250, deadline=None)
@given(_SPECS, _SHOWN, _SIZES, _LOOKS, st.none() | st.integers(-1, 99))
def test_a_panel_fills_its_cells_exactly(
    spec: PanelSpec, shown: PanelState, size: tuple[int, int], look: Look, cursor: int | None
) -> None:
    """Exactly `height` lines of exactly `width` cells, no control codes, and only ASCII where only ASCII is shown."""
    width, height = size
    lines = draw_panel(spec, shown, width, height, look, focused=cursor == 0, cursor=cursor)
    assert len(lines) == height
    assert {sum(cell_width(span.text) for span in line) for line in lines} == {width}
    text = "".join(span.text for line in lines for span in line)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in text)
    assert text.isascii() or not look.ascii
    assert row_count(spec, shown) >= 0


@settings(deadline=None)
@given(_TEXTS, st.integers(0, 20))
def test_cut_and_fit_measure_in_cells(text: str, width: int) -> None:
    """Wide characters are never halved; what is padded is exactly as wide as asked."""
    assert cell_width(cut(text, width)) <= width
    assert cell_width(fit(text, width)) == width


@settings(deadline=None)
@given(_TEXTS, st.integers(1, 20), st.integers(1, 4))
def test_wrapped_text_stays_in_its_box(text: str, width: int, most: int) -> None:
    """No line is wider than the box, and there are no more lines than it holds."""
    lines = wrap(text, max(2, width), most)
    assert len(lines) <= most
    assert all(cell_width(line) <= max(2, width) for line in lines)


@pytest.mark.parametrize("charts", ["braille", "block", "ascii"])
def test_text_of_the_log_cannot_steer_the_terminal(charts: Charts) -> None:
    """Escape codes and direction marks in an error message arrive as blanks."""
    rows: list[tuple[Value, ...]] = [("\x1b]0;owned\x07\u202eevil", "v43", "error", 1, 1.0, None, None)]
    state = PanelState("fresh", samples.result("error_types", rows))
    drawn = to_text(draw_panel(PanelSpec("t", "error_types", "table"), state, 60, 4, Look(charts)))
    assert not {"\x1b", "\x07", "\u202e"} & set(drawn)


def _said(path: Path) -> set[str]:
    """Every character of the texts in a Python file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
    return {char for node in texts if isinstance(node.value, str) for char in node.value}


def test_every_sign_that_we_write_has_an_ascii_form() -> None:
    """`≤ 3 %` must not become `? 3 %`; what only charts draw is drawn otherwise there."""
    root = Path(__file__).parents[2]
    floors = ("panels", "dashboard", "dialogs", "operations", "logs", "serving", "rollups")
    charts = {"bars.py", "raster.py"}
    files = [path for floor in floors for path in (root / "clawpipe_tui" / floor).glob("*.py")]
    written = {char for path in files if path.name not in charts for char in _said(path)}
    written |= {
        char
        for folder in ("queries", "screens")
        for path in (root / folder).iterdir()
        if path.is_file()
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("--")
        for char in line
    }
    assert {char for char in written if not char.isascii() and char_width(char) and ascii_char(char) == "?"} <= {"√"}


def test_widths_are_those_of_a_terminal() -> None:
    """Chinese takes two cells, a combining accent none, a box line one."""
    assert [cell_width(text) for text in ("漢字", "e\u0301", "─", "a" * 3, "\u1112\u1161")] == [4, 1, 1, 3, 2]


def test_moments_without_a_zone_are_utc() -> None:
    """A chart never shifts by the zone of the machine that draws it."""
    rows: list[tuple[Value, ...]] = [(datetime(2026, 11, 7, 2, minute), 1.0) for minute in range(60)]  # noqa: DTZ001 - the point
    state = PanelState("fresh", Result("any", ("at", "x_pct"), tuple(rows)))
    assert "02:30" in to_text(draw_panel(PanelSpec("l", "any", "line"), state, 60, 9, Look()))
