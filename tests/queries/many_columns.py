"""Logs with 58 features each, for every way that data can be odd, and the raw rows behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tiny_log import START, TinyLog, write

Values = Sequence[float | None] | Sequence[str | None]
Rng = np.random.Generator


def _floats(values: NDArray[np.float64]) -> Values:
    return [float(value) for value in values]


def _some_missing(rng: Rng, n: int) -> Values:
    odd: list[float | None] = [None, float("nan"), float("inf"), float("-inf")]
    return [odd[int(rng.integers(4))] if rng.random() < 0.3 else float(rng.normal()) for _ in range(n)]


def _named(rng: Rng, n: int, names: list[str | None]) -> Values:
    return [names[int(place)] for place in rng.integers(len(names), size=n)]


KINDS: dict[str, Callable[[Rng, int, bool], Values]] = {
    "normal": lambda rng, n, live: _floats(rng.normal(0.3 * live, 1, n)),
    "cauchy": lambda rng, n, live: _floats(rng.standard_cauchy(n) * (1 + live)),
    "huge": lambda rng, n, live: _floats(10.0 ** rng.uniform(-200, 200 + live, n)),
    "constant": lambda rng, n, live: [7.0] * n,  # noqa: ARG005 - every kind is asked in the same way
    "moved_constant": lambda rng, n, live: [7.0 + live] * n,  # noqa: ARG005
    "ties": lambda rng, n, live: _floats(np.round(rng.exponential(2 + live, n))),
    "half_ties": lambda rng, n, live: _floats(np.maximum(rng.normal(0.2 * live, 1, n), 0)),
    "all_null": lambda rng, n, live: _named(rng, n, [None]),  # noqa: ARG005
    "odd": lambda rng, n, live: _some_missing(rng, n),  # noqa: ARG005
    "denormal": lambda rng, n, live: _floats(rng.integers(-50, 50 + live, n).astype(np.float64) * 5e-324),
    "beyond_2_to_53": lambda rng, n, live: _floats(2.0**60 + 256.0 * rng.integers(0, 9 + live, n).astype(np.float64)),
    "only_odd": lambda rng, n, live: [float("nan") if live else None] * n,  # noqa: ARG005
}
CATEGORIES: dict[str, Callable[[Rng, int, bool], Values]] = {
    "few": lambda rng, n, live: _named(rng, n, ["a", "b", *(["new"] if live else [])]),
    "gone": lambda rng, n, live: _named(rng, n, ["a", *([] if live else ["b"])]),
    "empty": lambda rng, n, live: _named(rng, n, ["", None]),  # noqa: ARG005
    "no_value": lambda rng, n, live: _named(rng, n, [None]),  # noqa: ARG005
    "disjoint": lambda rng, n, live: _named(rng, n, [f"{live}{k}" for k in range(5)]),
}


@dataclass(frozen=True)
class Log:
    """A log on disk, and what was written into it: column → values."""

    tiny: TinyLog
    baseline: dict[str, Values]
    live: dict[str, Values]
    latencies_ms: NDArray[np.float64]


def make_log(folder: Path, seed: int, rows: int, baseline_rows: int) -> Log:
    """So many rows within an hour, and a baseline; twelve numeric kinds four times, five of categories twice."""
    rng = np.random.default_rng(seed)
    sides: list[dict[str, Values]] = []
    for live, count in ((False, baseline_rows), (True, rows)):
        kinds = [(kind, make, 4) for kind, make in KINDS.items()] + [
            (kind, make, 2) for kind, make in CATEGORIES.items()
        ]
        sides.append({f"{kind}_{k}": make(rng, count, live) for kind, make, times in kinds for k in range(times)})
    before, after = sides
    baseline = write(folder / "baseline.parquet", _table(before))
    log = TinyLog(folder, baseline=str(baseline))
    latencies_ms = rng.lognormal(3, 1, rows)
    known: dict[str, list[object]] = {
        "served_at": [START + timedelta(seconds=3_600 * k / rows) for k in range(rows)],
        "version": ["v1"] * rows, "outcome": ["ok"] * rows, "latency_ms": [*latencies_ms],
    }  # fmt: skip
    whole = pa.table(known)
    features = _table(after)
    for name in features.column_names:
        whole = whole.append_column(name, features[name])
    log.write("part.parquet", whole)
    return Log(log, before, after, latencies_ms)


def _is_text(name: str) -> bool:
    return name.rsplit("_", 1)[0] in CATEGORIES


def _table(columns: dict[str, Values]) -> pa.Table:
    kinds = {name: pa.string() if _is_text(name) else pa.float64() for name in columns}
    return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
