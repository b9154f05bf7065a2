"""What a terminal gets that can show less: no colour code, no byte above 0x7F, by count."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from clawpipe_tui.terminal.ability import ability, encoding_in
from tests.terminal.conftest import OpenConsole, ready
from tests.terminal.pseudo import Pseudo, console_words

SGR = re.compile(rb"\x1b\[([0-9;]*)m")


def colour_codes(sent: bytes) -> list[bytes]:
    """Every code that chooses a colour."""
    codes = [code for found in SGR.findall(sent) for code in found.split(b";") if code]
    return [code for code in codes if 30 <= int(code) <= 49 or 90 <= int(code) <= 107]


@pytest.mark.parametrize("theme", ["", "dark", "light", "contrast", "ansi", "mono"])
def test_no_color_means_no_colour_code(console: OpenConsole, theme: str) -> None:
    """In any theme, through every dialog."""
    terminal = console("--theme", theme, NO_COLOR="1", COLORTERM="truecolor")
    terminal.until(ready)
    for key in ("2", "?", "\x1b", "B", "x", "\x1b"):
        terminal.send(key)
        terminal.read(0.3)
    assert colour_codes(bytes(terminal.received)) == []


def test_ascii_means_no_byte_above_0x7f(console: OpenConsole) -> None:
    """Panels, dialogs, words from the log."""
    terminal = console("--charts", "ascii", "--ticks", "10")
    terminal.until(ready)
    for key in ("2", "?", "\x1b", "B", "x", "\x1b", "d"):
        terminal.send(key)
        terminal.read(0.3)
    assert [byte for byte in terminal.received if byte > 0x7F] == []


_SCREENS = {
    "2": "PSI step",
    "3": "took how long",
    "4": "Kinds of",
    "5": "Side by",
    "6": "By labels",
    "7": "Freshness",
    "t": "What changed",
    "x": "Which clients",
    "0": "worst first",
    "1": "Health by version",
}
_PAGES = {
    "?": "next panel",
    "i": "round trip",
    "s": "SQL",
    "d": "Behaviour",
    "\x10": "Back to now",
    "/": "esc removes",
    ":": "timeline",
    "E": ".parquet",
    "y": "Copied",
}
"""What opens over a screen, and a word in it; the fifth is the command palette."""


def _shows(word: str, text: str) -> bool:
    return word in text and "loading" not in text


def _closed(word: str, text: str) -> bool:
    return word not in text and "tab panel" in text


def test_every_screen_and_page_is_plain_where_the_terminal_is(tmp_path: Path) -> None:
    """The shipped screens on the sample, everything that opens over them: no colour code, no byte above 0x7F."""
    here = {"NO_COLOR": "1", "COLORTERM": "truecolor", "LC_ALL": "C", "LANG": "C", "COLUMNS": "", "LINES": ""}
    folders = {name: str(tmp_path) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    with Pseudo(console_words(), (120, 40), here | folders) as terminal:
        terminal.until(ready)
        for key, word in _SCREENS.items():
            terminal.send(key)
            terminal.until(partial(_shows, word))
        for key, word in _PAGES.items():
            terminal.send(key)
            terminal.until(partial(_shows, word))
            terminal.send("\x1b")
            terminal.until(partial(_closed, word))
    assert colour_codes(bytes(terminal.received)) == []
    assert [byte for byte in terminal.received if byte > 0x7F] == []


def test_sixteen_colours_are_sixteen(console: OpenConsole) -> None:
    """Neither 256 nor true colour on xterm-16color, screen and linux."""
    for term in ("xterm-16color", "screen", "linux"):
        terminal = console("--theme", "dark", TERM=term)
        terminal.until(ready)
        assert not re.search(rb"[34]8;[25];", bytes(terminal.received))
        assert colour_codes(bytes(terminal.received))


@pytest.mark.parametrize(
    ("environment", "depth", "theme", "charts"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor", "dark", "braille"),
        ({"TERM": "tmux-256color"}, "256", "dark", "braille"),
        ({"TERM": "screen"}, "16", "ansi", "braille"),
        ({"TERM": "linux"}, "16", "ansi", "ascii"),
        ({"TERM": "xterm-16color", "COLORTERM": "truecolor"}, "16", "ansi", "braille"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none", "mono", "braille"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256", "dark", "braille"),
        ({"TERM": "dumb"}, "none", "mono", "ascii"),
        ({"TERM": "vt100"}, "none", "mono", "ascii"),
        ({"TERM": "xterm-kitty"}, "truecolor", "dark", "braille"),
    ],
)
def test_the_environment_says_what_can_be_shown(
    environment: dict[str, str], depth: str, theme: str, charts: str
) -> None:
    """Colours, theme, glyphs."""
    found = ability(environment, "utf-8")
    assert (found.depth, found.theme, found.charts) == (depth, theme, charts)


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"LC_ALL": "C"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "ascii"),
        ({"LANG": "de_DE.ISO-8859-1@euro"}, "ISO-8859-1"),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, "ISO-8859-1"),
        ({"LANG": "de_DE.UTF-8", "LC_CTYPE": "C.UTF-8"}, "UTF-8"),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, "UTF-8"),
        ({}, "utf-8"),
    ],
)
def test_the_locale_says_how_bytes_are_read(environment: dict[str, str], encoding: str) -> None:
    """Python alone would say UTF-8 for the C locale."""
    assert encoding_in(environment, "utf-8") == encoding
