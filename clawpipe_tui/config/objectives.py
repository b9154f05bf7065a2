"""What a version is asked to hold: one metric, its limit, and the window that it is looked at in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast

from clawpipe_tui.errors import UsageError, nearest
from clawpipe_tui.window import parse_span_s

METRICS = (
    "failed_pct", "error_pct", "timeout_pct", "fallback_pct", "rejected_pct", "p50_ms", "p95_ms", "p99_ms",
    "accuracy_pct", "precision_pct", "recall_pct", "f1_pct", "auc", "log_loss", "brier", "calibration_error",
    "mae", "rmse", "bias", "estimated_pct", "null_pct", "unseen_pct",
)  # fmt: skip
"""What can be asked for, in the unit that its name says. The last two are of one column."""
OF_A_COLUMN = ("null_pct", "unseen_pct")
_KEYS = ("metric", "minimum", "maximum", "window", "column", "model")


@dataclass(frozen=True)
class Objective:
    """A metric that must stay on the right side of its limits."""

    metric: str
    minimum: float | None = None
    maximum: float | None = None
    window_s: int | None = None
    """Absent: the window that is looked at."""
    column: str = ""
    model: str = "*"


class ObjectiveError(UsageError):
    """What cannot be meant: `key` is where, the hint says what can."""

    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.key = key


def read_objective(given: object) -> Objective:
    """One objective from a TOML or JSON table. Raises ObjectiveError."""
    if not isinstance(given, dict):
        raise ObjectiveError("", "An objective must be a table", 'metric = "recall_pct", minimum = 60.')
    table = cast("Mapping[str, object]", given)
    for key in table:
        if key not in _KEYS:
            raise ObjectiveError(key, f"An objective has no key {key!r}", nearest(key, _KEYS))
    metric, column = _text(table, "metric"), _text(table, "column")
    if metric not in METRICS:
        words = f"There is no metric {metric!r}" if metric else "An objective needs a metric"
        raise ObjectiveError("metric", words, nearest(metric, METRICS))
    if bool(column) != (metric in OF_A_COLUMN):
        words = "needs the column that it is about" if metric in OF_A_COLUMN else "is about no column"
        raise ObjectiveError("column", f"{metric} {words}", f"A column goes with {' and '.join(OF_A_COLUMN)}.")
    low, high = _number(table, "minimum"), _number(table, "maximum")
    if low is None and high is None:
        raise ObjectiveError("metric", f"The objective {metric} has no limit", "Give a minimum or a maximum.")
    if low is not None and high is not None and low >= high:
        raise ObjectiveError("minimum", f"The objective {metric} has a minimum that is no smaller than its maximum")
    return Objective(metric, low, high, _window_s(table), column, _text(table, "model") or "*")


def objectives_of(document: Mapping[str, object]) -> tuple[tuple[Objective, ...], tuple[str, ...]]:
    """The objectives of a version document, and what is wrong with those that cannot be read."""
    given = document.get("objectives")
    read, wrong = list[Objective](), list[str]()
    for item in cast("Sequence[object]", given) if isinstance(given, list) else ():
        try:
            read.append(read_objective(item))
        except ObjectiveError as error:
            wrong.append(f"{error.message}. {error.hint}".strip())
    if given is not None and not isinstance(given, list):
        wrong.append("objectives must be a list")
    return tuple(read), tuple(wrong)


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ObjectiveError(key, f"An objective's {key} must be a text")
    return value


def _number(table: Mapping[str, object], key: str) -> float | None:
    value = table.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value)):
        raise ObjectiveError(key, f"An objective's {key} must be a number", "In the unit that the metric's name says.")
    return None if value is None else float(value)


def _window_s(table: Mapping[str, object]) -> int | None:
    text = _text(table, "window")
    try:
        return parse_span_s(text) if text else None
    except UsageError as error:
        raise ObjectiveError("window", error.message.rstrip("."), error.hint) from None
