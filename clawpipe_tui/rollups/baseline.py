"""The baseline: the bins of every watched column and how many baseline rows fell into each."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.canonical import Kind, Layout, canonical_select, quoted, watched_columns, within
from clawpipe_tui.logs.footer import Footer, first_line, inspect
from clawpipe_tui.logs.form import form_of
from clawpipe_tui.logs.listing import LogFile, list_files, newest_first
from clawpipe_tui.logs.objects import complete_copy
from clawpipe_tui.logs.ranges import Needed
from clawpipe_tui.rollups.arrow import table_schema
from clawpipe_tui.rollups.bins import ColumnBins, fix_bins, kinds_of
from clawpipe_tui.rollups.schema import MASSES
from clawpipe_tui.rollups.settings import LogSettings
from clawpipe_tui.rollups.source import Rows, rows_of
from clawpipe_tui.rollups.values import in_groups, values_table

if TYPE_CHECKING:
    import duckdb

_TIMELESS = {"served_at": "timestamptz '1970-01-01 00:00:00+00'"}
_CHECK = "Check [baseline] files in clawpipe.toml."
_FILE = "bins.parquet"
_FILES, _ENOUGH_ROWS, _ENOUGH_BYTES, _MOST_FILES = 8, 5_000, 4_000_000, 1_000
_ANY_FILE = "0"
"""Whose rows they are does not matter in a baseline."""
BinRow = dict[str, object]


@dataclass(frozen=True)
class Baseline:
    """Bins in the order of the log's columns f0, f1, …; `rows` are those of the bins table."""

    bins: tuple[ColumnBins, ...]
    rows: tuple[BinRow, ...]


def choose_baseline(
    connection: duckdb.DuckDBPyConnection, settings: LogSettings, listing: Iterable[LogFile], newest: Sequence[LogFile]
) -> Baseline:
    """Bins by the configured baseline files or span; where there is none, by the oldest files of the log itself.

    Raises LogError where configured files do not exist or cannot be read.
    """
    import duckdb

    given = list(list_files(settings.baseline_files).values())
    if settings.baseline_files and not given:
        raise LogError(f"The baseline {', '.join(settings.baseline_files)} does not exist.", _CHECK)
    layout = settings.layout
    with rows_of(connection, newest, layout) as rows:
        watched = watched_columns(rows.columns, rows.layout)
    oldest = list(listing) if settings.baseline_span else _oldest_whole(listing, layout)
    trials = [given] if given else [oldest, *([file] for file in oldest), newest, *([file] for file in newest)]
    trouble = ""
    for files in trials:
        for own in _layouts(layout, files, given=bool(given)):
            try:
                return fix_baseline(connection, files, own, watched, given=bool(given), span=settings.baseline_span)
            except duckdb.InterruptException:
                raise
            except (duckdb.Error, OSError) as error:
                trouble = trouble or first_line(error)
                completed = [file for file in files if complete_copy(file)]
                if completed:  # a column was asked for that had not been fetched
                    trials.append(list(files))
    raise LogError(f"The baseline {(given or oldest or newest)[0].path} cannot be read: {trouble}.", _CHECK)


def _layouts(layout: Layout, files: Sequence[LogFile], *, given: bool) -> list[Layout]:
    """How to read a baseline: as the log is; given files first as the plain table that their name speaks of."""
    plain = replace(layout, form=form_of([file.path for file in files]), select="", companion=None)
    return [plain, layout] if given and not layout.select else [layout, plain] if given else [layout]


def _oldest_whole(listing: Iterable[LogFile], layout: Layout) -> list[LogFile]:
    """The oldest files that are whole: some, and more where they are small."""
    chosen: list[LogFile] = []
    rows = 0
    for file in newest_first(listing)[::-1][:_MOST_FILES]:
        if isinstance(seen := inspect(file, layout.form, Needed(layout)), Footer) and seen.rows:
            chosen.append(file)
            rows += seen.rows
        if len(chosen) >= _FILES and (rows >= _ENOUGH_ROWS or sum(one.size_bytes for one in chosen) > _ENOUGH_BYTES):
            break
    return chosen


def fix_baseline(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[LogFile],
    layout: Layout,
    watched: Mapping[str, Kind],
    *,
    given: bool,
    span: tuple[datetime, datetime] | None = None,
) -> Baseline:
    """Choose bins from the rows of these files and count those rows into them.

    A column that a given baseline lacks is not watched: there is nothing to compare it with.
    """
    with rows_of(connection, files, layout) as rows:
        return _counted(connection, rows, watched, given=given, span=span)


