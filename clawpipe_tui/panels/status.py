"""The headline: a verdict as glyph, word and colour, and the sentence that belongs to it."""

from __future__ import annotations

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, wrap
from clawpipe_tui.panels.look import VERDICT_STYLES, Look
from clawpipe_tui.panels.table import VERDICT_GLYPHS
from clawpipe_tui.panels.values import label_of, text_of
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

_SAID = frozenset({"verdict", "sentence", "version"})


def draw_status(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """The first row: its verdict as a badge, its sentence beside it, its other numbers below where there is room."""
    canvas = Canvas(width, height, look)
    row = result.records()[0]
    verdict = text_of("verdict", row.get("verdict") or "cannot tell")
    # A word that we do not know is not good news.
    style = VERDICT_STYLES.get(verdict, "warn")
    badge = f" {VERDICT_GLYPHS.get(verdict, '?')} {verdict.upper()} "
    left = canvas.put(0, 0, badge, f"{style}_badge") + 1 if cell_width(badge) + 12 <= width else 0
    lines = wrap(text_of("sentence", row.get("sentence") or ""), width - left, height) or [verdict]
    for y, line in enumerate(lines):
        canvas.put(left, y, line, style)
    names = [name for name in spec.columns or result.columns if name in row and name not in _SAID]
    if len(lines) < height and names:
        x = left
        for name in names:
            text = text_of(name, row[name])
            if x + cell_width(label_of(name)) + cell_width(text) + 1 > width:
                break
            x = canvas.put(x, len(lines), f"{label_of(name)} ", "muted")
            x = canvas.put(x, len(lines), text, "strong") + 3
    return canvas
