"""The log that the benchmarks read: 16 numeric and 4 categorical features, made once, cached, ignored by git."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CACHE = Path(__file__).parent / ".cache"
NUMERIC = tuple(f"x{number}" for number in range(16))
CATEGORICAL = tuple(f"c{number}" for number in range(4))
ROWS_A_FILE = 125_000
_START = np.datetime64("2026-11-01T00:00:00", "us")
_SPAN_S = 900


def make_log(rows: int, rows_a_file: int = ROWS_A_FILE) -> Path:
    """A folder with so many rows in files of a quarter of an hour each; made where it is not there yet."""
    folder = CACHE / f"log-{rows}-{rows_a_file}"
    if (folder / "done").exists():
        return folder
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    for number in range(rows // rows_a_file):
        pq.write_table(table(number, rows_a_file), folder / "logs" / f"part-{number:05d}.parquet", compression="zstd")
    pq.write_table(table(-1, 20_000).select([*NUMERIC, *CATEGORICAL]), folder / "baseline.parquet")
    features = f"numeric = {list(NUMERIC)}\ncategorical = {list(CATEGORICAL)}"
    lines = ["[log]", 'files = "logs/*.parquet"', 'now = "end"', "[features]", features]
    lines += ["[baseline]", 'files = "baseline.parquet"', ""]
    (folder / "clawpipe.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "done").touch()
    return folder


def table(number: int, rows: int) -> pa.Table:
    """One file: a quarter of an hour after the one before it."""
    rng = np.random.default_rng(number + 1)
    offsets = np.sort(rng.random(rows)) * _SPAN_S * 1e6
    served_at = _START + np.timedelta64(number * _SPAN_S, "s") + offsets.astype("timedelta64[us]")
    columns: dict[str, pa.Array] = {
        "served_at": pa.array(served_at, pa.timestamp("us", "UTC")),
        "request_id": pa.array([f"{number:05d}-{row:07d}" for row in range(rows)]),
        "model": _text(np.full(rows, "fraud")),
        "version": _text(np.where(rng.random(rows) < 0.1, "v2", "v1")),
        "outcome": _text(rng.choice(["ok", "error", "timeout", "fallback"], rows, p=[0.97, 0.015, 0.005, 0.01])),
        "latency_ms": pa.array(rng.lognormal(3.5, 0.5, rows)),
        "client": _text(rng.choice(["web", "app", "batch", "partner"], rows)),
    }
    columns |= {name: pa.array(rng.standard_normal(rows) * (place + 1)) for place, name in enumerate(NUMERIC)}
    columns |= {name: _text(rng.choice([f"k{kind}" for kind in range(8)], rows)) for name in CATEGORICAL}
    return pa.table(columns)


def _text(values: np.ndarray[tuple[int], np.dtype[np.str_]]) -> pa.Array:
    return pa.array(values).dictionary_encode()


if __name__ == "__main__":
    print(make_log(int(float(sys.argv[1]))))
