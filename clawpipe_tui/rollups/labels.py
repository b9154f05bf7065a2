"""Labels: what turned out to be true, in files of their own that arrive later, and the index that they are joined to.

Where labels are configured, a part also holds one row for each answered request: a hash of its id, its minute, version,
prediction and score (about 15 bytes each in Parquet, 100 in memory). So a label finds its request without the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import Kind
from clawpipe_tui.logs.footer import first_line
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.objects import local_copy
from clawpipe_tui.rollups.reduce import ANSWERED, keys
from clawpipe_tui.rollups.schema import VALUE_GRAIN_S

if TYPE_CHECKING:
    import duckdb

    from clawpipe_tui.logs.listing import LogFile

ANSWER: Mapping[str, Kind] = {"request_id": "categorical", "prediction": "categorical", "score": "numeric"}
"""The columns of an answer, as canonical_select is asked for them: f0, f1 and f2."""

_HASH = "(md5_number_lower({}::varchar) >> 1)::bigint"
"""The same in every version of the database, unlike its hash(). 63 bits: no two of ten million requests are alike."""

LABELS: Mapping[str, str] = {
    "path": "VARCHAR", "request": "BIGINT", "label": "VARCHAR", "labelled_at": "TIMESTAMPTZ",
}  # fmt: skip
LABELLED_BASELINE: Mapping[str, str] = {"prediction": "VARCHAR", "score": "DOUBLE", "label": "VARCHAR"}


def answers_select(canonical: str) -> str:
    """Answered requests of a canonical select over ANSWER."""
    return f"""
        select {keys(VALUE_GRAIN_S)}, {_HASH.format("f0")} as request, left(f1, 80) as prediction, f2 as score
        from ({canonical}) where served_at is not null and f0 is not null and {ANSWERED}
    """


@dataclass
class LabelFiles:
    """The label files that have been read, and what they were then."""

    patterns: Sequence[str]
    read: dict[str, LogFile] = field(default_factory=dict[str, "LogFile"])

    def look(self) -> tuple[list[str], list[LogFile]]:
        """The paths that are gone or changed, and the files to read; from now on they count as read."""
        listing = list_files(self.patterns)
        gone = [path for path, file in self.read.items() if listing.get(path) != file]
        new = [file for path, file in listing.items() if self.read.get(path) != file]
        self.read = dict(listing)
        return gone, new


def take_labels(connection: duckdb.DuckDBPyConnection, file: LogFile) -> str:
    """One file's labels into the table `labels`; why it adds none, where it does not."""
    import duckdb

    try:
        source = _source(file)
        columns = {
            str(row[0]): str(row[1]) for row in connection.execute(f"describe select * from {source}").fetchall()
        }
        missing = {"request_id", "label"} - columns.keys()
        if not missing:
            # ids that were whole numbers until one was missing are read as 7.0
            number = columns["request_id"] in {"DOUBLE", "FLOAT"}
            request = "request_id::hugeint" if number else "request_id"
            at = "try_cast(labelled_at as timestamptz)" if "labelled_at" in columns else "null::timestamptz"
            connection.execute(
                f"insert into labels select $path, {_HASH.format(request)}, label::varchar, {at} from {source}"
                " where request_id is not null and label is not null",
                {"path": file.path},
            )
    except (duckdb.Error, OSError) as error:
        return f"cannot be read: {first_line(error)}"
    return f"has no column {' and '.join(sorted(missing))}" if missing else ""


def take_labelled_baseline(connection: duckdb.DuckDBPyConnection, file: LogFile) -> None:
    """A baseline's own scores and labels, which calibrate estimates; where it has none, there is no estimate.

    Raises duckdb.Error and OSError where it cannot be read.
    """
    source = _source(file)
    columns = {str(row[0]) for row in connection.execute(f"describe select * from {source}").fetchall()}
    if {"prediction", "score", "label"} <= columns:
        connection.execute(
            "insert into labelled_baseline select prediction::varchar, try_cast(score as double), label::varchar"
            f" from {source} where prediction is not null and label is not null"
        )


def _source(file: LogFile) -> str:
    path = local_copy(file)
    quoted = "'" + path.replace("'", "''") + "'"
    return f"read_csv({quoted})" if path.endswith((".csv", ".csv.gz")) else f"read_parquet({quoted})"
