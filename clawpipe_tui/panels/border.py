"""The edge of a panel: title to the left, state to the right, around its content or only above it."""

from __future__ import annotations

from dataclasses import replace

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, cut
from clawpipe_tui.panels.look import Look
from clawpipe_tui.panels.state import PanelState

# Corners in reading order, then the horizontal and the vertical line.
_BOXES = {"braille": "╭╮╰╯─│", "block": "┌┐└┘─│", "ascii": "++++-|"}
_FOCUSED = {"braille": "┏━", "block": "┏━", "ascii": "#="}
"""Corner and edge beside the title of the panel that has the keys."""


def state_words(state: PanelState) -> tuple[str, str]:
    """What the border says about the state, and in which style; a fresh panel says nothing that changes each second."""
    if state.kind == "fresh":
        return ("now" if state.age_s < 60 else f"{state.age_s // 60:.0f} min", "muted")
    if state.kind == "stale":
        age = f"{state.age_s:.0f} s" if state.age_s < 60 else f"{state.age_s // 60:.0f} min"
        return f"stale {age}", "warn"
    return state.kind, "bad" if state.kind == "failed" else "muted"


def edge_look(draw: str, look: Look) -> Look:
    """The headline has no box around it: its two lines say more than an edge would."""
    return replace(look, border="rule") if draw == "status" else look


def inner_size(width: int, height: int, look: Look) -> tuple[int, int, int, int]:
    """Where the content stands inside the edge: x, y, width, height."""
    if height < 2:
        return 0, 0, width, 0
    if _boxed(width, height, look):
        return 1, 1, width - 2, height - 2
    return 0, 1, width - (width >= _GAP_WIDTH), height - 1


_GAP_WIDTH = 10
"""From this width on, a panel without a box leaves its last column blank, so that neighbours do not touch."""


def draw_border(canvas: Canvas, title: str, note: str, state: PanelState, *, focused: bool) -> None:
    """Draw the edge of a whole panel onto its canvas; the note (which rows are shown) stands before the state."""
    look, width, height = canvas.look, canvas.width, canvas.height
    edge, corners = "border", _BOXES[look.charts]
    boxed = _boxed(width, height, look)
    right = width if boxed else width - (width >= _GAP_WIDTH)
    canvas.put(0, 0, corners[4] * right, edge)
    if boxed:
        canvas.put(0, 0, corners[0], edge)
        canvas.put(width - 1, 0, corners[1], edge)
        canvas.put(0, height - 1, corners[2] + corners[4] * (width - 2) + corners[3], edge)
        for y in range(1, height - 1):
            canvas.put(0, y, corners[5], edge)
            canvas.put(width - 1, y, corners[5], edge)
    words, style = state_words(state)
    end = full = right - 2
    trouble = style in {"warn", "bad"}
    if trouble:
        words, end = _beside(title, words, full, right - boxed)
    for text, text_style, least in ((words, style, 3), (note, "muted", 12)):
        # The words of trouble go before the title; "now" and the row numbers give way to it.
        least_title = 4 if trouble and text_style == style else min(cell_width(title), 30) + least
        if text and end - cell_width(text) - 3 >= least_title:
            canvas.put_right(end, 0, f" {text} ", text_style)
            end -= cell_width(text) + 3
    if end < 5:
        return
    # Where words stand beside the title, their own blank parts the two; else one cell of the edge closes it.
    shown = f" {cut(title, end - 3 if end < full else right - 5)} "
    canvas.put(2, 0, shown, "focus" if focused else "title")
    if focused:
        # Beside the title alone: a whole edge would be repainted at each step of the focus.
        heavy = _FOCUSED[look.charts]
        canvas.put(0, 0, heavy[0 if boxed else 1] + heavy[1], "focus")
        canvas.put(2 + cell_width(shown), 0, heavy[1] * min(2, max(0, end - 2 - cell_width(shown))), "focus")


def _beside(title: str, words: str, end: int, last: int) -> tuple[str, int]:
    """The words of trouble and where they end, so that a title stands whole: shorter words, then no edge after them."""
    word = words.split(" ", 1)[0]
    ways = ((words, end), (word, end), (word, last))
    return next((way for way in ways if way[1] - cell_width(way[0]) - 6 >= cell_width(title)), ways[-1])


def _boxed(width: int, height: int, look: Look) -> bool:
    return look.border == "box" and width >= 4 and height >= 3
