"""`clawpipe-tui watch --lines`: changes as sentences, one a line, for screen readers and for logs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.commands.opening import Opened, clock, configure, context_for, window_of
from clawpipe_tui.commands.output import out
from clawpipe_tui.errors import ALARM, CANNOT_TELL, OK
from clawpipe_tui.wording import clean, percent, seconds

if TYPE_CHECKING:
    from clawpipe_tui.result import Value
    from clawpipe_tui.session import LogSession

_EXIT_CODES = {"worse": ALARM, "drifted": ALARM, "not shown worse": OK}
_BEHIND_S = 60.0
_CLOCK_S = 10.0
"""How often a log in which nothing lands is asked how far it is behind the clock."""
_SHARE_MOVED_PCT = 5.0


@dataclass(frozen=True)
class Moment:
    """What is worth a sentence, at one moment."""

    verdict: str = "cannot tell"
    sentence: str = "no requests yet"
    versions: Mapping[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    """Version → role and share of the traffic."""
    judged: Mapping[str, str] = field(default_factory=dict[str, str])
    """Version → verdict."""
    drifted: frozenset[str] = frozenset()
    broken: int = 0
    """Files that cannot be read."""
    lag_s: float = 0.0


def sentences(before: Moment | None, after: Moment) -> list[str]:
    """What has changed, the worst first; at the beginning, where things stand."""
    if before is None:
        drifted = f" Drifted: {', '.join(sorted(after.drifted))}." if after.drifted else ""
        return [f"{after.verdict}: {after.sentence}.{drifted}"]
    said: list[str] = []
    if after.verdict != before.verdict:
        said.append(f"Verdict {before.verdict} became {after.verdict}: {after.sentence}.")
    judged = sorted(after.judged.items())
    said += [
        f"{version} is now {verdict}." for version, verdict in judged if before.judged.get(version, verdict) != verdict
    ]
    said += [f"{column} has drifted." for column in sorted(after.drifted - before.drifted)]
    said += [f"{column} no longer counts as drifted." for column in sorted(before.drifted - after.drifted)]
    said += _moves(before, after)
    if after.broken > before.broken:
        said.append(f"{after.broken} log files cannot be read (query files says why).")
    if (after.lag_s >= _BEHIND_S) != (before.lag_s >= _BEHIND_S):
        late = after.lag_s >= _BEHIND_S
        said.append(f"The log is {seconds(round(after.lag_s))} behind the clock." if late else "The log is live again.")
    return said


def _moves(before: Moment, after: Moment) -> list[str]:
    said = [f"{version} appeared." for version in sorted(after.versions.keys() - before.versions.keys())]
    said += [f"{version} is gone." for version in sorted(before.versions.keys() - after.versions.keys())]
    for version in sorted(before.versions.keys() & after.versions.keys()):
        (role, share_pct), (role_now, share_now_pct) = before.versions[version], after.versions[version]
        if role != role_now:
            said.append(f"{version} is now {role_now}, it was {role}.")
        if abs(share_pct - share_now_pct) >= _SHARE_MOVED_PCT:
            said.append(f"{version} now takes {percent(share_now_pct)} of the traffic, it was {percent(share_pct)}.")
    return said


def moment_of(log: Opened) -> Moment:
    """The facts, as the named queries say them."""
    headline = next(iter(log.ask("headline").records()), None)
    if headline is None:
        return Moment()
    versions = {str(row["version"]): _share(row) for row in log.ask("versions").records()}
    judged = {str(row["version"]): str(row["verdict"]) for row in log.ask("health").records()}
    drifted = [row["column"] for row in log.ask("drift").records() if row["verdict"] == "drifted"]
    broken = [row for row in log.ask("files").records() if row["state"] in {"broken", "failed", "torn", "corrupt"}]
    lag_s = headline.get("lag_s")
    return Moment(
        str(headline["verdict"]),
        clean(str(headline["sentence"])).rstrip("."),
        versions,
        judged,
        frozenset(map(str, drifted)),
        len(broken),
        float(lag_s) if isinstance(lag_s, int | float) else 0.0,
    )


def _share(row: Mapping[str, Value]) -> tuple[str, float]:
    weight_pct = row.get("weight_pct")
    return str(row.get("role") or ""), float(weight_pct) if isinstance(weight_pct, int | float) else 0.0


def run(given: argparse.Namespace) -> int:
    """Tell changes until ctrl+c, or so many times; the last verdict is the exit code."""
    from clawpipe_tui.session import LogSession

    config = configure(given)
    session = LogSession(config, now=clock(given))
    try:
        session.read()
        session.follow()
        return _tell(given, session)
    finally:
        session.close()


def _moment_now(given: argparse.Namespace, session: LogSession) -> Moment:
    window = window_of(given, session.config, session.now())
    return moment_of(Opened(session, session.config, window, context_for(session, window, "training")))


def _tell(given: argparse.Namespace, session: LogSession) -> int:
    before: Moment | None = None
    known: tuple[float, ...] = ()
    left: int | None = given.count
    every_s = getattr(given, "every", None) or 1.0
    while True:
        news = (session.revision(), session.now().timestamp() // _CLOCK_S)
        after = before if before and news == known else _moment_now(given, session)
        for sentence in sentences(before, after):
            out(f"{datetime.now(UTC):%H:%M:%S} {session.model()}: {sentence}")
        before, known, left = after, news, None if left is None else left - 1
        if left is not None and left <= 0:
            return _EXIT_CODES.get(after.verdict, CANNOT_TELL)
        time.sleep(every_s)
