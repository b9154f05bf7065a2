"""Lines of words for a dialog: headings, wrapped sentences, pairs, small tables. Pure, as drawings are."""

from __future__ import annotations

from collections.abc import Sequence

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, fit, wrap
from clawpipe_tui.panels.look import Line, Look, Span

_MOST_LINES = 200
MARGIN = 2


def told(text: str, width: int, style: str = "", indent: int = MARGIN) -> list[Line]:
    """A sentence, wrapped."""
    return [(Span(" " * indent), Span(line, style)) for line in wrap(text, width - indent - 1, _MOST_LINES)]


def heading(text: str) -> list[Line]:
    """What follows, after an empty line."""
    return [(), (Span(" " + text, "title"),)]


def literal(text: str, style: str = "") -> list[Line]:
    """Lines as they are, each cleaned by whoever made them; wide ones are scrolled to, never wrapped."""
    return [(Span(" " * MARGIN), Span(line.replace("\t", "    "), style)) for line in text.splitlines()]


def pairs(rows: Sequence[tuple[str, str]], width: int, style: str = "strong") -> list[Line]:
    """Names and their values, values in one column."""
    if not rows:
        return []
    names = max(cell_width(name) for name, _ in rows)
    lines: list[Line] = []
    for name, value in rows:
        first, *others = wrap(value, width - names - 2 * MARGIN - 1, _MOST_LINES) or [""]
        lines.append((Span(" " * MARGIN), Span(fit(name, names), style), Span("  "), Span(first)))
        lines += [(Span(" " * (2 * MARGIN + names)), Span(other)) for other in others]
    return lines


def columns(head: Sequence[str], rows: Sequence[Sequence[Span]]) -> list[Line]:
    """A small table; the first column is words, the others stand to the right."""
    widths = [max(cell_width(text) for text in (name, *(row[x].text for row in rows))) for x, name in enumerate(head)]
    titled = [Span(name, "header") for name in head]
    return [_row(row, widths) for row in (titled, *rows)]


def _row(row: Sequence[Span], widths: Sequence[int]) -> Line:
    cells = [
        Span(fit(span.text, width, right=x > 0), span.style)
        for x, (span, width) in enumerate(zip(row, widths, strict=True))
    ]
    gaps = [Span(" " * MARGIN)] * len(cells)
    return tuple(span for pair in zip(gaps, cells, strict=True) for span in pair)


def shown(lines: Sequence[Line], look: Look) -> list[Line]:
    """The lines as this terminal can show them: no control codes, ASCII where nothing else may be sent."""
    return [_shown(line, look) for line in lines]


def _shown(line: Line, look: Look) -> Line:
    canvas, x = Canvas(sum(cell_width(span.text) for span in line), 1, look), 0
    for span in line:
        x = canvas.put(x, 0, span.text, span.style)
    return canvas.line(0) if canvas.width else ()
