"""Whole screens: the golden frames, what is never on screen, and frames as text and colour codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clawpipe_tui.panels.cells import cell_width
from clawpipe_tui.panels.frame import draw_frame, to_ansi, to_text, versions_in
from clawpipe_tui.panels.look import PALETTES, STYLES, Line, Look, paint
from clawpipe_tui.spec import BrokenScreen

from . import samples
from .golden import FOLDER, FOOTER, FRAMES, HEADER, draw_kinds, draw_screen, screen, text_of

_SCREENS = ("fleet", "overview", "drift", "latency", "errors", "versions", "data", "quality", "failures", "timeline")


_LOOKS = (Look(), Look("ascii"), Look("block", colour=False))


def _widths(lines: list[Line]) -> set[int]:
    return {sum(cell_width(span.text) for span in line) for line in lines}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_drawn_as_it_was_when_somebody_looked_at_it(name: str) -> None:
    """`python -m tests.panels.regenerate` rewrites the golden frames after a change that was meant."""
    assert text_of(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_no_golden_frame_is_left_behind() -> None:
    """Every file in tests/golden is drawn by something."""
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(FRAMES)


@pytest.mark.parametrize("name", _SCREENS)
@pytest.mark.parametrize("size", [(1, 1), (20, 5), (59, 19), (60, 20), (80, 24), (132, 43), (200, 60)])
def test_a_screen_fills_its_terminal_exactly(name: str, size: tuple[int, int]) -> None:
    """As many lines as the terminal has, each as wide as it."""
    lines = draw_screen(name, *size, Look())
    assert (len(lines), _widths(lines)) == (size[1], {size[0]})


@pytest.mark.parametrize("place", range(len(_SCREENS)))
def test_every_size_is_filled_exactly(place: int) -> None:
    """Each width from 20 to 250 and each height from 5 to 80, the screens taking turns: no exception, no overflow."""
    sizes = [(width, (5, 11, 20, 24, 40, 80)[width % 6]) for width in range(20, 251)]
    sizes += [((20, 59, 60, 80, 100, 120, 250)[height % 7], height) for height in range(5, 81)]
    for turn, (width, height) in enumerate(sizes):
        if turn % len(_SCREENS) == place:
            lines = draw_screen(_SCREENS[(turn // len(_SCREENS)) % len(_SCREENS)], width, height, _LOOKS[turn % 3])
            assert (len(lines), _widths(lines)) == (height, {width}), (width, height)


@pytest.mark.parametrize("name", _SCREENS)
def test_an_ascii_screen_has_no_byte_above_7f(name: str) -> None:
    """Borders, glyphs, marks and the Japanese words of the log included."""
    assert to_text(draw_screen(name, 120, 40, Look("ascii"))).isascii()


def test_ascii_drawings_of_every_kind_have_no_byte_above_7f() -> None:
    """No kind of panel has a glyph that the screens happen not to show."""
    assert to_text(draw_kinds("ascii")).isascii()


@pytest.mark.parametrize("theme", PALETTES)
def test_every_style_that_is_drawn_is_in_every_palette(theme: str) -> None:
    """A drawing in a style that a theme does not know would be invisible or plain by accident."""
    used = {span.style for name in _SCREENS for line in draw_screen(name, 120, 40, Look()) for span in line}
    parts = {part for style in used for part in style.split(" on ")}
    assert parts <= set(STYLES) <= PALETTES[theme].keys()


def test_mono_sends_no_colour_code() -> None:
    """Bold, dim and reverse are all that NO_COLOR leaves."""
    sent = to_ansi(draw_screen("overview", 80, 24, Look(colour=False)), PALETTES["mono"])
    assert set(re.findall(r"\x1b\[([\d;]*)m", sent)) <= {"0", "1", "2", "7"}


def test_the_ansi_theme_sends_the_terminals_own_colours_only() -> None:
    """No 256-colour and no true-colour code."""
    sent = to_ansi(draw_screen("overview", 80, 24, Look()), PALETTES["ansi"])
    assert not re.search(r"[34]8;", sent)


def test_a_shared_cell_is_one_series_over_the_other() -> None:
    """`a on b` paints the foreground of a over the foreground of b."""
    shared = paint(PALETTES["dark"], "series1 on series0")
    assert (shared.fg, shared.bg) == (PALETTES["dark"]["series1"].fg, PALETTES["dark"]["series0"].fg)


def test_a_version_has_one_colour_in_all_panels() -> None:
    """Charts and tables find a version's place in the same list."""
    spec = screen("overview")
    states = {panel.name: samples.state(panel.query) for panel in spec.panels.values()}
    assert versions_in(states) == ("v41", "v42", "v43")
    lines = draw_frame(spec, states, HEADER, FOOTER, 80, 24, Look(), focus=None, cursors={})
    marks = {(span.text.strip()[:1], span.style) for line in lines for span in line if "series1" in span.style}
    assert ("■", "series1") in marks


def test_a_zoomed_panel_has_the_screen_for_itself() -> None:
    """`z` gives a panel all rows between header and footer."""
    spec = screen("overview")
    states = {"errors": samples.state("errors_over_time")}
    lines = draw_frame(spec, states, HEADER, FOOTER, 80, 24, Look(), focus="errors", cursors={}, zoom="errors")
    text = to_text(lines)
    assert "Errors" in text
    assert "Traffic" not in text
    assert len(lines) == 24


def test_a_broken_screen_shows_its_sentence() -> None:
    """The other screens run, this one says what is wrong with its file."""
    broken = BrokenScreen("mine", Path("mine.toml"), "6", "mine.toml, line 3: unknown key 'quary'.")
    text = to_text(draw_frame(broken, {}, HEADER, FOOTER, 80, 24, Look(), focus=None, cursors={}))
    assert "mine.toml, line 3: unknown key 'quary'." in text


def test_a_panel_without_a_state_is_loading() -> None:
    """Before the first answer every panel says that it waits."""
    text = to_text(draw_frame(screen("drift"), {}, HEADER, FOOTER, 80, 24, Look(), focus=None, cursors={}))
    assert text.count("loading 0 s") == 2
