"""A column's distribution, live over baseline: bins or categories, and every mass that no bin can hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clawpipe_tui.panels.canvas import Canvas, words
from clawpipe_tui.panels.cells import cell_width, cut, fit
from clawpipe_tui.panels.look import Look
from clawpipe_tui.panels.values import finite, text_of
from clawpipe_tui.result import Result, Value
from clawpipe_tui.spec import PanelSpec
from clawpipe_tui.wording import percent

_ACROSS = " ▏▎▍▌▋▊▉█"
_MASS_WORDS = {
    "below": "below",
    "above": "above",
    "null": "missing",
    "nan": "NaN",
    "pos_inf": "+infinity",
    "neg_inf": "-infinity",
    "empty": "empty text",
    "unseen": "new",
}
_WIDEST_LABEL = 22


@dataclass(frozen=True)
class Share:
    """One line: a bin, a category or a mass, with its share before and now."""

    label: str
    mass: str
    baseline_pct: float
    live_pct: float
    low: float | None = None
    high: float | None = None

    @property
    def style(self) -> str:
        """What no bin can hold is trouble where it grew by a whole percent, and worth a look where it is new."""
        if self.mass == "bin":
            return "live"
        if self.live_pct - self.baseline_pct >= 1:
            return "bad"
        return "warn" if self.live_pct > 0 and self.baseline_pct == 0 else "live"


def draw_histogram(spec: PanelSpec, result: Result, width: int, height: int, look: Look) -> Canvas:
    """Horizontal bars, one a line: label, live bar with the baseline's mark, both shares in percent."""
    del spec
    every = shares_of(result)
    if not every:
        return words("Nothing to draw: pick a column whose bins are known.", width, height, look)
    canvas = Canvas(width, height, look)
    top, compared = 1 if height >= 4 else 0, _has_baseline(result)
    if top:
        _legend(canvas, _subject(result), compared=compared)
    lines = to_fit(every, height - top)
    longest = max((cell_width(line.label) for line in lines), default=0)
    label = min(longest, max(3, width // 3, width - 17), _WIDEST_LABEL)
    if label < longest:
        lines = [_shorter(line) for line in lines]
        label = min(label, max(cell_width(line.label) for line in lines))
    largest = max((max(line.baseline_pct, line.live_pct) for line in lines), default=0.0) or 1.0
    for row, line in enumerate(lines, top):
        _line(canvas, row, line, label, largest, compared=compared)
    return canvas


def shares_of(result: Result) -> list[Share]:
    """The rows in drawing order: below, bins or categories, above, then the masses that are not zero."""
    wanted = ("bin_low", "bin_high", "category", "baseline_pct", "live_pct", "mass")
    if any(name not in result.columns for name in wanted):
        return []
    subject = _subject(result)
    lines: list[Share] = []
    for row in result.records():
        if subject and row.get("column") != subject:
            continue
        line = _share(row)
        guard = line.mass in {"bin", "below", "above"}
        if guard or line.live_pct > 0 or line.baseline_pct > 0:
            lines.append(line)
    order = ("below", "bin", "above", "unseen")
    lines.sort(key=lambda line: order.index(line.mass) if line.mass in order else len(order))
    return lines


def to_fit(lines: list[Share], rows: int) -> list[Share]:
    """Neighbouring bins merged until all lines fit; guards and masses keep lines of their own."""
    bins = [line for line in lines if line.low is not None and line.mass == "bin"]
    room = rows - (len(lines) - len(bins))
    if bins and 1 <= room < len(bins):
        size = _group(len(bins), room)
        merged = [_merged(bins[first : first + size]) for first in range(0, len(bins), size)]
        first = lines.index(bins[0])
        lines = lines[:first] + merged + lines[first + len(bins) :]
    if len(lines) <= rows:
        return lines
    hidden = lines[max(0, rows - 1) :]
    rest = Share(f"{len(hidden)} more", "bin", sum(s.baseline_pct for s in hidden), sum(s.live_pct for s in hidden))
    return [*lines[: max(0, rows - 1)], rest][: max(0, rows)]


def _group(bins: int, room: int) -> int:
    """How many bins become one: equally many everywhere where that costs little, so that the bars stay comparable."""
    least = -(-bins // room)
    return next((size for size in range(least, 2 * least + 1) if bins % size == 0), least)


def _shorter(line: Share) -> Share:
    """A bin by its lower edge alone, a guard by its word: where there is no room for both edges."""
    if line.mass == "bin" and line.low is not None and line.low != line.high:
        return replace(line, label=f"{_edge(line.low)} +")
    return replace(line, label=line.mass) if line.mass in {"below", "above"} else line


def _subject(result: Result) -> str:
    """The column that is shown: the one that was picked, else the first there is."""
    names = [str(value) for value in result.column("column")] if "column" in result.columns else []
    picked = result.bound.get("column")
    return picked if isinstance(picked, str) and picked in names else next(iter(names), "")


def _has_baseline(result: Result) -> bool:
    """Whether there is anything to compare with: without rows in the baseline its shares are unknown, not 0."""
    return any(finite(value) is not None for value in result.column("baseline_pct"))


def _share(row: dict[str, Value]) -> Share:
    mass, category = str(row["mass"] or "bin"), row["category"]
    low, high = finite(row["bin_low"]), finite(row["bin_high"])
    label = text_of("", category) if category is not None else _bin_label(low, high)
    if mass in {"below", "above"}:
        edge = high if mass == "below" else low
        label = mass if edge is None else f"{mass} {_edge(edge)}"
    elif mass != "bin":
        known = _MASS_WORDS.get(mass, text_of("", mass))
        label = f"{label} ({known})" if category is not None else "never seen before" if mass == "unseen" else known
    baseline, live = finite(row["baseline_pct"]) or 0.0, finite(row["live_pct"]) or 0.0
    return Share(label, mass, max(0.0, baseline), max(0.0, live), low, high)


def _merged(bins: list[Share]) -> Share:
    """Several neighbouring bins as one; shares of a whole add up."""
    low, high = bins[0].low, bins[-1].high
    baseline, live = sum(line.baseline_pct for line in bins), sum(line.live_pct for line in bins)
    return Share(_bin_label(low, high), "bin", baseline, live, low, high)


def _bin_label(low: float | None, high: float | None) -> str:
    if low is None or high is None or low == high:
        edge = low if low is not None else high
        return "all" if edge is None else _edge(edge)
    return f"{_edge(low)} to {_edge(high)}"


def _edge(value: float) -> str:
    """A bin's edge: as few digits as tell it apart."""
    return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e9 else f"{value:.0f}"


def _legend(canvas: Canvas, subject: str, *, compared: bool) -> None:
    before = "baseline" if cell_width(subject) + 21 <= canvas.width else "was"
    room = canvas.width - len(before) - 12
    x = canvas.put(1, 0, cut(subject, room), "strong") + 2 if room > 0 else 0
    x = canvas.put(x, 0, "█ ", "live")
    x = canvas.put(x, 0, "live ", "muted")
    if compared:
        x = canvas.put(x, 0, "┃ ", "baseline")
        canvas.put(x, 0, before, "muted")
    else:
        canvas.put(x, 0, cut("no baseline", canvas.width - x), "warn")


def _line(canvas: Canvas, row: int, line: Share, label: int, largest: float, *, compared: bool) -> None:
    """One share as text and bar; the text stays when there is no room for a bar."""
    said = "" if line.style == "live" else line.style
    both = f"{percent(line.live_pct):>7} "
    before = f"{'was ' + percent(line.baseline_pct):>11}"
    x = canvas.put(1, row, fit(line.label, label, right=line.low is not None), said)
    tail = cell_width(both) + (cell_width(before) if compared and canvas.width >= label + 32 else 0)
    room = canvas.width - x - 1 - tail
    if room >= 3:
        _bar(canvas, x + 1, row, room, line, largest)
    else:
        room = -1
    x = canvas.put(x + 1 + room, row, both, said)
    if tail > cell_width(both):
        canvas.put(x, row, before, "muted")


def _bar(canvas: Canvas, x: int, row: int, room: int, line: Share, largest: float) -> None:
    """The live share to an eighth of a cell, crossed by a mark where the baseline's share ends."""
    eighths = round(line.live_pct / largest * room * 8)
    eighths = max(eighths, 1 if line.live_pct > 0 else 0)
    full, rest = divmod(eighths, 8)
    if canvas.look.ascii:
        canvas.put(x, row, "#" * full + ("#" if rest >= 4 or (rest and not full) else ""), line.style)
    else:
        canvas.put(x, row, "█" * full + (_ACROSS[rest] if rest else ""), line.style)
    if line.baseline_pct > 0:
        mark = min(room - 1, round(line.baseline_pct / largest * room))
        inside = mark < full and canvas.look.colour and not canvas.look.ascii
        canvas.put(x + mark, row, "┃", f"baseline on {line.style}" if inside else "baseline")
