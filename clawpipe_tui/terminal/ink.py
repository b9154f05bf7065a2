"""Styles as codes: the shortest change from one look of a cell to the next, in as many colours as the terminal has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.color import Color, ColorSystem, ColorType

from clawpipe_tui.panels.cells import ascii_char
from clawpipe_tui.panels.look import PALETTES, paint

if TYPE_CHECKING:
    from rich.style import Style

    from clawpipe_tui.terminal.ability import Depth

_SYSTEMS = {"16": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}


_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27"}


class Inked(NamedTuple):
    """How one cell looks, as the codes that make it so; equal values look the same."""

    flags: tuple[str, ...] = ()
    fg: str = ""
    bg: str = ""


PLAIN = Inked()


@dataclass(frozen=True)
class Ink:
    """What the terminal takes: how many colours, which ground where nothing else is said, ASCII alone or not."""

    depth: Depth = "truecolor"
    fg: str = ""
    bg: str = ""
    """The ground's colours as `#rrggbb`; empty means the terminal's own."""
    ascii: bool = False

    @property
    def blank(self) -> Inked:
        """A cell with nothing in it."""
        return _inked(None, self)

    def inked(self, style: Style | None) -> Inked:
        """The codes of a style."""
        return _inked(style, self)

    def glyph(self, text: str) -> str:
        """A cell's text as this terminal may get it: no control codes, ASCII where nothing else may be sent."""
        if self.ascii and not text.isascii():
            text = "".join(map(ascii_char, text)) or "?"
        return text if text.isprintable() else " "


def ink_for(theme: str, depth: Depth, *, ascii_only: bool) -> Ink:
    """The ink of a theme: its own ground, so that nothing depends on what colours the terminal came with."""
    ground = paint(PALETTES[theme], "")
    mono = not any(colour for each in PALETTES[theme].values() for colour in (each.fg, each.bg))
    return Ink("none" if mono else depth, ground.fg or "", ground.bg or "", ascii_only)


@lru_cache(maxsize=4_096)
def _inked(style: Style | None, ink: Ink) -> Inked:
    flags: tuple[str, ...] = ()
    if style is not None:
        named = ((style.bold, "1"), (style.dim, "2"), (style.italic, "3"), (style.underline, "4"), (style.reverse, "7"))
        flags = tuple(code for on, code in named if on)
    fg = _colour(style.color if style else None, ink.fg, ink.depth, foreground=True)
    bg = _colour(style.bgcolor if style else None, ink.bg, ink.depth, foreground=False)
    return Inked(flags, fg, bg)


def _colour(colour: Color | None, ground: str, depth: Depth, *, foreground: bool) -> str:
    """A colour's code; the ground's where the style leaves it to the terminal; nothing where there are no colours."""
    if colour is None or colour.type is ColorType.DEFAULT:
        colour = Color.parse(ground) if ground else None
    if colour is None or depth == "none":
        return ""
    return ";".join(colour.downgrade(_SYSTEMS[depth]).get_ansi_codes(foreground=foreground))


def blanked(inked: Inked) -> Inked:
    """The look of an empty cell: what cannot be seen on it is left out, so that it is equal to more of its kind."""
    if "7" in inked.flags or "4" in inked.flags:
        return inked
    return Inked((), "", inked.bg) if inked.flags or inked.fg else inked


def same_ground(one: Inked, other: Inked) -> bool:
    """Whether blank cells of both looks are the same picture."""
    return blanked(one) == blanked(other)


@lru_cache(maxsize=8_192)
def change(before: Inked, after: Inked) -> str:
    """The codes that make the pen look like `after`."""
    if before == after:
        return ""
    if after == PLAIN:
        return "\x1b[m"
    gone = {_OFF[flag] for flag in before.flags if flag not in after.flags}
    codes = sorted(gone)
    # Bold and dim end with the same code, so that the one that stays is said again.
    codes += [flag for flag in after.flags if flag not in before.flags or _OFF[flag] in gone]
    codes += [after.fg or "39"] * (before.fg != after.fg) + [after.bg or "49"] * (before.bg != after.bg)
    return f"\x1b[{';'.join(codes)}m"
