"""Results as the named queries give them during the incident: what the screens are drawn with in tests and by eye."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result, Value

UNTIL = datetime(2026, 11, 7, 3, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=1)
STEP_S = 60
INCIDENT = datetime(2026, 11, 7, 2, 41, tzinfo=UTC)
MOMENTS = [SINCE + timedelta(seconds=STEP_S * i) for i in range(60)]

Rows = list[tuple[Value, ...]]


def _noise(seed: int) -> Callable[[float, float], float]:
    random = Random(seed)
    return lambda middle, spread: max(0.0, random.gauss(middle, spread))


def headline() -> Rows:
    """One row: the verdict and its sentence."""
    sentence = (
        "v43 worse: errors 9.1 % (v42 1.0 %), timeouts 3 %, p95 840 ms since 02:41"
        " · drift: temperature_f, wind_speed, carrier (new: ZZ)"
    )
    return [("worse", "v43", sentence, 3, INCIDENT, 48_211, 2.41, 1.4)]


def health() -> Rows:
    """Three versions, the canary in trouble."""
    return [
        ("flight-delay", "v43", "canary", 9_604, 9.1, 3.02, 0.4, 61.0, 840.0, 1_920.0, "worse", None),
        ("flight-delay", "v42", "live", 38_417, 1.02, 0.08, 0.31, 22.4, 87.0, 141.0, "not shown worse", "≥ 1.4×"),
        ("flight-delay", "v41", "shadow", 190, 0.52, 0.0, 0.0, 21.9, 84.1, None, "cannot tell", "≥ 9.6×"),
    ]


def traffic_over_time() -> Rows:
    """Requests per minute, the canary from the fifth minute on, with three minutes without anything."""
    noise, rows = _noise(1), Rows()
    for i, at in enumerate(MOMENTS):
        if 22 <= i < 25:
            continue
        wave = 640 + 120 * math.sin(i / 9)
        live, canary = round(noise(wave, 20)), round(noise(wave * 0.25, 9)) if i >= 5 else 0
        rows += [(at, "v42", live, live / 60), (at, "v43", canary, canary / 60)]
    return rows


def errors_over_time() -> Rows:
    """The canary's errors rise at the incident."""
    noise, rows = _noise(2), Rows()
    for at in MOMENTS:
        bad = 9.1 if at >= INCIDENT else 1.1
        rows += [(at, "v42", noise(1.0, 0.22), 640), (at, "v43", noise(bad, 0.5), 160)]
    return rows


def outcomes_over_time() -> Rows:
    """Requests that were not ok, by outcome."""
    noise, rows = _noise(3), Rows()
    for at in MOMENTS:
        worse = 4 if at >= INCIDENT else 1
        rows += [(at, "error", round(noise(7.0 * worse, 2))), (at, "timeout", round(noise(2.0 * worse**1.4, 1)))]
        rows += [(at, "fallback", round(noise(3.0, 1))), (at, "limited", 0)]
    return rows


def latency_over_time() -> Rows:
    """Percentiles of all versions, a gap where nothing was served."""
    noise, rows = _noise(4), Rows()
    for i, at in enumerate(MOMENTS):
        if 22 <= i < 25:
            continue
        slow = 1.0 if at < INCIDENT else 3.4
        rows.append((at, noise(23, 1), noise(88 * slow, 9 * slow), noise(160 * slow, 25 * slow)))
    return rows


def latency_by_version() -> Rows:
    """p95, the canary slow since the incident."""
    noise, rows = _noise(5), Rows()
    for at in MOMENTS:
        rows += [(at, "v42", noise(87, 6)), (at, "v43", noise(840 if at >= INCIDENT else 90, 20))]
    return rows


def latency_failed_over_time() -> Rows:
    """Failures take longer: timeouts."""
    noise = _noise(6)
    return [(at, noise(40, 9), noise(2_000 if at >= INCIDENT else 120, 40)) for at in MOMENTS[::3]]


def latency_heat() -> Rows:
    """Counts per minute and logarithmic bucket, two humps since the incident."""
    noise, rows = _noise(7), Rows()
    for at in MOMENTS:
        for k in range(24):
            low = 4.0 * 1.35**k
            middle = math.exp(-((math.log(low / 24) / 0.55) ** 2)) * 260
            tail = math.exp(-((math.log(low / 800) / 0.4) ** 2)) * 30 if at >= INCIDENT else 0.0
            if count := round(noise(middle + tail, 1 + math.sqrt(middle) / 2)):
                rows.append((at, low, low * 1.35, count))
    return rows


