"""The logs that the benchmarks read: 16 numeric and 4 categorical features, made once, cached, ignored by git."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CACHE = Path(__file__).parent / ".cache"
NUMERIC = tuple(f"x{number}" for number in range(16))
CATEGORICAL = tuple(f"c{number}" for number in range(4))
ROWS_A_FILE = 125_000
QUARTER_S, DAY_S = 900, 86_400
_START = np.datetime64("2026-11-01T00:00:00", "us")
_OUTCOMES = ("ok", "error", "timeout", "fallback")
_ERRORS = ("", "upstream answered 502", "no answer after 3000 ms", "features incomplete: age")
_SHARES = (0.97, 0.015, 0.005, 0.01)


def make_log(rows: int, rows_a_file: int = ROWS_A_FILE, span_s: int = QUARTER_S) -> Path:
    """A folder with so many rows in files of `span_s` each; made where it is not there yet."""
    folder = CACHE / f"log-{rows}-{rows_a_file}-{span_s}"
    if (folder / "done").exists():
        return folder
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    for number in range(rows // rows_a_file):
        made = table(number, rows_a_file, span_s)
        pq.write_table(made, folder / "logs" / f"part-{number:05d}.parquet", compression="zstd")
    pq.write_table(table(-1, 20_000).select([*NUMERIC, *CATEGORICAL]), folder / "baseline.parquet")
    features = f"numeric = {list(NUMERIC)}\ncategorical = {list(CATEGORICAL)}"
    lines = ["[log]", 'files = "logs/*.parquet"', 'now = "end"', "[features]", features]
    lines += ["[baseline]", 'files = "baseline.parquet"', ""]
    (folder / "clawpipe.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "done").touch()
    return folder


def table(number: int, rows: int, span_s: int = QUARTER_S) -> pa.Table:
    """One file: as many seconds after the one before it."""
    rng = np.random.default_rng(number + 1)
    offsets = np.sort(rng.random(rows)) * span_s * 1e6
    served_at = _START + np.timedelta64(number * span_s, "s") + offsets.astype("timedelta64[us]")
    outcome = rng.choice(len(_OUTCOMES), rows, p=_SHARES)
    columns: dict[str, pa.Array] = {
        "served_at": pa.array(served_at, pa.timestamp("us", "UTC")),
        "request_id": pa.array([f"{number:05d}-{row:07d}" for row in range(rows)]),
        "model": _names(np.zeros(rows, np.int32), ["fraud"]),
        "version": _names(rng.random(rows) < 0.1, ["v1", "v2"]),
        "outcome": _names(outcome, _OUTCOMES),
        "error": _names(np.where(outcome > 0, outcome, -1), _ERRORS),
        "latency_ms": pa.array(rng.lognormal(3.5, 0.5, rows)),
        "client": _names(rng.integers(0, 4, rows), ["web", "app", "batch", "partner"]),
    }
    columns |= {name: pa.array(rng.standard_normal(rows) * (place + 1)) for place, name in enumerate(NUMERIC)}
    kinds = [f"k{kind}" for kind in range(8)]
    columns |= {name: _names(rng.integers(0, 8, rows), kinds) for name in CATEGORICAL}
    return pa.table(columns)


def _names(numbers: np.ndarray[tuple[int], np.dtype[np.generic]], names: Sequence[str]) -> pa.Array:
    """The names that numbers stand for; none for a negative one."""
    places = numbers.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=places < 0), pa.array(names, pa.string()))


if __name__ == "__main__":
    print(make_log(int(float(sys.argv[1]))))
