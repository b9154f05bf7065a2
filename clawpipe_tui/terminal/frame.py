"""Two frames in, the codes that turn one into the other out: changed cells only. Pure, without the app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clawpipe_tui.panels.cells import char_width
from clawpipe_tui.terminal.ink import PLAIN, Ink, Inked, blanked, change, same_ground

if TYPE_CHECKING:
    from rich.segment import Segment

Cell = tuple[str, Inked]
"""A character with its marks, and its look; the second cell of a wide character is empty text."""
Row = list[Cell]
Frame = list[Row]
RESET = "\x1b[m"
_SORTED = 600
"""Up to so many changed cells it is tried which order of writing them is the shorter one."""
_BRIDGE = 4
"""So many unchanged cells are written again rather than jumped over: a jump costs as much."""


def row_of(segments: Iterable[Segment], width: int, ink: Ink) -> Row:
    """One row of exactly `width` cells."""
    row: Row = []
    for text, style, control in segments:
        if control:
            continue
        inked = ink.inked(style)
        empty = (" ", blanked(inked))
        for character in text:
            if character == " ":
                row.append(empty)
            else:
                _add(row, character, inked, ink)
    if len(row) > width:
        row = row[:width]
        if width and char_width(row[-1][0][:1] or " ") == 2:
            row[-1] = (" ", row[-1][1])
    return row + [(" ", blanked(ink.blank))] * (width - len(row))


def _add(row: Row, character: str, inked: Inked, ink: Ink) -> None:
    width = char_width(character)
    if width == 0:
        if row and character.isprintable() and not ink.ascii:
            at = -1 if row[-1][0] else -2
            row[at] = (row[at][0] + character, row[at][1])
        return
    glyph = ink.glyph(character)
    if width == 1 or len(glyph) == 2:
        row.extend((part, inked) for part in glyph)
    else:
        row += [(glyph, inked), ("", inked)]


class Pen:
    """Writes cells, remembering where the terminal's cursor stands and how it writes, so that little has to be said."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at: tuple[int, int] | None = None
        """None where the terminal may see it differently than we do."""
        self.look = PLAIN

    def move(self, x: int, y: int) -> None:
        """Put the cursor somewhere, in the fewest bytes."""
        if self.at == (x, y):
            return
        ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
        if self.at is not None and self.at[1] == y and x > self.at[0]:
            ways.append(_forward(x - self.at[0]))
        elif self.at is not None and self.at[1] <= y:
            # Where a terminal's line feed also returns, and where it does not, both of these end in the same place.
            down = "\n" * (y - self.at[1])
            ways += [f"\r{down}{_forward(x)}", f"{down}\x1b[{x + 1}G"]
        self.parts.append(min(ways, key=len))
        self.at = (x, y)

    def write(self, x: int, y: int, cells: Sequence[Cell], width: int) -> None:
        """A run of cells. After a character on which terminals disagree the cursor is placed anew."""
        self.move(x, y)
        for text, look in cells:
            if text:
                if self.at is None:
                    self.move(x, y)
                # On a blank cell the pen's ink does not show: only its ground does.
                if text != " " or not same_ground(self.look, look):
                    self.parts.append(change(self.look, look))
                    self.look = look
                self.parts.append(text)
                sure = len(text) == 1 and (
                    text < "\u1100" or "\u2500" <= text < "\u2600" or "\u2800" <= text < "\u2900"
                )
                self.at = (x + 1, y) if sure and x + 1 < width else None
            x += 1

    def text(self) -> str:
        """Everything so far, with the pen put back to plain."""
        if self.look != PLAIN:
            self.parts.append(RESET)
            self.look = PLAIN
        return "".join(self.parts)


def _forward(cells: int) -> str:
    return f"\x1b[{cells}C" if cells > 1 else "\x1b[C" if cells else ""


def changes(before: Frame | None, after: Frame, ink: Ink, cursor: tuple[int, int] = (0, 0)) -> str:
    """What to send so that the terminal shows `after`; nothing where it does already. None: the terminal is unknown."""
    begin = ""
    if before is None:
        begin = RESET if ink.bg else f"{RESET}\x1b[2J"
        nothing: Cell = ("\0", PLAIN) if ink.bg else (" ", blanked(ink.blank))
        before = [[nothing] * len(row) for row in after]
    changed = [
        (start, y, new[start:end])
        for y, (old, new) in enumerate(zip(before, after, strict=True))
        if old is not new and old != new
        for start, end in runs(old, new)
    ]
    if not changed and not begin:
        return ""
    width, ways = len(after[0]) if after else 0, [changed]
    if sum(len(cells) for _, _, cells in changed) <= _SORTED:
        ways.append(by_look(changed))
    return begin + min((_written(way, width, cursor) for way in ways), key=_bytes)


Piece = tuple[int, int, Row]
"""Cells that are written in one go: x, y, the cells."""


def by_look(pieces: Sequence[Piece]) -> list[Piece]:
    """The same cells, those that look the same after each other: a jump mostly costs less than a change of colour."""
    sorted_by: dict[Inked, list[Piece]] = {}
    for x, y, cells in pieces:
        start = 0
        look = cells[0][1]
        for at, (text, its) in enumerate(cells):
            # A blank belongs to its neighbours where its ground is theirs, half of a wide character to its other half.
            if text and its != look and not (_is_blank(cells[start:at], its) or _is_blank(cells[at : at + 1], look)):
                sorted_by.setdefault(look, []).append((x + start, y, cells[start:at]))
                start = at
            if text and (text != " " or at == start):
                look = its
        sorted_by.setdefault(look, []).append((x + start, y, cells[start:]))
    return [piece for group in sorted_by.values() for piece in group]


def _is_blank(cells: Row, look: Inked) -> bool:
    """Whether these cells are the same picture when they are written in this look."""
    return all(text == " " and same_ground(its, look) for text, its in cells)


def _written(pieces: Sequence[Piece], width: int, cursor: tuple[int, int]) -> str:
    pen = Pen()
    for x, y, cells in pieces:
        pen.write(x, y, cells, width)
    pen.move(*cursor)
    return pen.text()


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def runs(old: Row, new: Row) -> list[tuple[int, int]]:
    """From where to where (excluded) a row has to be written; never from or to the middle of a wide character."""
    found: list[tuple[int, int]] = []
    for x, (left, right) in enumerate(zip(old, new, strict=True)):
        if left == right:
            continue
        start, end = x, x + 1
        while start and not new[start][0]:
            start -= 1
        while end < len(new) and not new[end][0]:
            end += 1
        if found and start - found[-1][1] <= _BRIDGE and _bridged(new, found[-1][1], start):
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _bridged(row: Row, start: int, end: int) -> bool:
    """Whether the cells between two runs look like those beside them, so that writing them again costs no codes."""
    if end <= start:
        return True
    beside = row[max(0, start - 1) : end + 1]
    look = next((look for text, look in beside if text != " "), beside[0][1])
    alike = all(its == look or (text == " " and same_ground(its, look)) for text, its in beside)
    return alike and all(len(text.encode()) <= 1 for text, _ in row[start:end])
