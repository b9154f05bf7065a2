"""Rows in aligned columns with units, the cursor's row marked; what does not fit is cut with a sign, never silently."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clawpipe_tui.panels.bars import EIGHTHS
from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cell_width, fit
from clawpipe_tui.panels.look import VERDICT_STYLES, Look
from clawpipe_tui.panels.series import series_mark, series_place
from clawpipe_tui.panels.values import finite, label_of, numbers, text_of
from clawpipe_tui.result import Result, Value
from clawpipe_tui.spec import PanelSpec

VERDICT_GLYPHS = {
    "worse": "▲",
    "drifted": "▲",
    "missed": "▲",
    "not accepted": "▲",
    "differs": "◆",
    "not shown worse": "●",
    "better": "●",
    "met": "●",
    "accepted": "●",
    "inside noise": "·",
    "cannot tell": "?",
}
_WORD_STYLES = {
    **VERDICT_STYLES,
    **dict.fromkeys(("error", "timeout", "broken", "failed", "torn", "corrupt"), "bad"),
    **dict.fromkeys(("fallback", "rejected", "limited", "unauthorised", "waiting", "skipped"), "warn"),
}
_MEASURES = frozenset({"measure", "objective"})
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_STATED = frozenset({"verdict", "outcome", "state"})
_ASCII_EIGHTHS = " .:-=+*#@"
_SPARK, _WIDEST = 16, 72
_NAME, _TEXT, _WORD, _LEAST, _SHORTEST = 16, 14, 15, 8, 12
"""How narrow the first column may become (a quarter of a wide table), and a text longer than a word; the room
that is left is for one more text, cut. For a verdict the first column gives way, down to the shortest.
"""
_SHORT = {
    "requests": "reqs",
    "answered": "answ.",
    "timeout": "t-out",
    "fallback": "fallb.",
    "version": "vers.",
    "psi critical": "noise",
    "baseline null": "null was",
    "baseline invalid": "was",
    "rejected": "rej.",
    "unauthorised": "unauth.",
    "labelled": "labels",
    "accuracy low": "low",
    "accuracy high": "high",
    "would show": "shows",
    "limited": "lim.",
    "difference": "diff.",
    "objective": "obj.",
    "late rows": "late",
    "bad files": "bad",
}
"""Headings where there is no room for the whole word."""


@dataclass(frozen=True)
class Column:
    """One column ready to be drawn: its heading, its cells as (text, style), and how narrow it may become."""

    heading: str
    cells: tuple[tuple[str, str], ...]
    right: bool
    width: int
    narrowest: int
    short: str = ""
    """The heading where it is narrower than its own."""
    runs: tuple[list[float | None], ...] = ()
    """The lists behind cells that are sparks, which are drawn anew when the column becomes narrower."""
    is_stated: bool = False
    """Whether its cells are verdicts or the like."""
    stated: int = 0
    """The room that whole cells under the shorter heading need."""


def visible_rows(count: int, height: int, cursor: int | None) -> range:
    """Which rows are shown: whole pages, so that a moving cursor seldom moves the rows."""
    rows = max(0, height - 1)
    if count <= rows or rows == 0:
        return range(min(count, rows))
    page = min(max(cursor or 0, 0), count - 1) // rows
    first = min(page * rows, count - rows)
    return range(first, first + rows)


def draw_table(
    spec: PanelSpec, result: Result, width: int, height: int, look: Look, *, focused: bool, cursor: int | None
) -> Canvas:
    """The heading and as many rows as fit, the page on which the cursor stands."""
    canvas = Canvas(width, height, look)
    columns, gap, left_out = _to_fit(_columns(spec, result, width, look), width - 1, look)
    x = 1
    places: list[int] = []
    for column in columns:
        places.append(x)
        heading = column.heading if cell_width(column.heading) <= column.width else column.short
        x = canvas.put(x, 0, fit(heading, column.width, right=column.right), "header") + gap
    if left_out:
        canvas.put(width - 1, 0, "›", "warn")
    for y, row in enumerate(visible_rows(len(result.rows), height, cursor), 1):
        for column, place in zip(columns, places, strict=True):
            text, style = column.cells[row]
            canvas.put(place, y, fit(text, column.width, right=column.right), style)
        if row == cursor:
            canvas.put(0, y, "▸")
            # The name alone: a cursor that paints two whole rows at each step costs a slow line a second.
            canvas.restyle(y, "cursor" if focused else "picked", places[0] + columns[0].width + 1 if columns else None)
    return canvas


def _columns(spec: PanelSpec, result: Result, width: int, look: Look) -> list[Column]:
    """The columns that the screen file names, else all, in words."""
    names = [name for name in spec.columns or result.columns if name in result.columns]
    columns = [_column(name, result, look) for name in names]
    # The first column names the row, so it is the last one to be cut.
    name = max(_NAME, width // 4)
    return [replace(c, narrowest=max(c.narrowest, min(c.stated, name))) for c in columns[:1]] + columns[1:]


def _column(name: str, result: Result, look: Look) -> Column:
    values = result.column(name)
    heading, runs = _heading(name, result), tuple(numbers(value) for value in values)
    if any(runs):
        width = max(cell_width(heading), min(_SPARK, max(map(len, runs))))
        verdicts = result.column("verdict") if "verdict" in result.columns else ("",) * len(runs)
        styles = [VERDICT_STYLES.get(str(verdict), "live") for verdict in verdicts]
        cells = tuple(zip(_sparks(runs, look, width), styles, strict=True))
        return Column(heading, cells, right=False, width=width, narrowest=min(width, 5), runs=runs, stated=width)
    units = result.column("measure") if "measure" in result.columns else (name,) * len(values)
    cells = _whole_minutes([_cell(name, value, look, str(unit)) for value, unit in zip(values, units, strict=True)])
    known = [value for value in values if value is not None]
    right = bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
    longest = max((cell_width(text) for text, _ in cells), default=0)
    width = min(max(cell_width(heading), longest), _WIDEST)
    short = _SHORT.get(heading, heading)
    # Numbers and verdicts are never cut; their headings become shorter words.
    stated = max(longest, min(width, cell_width(short)))
    whole = right or name in _STATED or name.endswith("_at") or stated <= _WORD
    return Column(
        heading, cells, right, width, stated if whole else _TEXT, short, is_stated=name in _STATED, stated=stated
    )


def _whole_minutes(cells: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Times of day without their seconds, where all of them are whole minutes."""
    times = [text for text, _ in cells if _CLOCK.fullmatch(text)]
    if not times or not all(text.endswith(":00") for text in times):
        return tuple(cells)
    return tuple((text.removesuffix(":00") if _CLOCK.fullmatch(text) else text, style) for text, style in cells)


