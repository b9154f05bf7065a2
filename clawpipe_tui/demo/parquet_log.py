"""The demo's prediction log on disk: its schema, rows as a table, and files that nobody sees half written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from clawpipe_tui.demo.world import Served

NUMERIC = (
    "dep_delay_min",
    "distance_mi",
    "sched_hour",
    "temperature_f",
    "wind_speed_mph",
    "humidity_pct",
    "visibility_mi",
    "pressure_hpa",
)
CATEGORICAL = ("carrier", "origin", "dest_region")
WHOLE_NUMBERS = frozenset({"dep_delay_min", "distance_mi", "sched_hour"})
_HARDLY_REPEATED = frozenset({"request_id", "latency_ms"})


FEATURE_FIELDS = (
    *((name, pa.int16() if name in WHOLE_NUMBERS else pa.float32()) for name in NUMERIC),
    *((name, pa.string()) for name in CATEGORICAL),
)
LOG_SCHEMA = pa.schema(
    [
        ("served_at", pa.timestamp("us", "UTC")),
        ("request_id", pa.string()),
        ("model", pa.string()),
        ("version", pa.string()),
        ("role", pa.string()),
        ("outcome", pa.string()),
        ("error", pa.string()),
        ("latency_ms", pa.float32()),
        ("client", pa.string()),
        ("prediction", pa.string()),
        ("score", pa.float32()),
        *FEATURE_FIELDS,
    ]
)
"""The canonical log as the demo writes it: one column for each feature."""


class Table(Protocol):
    """What the demo needs to know of an Arrow table, which carries no types of its own."""

    num_rows: int
    column_names: list[str]

    def to_pylist(self) -> list[dict[str, object]]:
        """The rows as name → value."""
        ...


def log_table(rows: Iterable[Served]) -> Table:
    """Rows as a table of LOG_SCHEMA. A feature of the wrong type, which the model rejected, is logged as NULL."""
    return pa.Table.from_pylist([_record(row) for row in rows], schema=LOG_SCHEMA)


def _record(row: Served) -> dict[str, object]:
    answer = row.answer
    return {
        "served_at": row.served_at,
        "request_id": row.request_id,
        "model": row.model,
        "version": row.version,
        "role": row.role,
        "outcome": answer.outcome,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "client": row.client,
        "prediction": answer.prediction,
        "score": answer.score,
        **{name: _loggable(name, row.features.get(name)) for name in (*NUMERIC, *CATEGORICAL)},
    }


def _loggable(name: str, value: object) -> object:
    if name in CATEGORICAL:
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if name not in WHOLE_NUMBERS:
        return value
    return round(value) if math.isfinite(value) and abs(value) < 1 << 15 else None


def write_parquet(table: Table, path: Path) -> None:
    """Write beside and rename, so that a reader never sees half a file. The same table gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    # pyarrow takes lists of columns here, which the types that are inferred from its defaults do not know.
    timed = [name for name in table.column_names if name.endswith("_at")]
    repetitive = [name for name in table.column_names if name not in _HARDLY_REPEATED and name not in timed]
    pq.write_table(
        table,
        beside,
        compression="zstd",
        compression_level=9,
        use_dictionary=cast("bool", repetitive),
        write_statistics=cast("bool", timed),
        write_page_checksum=True,
        store_schema=False,
    )
    beside.replace(path)


def log_path(folder: Path, moment: datetime) -> Path:
    """Where the log of one minute lies: a folder for each day, in it one for each hour."""
    at = moment.astimezone(UTC)
    return folder / f"{at:%Y-%m-%d}" / f"{at:%H}" / f"part-{at:%H%M}.parquet"


def write_log(folder: Path, rows: Iterable[Served]) -> list[Path]:
    """Write rows, which are in order, as one file a minute. Returns the files."""
    paths: list[Path] = []
    for path, minute in groupby(rows, key=lambda row: log_path(folder, row.served_at)):
        write_parquet(log_table(minute), path)
        paths.append(path)
    return paths
