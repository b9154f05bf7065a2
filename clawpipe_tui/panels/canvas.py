"""A rectangle of cells that drawings write into; whatever is written, it stays exactly as large as it was made."""

from __future__ import annotations

import unicodedata

from clawpipe_tui.panels.cells import ascii_char, cell_width, char_width, wrap
from clawpipe_tui.panels.look import Line, Look, Span
from clawpipe_tui.wording import clean


class Canvas:
    """Cells of one character and one style each; the second cell of a wide character is empty text."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self.look = look
        self._texts = [[" "] * self.width for _ in range(self.height)]
        self._styles = [[""] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, style: str = "") -> int:
        """Write text from (x, y) to the right, without control codes, clipped; gives the x after it."""
        if not text.isprintable():
            text = clean(text)
        for char in "".join(map(ascii_char, text)) if self.look.ascii else text:
            if x >= self.width:
                break
            width = char_width(char)
            if width == 0:
                self._join(x - 1, y, char)
            elif width == 1 or x + 1 < self.width:
                self._set(x, y, char, style)
                if width > 1:
                    self._set(x + 1, y, "", style)
            else:
                self._set(x, y, " ", style)
            x += width
        return x

    def put_right(self, right: int, y: int, text: str, style: str = "") -> None:
        """Write text so that it ends just before `right`."""
        self.put(right - cell_width(text), y, text, style)

    def blank_before(self, right: int, y: int) -> int:
        """How many cells just before `right` have nothing in them."""
        return right - len("".join(text or "x" for text in self._texts[y][:right]).rstrip(" "))

    def restyle(self, y: int, style: str, right: int | None = None) -> None:
        """Give a row one style, up to `right` where only its beginning is meant."""
        if 0 <= y < self.height:
            end = self.width if right is None else max(0, min(right, self.width))
            self._styles[y][:end] = [style] * end

    def paste(self, x: int, y: int, other: Canvas) -> None:
        """Copy another canvas into this one with its corner at (x, y), clipped."""
        for row in range(other.height):
            self.paste_line(x, y + row, other.line(row))

    def paste_line(self, x: int, y: int, line: Line) -> None:
        """Copy one finished line into a row, clipped."""
        for span in line:
            x = self.put(x, y, span.text, span.style)

    def line(self, y: int) -> Line:
        """One row as spans, neighbours of the same style joined."""
        spans: list[Span] = []
        start, styles, texts = 0, self._styles[y], self._texts[y]
        for x in range(1, self.width + 1):
            if x == self.width or styles[x] != styles[start]:
                spans.append(Span("".join(texts[start:x]), styles[start]))
                start = x
        return tuple(spans)

    def lines(self) -> list[Line]:
        """All rows, top to bottom."""
        return [self.line(y) for y in range(self.height)]

    def _set(self, x: int, y: int, char: str, style: str) -> None:
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        texts = self._texts[y]
        # Overwriting one half of a wide character leaves a blank in place of the other half.
        if char and not texts[x] and x > 0:
            texts[x - 1] = " "
        if x + 1 < self.width and not texts[x + 1]:
            texts[x + 1] = " "
        texts[x] = char
        self._styles[y][x] = style

    def _join(self, x: int, y: int, mark: str) -> None:
        """Add a combining mark to the character before it, which may be a wide one."""
        if unicodedata.category(mark) not in {"Mn", "Me", "Mc"}:
            return
        if 0 <= y < self.height and 0 < x < self.width and not self._texts[y][x]:
            x -= 1
        if 0 <= y < self.height and 0 <= x < self.width:
            self._texts[y][x] += mark


def words(text: str, width: int, height: int, look: Look, style: str = "muted") -> Canvas:
    """A sentence instead of a drawing, wrapped and in the middle of the height."""
    canvas = Canvas(width, height, look)
    lines = wrap(text, width - 2, height) if width > 2 else wrap(text, width, height)
    top = max(0, (height - len(lines)) // 2)
    for row, line in enumerate(lines):
        canvas.put(1 if width > 2 else 0, top + row, line, style)
    return canvas