def _heading(name: str, result: Result) -> str:
    """A column's heading; where `a_version` says which version column a is about, that version."""
    named = f"{name}_version"
    versions = {value for value in result.column(named) if isinstance(value, str)} if named in result.columns else set()
    return text_of("", versions.pop()) if len(versions) == 1 else label_of(name)


def _cell(name: str, value: Value, look: Look, measure: str) -> tuple[str, str]:
    """One cell in words, with the style of what it says; a row that names its measure has that measure's unit."""
    text = label_of(text_of("", value)) if name in _MEASURES else text_of(measure, value)
    if value is None or (isinstance(value, float) and finite(value) is None):
        return text, "muted"
    if name in _STATED:
        glyph = VERDICT_GLYPHS.get(text)
        return f"{glyph} {text}" if glyph else text, _WORD_STYLES.get(text, "")
    place = series_place(text, look) if name == "version" else None
    if place is not None:
        return f"{series_mark(place, look)} {text}", f"series{place}"
    return text, "bad" if name == "unseen" and text else ""


def _sparks(runs: Sequence[Sequence[float | None]], look: Look, width: int) -> list[str]:
    """Each list as a row of small bars, all on the scale of the column's largest value; gaps stay blank."""
    top = max((value for run in runs for value in run if value is not None), default=0.0)
    eighths = _ASCII_EIGHTHS if look.ascii else EIGHTHS
    return [_spark(run, top, eighths, min(width, _SPARK)) for run in runs]


def _spark(run: Sequence[float | None], top: float, eighths: str, most: int) -> str:
    width = min(len(run), most)
    text = ""
    for x in range(width):
        part = [value for value in run[x * len(run) // width : (x + 1) * len(run) // width] if value is not None]
        # By the square root, so that a small rise is still seen beside a large one.
        share = math.sqrt(max(0.0, max(part, default=0.0)) / top) if top > 0 else 0.0
        level = max(1, min(8, round(share * 8)))
        text += eighths[level] if part else " "
    return text


def _to_fit(columns: list[Column], width: int, look: Look) -> tuple[list[Column], int, bool]:
    """Columns, gap and whether some were left out: a smaller gap first, then shorter texts, then fewer columns."""
    for gap in (2, 1):
        if sum(column.width + gap for column in columns) - gap <= width:
            return columns, gap, False
    kept = list(columns)
    while len(kept) > 1 and _narrowest(kept) > width - (len(kept) < len(columns)):
        kept.pop()
    room = width - 2 - _narrowest(kept)
    following = columns[len(kept) : len(kept) + 1]
    if any(0 < column.narrowest - room <= kept[0].narrowest - _SHORTEST for column in following if column.is_stated):
        # A verdict is worth more than the end of a long name.
        kept[0] = replace(kept[0], narrowest=kept[0].narrowest - following[0].narrowest + room)
        kept += following
    elif room >= _LEAST and any(column.stated > _WORD and not column.runs for column in following):
        kept += [replace(column, narrowest=min(room, column.stated)) for column in following]
    left_out = len(kept) < len(columns)
    return _squeezed(kept, width - left_out, look), 1, left_out


def _narrowest(columns: Sequence[Column]) -> int:
    return sum(column.narrowest + 1 for column in columns) - 1


def _squeezed(columns: list[Column], width: int, look: Look) -> list[Column]:
    """The columns in this width: as narrow as they may be, then more for whole cells, then for headings."""
    spare = max(0, width - _narrowest(columns))
    widths = [column.narrowest for column in columns]
    for headings in (False, True):
        for x, column in enumerate(columns):
            grown = max(widths[x], min(column.width if headings else column.stated, widths[x] + spare))
            if headings and grown < cell_width(column.heading):
                grown = widths[x]  # half of the way to the whole heading would only be blank
            spare -= grown - widths[x]
            widths[x] = grown
    squeezed: list[Column] = []
    for column, grown in zip(columns, widths, strict=True):
        shown = max(1, min(grown, width))
        cells = column.cells
        if column.runs:
            sparks = _sparks(column.runs, look, shown)
            cells = tuple((spark, style) for spark, (_, style) in zip(sparks, cells, strict=True))
        squeezed.append(replace(column, width=shown, cells=cells))
    return squeezed
