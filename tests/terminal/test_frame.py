"""Cell changes: an emulated terminal shows the frame that was meant, whatever was on it before."""

from __future__ import annotations

from unicodedata import normalize

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from pyte.modes import DECAWM, LNM
from rich.segment import Segment
from rich.style import Style

from clawpipe_tui.terminal.frame import Frame, Row, changes, row_of, runs
from clawpipe_tui.terminal.ink import PLAIN, Ink, Inked, blanked, change

WIDTH, HEIGHT = 14, 4
STYLES = [None, Style(bold=True), Style(color="#ff9142", bgcolor="#0f131a"), Style(dim=True, reverse=True)]
TEXTS = st.text(st.sampled_from("ab ─⣿█é晚🚆●▲\u0301\t\x1b\u200b"), max_size=WIDTH + 3)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(STYLES)), max_size=4)
FRAMES = st.lists(ROWS, min_size=HEIGHT, max_size=HEIGHT)


def frame_of(rows: list[list[tuple[str, Style | None]]], ink: Ink) -> Frame:
    """A frame of these styled texts."""
    return [row_of([Segment(text, style) for text, style in row], WIDTH, ink) for row in rows]


def shown(screen: pyte.Screen) -> list[str]:
    """What the emulator shows; its wide characters are followed by an empty cell, as ours are."""
    return [line.rstrip() for line in screen.display]


def as_emulated(row: Row) -> str:
    """A row as the emulator keeps it: composed, and without marks on wide characters, which it drops."""
    text = "".join(text[:1] if text[:1] in "晚🚆" else text for text, _ in row)
    return normalize("NFC", text).rstrip()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(FRAMES, min_size=1, max_size=5),
    st.sampled_from([Ink(), Ink("none"), Ink("256", "#ffffff", "#000000")]),
    st.sampled_from([(), (LNM,)]),
)
def test_the_terminal_shows_every_frame_after_any_other(
    frames: list[list[list[tuple[str, Style | None]]]], ink: Ink, modes: tuple[int, ...]
) -> None:
    """Wide characters, marks, control codes and colours included; the cursor stands where it was put.

    So it is where a line feed also returns to the first column: the line discipline of most terminals sees to that.
    """
    screen = pyte.Screen(WIDTH, HEIGHT)
    screen.reset_mode(DECAWM)
    screen.set_mode(*modes)
    stream, before = pyte.Stream(screen), None
    for rows in frames:
        after = frame_of(rows, ink)
        stream.feed(changes(before, after, ink, (3, 2)))
        assert shown(screen) == [as_emulated(row) for row in after]
        assert before == after or (screen.cursor.x, screen.cursor.y) == (3, 2)
        before = after


def _painted(screen: pyte.Screen) -> list[list[tuple[str, str, str, bool, bool]]]:
    """Each cell as it looks: where nothing is written, only the ground can be seen."""
    rows = [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]
    return [
        [
            (cell.data, cell.fg if cell.data != " " or cell.reverse else "", cell.bg, cell.reverse, False)
            if cell.data == " "
            else (cell.data, cell.fg, cell.bg, cell.reverse, cell.bold)
            for cell in row
        ]
        for row in rows
    ]


@settings(max_examples=150, deadline=None)
@given(FRAMES, FRAMES, st.sampled_from([Ink(), Ink("none"), Ink("256", "#ffffff", "#000000")]))
def test_changed_cells_look_as_if_all_were_painted(
    first: list[list[tuple[str, Style | None]]], second: list[list[tuple[str, Style | None]]], ink: Ink
) -> None:
    """Whatever order cells are written in, each has its own colours at the end."""
    screens = [pyte.Screen(WIDTH, HEIGHT) for _ in range(2)]
    before, after = frame_of(first, ink), frame_of(second, ink)
    for screen, steps in zip(screens, ([(None, before), (before, after)], [(None, after)]), strict=True):
        screen.reset_mode(DECAWM)
        for old, new in steps:
            pyte.Stream(screen).feed(changes(old, new, ink))
    assert _painted(screens[0]) == _painted(screens[1])


