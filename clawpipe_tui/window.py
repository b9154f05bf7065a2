"""The span of time that everything on a screen speaks about: since, until, and the step of its time axes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clawpipe_tui.errors import UsageError

WIDTHS_S = (300, 900, 3_600, 21_600, 86_400, 604_800)
BASELINES = ("training", "previous window", "same hour yesterday", "same hour last week")
"""What a window can be compared with; beside these, `version v42`: what that version was sent in the same window."""
_STEPS_S = (10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 86_400)
_MOST_STEPS = 60
_LONGEST_S = 3_650 * 86_400
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True)
class Window:
    """From `since` (included) to `until` (excluded), in whole steps."""

    since: datetime
    until: datetime
    step: timedelta

    @property
    def width_s(self) -> float:
        """The window's length in seconds."""
        return (self.until - self.since).total_seconds()

    def shifted(self, windows: float) -> Window:
        """The same width, moved by a number of windows (negative: into the past), in whole steps."""
        steps = round(windows * self.width_s / self.step.total_seconds())
        return Window(self.since + steps * self.step, self.until + steps * self.step, self.step)


def step_for(width_s: float) -> timedelta:
    """The smallest step of a time axis that needs at most sixty of them."""
    fitting = (step for step in _STEPS_S if width_s / step <= _MOST_STEPS)
    return timedelta(seconds=next(fitting, _STEPS_S[-1]))


def window_ending(now: datetime, width_s: float) -> Window:
    """The window of this width whose last step contains `now`, so that an axis advances by whole steps."""
    step = step_for(width_s)
    step_s = step.total_seconds()
    until = datetime.fromtimestamp((now.timestamp() // step_s + 1) * step_s, UTC)
    return Window(until - timedelta(seconds=width_s), until, step)


def window_between(since: datetime, until: datetime) -> Window:
    """The window that a user asked for by its ends. Raises UsageError where it is empty."""
    if since >= until:
        raise UsageError(f"The window is empty: it begins {since.isoformat()} and ends {until.isoformat()}.")
    return Window(since, until, step_for((until - since).total_seconds()))


def parse_span_s(text: str) -> int:
    """`90s`, `15m`, `6h`, `7d` as seconds. Raises UsageError."""
    found = re.fullmatch(r"\s*(\d+)\s*(s|min|m|h|d|w)\s*", text)
    if not found or int(found[1]) == 0:
        raise UsageError(f"{text!r} is not a span of time.", "Write a number and a unit: 90s, 15m, 6h, 7d.")
    span_s = int(found[1]) * _UNITS_S[found[2]]
    if span_s > _LONGEST_S:
        raise UsageError(f"{text!r} is longer than any log.", "Write at most 10 years: 3650d.")
    return span_s


def parse_moment(text: str, now: datetime) -> datetime:
    """An RFC 3339 time, `now`, or a span before now (`2h`). A time without a zone is UTC. Raises UsageError."""
    if text == "now":
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return now - timedelta(seconds=parse_span_s(text))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not _EARLIEST <= moment < _LATEST:
        raise UsageError(f"{text!r} lies outside of every log.", "Write a time between 1980 and 2200.")
    return moment
