"""A frame as an SVG picture, for a README, a ticket or a post-mortem."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clawpipe_tui.panels.look import Line, Palette


def to_svg(lines: Sequence[Line], palette: Palette, title: str) -> str:
    """The frame as the console shows it, in the theme's colours on a dark or a light ground."""
    from rich.color import ColorParseError
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    from clawpipe_tui.panels.frame import grounded

    width = sum(len(span.text) for span in lines[0]) if lines else 80
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        text = Text(no_wrap=True, end="\n")
        for span in line:
            look = grounded(palette, span.style)
            try:
                style = Style(color=look.fg, bgcolor=look.bg, bold=look.bold, dim=look.dim, reverse=look.reverse)
            except ColorParseError:
                style = Style(bold=look.bold, dim=look.dim, reverse=look.reverse)
            # A full block is drawn as ground: fonts leave seams between the glyphs.
            filled = style + Style(bgcolor=style.color) if style.color and not style.reverse else None
            for part in re.split("(█+)", span.text):
                solid = filled is not None and part.startswith("█")
                text.append(" " * len(part) if solid else part, filled if solid else style)
        console.print(text, soft_wrap=True)
    return console.export_svg(title=title)