def test_what_looks_alike_is_written_together() -> None:
    """A table's next page in three colours says each colour once, not once a row."""
    styles: list[Style | None] = [Style(color="#d6dae2"), Style(color="#5bb8f0"), Style(color="#ff9142")]
    ink = Ink("truecolor", "#ffffff", "#000000")
    before, after = (
        frame_of([[(name * 4, style) for style in styles] for name in page], ink) for page in ("abcd", "efgh")
    )
    sent = changes(before, after, ink)
    assert sent.count("38;2;") == len(styles)


@given(FRAMES)
def test_the_same_frame_again_sends_nothing(rows: list[list[tuple[str, Style | None]]]) -> None:
    """Not a byte."""
    frame = frame_of(rows, Ink())
    assert changes(frame, frame_of(rows, Ink()), Ink()) == ""


@given(FRAMES, FRAMES)
def test_without_colours_no_colour_code_is_sent(
    first: list[list[tuple[str, Style | None]]], second: list[list[tuple[str, Style | None]]]
) -> None:
    """Bold, dim and reverse remain; 30 to 49 and 90 to 107 never come."""
    ink = Ink("none", "#ffffff", "#000000")
    sent = changes(None, frame_of(first, ink), ink) + changes(frame_of(first, ink), frame_of(second, ink), ink)
    codes = [code for part in sent.split("\x1b[")[1:] for code in part.partition("m")[0].split(";") if "m" in part[:12]]
    assert not [
        code for code in codes if code.isdigit() and (30 <= int(code) < 50 or 90 <= int(code) < 108) and "H" not in code
    ]


@given(FRAMES)
def test_in_ascii_no_byte_is_above_0x7f(rows: list[list[tuple[str, Style | None]]]) -> None:
    """Whatever stands in a cell."""
    ink = Ink(ascii=True)
    assert changes(None, frame_of(rows, ink), ink).isascii()


@given(
    st.sampled_from(
        [PLAIN, Inked(("1",), "31", "42"), Inked(("1", "2"), "", "42"), Inked(("7",), "33"), Inked(("2",))]
    ),
    st.sampled_from([PLAIN, Inked(("1",), "31"), Inked(("2",), "31", "44"), Inked((), "", "41")]),
)
def test_a_change_of_look_ends_in_that_look(before: Inked, after: Inked) -> None:
    """Whatever the pen was before: as a terminal counts the codes."""
    screen = pyte.Screen(4, 1)
    stream = pyte.Stream(screen)
    stream.feed(change(PLAIN, before) + change(before, after) + "x")
    told = screen.buffer[0][0]
    screen.reset()
    stream.feed(change(PLAIN, after) + "x")
    assert told == screen.buffer[0][0]


def test_an_empty_cell_looks_the_same_in_every_ink_of_its_ground() -> None:
    """So that a bold blank and a plain blank are not told apart on the line."""
    assert blanked(Inked(("1",), "31", "40")) == blanked(Inked((), "", "40"))
    assert blanked(Inked(("7",))) == Inked(("7",))


def test_a_run_never_begins_or_ends_inside_a_wide_character() -> None:
    """Half a character would move the rest of the row."""
    ink = Ink()
    old, new = row_of([Segment("ab晚d")], 6, ink), row_of([Segment("a晚晚")], 6, ink)
    assert runs(old, new) == [(1, 5)]


def test_a_frame_without_a_known_one_clears_the_ground_it_owns() -> None:
    """With the terminal's own ground it is cleared; with ours every cell is written, as erasing may not colour."""
    assert "\x1b[2J" in changes(None, frame_of([[]] * HEIGHT, Ink()), Ink())
    owned = Ink("truecolor", "#ffffff", "#000000")
    assert changes(None, frame_of([[]] * HEIGHT, owned), owned).count(" ") == WIDTH * HEIGHT
