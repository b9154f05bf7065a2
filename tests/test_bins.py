"""Bins from a baseline: ties are bins of their own, and the KS bracket stays exact on them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.rollups.bins import ColumnBins, fix_bins
from clawpipe_tui.rollups.values import values_table
from clawpipe_tui.statistics.ks import ks_exact, ks_high, ks_low

KEYS = (
    "0 as file_index, timestamptz '2026-01-01 00:00:00+00' as served_at, 'm' as model, 'v' as version, 'live' as role"
)
NUMBERS = st.lists(st.one_of(st.integers(0, 6).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=120)


def rows(values: Sequence[float]) -> str:
    """A canonical select with one numeric column."""
    listed = ", ".join(f"({value!r}::double)" for value in values)
    return f"select {KEYS}, 'ok' as outcome, x as f0 from (values {listed}) as t(x)"


def counts(connection: duckdb.DuckDBPyConnection, values: Sequence[float], bins: ColumnBins) -> list[int]:
    """How many values fall into each bin along the axis, by what reduces logs."""
    counted = values_table(connection, rows(values), (bins,)).to_pylist()
    found = {row["bin"]: row["n"] for row in counted}
    return [found.get(number, 0) for number in range(len(bins.lows) + 2)]


def bins_of(connection: duckdb.DuckDBPyConnection, values: Sequence[float]) -> ColumnBins:
    """The bins that a baseline of these values fixes."""
    return fix_bins(connection, rows(values), {"x": "numeric"})[0]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of one's own."""
    with duckdb.connect() as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(baseline=NUMBERS, live=NUMBERS)
def test_the_bracket_holds_the_distance_of_the_raw_values(
    connection: duckdb.DuckDBPyConnection, baseline: list[float], live: list[float]
) -> None:
    """Whatever the data, ties included, the D of the raw values lies in the bracket."""
    bins = bins_of(connection, baseline)
    before, now = counts(connection, baseline, bins), counts(connection, live, bins)
    alone = [0.0, *(float(low == high) for low, high in zip(bins.lows, bins.highs(), strict=True)), 0.0]
    low, high = ks_low(before, now), ks_high(before, now, alone)
    distance = ks_exact(np.array(baseline), np.array(live))
    assert low is not None
    assert high is not None
    assert distance is not None
    assert low - 1e-9 <= distance <= high + 1e-9


@settings(max_examples=60, deadline=None)
@given(values=NUMBERS)
def test_every_value_of_the_baseline_falls_into_an_inner_bin(
    connection: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    """Nothing of the baseline itself is below, above, or counted twice."""
    found = counts(connection, values, bins_of(connection, values))
    assert sum(found) == len(values)
    assert found[0] == found[-1] == 0


def test_a_column_of_few_values_has_the_exact_distance(connection: duckdb.DuckDBPyConnection) -> None:
    """On hours, visibilities and flags the bracket has no width."""
    baseline, live = [6.0, 7.0, 7.0, 8.0] * 10, [7.0, 8.0, 8.0, 8.0] * 10
    bins = bins_of(connection, baseline)
    before, now = counts(connection, baseline, bins), counts(connection, live, bins)
    alone = [0.0, *(float(low == high) for low, high in zip(bins.lows, bins.highs(), strict=True)), 0.0]
    assert ks_low(before, now) == ks_high(before, now, alone) == 0.5


def test_a_value_that_fills_a_quantile_step_is_a_bin_of_its_own(connection: duckdb.DuckDBPyConnection) -> None:
    """Ten miles of visibility on most days is one bin, and what lies just below it another."""
    bins = bins_of(connection, [10.0] * 80 + [float(value) / 10 for value in range(30)])
    assert bins.lows[-1] == bins.top == 10.0
    assert bins.highs()[-1] == 10.0


def test_a_constant_has_one_bin_and_guards(connection: duckdb.DuckDBPyConnection) -> None:
    """One value in the baseline: anything else is below or above it."""
    bins = bins_of(connection, [3.0] * 5)
    assert (bins.lows, bins.top) == ((3.0,), 3.0)
    assert counts(connection, [3.0, 2.9, 3.1, math.nextafter(3.0, 4.0)], bins) == [1, 1, 2]