def drift() -> Rows:
    """Eleven columns, worst first: two shifted ones, a new category, the rest noise."""
    noise, rows = _noise(8), Rows()
    shifted = [
        ("temperature_f", "numeric", 4.212, ""),
        ("wind_speed", "numeric", 1.377, ""),
        ("carrier", "categorical", 0.486, "ZZ 12 %"),
    ]
    for name, kind, psi, unseen in shifted:
        trend = [noise(0.01, 0.004) if i < 11 else noise(psi, psi / 15) for i in range(16)]
        rows.append(
            (name, kind, "drifted", psi, 0.021, psi / 9, psi / 9 + 0.02, psi / 8, 0.0, 0.0, unseen, INCIDENT, trend)
        )
    for name in ("dep_hour", "distance", "humidity", "pressure", "visibility", "origin", "dest", "prediction"):
        psi = noise(0.009, 0.004)
        trend: list[float | None] = [noise(0.01, 0.004) for _ in range(16)]
        trend[5] = None
        kind = "categorical" if name in {"origin", "dest"} else "numeric"
        verdict = "cannot tell" if name == "visibility" else "inside noise"
        rows.append((name, kind, verdict, psi, 0.021, 0.01, 0.03, 0.02, 0.4, 0.38, "", None, trend))
    return rows


def histogram() -> Rows:
    """Temperature in Celsius where the baseline has Fahrenheit: nearly all of it below or in the first bins."""
    edges = [18 + 4.2 * i for i in range(21)]
    rows = Rows()
    for low, high in pairwise(edges):
        live = 26.0 if low < 19 else 11.4 if low < 24 else 6.2 if low < 30 else 0.4 if low < 40 else 0.0
        rows.append(("temperature_f", low, high, None, 5.0, live, 0.1, "bin"))
    rows.append(("temperature_f", None, 18.0, None, 0.0, 53.1, 2.0, "below"))
    rows.append(("temperature_f", 102.0, None, None, 0.0, 0.0, 0.0, "above"))
    rows.append(("temperature_f", None, None, None, 0.4, 0.41, 0.0, "null"))
    rows.append(("temperature_f", None, None, None, 0.0, 0.02, 0.0, "nan"))
    rows.append(("temperature_f", None, None, None, 0.0, 0.0, 0.0, "pos_inf"))
    return rows


def categories() -> Rows:
    """Carriers, one of which the baseline does not know."""
    known = [
        ("UA", 18.1, 15.2),
        ("B6", 17.0, 14.8),
        ("EV", 16.2, 14.1),
        ("DL", 14.3, 13.0),
        ("AA", 10.1, 9.4),
        ("MQ", 7.0, 6.2),
    ]
    rows: Rows = [("carrier", None, None, name, base, live, 0.0, "bin") for name, base, live in known]
    return [*rows, ("carrier", None, None, "ZZ", 0.0, 12.0, 0.4, "unseen")]


def events() -> Rows:
    """A canary came, a column changed its type."""
    return [
        (SINCE + timedelta(minutes=5), "version", "V", "v43 first seen (canary)"),
        (INCIDENT, "schema", "S", "temperature_f became DOUBLE"),
    ]


def error_types() -> Rows:
    """What failed, as the log words it."""
    return [
        ("ValueError: temperature out of range [-40, 130]", "v43", "error", 611, 69.9, INCIDENT, UNTIL),
        ("upstream timed out after # ms", "v43", "timeout", 290, 20.1, INCIDENT, UNTIL),
        ("KeyError: carrier 'ZZ'", "v43", "error", 61, 4.2, INCIDENT, UNTIL),
        ("connection reset by peer", "v42", "error", 39, 2.7, SINCE, UNTIL),
        ("feature store: no row, 既定値 used", "v42", "fallback", 12, 0.9, SINCE, UNTIL),
    ]


def errors_by_client() -> Rows:
    """Three clients."""
    return [
        ("mobile-app", "v43", 6_010, 11.2, 3.9),
        ("booking-web", "v43", 3_204, 8.0, 2.1),
        ("partners", "v43", 390, 4.1, 0.0),
        ("mobile-app", "v42", 22_004, 1.1, 0.1),
        ("booking-web", "v42", 12_870, 0.9, 0.05),
        ("partners", "v42", 3_543, 0.8, 0.0),
    ]


def versions() -> Rows:
    """Who serves what share."""
    return [
        ("flight-delay", "v43", "canary", 20.0, 9_604, SINCE + timedelta(minutes=5), UNTIL),
        ("flight-delay", "v42", "live", 80.0, 38_417, SINCE, UNTIL),
        ("flight-delay", "v41", "shadow", 0.0, 190, SINCE, INCIDENT),
    ]


