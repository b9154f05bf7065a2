"""What the logs say before anything is moved: which version was healthy when, and whether a move would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast

from clawpipe_tui.config import Objectives
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.result import Result, Value
from clawpipe_tui.wording import milliseconds, moment, number, percent, seconds

Ask = Callable[[str, Mapping[str, Value]], Result]
Standing = Literal["met", "missed", "cannot tell"]

_LOOK_BACK = timedelta(hours=2)
_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Logs:
    """Where a plan looks for evidence: the log, its clock, and what a healthy version must hold."""

    ask: Ask
    now: datetime
    objectives: Objectives = field(default_factory=Objectives)


@dataclass(frozen=True)
class Candidate:
    """One version that could take the traffic, and what the logs say for and against it."""

    version: str
    standing: Standing
    sentence: str


@dataclass(frozen=True)
class Outlook:
    """Whether a move would help, by difference in differences."""

    verdict: Literal["helps", "will not help", "cannot tell"]
    sentence: str


def candidates(logs: Logs, model: str) -> dict[str, Candidate]:
    """Every version that the logs know, newest first. Raises ClawpipeError where they cannot be asked."""
    limits = logs.objectives
    bound: dict[str, Value] = {
        "model": model,
        "now": logs.now,
        "failed_limit_pct": limits.failed_pct,
        "p95_limit_ms": limits.p95_ms,
    }
    rows = logs.ask("candidates", bound).records()
    return {str(row["version"]): _candidate(row, limits) for row in rows}


def never_served(version: str) -> Candidate:
    """A version that the logs do not know."""
    return Candidate(version, "cannot tell", f"{version}: no request of it is in the logs.")


def _candidate(row: Mapping[str, Value], limits: Objectives) -> Candidate:
    version, standing = str(row["version"]), cast("Standing", row["verdict"])
    healthy = _healthy_words(row)
    if standing == "met":
        return Candidate(version, standing, f"{version} met its objectives{healthy}.")
    if standing == "missed":
        now = f"{version} misses its objectives: {percent(_float(row['last_failed_pct']))} failed"
        last = f"; it last met them{healthy}" if healthy else "; it never met them in these logs"
        return Candidate(version, standing, f"{now} (limit {percent(limits.failed_pct)}){last}.")
    return Candidate(version, standing, f"{version}: too few requests in the logs to judge it.")


def _healthy_words(row: Mapping[str, Value]) -> str:
    begin, end = row["met_from_at"], row["met_until_at"]
    if not isinstance(begin, datetime) or not isinstance(end, datetime):
        return ""
    p95 = row["met_p95_ms"]
    parts = [f"{percent(_float(row['met_failed_pct']))} failed"]
    parts += [f"p95 {milliseconds(_float(p95))}"] if p95 is not None else []
    parts += [f"{number(_float(row['met_requests']))} requests"]
    age_s = _float(row["met_age_s"])
    age = "until now" if age_s < 2 * _STEP.total_seconds() else f"{seconds(age_s)} ago"
    return f" from {moment(begin)} to {moment(end)} ({age}): {', '.join(parts)}"


def _float(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def outlook(logs: Logs, model: str, leaving: str, returning: str) -> Outlook:
    """The `will_it_help` query in the hours up to now; what cannot be asked is said."""
    bound: dict[str, Value] = {
        "model": model,
        "version": leaving,
        "other": returning,
        "since": logs.now - _LOOK_BACK,
        "until": logs.now,
        "step": cast("Value", _STEP),  # an interval in SQL
    }
    try:
        rows = logs.ask("will_it_help", bound).records()
    except ClawpipeError as error:
        return Outlook("cannot tell", f"Cannot tell whether it helps. {error.message}")
    if not rows:
        return Outlook("cannot tell", "Cannot tell whether it helps: the logs are silent.")
    verdict = cast("Literal['helps', 'will not help', 'cannot tell']", rows[0]["verdict"])
    return Outlook(verdict, str(rows[0]["sentence"]))
