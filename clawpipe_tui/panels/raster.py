"""Dots finer than a cell: 2x4 in braille, 2x2 in blocks, one in ASCII; lines between dots."""

from __future__ import annotations

from clawpipe_tui.panels.look import Charts

SUBCELLS: dict[Charts, tuple[int, int]] = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}
"""Dots across and down in one cell."""

# Braille numbers its dots down the left column, then down the right, and the lowest row last.
_BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"


class Raster:
    """Dots set by layers (series); a cell shows the dots of all layers in the colour of the last one."""

    def __init__(self, width: int, height: int, charts: Charts) -> None:
        self.charts: Charts = charts
        self.across, self.down = SUBCELLS[charts]
        self.dots_wide = width * self.across
        self.dots_high = height * self.down
        self.cells: dict[tuple[int, int], tuple[int, int]] = {}

    def dot(self, x: int, y: int, layer: int) -> None:
        """Set one dot; y grows downward."""
        if not (0 <= x < self.dots_wide and 0 <= y < self.dots_high):
            return
        cell = (x // self.across, y // self.down)
        bits, _ = self.cells.get(cell, (0, layer))
        column, row = x % self.across, y % self.down
        bit = _BRAILLE_BITS[row][column] if self.charts == "braille" else 1 << (row * self.across + column)
        self.cells[cell] = (bits | bit, layer)

    def line(self, start: tuple[int, int], end: tuple[int, int], layer: int) -> None:
        """Set the dots of a straight line, both ends included."""
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            self.dot(x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps), layer)

    def blob(self, x: int, y: int, layer: int) -> None:
        """A point that stands alone, made large enough to be seen."""
        left, top = x - x % self.across, min(y, self.dots_high - min(2, self.down))
        for dx in range(self.across):
            for dy in range(min(2, self.down)):
                self.dot(left + dx, top + dy, layer)

    def glyph(self, bits: int, mark: str) -> str:
        """The character that shows these dots; in ASCII the mark of the series."""
        if self.charts == "braille":
            return chr(0x2800 + bits)
        return _QUADRANTS[bits] if self.charts == "block" else mark
