"""Rows over time as series: long form (a text column names the series) or wide form (several numeric columns)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clawpipe_tui.panels.look import SERIES, Look
from clawpipe_tui.panels.values import epoch_s, finite, label_of, span_s, text_of
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

MARKS = "●■▲◆○□△◇"
ASCII_MARKS = "*o+x#@%="


@dataclass(frozen=True)
class Series:
    """One named run of values over time, in order; None is a gap."""

    name: str
    style: str
    mark: str
    points: tuple[tuple[float, float | None], ...]

    @property
    def last(self) -> float | None:
        """The newest value there is."""
        return next((value for _, value in reversed(self.points) if value is not None), None)


@dataclass(frozen=True)
class Timeline:
    """The series of a panel and the span of time that they share."""

    series: tuple[Series, ...]
    column: str
    """The column whose unit the value axis has."""
    since_s: float
    until_s: float
    step_s: float
    left_out: int = 0
    """Series beyond the eighth, which are not drawn."""

    def values(self) -> list[float]:
        """Every value that is drawn."""
        return [value for series in self.series for _, value in series.points if value is not None]


def timeline(spec: PanelSpec, result: Result, look: Look) -> Timeline | None:
    """The rows as series over time, or None where the first column holds no times or no column holds numbers."""
    moments = [epoch_s(row[0]) if row else None for row in result.rows]
    known = sorted({moment for moment in moments if moment is not None})
    key = _key_column(spec, result)
    columns = _value_columns(spec, result, key)
    if not known or not columns:
        return None
    runs = _runs(result, moments, key, columns)
    drawn = _most_important(runs)
    step_s = _step(result, known)
    since = epoch_s(result.bound.get("since"))
    until = epoch_s(result.bound.get("until"))
    since = known[0] if since is None else since
    until = known[-1] + step_s if until is None or until <= since else until
    placed = _places(drawn, look)
    series = tuple(_series(name, placed[name], runs[name], look) for name in sorted(drawn, key=placed.__getitem__))
    return Timeline(series, columns[0], since, until, step_s, len(runs) - len(drawn))


def series_place(name: str, look: Look) -> int | None:
    """The fixed place of a name that keeps its colour everywhere, or None."""
    return look.series.index(name) % SERIES if name in look.series else None


def series_mark(place: int, look: Look) -> str:
    """The glyph of the series at this place."""
    return (ASCII_MARKS if look.ascii else MARKS)[place % SERIES]


def _series(name: str, place: int, points: Mapping[float, float | None], look: Look) -> Series:
    return Series(name, f"series{place}", series_mark(place, look), tuple(sorted(points.items())))


def _key_column(spec: PanelSpec, result: Result) -> int | None:
    """The column that names the series: the first one of text that the screen file does not leave out."""
    for index, column in enumerate(result.columns[1:], 1):
        named = not spec.columns or column in spec.columns or column == "version"
        if named and any(isinstance(row[index], str) for row in result.rows):
            return index
    return None


def _value_columns(spec: PanelSpec, result: Result, key: int | None) -> tuple[str, ...]:
    """The columns that are drawn: the named ones, else the first number, and in wide form those of its unit too."""
    numeric = tuple(
        column
        for index, column in enumerate(result.columns[1:], 1)
        if index != key and not any(isinstance(row[index], str | list | tuple) for row in result.rows)
    )
    if spec.columns:
        return tuple(column for column in spec.columns if column in numeric)
    if key is not None:
        return numeric[:1]
    return tuple(column for column in numeric if _unit(column) == _unit(numeric[0]))


def _unit(column: str) -> str:
    return column.rpartition("_")[2] if "_" in column else ""


def _runs(
    result: Result, moments: Sequence[float | None], key: int | None, columns: tuple[str, ...]
) -> dict[str, dict[float, float | None]]:
    """Series name → moment → value."""
    indexes = [(column, result.columns.index(column)) for column in columns]
    runs: dict[str, dict[float, float | None]] = {}
    for moment, row in zip(moments, result.rows, strict=True):
        if moment is None:
            continue
        for column, index in indexes:
            parts = [] if key is None else [text_of("", row[key])]
            name = " ".join([*parts, *([label_of(column)] if len(columns) > 1 or key is None else [])])
            runs.setdefault(name, {})[moment] = finite(row[index])
    return runs


def _most_important(runs: Mapping[str, Mapping[float, float | None]]) -> list[str]:
    """At most eight names in their natural order: where there are more, those with the largest values."""
    if len(runs) <= SERIES:
        kept = set(runs)
    else:
        peaks = {name: max((v for v in run.values() if v is not None), default=0.0) for name, run in runs.items()}
        kept = set(sorted(peaks, key=lambda name: (-peaks[name], name))[:SERIES])
    return [name for name in runs if name in kept]


def _places(names: Sequence[str], look: Look) -> dict[str, int]:
    """Each series' place among the eight: the fixed one where it has one, else the first free one."""
    places = {name: place for name in names if (place := series_place(name, look)) is not None}
    free = [place for place in range(SERIES) if place not in places.values()]
    for name in sorted(name for name in names if name not in places):
        places[name] = free.pop(0) if free else 0
    return places


def _step(result: Result, known: Sequence[float]) -> float:
    """Seconds between rows: as bound, else the smallest distance that occurs."""
    smallest = min((later - earlier for earlier, later in pairwise(known)), default=60.0)
    return span_s(result.bound.get("step")) or smallest