def _counted(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    watched: Mapping[str, Kind],
    *,
    given: bool,
    span: tuple[datetime, datetime] | None,
) -> Baseline:
    source, columns = rows.source, rows.columns
    if span:
        source = within(source, columns, rows.layout, span)
    expressions = {**rows.layout.expressions, **_TIMELESS, **_answered(columns, rows.layout)}
    layout = replace(rows.layout, expressions=expressions)
    declared = {*layout.numeric, *layout.categorical, *layout.expressions}
    here = watched_columns(columns, rows.layout)
    # A type that changed from file to file is text in the log; what the baseline has decides then.
    comparable: dict[str, Kind] = {
        name: kind if name in declared else here.get(name, kind)
        for name, kind in watched.items()
        if not given or name in columns or name in layout.expressions
    }
    bins: list[ColumnBins] = []
    counts: dict[tuple[str, int], int] = {}
    for group in map(dict, in_groups(list(comparable.items()))):
        canonical = canonical_select(source, columns, layout, group, key=_ANY_FILE)
        chosen = fix_bins(connection, canonical, group)
        canonical = canonical_select(source, columns, layout, kinds_of(chosen), key=_ANY_FILE)
        counts |= _counts(connection, canonical, chosen)
        bins += chosen
    return Baseline(tuple(bins), tuple(row for column in bins for row in _bin_rows(column, counts)))


def _answered(columns: Mapping[str, str], layout: Layout) -> dict[str, str]:
    """Training data logs no outcome: a row without an answer is one that failed, not one with a missing score."""
    known = {**{name: quoted(name) for name in columns}, **layout.expressions}
    given = next((known[name] for name in ("score", "prediction") if name in known), None)
    if given is None or {"outcome", "status_code", "error"} & known.keys():
        return {}
    return {"outcome": f"case when ({given}) is null then 'error' else 'ok' end"}


def _counts(
    connection: duckdb.DuckDBPyConnection, canonical: str, bins: tuple[ColumnBins, ...]
) -> dict[tuple[str, int], int]:
    counts: Counter[tuple[str, int]] = Counter()
    for row in values_table(connection, canonical, bins).select(["column", "bin", "n"]).to_pylist():
        counts[row["column"], row["bin"]] += row["n"]
    return counts


def _bin_rows(column: ColumnBins, counts: Mapping[tuple[str, int], int]) -> list[BinRow]:
    """The bins themselves, then one row for each mass; names of rare categories travel with a count of 0."""
    rows: list[BinRow] = [
        _row(column, number, mass, low, high, category, counts.get((column.column, number), 0))
        for _, _, number, mass, low, high, category in column.rows()
    ]
    rows += [
        _row(column, number, mass, None, None, None, counts.get((column.column, number), 0))
        for number, mass in MASSES.items()
    ]
    rows += [_row(column, -7, "rare", None, None, category, 0) for category in column.rare]
    return rows


def _row(
    column: ColumnBins, number: int, mass: str, low: float | None, high: float | None, category: str | None, n: int
) -> BinRow:
    return {
        "column": column.column, "kind": column.kind, "bin": number, "mass": mass, "bin_low": low, "bin_high": high,
        "category": category, "n": n,
    }  # fmt: skip


def save_baseline(folder: Path, baseline: Baseline) -> Baseline:
    """Keep the bins beside the parts that are made with them; returns those that stand.

    Bins that another console has fixed meanwhile stand: all parts of a store must be made with the same ones.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / _FILE
    if path.exists():
        return load_baseline(folder) or baseline
    table = pa.Table.from_pylist(list(baseline.rows), schema=table_schema("bins"))
    building = folder / f".{uuid.uuid4().hex}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, building, compression="zstd", write_page_checksum=True)
        _publish(building, path)
    except OSError as error:
        raise LogError(
            f"The bins cannot be kept in {folder}: {error.strerror or error}.",
            "Make room there, or set XDG_CACHE_HOME to a folder that can be written.",
        ) from error
    return load_baseline(folder) or baseline


def _publish(building: Path, path: Path) -> None:
    """Let the file appear whole, unless another one is there already."""
    try:
        path.hardlink_to(building)
    except FileExistsError:
        pass
    except OSError:  # a file system without links: the last one stands
        building.rename(path)
        return
    building.unlink()


def load_baseline(folder: Path) -> Baseline | None:
    """The bins that this store's parts were made with; None where none are fixed yet. Raises LogError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(folder / _FILE) as file:
            rows = cast("list[BinRow]", file.read().to_pylist())
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        raise LogError(
            f"The bins in {folder} cannot be read: {first_line(error)}.",
            "Delete that folder: the log is then read again.",
        ) from error
    by_column: dict[str, list[BinRow]] = {}
    for row in rows:
        by_column.setdefault(cast("str", row["column"]), []).append(row)
    return Baseline(tuple(_rebuilt(name, own) for name, own in by_column.items()), tuple(rows))


def _rebuilt(name: str, rows: list[BinRow]) -> ColumnBins:
    inner = [row for row in rows if row["mass"] == "bin"]
    if rows[0]["kind"] == "categorical":
        rare = [row for row in rows if row["mass"] == "rare" and row["category"] is not None]
        return ColumnBins(
            name,
            "categorical",
            categories=tuple(cast("str", row["category"]) for row in inner),
            rare=tuple(cast("str", row["category"]) for row in rare),
        )
    if not inner:
        return ColumnBins(name, "numeric")
    lows = tuple(cast("float", row["bin_low"]) for row in inner)
    return ColumnBins(name, "numeric", lows, cast("float", inner[-1]["bin_high"]))
