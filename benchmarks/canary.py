"""How soon does the diff call a canary worse, and how often wrongly? 10 % of the traffic, looked at on every refresh.

`python benchmarks/canary.py [RUNS]` prints, for a live version that fails 1 % of its requests: false alarms over many
runs of 500 looks, and the requests until a canary that fails 3 % is found, beside the fixed-start test of S4.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from clawpipe_tui.statistics.restarted import restarted_log_e

LOOKS, CANARY, LIVE = 500, 20, 180
ALARM = math.log(20)
Counts = NDArray[np.int64]


def streams(rate: float, runs: int, rng: np.random.Generator) -> Iterator[tuple[Counts, Counts]]:
    """Failures of the live version and of the canary, look by look."""
    for _ in range(runs):
        yield rng.binomial(LIVE, 0.01, LOOKS), rng.binomial(CANARY, rate, LOOKS)


def found_after(live: Counts, canary: Counts) -> int | None:
    """Requests of the canary until the diff's own test says worse; None where it never does."""
    for until in range(1, LOOKS + 1):
        share = [CANARY / (CANARY + LIVE)] * until
        log_e = restarted_log_e(live[:until].tolist(), canary[:until].tolist(), share, 0)
        if log_e is not None and log_e >= ALARM:
            return CANARY * until
    return None


def found_by_s4(live: Counts, canary: Counts) -> int | None:
    """The same for the test that must begin once, with prior (9, 1)."""
    a, b = np.cumsum(live), np.cumsum(canary)
    log_e = gammaln(10) - gammaln(10 + a + b) + gammaln(9 + a) - gammaln(9) + gammaln(1 + b)
    log_e -= a * math.log(0.9) + b * math.log(0.1)
    over = np.flatnonzero(log_e >= ALARM)
    return CANARY * (int(over[0]) + 1) if over.size else None


def main(runs: int) -> None:
    """Print both."""
    rng = np.random.default_rng(11)
    false = sum(found_after(*stream) is not None for stream in streams(0.01, runs, rng))
    print(f"the same canary:   called worse in {false} of {runs} runs of {LOOKS} looks ({100 * false / runs:.1f} %)")
    worse = list(streams(0.03, 200, rng))
    for name, test in (("the diff", found_after), ("S4, fixed start", found_by_s4)):
        after = [count for count in (test(*stream) for stream in worse) if count is not None]
        print(
            f"3 % instead of 1 %: {name} finds {len(after)} of 200, median after {np.median(after):.0f} requests of it"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
