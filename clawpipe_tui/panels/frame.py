"""A whole screen as lines: header, the panels in their rectangles, footer; and lines as text or as ANSI codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.draw import draw_panel
from clawpipe_tui.panels.look import Line, Look, Paint, Palette, paint
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.spec import CHROME_ROWS, BrokenScreen, Rect, ScreenSpec
from clawpipe_tui.spec.layout import rectangles

_NAMED = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_WAITING = PanelState("loading")


def draw_frame(  # noqa: PLR0913 - a frame is all of this, and nothing of it hangs together
    screen: ScreenSpec | BrokenScreen,
    states: Mapping[str, PanelState],
    header: Line,
    footer: Line,
    width: int,
    height: int,
    look: Look,
    *,
    focus: str | None,
    cursors: Mapping[str, int],
    zoom: str | None = None,
) -> list[Line]:
    """Exactly `height` lines of `width` cells: header, panels (or the one that is zoomed), footer."""
    look = screen_look(look, states, width, height)
    canvas = Canvas(width, height, look)
    canvas.paste_line(0, 0, header)
    area = height - CHROME_ROWS
    if isinstance(screen, BrokenScreen):
        canvas.paste(0, 1, words(screen.error, width, area, look, "bad"))
        placed: Mapping[str, Rect] = {}
    else:
        placed = {zoom: Rect(0, 0, width, area)} if zoom and zoom in screen.panels else rectangles(screen, width, area)
        for name, rect in placed.items():
            lines = draw_panel(
                screen.panels[name],
                states.get(name, _WAITING),
                rect.width,
                rect.height,
                look,
                focused=name == focus,
                cursor=cursors.get(name),
            )
            for row, line in enumerate(lines, 1):
                canvas.paste_line(rect.x, rect.y + row, line)
    if height > 1:
        canvas.paste(0, height - 1, Canvas(width, 1, look))
        canvas.paste_line(0, height - 1, footer)
    return canvas.lines()


def screen_look(look: Look, states: Mapping[str, PanelState], width: int, height: int) -> Look:
    """The look for a whole screen: borders for its size, and one colour per version across its panels."""
    return replace(look.fitted(width, height), series=look.series or versions_in(states))


def versions_in(states: Mapping[str, PanelState]) -> tuple[str, ...]:
    """Every version that any panel shows, in one order."""
    found: set[str] = set()
    for state in states.values():
        if state.result and "version" in state.result.columns:
            found.update(value for value in state.result.column("version") if isinstance(value, str))
    return tuple(sorted(found))


def to_text(lines: Sequence[Line]) -> str:
    """The frame as plain text, one line each, without trailing blanks."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def to_ansi(lines: Sequence[Line], palette: Palette) -> str:
    """The frame with colour codes; a palette without colours gives only bold, dim and reverse."""
    return "".join(
        "".join(_painted(span.text, grounded(palette, span.style)) for span in line) + "\n" for line in lines
    )


def grounded(palette: Palette, style: str) -> Paint:
    """The paint of a style over the palette's own ground."""
    found, ground = paint(palette, style), paint(palette, "")
    return replace(found, fg=found.fg or ground.fg, bg=found.bg or ground.bg)


def _painted(text: str, look: Paint) -> str:
    flags = [code for on, code in ((look.bold, "1"), (look.dim, "2"), (look.reverse, "7")) if on]
    codes = [*flags, *_colour(look.fg, 30), *_colour(look.bg, 40)]
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes else text


def _colour(name: str | None, base: int) -> list[str]:
    """The codes of `#rrggbb` or of one of the terminal's sixteen colours."""
    if not name:
        return []
    if name.startswith("#"):
        red, green, blue = (int(name[at : at + 2], 16) for at in (1, 3, 5))
        return [f"{base + 8};2;{red};{green};{blue}"]
    bright = 60 if name.startswith("bright_") else 0
    return [str(base + bright + _NAMED.index(name.removeprefix("bright_")))]