def version_diff() -> Rows:
    """The canary beside the live version."""
    return [
        ("requests", "count", 38_417.0, 9_604.0, -28_813.0, None, "v42", "v43"),
        ("requests_per_s", "/s", 10.7, 2.7, -8.0, None, "v42", "v43"),
        ("failed_pct", "%", 1.1, 12.1, 11.0, "worse", "v42", "v43"),
        ("timeout_pct", "%", 0.08, 3.02, 2.94, None, "v42", "v43"),
        ("p50_ms", "ms", 22.4, 61.0, 38.6, None, "v42", "v43"),
        ("p95_ms", "ms", 87.0, 840.0, 753.0, None, "v42", "v43"),
        ("score_psi", "PSI, b against a", None, 0.251, None, "differs", "v42", "v43"),
    ]


def objectives() -> Rows:
    """One that is missed, one that nobody can tell, one that is met."""
    return [
        ("v43", "canary", "failed_pct", "≤ 3.0 %", "12 %", "11 % to 13 %", "missed", None, 3_600.0, "configuration"),
        (
            "v43",
            "canary",
            "recall_pct",
            "≥ 60 %",
            "61 %",
            "55 % to 67 %",
            "cannot tell",
            "54 %",
            21_600.0,
            "document of v43",
        ),
        ("v42", "live", "failed_pct", "≤ 3.0 %", "1.1 %", "0.9 % to 1.3 %", "met", "3.2 %", 3_600.0, "configuration"),
    ]


def drift_over_time() -> Rows:
    """One column's PSI, far outside its noise from the incident on."""
    rows: Rows = []
    for place in range(60):
        at = SINCE + timedelta(seconds=STEP_S * place)
        moved = 8.2 if at >= INCIDENT else 0.05
        rows.append((at, moved + 0.1 * (place % 3), 0.17, 0.9 if at >= INCIDENT else 0.08, 0.5, 350, "temperature_f"))
    return rows


def what_moved_first() -> Rows:
    """Inputs first, failures and latency with them."""
    return [
        ("temperature_f", "drift", INCIDENT, None, "PSI 5.82", 1),
        ("failures of v43", "failures", INCIDENT, "1.3 %", "11 %", 1),
        ("latency of v43", "latency", INCIDENT + timedelta(minutes=1), "p95 73 ms", "p95 285 ms", 3),
    ]


def fleet() -> Rows:
    """Three models, one of them in trouble."""
    return [
        ("flight-delay", "worse", "v43", 48_190, 2.65, 0.7, 840.0, UNTIL),
        ("churn", "cannot tell", "v7", 120, 0.8, None, 31.0, UNTIL - timedelta(minutes=9)),
        ("recommendation-with-a-long-name", "not shown worse", "2026-11-01", 1_204_000, 0.02, 0.0, 12.4, UNTIL),
    ]


def data_columns() -> Rows:
    """A range that was left, a new category, and columns with nothing to say."""
    return [
        ("temperature_f", "not accepted", 0.44, 0.49, 1.0, 0.44, 0.0, 0.0, 0.0, 0.0, 34.6, "10.94 to 100.04, baseline"),
        ("carrier", "not accepted", 10.3, 0.0, 1.0, 0.0, 10.3, 0.0, 0.0, 0.0, 0.0, "AA, B6, DL, UA, declared"),
        ("wind_speed_mph", "cannot tell", 0.46, 0.52, 1.0, 0.46, 0.0, 0.0, 0.0, 0.0, 1.2, "0 to 39.13, baseline"),
        ("pressure_hpa", "accepted", 11.0, 11.3, 1.0, 11.0, 0.0, 0.0, 0.0, 0.0, 0.0, "985 to 1042.1, baseline"),
        ("[bold]; drop table", "accepted", 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "as in the baseline"),
    ]


def bad_files() -> Rows:
    """One torn, one with repeated requests."""
    return [
        ("logs/2026-11-07/02-41.parquet", "torn", "the end is missing: still being written, or cut off", 41.0),
        ("logs/2026-11-07/02-20.parquet", "read", "12 rows left out: their request id is counted already", 1_920.0),
    ]


def schema_changes() -> Rows:
    """A type that changed at the incident."""
    return [(INCIDENT, "wind_speed_mph", "double became string", 1, "logs/2026-11-07/02-41.parquet")]


def capabilities() -> Rows:
    """A log without clients."""
    return [("client", False, "clients: not in this log"), ("latency_ms", True, ""), ("outcome", True, "")]


def rejected_by_client() -> Rows:
    """One client sends what was declared impossible."""
    return [
        ("ops-desk", "v43", 0.65, 214, "temperature_f", 0.0, 0.0, 4_811),
        ("web", "v42", 0.5, 0, None, 0.1, 0.0, 9_614),
    ]


def freshness() -> Rows:
    """A quarter is logged, some of it late."""
    return [(1.4, UNTIL, 48_211, 12_053, 120, 1)]


