"""Text measured in terminal cells: wide characters take two, combining marks none; cutting, padding, wrapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

CUT = "…"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|d|points?)(?!\w))")
"""Between a number and its unit no line ends."""

# What each of our own glyphs becomes where only ASCII may be sent; as wide as it is, so that nothing moves.
_ASCII_GLYPHS = {
    glyph: near
    for near, glyphs in {
        "~": "…",
        "-": "–—‐‑─▁▔",
        "=": "━▃▄",
        "|": "│┃┤├╵╷▎▏▍▌┊",
        "+": "╭╮╰╯┌┐└┘┏┓┗┛┬┴┼◇",
        ">": "›▸→≥",
        "<": "‹←≤",
        "!": "▲",
        "^": "△↑",
        "v": "↓▼",
        "*": "●",
        "o": "○°",
        "#": "■█▓▇▆▅▉▊▋",
        "%": "□▒",
        "x": "◆✗×",
        ".": "·•░▂┈╌",
        "u": "µ",
        "> ": "🔎",
    }.items()
    for glyph in glyphs
}


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """How many cells one character takes: 0, 1 or 2."""
    code = ord(char)
    if 0x20 <= code < 0x300:
        return 0 if code == 0xAD else 1
    # Hangul vowels and finals join the syllable before them, though Unicode calls them letters.
    if unicodedata.category(char) in {"Mn", "Me", "Mc", "Cf", "Cc", "Cs", "Zl", "Zp"} or 0x1160 <= code <= 0x11FF:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cell_width(text: str) -> int:
    """How many cells a text takes on screen."""
    return len(text) if text.isascii() and text.isprintable() else sum(map(char_width, text))


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, its end replaced by … where it is longer."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    kept, used = "", 0
    for char in text:
        used += char_width(char)
        if used > width - 1:
            break
        kept += char
    return kept + CUT


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells: cut or padded, to the left or to the right."""
    shown = cut(text, width)
    blank = " " * max(0, width - cell_width(shown))
    return blank + shown if right else shown + blank


def wrap(text: str, width: int, most: int) -> list[str]:
    """The text on at most `most` lines, broken between words where possible; what does not fit ends in …."""
    if width <= 0 or most <= 0:
        return []
    lines = [""]
    for word in _pieces(text, width):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width)]


def _pieces(text: str, width: int) -> Iterator[str]:
    """The words of a text, those too wide for a line broken, rather after an underscore; a number keeps its unit."""
    for word in _BEFORE_UNIT.sub("\u00a0", text).split(" "):
        piece, used = "", 0
        for char in word.replace("\u00a0", " "):
            if used + char_width(char) > width and piece:
                end = piece.rfind("_") + 1 or len(piece)
                yield piece[:end]
                piece, used = piece[end:], cell_width(piece[end:])
            piece, used = piece + char, used + char_width(char)
        if piece:
            yield piece


@lru_cache(maxsize=4096)
def ascii_char(char: str) -> str:
    """The nearest ASCII of one character, as wide as the character is."""
    if char.isascii():
        return char
    width = char_width(char)
    if width == 0:
        return ""
    near = _ASCII_GLYPHS.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return near if len(near) == width else "?" * width
