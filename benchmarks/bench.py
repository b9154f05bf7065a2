"""One table: everything that is promised about speed, beside its limit or a peer in the same run: `make bench`.

`--large` adds a log of 1e8 rows (17 GB on disk, an hour to make). Ratios are of one run, the rest are medians.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import consoles
from log import DAY_S, make_log
from measures import Measured, measure
from peers_on_logs import NAMES, drift_of

PEER_ROWS = 2_000_000
FASTER = {"evidently": 25.0, "nannyml": 8.0}
SHARE_OF_MEMORY = 1 / 3


@dataclass(frozen=True)
class Row:
    """What was measured; it should be at most the limit, or at least it."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""
    at_least: bool = False

    def line(self) -> str:
        """As it stands in the table, in Markdown."""
        held = ""
        if self.limit is not None:
            held = "yes" if (self.value >= self.limit if self.at_least else self.value <= self.limit) else "**no**"
        sign = "≥" if self.at_least else "≤"
        limit = "" if self.limit is None else f"{sign} {self.limit:.3g} {self.unit}"
        return f"| {self.what} | {self.value:,.3g} {self.unit} | {limit} | {held} | {self.note} |"


def reducing(rows: int) -> Iterator[Row]:
    """The reduction of a log of that size, and how soon a console shows it."""
    log = make_log(rows)
    runs = 3 if rows <= PEER_ROWS else 1
    size = f"{rows:.0e}".replace("e+0", "e") + " rows"
    one = measure("scan_and_reduction", log, runs)
    rate = f"{rows / one['wall_s'] / 1e6:.2g} M rows/s; {_in_cpu(one)}"
    yield Row(f"{size}: reduction, beside the raw scan of {one['scan_s']:.2g} s", one["times_wall"], "x", 4.0, rate)
    yield Row(f"{size}: memory of the reduction", measure("reduction", log)["memory_mb"], "MB", 700)
    yield Row(f"{size}: cold, until the newest hour is on screen", consoles.cold_open_s(log), "s", 2.0)
    yield Row(f"{size}: warm, until the Overview is full", consoles.warm_open_s(log), "s", 1.0)


def _in_cpu(one: Measured) -> str:
    return f"in CPU time {one['times_cpu']:.3g} x"


def beside_peers() -> Iterator[Row]:
    """The same files, the same columns."""
    log = make_log(PEER_ROWS)
    beside = measure("scan_and_reduction", log, 3)
    yield Row("2e6 rows: reduction, beside the raw scan", beside["times_wall"], "x", 4.0, _in_cpu(beside))
    own = measure("reduction", log, 3)
    for peer in NAMES:
        theirs = drift_of(peer, log)
        note = f"{theirs['wall_s']:.3g} s against {own['wall_s']:.3g} s"
        yield Row(
            f"2e6 rows: faster than {peer}",
            theirs["wall_s"] / own["wall_s"],
            "x",
            FASTER.get(peer),
            note,
            at_least=True,
        )
        note = f"{own['memory_mb']:.0f} MB against {theirs['memory_mb']:.0f} MB"
        share = SHARE_OF_MEMORY if peer in FASTER else None
        yield Row(f"2e6 rows: memory beside {peer}", own["memory_mb"] / theirs["memory_mb"], "x", share, note)


def windows() -> Iterator[Row]:
    """A year of a small log, so that every width has something to answer."""
    found = measure("windows", make_log(365 * 600, 600, DAY_S))
    for name, limit in (("hour", 0.1), ("day", 0.1), ("year", 0.25)):
        yield Row(f"window changed to a {name}", found[name], "s", limit, f"again {found[f'{name}_again']:.2g} s")
    yield Row("a tick: what the Overview asks", found["hour_again"], "s")


def landings(log: Path) -> Iterator[Row]:
    """Files of 10 000 rows that land."""
    for words, name in (("a read log", "landing_idle"), ("a log in a backfill", "landing_busy")):
        found = measure(name, log)
        yield Row(f"a file lands in {words}: counted, median", found["median_s"], "s", 0.3)
        yield Row(f"a file lands in {words}: counted, worst", found["worst_s"], "s", 1.0)
    found = measure("keeping_up", log)
    yield Row("200 files a minute", found["cores"], "cores", 0.5, f"{found['behind_s']:.2g} s behind at the end")


def starting() -> Iterator[Row]:
    """Start-up, and the console at rest."""
    bare = consoles.seconds_of([sys.executable, "-c", "pass"])
    helped = consoles.seconds_of([*consoles.CONSOLE, "--help"])
    yield Row("--help beside python -c pass", helped - bare, "s more", 0.12)
    empty = consoles.first_frame_s([sys.executable, "-c", consoles.EMPTY_APP], "here it is")
    frame = consoles.first_frame_s([*consoles.CONSOLE, "--logs", str(consoles.SAMPLE)], "Overview")
    yield Row("first frame after exec", frame, "s", 0.45, f"an empty Textual app {empty:.2g} s")
    idle = consoles.idling()
    yield Row("idle, of a core", idle["cpu_pct"], "%", 1.0)
    of_its_own = f"{idle['own_mb']:.0f} of its own; {idle['processes']:.0f} process"
    yield Row("resident on sample_data", idle["rss_mb"], "MB", 150, of_its_own)
    again = f"{idle['after_own_mb']:.0f} of its own; {idle['peak_mb']:.0f} at the most"
    yield Row("the same, after a visit to every screen", idle["after_mb"], "MB", 150, again)
    yield Row("bytes sent until it stands still, 120x40", idle["first_bytes"], "B")
    yield Row("bytes sent at rest", idle["bytes_s"], "B/s")


def keys(log: Path) -> Iterator[Row]:
    """Key in, its character painted."""
    for words, logs, busy in (("idle", consoles.SAMPLE, False), ("in a backfill", log / "clawpipe.toml", True)):
        median, worst, running = consoles.keys_s(logs, busy=busy)
        note = "" if running or not busy else "the backfill ended before the keys did"
        yield Row(f"key to paint, {words}: median", 1_000 * median, "ms", 30, note)
        yield Row(f"key to paint, {words}: 99th percentile", 1_000 * worst, "ms", 80, note)


def main() -> None:
    """Print the rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also a log of 1e8 rows")
    parser.add_argument("--only", default="", help="start, keys, land, window, reduce or peers")
    given = parser.parse_args()
    middle = 10_000_000
    sections: dict[str, Callable[[], Iterator[Row]]] = {
        "start": starting,
        "keys": lambda: keys(make_log(middle)),
        "land": lambda: landings(make_log(middle)),
        "window": windows,
        "reduce": lambda: (
            row for rows in (1_000_000, middle, *([100_000_000] if given.large else [])) for row in reducing(rows)
        ),
        "peers": beside_peers,
    }
    print("| what | measured | limit | holds | |\n|---|---|---|---|---|", flush=True)
    for name, section in sections.items():
        if given.only in {"", name}:
            for row in section():
                print(row.line(), flush=True)


if __name__ == "__main__":
    main()
