"""Each column of one row as a labelled number."""

from __future__ import annotations

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, cut, fit
from clawpipe_tui.panels.look import VERDICT_STYLES, Look
from clawpipe_tui.panels.values import label_of, text_of
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec


def draw_number(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """Labels above their numbers, as many side by side as fit, the others below them."""
    canvas = Canvas(width, height, look)
    row = result.records()[0]
    names = [name for name in spec.columns or result.columns if name in row]
    pairs = [(label_of(name), text_of(name, row[name])) for name in names]
    if not pairs or width < 3:
        return canvas
    cell = min(width - 1, max(max(cell_width(label), cell_width(text)) for label, text in pairs) + 2)
    across = max(1, (width - 1) // cell)
    tall = 2 if height >= 2 else 1
    for index, (label, text) in enumerate(pairs):
        x, y = 1 + index % across * cell, index // across * (tall + 1)
        style = VERDICT_STYLES.get(text, "strong")
        if tall == 2:
            canvas.put(x, y, fit(label, cell - 1), "muted")
            canvas.put(x, y + 1, cut(text, cell - 1), style)
        else:
            canvas.put(x, y, cut(text, cell - 1), style)
    if (len(pairs) + across - 1) // across * (tall + 1) - 1 > height:
        canvas.put(width - 1, height - 1, "›", "warn")
    return canvas
