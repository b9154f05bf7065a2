"""Screen files: what a good one becomes, what is said about a bad one, and where its panels stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.spec import BrokenScreen, Grid, PanelSpec, Rect, ScreenSpec
from clawpipe_tui.spec.layout import rectangles, shares
from clawpipe_tui.spec.reading import load_screens

QUERIES = ("drift", "health", "histogram", "latency_over_time")
GOOD = '''
title = "Mine"
key   = "6"
grid  = """
health health
drift  latency
"""
[panel.health]
query = "health"
draw  = "table"
height = 5
[panel.drift]
query = "drift"
draw  = "table"
picks = "column"
[panel.latency]
query = "latency_over_time"
draw  = "line"
bind  = { version = "v42" }
'''


def _load(folder: Path, text: str, name: str = "mine") -> ScreenSpec | BrokenScreen:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return next(screen for screen in load_screens([folder], QUERIES) if screen.name == name)


def _screen(drawing: str, **heights: int) -> ScreenSpec:
    """A screen from an ASCII drawing, some panels with fixed heights."""
    rows = tuple(tuple(row.split()) for row in drawing.strip().splitlines())
    names = dict.fromkeys(name for row in rows for name in row)
    panels = {name: PanelSpec(name, "q", "table", height=heights.get(name)) for name in names}
    return ScreenSpec("s", "S", "1", Path("s.toml"), (Grid(60, 20, rows),), panels)


def _picture(rects: dict[str, Rect], width: int, height: int) -> str:
    """The rectangles as letters, the first of each name; fails where two overlap or a cell is left over."""
    cells = [["."] * width for _ in range(height)]
    for name, rect in rects.items():
        for y in range(rect.y, rect.y + rect.height):
            for x in range(rect.x, rect.x + rect.width):
                assert cells[y][x] == ".", f"{name} stands on {cells[y][x]}"
                cells[y][x] = name[0]
    drawn = "\n".join("".join(row) for row in cells)
    assert "." not in drawn
    return drawn


def test_a_screen_file_becomes_frozen_facts(tmp_path: Path) -> None:
    """Title, key, grid and panels, with what was not said filled in."""
    screen = _load(
        tmp_path, GOOD.replace("height = 5", 'picks = "version"\nignores = ["column"]\nonly_first = true\nheight = 5')
    )
    assert isinstance(screen, ScreenSpec), screen
    assert (screen.title, screen.key, list(screen.panels)) == ("Mine", "6", ["health", "drift", "latency"])
    assert screen.grids == (Grid(60, 20, (("health", "health"), ("drift", "latency"))),)
    assert (screen.panels["health"].height, screen.panels["drift"].picks) == (5, "column")
    assert (screen.panels["health"].ignores, screen.panels["health"].only_first) == (("column",), True)
    assert (screen.panels["latency"].title, screen.panels["latency"].bind) == ("Latency", {"version": "v42"})


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('query = "drift"', 'quary = "drift"', "line 13: unknown key 'quary' in [panel.drift]. Did you mean 'query'?"),
        ('query = "drift"', 'query = "drft"', "line 13: 'drft' is no query, in [panel.drift]. Did you mean 'drift'?"),
        (
            'draw  = "line"',
            'draw = "lines"',
            "line 18: 'lines' is no way to draw, in [panel.latency]. Did you mean 'line'?",
        ),
        ('query = "drift"\n', "", "line 12: [panel.drift] lacks 'query'."),
        (
            "drift  latency",
            "drift  latncy",
            "line 6: the grid draws 'latncy', but there is no [panel.latncy]. Did you mean",
        ),
        ("drift  latency", "drift  drift", "line 16: [panel.latency] stands in no grid."),
        ("drift  latency", "drift  health", "line 5: panel 'health' is no rectangle in 'grid'."),
        ("drift  latency", "drift", "line 4: the row 'drift' has 1 words, the first row has 2."),
        ('key   = "6"\n', "", "a screen needs a key of one character"),
        ('key   = "6"', "key = 6", "line 3: 'key' must be text, not 6."),
        ("height = 5", "height = true", "line 11: 'height' in [panel.health] must be a whole number, not True."),
        ("height = 5", "height = 0", "line 11: 'height' in [panel.health] must be 1 or more."),
        ('title = "Mine"', 'titel = "Mine"', "line 2: unknown key 'titel'. Did you mean 'title'?"),
        ("[panel.drift]", "[panle.drift]", "line 12: unknown key 'panle'. Did you mean 'panel'?"),
        ('title = "Mine"', "title = ", "(at line 2"),
        ('picks = "column"', 'opens = "drfit"', "line 15: opens = 'drfit' is no screen."),
        ("height = 5", 'ignores = ["colum"]', "line 11: ignores 'colum', which no other panel picks. Did"),
        ('picks = "column"', 'picks = "column"\nignores = ["column"]', "line 16: ignores 'column', which no other"),
    ],
)
def test_a_wrong_screen_file_is_told_by_line_and_nearest_name(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """The error names file, line, key and what was probably meant."""
    assert old in GOOD
    screen = _load(tmp_path, GOOD.replace(old, new))
    assert isinstance(screen, BrokenScreen)
    assert screen.error.startswith("mine.toml")
    assert sentence in screen.error


def test_a_size_that_is_no_size_is_told(tmp_path: Path) -> None:
    """Grids for wider terminals are named by their size."""
    screen = _load(tmp_path, GOOD + '\n[grids]\n"wide" = """health drift latency"""\n')
    assert isinstance(screen, BrokenScreen)
    assert "line 22: 'wide' is no size" in screen.error


def test_a_broken_file_stops_no_other(tmp_path: Path) -> None:
    """Bytes that are no text, and TOML that is none, beside a good file."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "torn.toml").write_text("key = '7'\n[panel", encoding="utf-8")
    good = _load(tmp_path, GOOD)
    screens = {screen.name: screen for screen in load_screens([tmp_path], QUERIES)}
    assert isinstance(good, ScreenSpec)
    assert {name for name, screen in screens.items() if isinstance(screen, BrokenScreen)} == {"bytes", "torn"}


def test_two_screens_cannot_have_one_key(tmp_path: Path) -> None:
    """The first keeps it, the second says who has it."""
    _load(tmp_path, GOOD, "a_first")
    second = _load(tmp_path, GOOD, "b_second")
    assert isinstance(second, BrokenScreen)
    assert second.error == "b_second.toml, line 3: key '6' already opens a_first.toml."


def test_the_users_screen_replaces_the_shipped_one(tmp_path: Path) -> None:
    """A file of the same name in a later folder stands in for the earlier one."""
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    shipped.mkdir()
    own.mkdir()
    _load(shipped, GOOD)
    _load(own, GOOD.replace('"Mine"', '"Own"'))
    (screen,) = load_screens([shipped, own, tmp_path / "absent"], QUERIES)
    assert isinstance(screen, ScreenSpec)
    assert (screen.title, screen.path.parent) == ("Own", own)


def test_screens_come_in_the_order_of_the_keyboard(tmp_path: Path) -> None:
    """1 to 9, then 0."""
    for key in "0291":
        _load(tmp_path, GOOD.replace('"6"', f'"{key}"'), f"screen{key}")
    assert [screen.key for screen in load_screens([tmp_path], QUERIES)] == ["1", "2", "9", "0"]


def test_a_drawing_becomes_rectangles() -> None:
    """Equal names join, repeated rows are taller."""
    screen = _screen("a a a\n b c c\n b c c")
    picture = _picture(rectangles(screen, 60, 18), 60, 18).splitlines()
    assert picture[0] == "a" * 60
    assert picture[5:7] == ["a" * 60, "b" * 20 + "c" * 40]
    assert picture[-1] == "b" * 20 + "c" * 40


def test_a_fixed_height_is_kept_and_the_others_share_the_rest() -> None:
    """Three rows for the headline, whatever the terminal's height."""
    screen = _screen("a a\n b c\n b c", a=3)
    for height in (18, 30, 58):
        rects = rectangles(screen, 80, height)
        assert (rects["a"].height, rects["b"].height) == (3, height - 3)
        _picture(rects, 80, height)


def test_the_largest_drawing_that_fits_is_taken() -> None:
    """A wide terminal gets the drawing made for it, one row less and it does not."""
    small = _screen("a\n b")
    wide = Grid(120, 40, (("a", "b"),))
    screen = ScreenSpec("s", "S", "1", Path("s.toml"), (*small.grids, wide), small.panels)
    assert rectangles(screen, 120, 38)["a"] == Rect(0, 0, 60, 38)
    assert rectangles(screen, 120, 37)["a"] == Rect(0, 0, 120, 18)


def test_rows_that_are_taken_make_panels_lower_and_keep_the_drawing() -> None:
    """Words about a rollback choose no other grid."""
    small = _screen("a\n b")
    screen = ScreenSpec("s", "S", "1", Path("s.toml"), (*small.grids, Grid(120, 40, (("a", "b"),))), small.panels)
    assert rectangles(screen, 120, 38, taken=2)["a"] == Rect(0, 0, 60, 36)
    assert [rect.height for rect in rectangles(screen, 100, 38, taken=2).values()] == [18, 18]


def test_a_very_small_terminal_has_one_column() -> None:
    """Below 60x20: panels in reading order, as many as keep four rows."""
    screen = _screen("a b\n c d")
    assert list(rectangles(screen, 40, 13)) == ["a", "b", "c"]
    assert list(rectangles(screen, 200, 10)) == ["a", "b"]
    assert rectangles(screen, 59, 3) == {"a": Rect(0, 0, 59, 3)}


@st.composite
def _drawings(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """A random drawing made by cutting a rectangle in two, again and again, and some fixed heights."""
    columns, rows = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    parts = [(0, 0, columns, rows)]
    for _ in range(draw(st.integers(0, 7))):
        x, y, right, bottom = parts.pop(draw(st.integers(0, len(parts) - 1)))
        if draw(st.booleans()) and right - x > 1:
            cut = draw(st.integers(x + 1, right - 1))
            parts += [(x, y, cut, bottom), (cut, y, right, bottom)]
        elif bottom - y > 1:
            cut = draw(st.integers(y + 1, bottom - 1))
            parts += [(x, y, right, cut), (x, cut, right, bottom)]
        else:
            parts.append((x, y, right, bottom))
    cells = [[""] * columns for _ in range(rows)]
    for index, (x, y, right, bottom) in enumerate(parts):
        for row in range(y, bottom):
            cells[row][x:right] = ["abcdefghijklmnop"[index]] * (right - x)
    heights = draw(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 12), max_size=3))
    return "\n".join(" ".join(row) for row in cells), heights


@settings(deadline=None)
@given(_drawings(), st.integers(1, 140), st.integers(1, 60))
def test_panels_tile_the_area_exactly(drawn: tuple[str, dict[str, int]], width: int, height: int) -> None:
    """Nothing overlaps, nothing is left over, at any size."""
    drawing, heights = drawn
    _picture(rectangles(_screen(drawing, **heights), width, height), width, height)


@given(st.integers(0, 500), st.integers(1, 60))
def test_shares_add_up_and_differ_by_one(total: int, parts: int) -> None:
    """No row is lost to rounding."""
    sizes = shares(total, parts)
    assert sum(sizes) == total
    assert max(sizes) - min(sizes) <= 1
