"""Which column says when a request was served, and which how long it took: by names, types and magnitudes."""

from __future__ import annotations

from clawpipe_tui.logs.naming import Judged, named_like, scaled
from clawpipe_tui.logs.profile import Facts

_YEAR_2001_S, _YEAR_2096_S, _YEAR_S = 1e9, 4e9, 3.2e7
_UNITS = ((1.0, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds"))


def judge_time(column: Facts) -> Judged:
    """A time, or a number of the magnitude that a time has in some unit."""
    named = named_like(
        column, "servedat", "timestamp", "ts", "time", "eventtime", "requesttime", "datetime", "loggedat",
        "createdat", "at", "date", "when",
    )  # fmt: skip
    if column.shape == "time":
        if column.kind == "TIME" or (column.kind == "DATE" and not named):
            return None
        zone = "" if column.kind.endswith("ZONE") else ", taken as UTC where it names no zone"
        points = 1 + named - (0.9 if column.kind == "DATE" else 0)
        why = f"{column.name} holds times{zone}"
        if "strptime" in column.expression:
            form = column.expression.split("'")[1]
            return points, column.expression, f"{why}; read as {form}", False
        return points, column.expression, why, bool(named) and column.kind != "DATE"
    if column.shape != "number" or column.low is None or column.high is None:
        return None
    for unit, words in _UNITS:
        if column.low >= _YEAR_2001_S * unit and column.high <= _YEAR_2096_S * unit:
            why = f"{column.name} counts {words} since 1970 (by its magnitude)"
            return 0.8 + named, column.expression, why, bool(named)
    return None


def counts_time(column: Facts) -> bool:
    """Whether a number is a moment: all within a year, nearly all different, of the magnitude of a time."""
    if column.low is None or column.high is None or column.distinct < 0.5 * column.known:
        return False
    low, high = column.low, column.high
    units = (unit for unit, _ in _UNITS)
    return any(
        low >= _YEAR_2001_S * unit and high <= _YEAR_2096_S * unit and high - low < _YEAR_S * unit for unit in units
    )


def judge_latency(column: Facts) -> Judged:
    """A duration; its unit by name, else by magnitude."""
    named = named_like(
        column, "latency", "latencyms", "took", "duration", "elapsed", "responsetime", "inferencetime",
        "processingtime",
        "executiontime", "runtime", "rt", "dauer", "ms", "tookms", "durationms", "responsetimems",
    )  # fmt: skip
    if not named or column.shape != "number":
        if named and column.kind == "INTERVAL":
            return named, f"1000 * epoch({column.expression})", f"{column.name} is an interval", True
        return None
    by_name = {
        "ms": 1.0, "millis": 1.0, "milliseconds": 1.0, "msec": 1.0, "s": 1e3, "sec": 1e3, "secs": 1e3, "seconds": 1e3,
        "us": 1e-3, "micros": 1e-3, "microseconds": 1e-3, "ns": 1e-6, "nanos": 1e-6, "nanoseconds": 1e-6,
    }  # fmt: skip
    words = {1.0: "milliseconds", 1e3: "seconds", 1e-3: "microseconds", 1e-6: "nanoseconds"}
    factor = next((by_name[token] for token in reversed(column.tokens) if token in by_name), None)
    if factor is None and "".join(column.tokens).endswith("ms"):
        factor = 1.0
    if factor is not None:
        return 0.1 + named, scaled(column, factor), f"{column.name} counts {words[factor]} (by its name)", True
    middle = column.middle or 0.0
    factor = 1e3 if middle < 5 and not column.whole else 1.0 if middle < 6e4 else 1e-3 if middle < 6e7 else 1e-6
    why = f"{column.name} counts {words[factor]} by its magnitude (the middle is {middle:.3g})"
    return named, scaled(column, factor), why, middle < 0.5 or 20 < middle < 5e3
