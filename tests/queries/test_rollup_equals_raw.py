"""Every statistic from rollups equals the one from the raw rows within its bracket, on 232 columns of odd data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from many_columns import CATEGORIES, KINDS, make_log
from numpy.typing import NDArray
from tiny_log import ask

from clawpipe_tui.result import Result, Value
from clawpipe_tui.statistics.distances import js_distance, linf
from clawpipe_tui.statistics.ks import ks_exact
from clawpipe_tui.statistics.psi import psi

SIZES = ((2, 300), (60, 2), (400, 1_000), (5_000, 5_000))
"""Rows of the log and of the baseline."""
Numbers = NDArray[np.float64]


def mass(value: float | str | None) -> str:
    """What a value is that is no number and no name."""
    odd = {"None": "null", "nan": "nan", "inf": "pos_inf", "-inf": "neg_inf", "": "empty"}
    return odd.get(str(value), "")


def finite(values: Sequence[float | str | None]) -> Numbers:
    """The numbers among them."""
    return np.array([x for x in values if isinstance(x, float) and math.isfinite(x)], np.float64)


def number(row: dict[str, Value], name: str) -> float:
    """One cell that is a number."""
    return cast("float", row[name])


def raw_counts(histogram: Result, values: Sequence[float | str | None]) -> list[float]:
    """The raw rows counted into the bins that the console shows, one by one and without its SQL."""
    numbers, odd = finite(values), Counter(map(mass, values))
    rows = histogram.records()
    last = max((number(row, "bin_low") for row in rows if row["mass"] == "bin"), default=math.nan)

    def count(row: dict[str, Value]) -> float:
        if row["mass"] == "below":
            return float((numbers < number(row, "bin_high")).sum())
        if row["mass"] == "above":
            return float((numbers > number(row, "bin_low")).sum())
        if row["mass"] != "bin":
            return float(numbers.size if row["mass"] == "unseen" else odd[str(row["mass"])])
        low, high = number(row, "bin_low"), number(row, "bin_high")
        closed = low in (last, high)
        return float(((numbers >= low) & ((numbers <= high) if closed else (numbers < high))).sum())

    return [count(row) for row in rows]


@pytest.mark.parametrize(("rows", "baseline_rows"), SIZES)
def test_numeric_columns(tmp_path: Path, rows: int, baseline_rows: int) -> None:
    """PSI and JS distance exactly, KS inside its bracket, over the same bins counted from raw rows."""
    log = make_log(tmp_path, seed=rows, rows=rows, baseline_rows=baseline_rows)
    with log.tiny.opened() as session:
        found = {str(row["column"]): row for row in ask(session, "drift").records()}
        assert len(found) == 58
        for name in (name for name in found if name.rsplit("_", 1)[0] in KINDS):
            histogram = ask(session, "histogram", column=name)
            before, after = log.baseline[name], log.live[name]
            base, live = (raw_counts(histogram, values) for values in (before, after))
            assert [sum(base), sum(live)] == [baseline_rows, rows], name
            row = found[name]
            assert row["psi"] == pytest.approx(psi(base, live), abs=1e-9), name
            assert row["js_distance"] == pytest.approx(js_distance(base, live), abs=1e-9), name
            exact = ks_exact(finite(before), finite(after))
            if exact is None:
                assert row["ks_low"] is None, name
            else:
                assert number(row, "ks_low") - 1e-12 <= exact <= number(row, "ks_high") + 1e-12, name


@pytest.mark.parametrize(("rows", "baseline_rows"), SIZES)
def test_categorical_columns(tmp_path: Path, rows: int, baseline_rows: int) -> None:
    """L∞ and the shares of NULL, by name, whoever had them."""
    log = make_log(tmp_path, seed=rows, rows=rows, baseline_rows=baseline_rows)
    with log.tiny.opened() as session:
        found = {str(row["column"]): row for row in ask(session, "drift").records()}
    for name in (name for name in found if name.rsplit("_", 1)[0] in CATEGORIES):
        before, after = (Counter(x for x in side[name] if x) for side in (log.baseline, log.live))
        names = sorted({*map(str, before), *map(str, after)})
        base, live = ([float(side[key]) for key in names] for side in (before, after))
        assert found[name]["linf"] == pytest.approx(linf(base, live), abs=1e-12), name
        nulls = 100 * sum(x is None for x in log.live[name]) / rows
        assert found[name]["null_pct"] == pytest.approx(nulls), name


def test_latency_quantiles_are_within_one_percent(tmp_path: Path) -> None:
    """Of the raw rows' own quantiles."""
    log = make_log(tmp_path, seed=3, rows=3_000, baseline_rows=100)
    with log.tiny.opened() as session:
        row = ask(session, "health").records()[0]
    raw = np.sort(log.latencies_ms)[[math.ceil(q * 3_000) - 1 for q in (0.5, 0.95, 0.99)]]
    assert [row["p50_ms"], row["p95_ms"], row["p99_ms"]] == pytest.approx(list(raw), rel=0.0101)