def quality() -> Rows:
    """The canary is too young to be judged."""
    return [
        ("v42", "live", "not shown worse", 91.2, 90.6, 91.8, 90.0, 9_613, 98.1, 88.0, 79.4, 83.5, 0.94),
        ("v43", "canary", "cannot tell", None, None, None, 90.0, 12, 1.1, None, None, None, None),
    ]


def quality_estimate() -> Rows:
    """From scores alone."""
    warning = "cannot see that the same inputs now mean something else"
    return [("v42", 91.0, 90.2, 91.8, 91.4, 38_110, warning), ("v43", 84.3, 82.9, 85.7, 91.4, 8_730, warning)]


def quality_over_time() -> Rows:
    """Counted for the first half hour, estimated for the whole."""
    noise = _noise(9)
    return [(at, noise(91, 1.5) if i < 30 else None, noise(91 if i < 41 else 84, 1.0)) for i, at in enumerate(MOMENTS)]


def label_lag() -> Rows:
    """Half an hour for most."""
    return [(300.0, 0.0, 48_000), (1_800.0, 61.0, 31_000), (3_600.0, 97.8, 12_400), (86_400.0, None, 0)]


def calibration() -> Rows:
    """High scores say too much."""
    return [(10.0 * tenth, 10.0 * tenth + 5, 9.0 * tenth + 4, 900 - 80 * tenth) for tenth in range(10)]


COLUMNS: dict[str, str] = {
    "fleet": "model verdict version requests error_pct timeout_pct p95_ms last_at",
    "headline": "verdict version sentence columns_drifted since_at requests error_pct lag_s",
    "health": "model version role requests error_pct timeout_pct fallback_pct p50_ms p95_ms p99_ms verdict sees",
    "traffic_over_time": "at version requests requests_per_s",
    "errors_over_time": "at version error_pct requests",
    "outcomes_over_time": "at outcome requests",
    "latency_over_time": "at p50_ms p95_ms p99_ms",
    "latency_by_version": "at version p95_ms",
    "latency_failed_over_time": "at p50_ms p95_ms",
    "latency_heat": "at low_ms high_ms requests",
    "drift": "column kind verdict psi psi_critical ks_low ks_high js_distance"
    " null_pct baseline_null_pct unseen since_at trend",
    "drift_over_time": "step_at psi noise js_distance ks_low rows column",
    "what_moved_first": "what kind since_at was now place",
    "histogram": "column bin_low bin_high category baseline_pct live_pct contribution mass",
    "events": "since_at kind mark text",
    "error_types": "error version outcome requests share_pct first_at last_at",
    "errors_by_client": "client version requests error_pct timeout_pct",
    "versions": "model version role weight_pct requests first_at last_at",
    "objectives": "version role objective asked found bounds verdict would_show window_s source",
    "data_columns": "column verdict invalid_pct baseline_invalid_pct accepted_pct null_pct unseen_pct nan_pct inf_pct"
    " empty_pct outside_pct range",
    "bad_files": "path state reason age_s",
    "schema_changes": "since_at column change times path",
    "capabilities": "column given words",
    "rejected_by_client": "client version rejected_pct violations violated unauthorised_pct limited_pct requests",
    "freshness": "lag_s last_at requests logged late_rows bad_files",
    "quality": "version role verdict accuracy_pct accuracy_low_pct accuracy_high_pct objective_pct labelled"
    " labelled_pct precision_pct recall_pct f1_pct auc",
    "quality_estimate": "version estimated_pct low_pct high_pct baseline_pct answered warning",
    "quality_over_time": "step_at accuracy_pct estimated_pct",
    "label_lag": "age_s labelled_pct answered",
    "calibration": "score_from_pct predicted_pct actual_pct answered",
    "version_diff": "measure unit a b difference verdict a_version b_version",
}
_ROWS = (
    headline, health, traffic_over_time, errors_over_time, outcomes_over_time, latency_over_time,
    latency_by_version, fleet, latency_failed_over_time, latency_heat, drift, drift_over_time, what_moved_first,
    histogram, events, error_types, errors_by_client, versions, version_diff, objectives, data_columns, bad_files,
    schema_changes, capabilities, rejected_by_client, freshness, quality, quality_estimate, quality_over_time,
    label_lag, calibration,
)  # fmt: skip


def result(query: str, rows: Rows | None = None) -> Result:
    """A named query's answer during the incident, or the same columns with rows of the test's own."""
    made = {make.__name__: make for make in _ROWS}
    bound: dict[str, Value] = {"since": SINCE, "until": UNTIL, "step": float(STEP_S)}
    return Result(query, tuple(COLUMNS[query].split()), tuple(made[query]() if rows is None else rows), bound=bound)


def state(query: str) -> PanelState:
    """A fresh panel with that answer."""
    return PanelState("fresh", result(query), age_s=0.4)
