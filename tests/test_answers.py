"""What named queries say about the sample log is what numpy and scipy find in its raw rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp
from tiny_log import ask

from clawpipe_tui.catalog import load_catalog, shipped
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession

FOLDER = shipped("sample_data")
UNTIL = datetime(2026, 11, 7, 14, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=1)
INCIDENT = datetime(2026, 11, 7, 13, 8, tzinfo=UTC)
NUMERIC = ("dep_delay_min", "distance_mi", "temperature_f", "wind_speed_mph", "humidity_pct", "pressure_hpa")
CATEGORICAL = ("carrier", "origin", "dest_region")
Numbers = NDArray[np.float64]


def _rows(session: LogSession, query: str, **values: Value) -> list[dict[str, Value]]:
    step = cast("Value", timedelta(minutes=1))
    return ask(session, query, **{"since": SINCE, "until": UNTIL, "step": step, **values}).records()


@pytest.fixture(scope="module")
def live() -> Mapping[str, NDArray[np.object_]]:
    """The raw rows of the last hour, column by column."""
    table = ds.dataset(str(FOLDER / "logs"), format="parquet").to_table(filter=pc.field("served_at") >= SINCE)
    return {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}


@pytest.fixture(scope="module")
def baseline() -> Mapping[str, NDArray[np.object_]]:
    """The raw rows of the baseline."""
    table = pq.read_table(FOLDER / "baseline.parquet")
    return {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}


def _known(values: NDArray[np.object_]) -> Numbers:
    return np.array([value for value in values if value is not None], dtype=np.float64)


def _psi(before: Numbers, after: Numbers) -> float:
    """Statistics S1: half a request added to each bin that either side has."""
    used = (before > 0) | (after > 0)
    p = (before[used] + 0.5) / (before[used] + 0.5).sum()
    q = (after[used] + 0.5) / (after[used] + 0.5).sum()
    return float(((q - p) * np.log(q / p)).sum())


def _binned(session: LogSession, column: str, values: NDArray[np.object_]) -> Numbers:
    """Counts of raw values in the bins that the baseline fixed, NULL in one of its own."""
    bins = next(bins for bins in session._reader.baseline.bins if bins.column == column)  # pyright: ignore[reportOptionalMemberAccess]
    known = _known(values)
    edges = np.array([-np.inf, *bins.lows, np.nextafter(bins.top, np.inf), np.inf])
    places = np.searchsorted(edges, known, side="right") - 1
    return np.append(np.bincount(places, minlength=len(edges) - 1), len(values) - len(known)).astype(np.float64)


def test_exactly_the_shifted_columns_have_drifted(sample: LogSession) -> None:
    """The two whose unit changed, and the one with a new category, by name; since when, to the minute."""
    drifted = {row["column"]: row for row in _rows(sample, "drift") if row["verdict"] == "drifted"}
    assert set(drifted) == {"temperature_f", "wind_speed_mph", "carrier"}
    assert str(drifted["carrier"]["unseen"]).startswith("ZZ ")
    assert {row["unseen"] for name, row in drifted.items() if name != "carrier"} == {""}
    assert {row["since_at"] for row in drifted.values()} == {INCIDENT}


def test_nothing_had_drifted_before_the_incident(sample: LogSession) -> None:
    """No false alarm in any quiet hour."""
    for hours in (2, 3, 4, 5):
        rows = _rows(
            sample, "drift", since=SINCE - timedelta(hours=hours - 1), until=UNTIL - timedelta(hours=hours - 1)
        )
        assert not [row["column"] for row in rows if row["verdict"] == "drifted"]


@pytest.mark.parametrize("column", NUMERIC)
def test_numeric_drift_equals_numpys(
    sample: LogSession,
    live: Mapping[str, NDArray[np.object_]],
    baseline: Mapping[str, NDArray[np.object_]],
    column: str,
) -> None:
    """PSI and JS over the same bins; the exact KS distance lies inside the bracket."""
    row = next(row for row in _rows(sample, "drift") if row["column"] == column)
    before, after = (_binned(sample, column, side[column]) for side in (baseline, live))
    assert row["psi"] == pytest.approx(_psi(before, after), rel=1e-9)
    assert row["js_distance"] == pytest.approx(jensenshannon(before, after, base=2), rel=1e-6)
    exact = cast("tuple[float, float]", ks_2samp(_known(baseline[column]), _known(live[column])))[0]
    assert cast("float", row["ks_low"]) - 1e-9 <= exact <= cast("float", row["ks_high"]) + 1e-9
    assert row["null_pct"] == pytest.approx(100 * np.mean([value is None for value in live[column]]))
    assert row["rows"] == len(live[column])


@pytest.mark.parametrize("column", CATEGORICAL)
def test_categorical_drift_and_histogram_equal_a_count(
    sample: LogSession,
    live: Mapping[str, NDArray[np.object_]],
    baseline: Mapping[str, NDArray[np.object_]],
    column: str,
) -> None:
    """One bin for each category, one for all that the baseline never saw."""
    before, after = Counter(baseline[column]), Counter(live[column])
    unseen = sum(n for name, n in after.items() if name not in before)
    counts = np.array([[before[name], after[name]] for name in before] + ([[0, unseen]] if unseen else []), np.float64)
    row = next(row for row in _rows(sample, "drift") if row["column"] == column)
    assert row["psi"] == pytest.approx(_psi(counts[:, 0], counts[:, 1]), rel=1e-9)
    shares = {str(bar["category"]): bar for bar in _rows(sample, "histogram", column=column) if bar["category"]}
    for name, n in after.items():
        assert shares[name]["live_pct"] == pytest.approx(100 * n / len(live[column]))
        assert shares[name]["baseline_pct"] == pytest.approx(100 * before[name] / len(baseline[column]))


@pytest.mark.parametrize("column", NUMERIC)
def test_a_histogram_holds_everything(sample: LogSession, live: Mapping[str, NDArray[np.object_]], column: str) -> None:
    """Its shares add up to all rows, its bars stand in order, and each is what numpy counts between its ends."""
    bars = _rows(sample, "histogram", column=column)
    assert sum(cast("float", bar["live_pct"]) for bar in bars) == pytest.approx(100)
    assert sum(cast("float", bar["baseline_pct"]) for bar in bars) == pytest.approx(100)
    inner = [bar for bar in bars if bar["mass"] == "bin"]
    lows = [cast("float", bar["bin_low"]) for bar in inner]
    assert lows == sorted(lows)
    known = _known(live[column])
    for bar in inner:
        low, high = cast("float", bar["bin_low"]), cast("float", bar["bin_high"])
        most = 100 * np.mean((known >= low) & (known <= high)) * len(known) / len(live[column])
        least = 100 * np.mean((known > low) & (known < high)) * len(known) / len(live[column])
        assert least - 1e-9 <= cast("float", bar["live_pct"]) <= most + 1e-9


def test_health_equals_a_count_of_the_rows(sample: LogSession, live: Mapping[str, NDArray[np.object_]]) -> None:
    """Shares exactly, quantiles within 1 %."""
    health = {row["version"]: row for row in _rows(sample, "health")}
    assert set(health) == set(live["version"])
    for version, row in health.items():
        own = live["version"] == version
        outcomes = live["outcome"][own]
        assert row["requests"] == own.sum()
        for outcome in ("error", "timeout", "fallback"):
            assert row[f"{outcome}_pct"] == pytest.approx(100 * np.mean(outcomes == outcome))
        answered = _known(live["latency_ms"][own & np.isin(live["outcome"], ["ok", "fallback"])])
        for quantile in (50, 95, 99):
            exact = np.quantile(answered, quantile / 100, method="inverted_cdf")
            assert row[f"p{quantile}_ms"] == pytest.approx(exact, rel=0.0101)
    assert health["v43"]["verdict"] == "worse"
    assert health["v42"]["verdict"] == "not shown worse"


def test_the_headline_tells_the_story(sample: LogSession) -> None:
    """The version, how bad, since when, and every drifted column."""
    (row,) = _rows(sample, "headline")
    assert (row["verdict"], row["version"], row["columns_drifted"], row["since_at"]) == ("worse", "v43", 3, INCIDENT)
    sentence = str(row["sentence"])
    assert sentence.startswith("v43 worse: errors ")
    for words in ("since 13:08", "temperature_f", "wind_speed_mph", "carrier (new: ZZ)"):
        assert words in sentence


def test_before_the_incident_all_is_well(sample: LogSession) -> None:
    """The hour before: no verdict against any version."""
    (row,) = _rows(sample, "headline", since=SINCE - timedelta(hours=1), until=SINCE)
    assert row["verdict"] == "not shown worse"
    assert row["columns_drifted"] == 0


def test_series_add_up_to_the_window(sample: LogSession, live: Mapping[str, NDArray[np.object_]]) -> None:
    """Traffic, outcomes, latencies and error types count the same requests."""
    total, failed = len(live["outcome"]), int(np.sum(live["outcome"] != "ok"))

    def added(query: str) -> int:
        return sum(cast("int", row["requests"]) for row in _rows(sample, query))

    assert added("traffic_over_time") == added("errors_over_time") == added("errors_by_client") == total
    assert added("outcomes_over_time") == added("error_types") == failed
    assert added("latency_heat") == np.sum([value is not None for value in live["latency_ms"]])


def test_every_file_of_the_sample_was_read(sample: LogSession) -> None:
    """With its rows and its span, and no reason to say anything."""
    files = _rows(sample, "files")
    assert {(row["state"], row["reason"]) for row in files} == {("read", "")}
    assert len(files) == 360
    assert sum(cast("int", row["rows"]) for row in files) == 38_741
    assert all(cast("datetime", row["first_at"]) <= cast("datetime", row["last_at"]) for row in files)


def test_versions_have_their_share_of_the_traffic(sample: LogSession) -> None:
    """Where no serving API says it, the last minute does."""
    versions = {row["version"]: row for row in _rows(sample, "versions")}
    assert set(versions) == {"v41", "v42", "v43"}
    assert versions["v41"]["weight_pct"] == 0
    assert versions["v43"]["weight_pct"] == pytest.approx(20, abs=10)


@pytest.mark.parametrize("name", sorted(load_catalog()))
def test_every_query_answers_in_a_window_alone(sample: LogSession, name: str) -> None:
    """Who names a window needs to know no other value that a query may use."""
    assert sample.ask(name, {"since": SINCE, "until": UNTIL}).columns
