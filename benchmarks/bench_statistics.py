"""How often does each verdict cry wolf, and how soon does it see one? `make bench-statistics`; --quick takes seconds.

Prints tables: days on which a rule alarmed although nothing changed, of 1 000 simulated days looked at every 10 s, and
how long each rule took to see a planted change. Seeded: the same packages give the same numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from peers import CACHE, PEERS, ask_peer, save_samples
from raw_rows import compare_with_raw
from rules import (
    RULES,
    Alarms,
    drift_alarms,
    fails_more,
    fails_more_naive,
    fails_more_than_before,
    is_slower,
    is_slower_than_before,
)
from streams import (
    LATENCY_RATIO,
    LOOK_S,
    LOOKS,
    Column,
    Floats,
    Pair,
    Windows,
    baselines,
    batches,
    latency_column,
    normal_column,
    pair,
    rhythm,
    swinging_column,
    windows,
    zipf_column,
)
from streams import WINDOW as HOUR

from clawpipe_tui.config import DriftLimits
from clawpipe_tui.statistics.distances import (
    NATURAL_FROM_BASE_2,
    hellinger,
    js_distance,
    linf,
    wasserstein,
    wasserstein_normed,
)
from clawpipe_tui.statistics.homogeneity import chi2_p
from clawpipe_tui.statistics.ks import ks_exact, ks_p
from clawpipe_tui.statistics.sequential import log_e_path

NOON = LOOKS // 2
ALPHA_FAILING, ALPHA_SLOWER = 0.04, 0.01
"""failing_alpha() and slower_alpha() of queries/_macros.sql."""
Row = tuple[str, ...]


def main() -> None:
    """Simulate, print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few days: to see that it runs")
    parser.add_argument("--peers", action="store_true", help="ask Evidently and NannyML, too; installs them")
    parser.add_argument("--rows", type=float, default=0, help="compare rollups with so many raw rows, and no more")
    parser.add_argument("--days", type=int, default=1_000)
    parser.add_argument("--alpha", type=float, default=DriftLimits().alpha, help="[drift] alpha, to try another one")
    given = parser.parse_args()
    days = 10 if given.quick else given.days
    limits = DriftLimits(alpha=given.alpha)
    if given.rows:
        show(f"Rollups beside {given.rows:,.0f} raw rows", compare_with_raw(int(given.rows)))
        return
    show(f"Nothing changed: days of {days} with a false alarm, one column", drift_false_alarms(days, limits))
    show(
        f"A planted change at noon: median minutes until it is seen ({days // 10} days)",
        drift_delays(days // 10, limits),
    )
    show(f"Nothing changed: streams of {days}, a day each, with a false alarm", stream_false_alarms(days))
    show(f"A planted change of the failure rate, seen at every look ({days} runs)", planted_failures(days))
    if given.peers:
        show("The same samples, measured by others", beside_peers())


def show(title: str, rows: Iterator[Row]) -> None:
    """One table, each row as soon as it is known."""
    print(f"\n### {title}\n", flush=True)
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |", flush=True)
        if number == 0:
            print("|" + "---|" * len(row), flush=True)


def drift_false_alarms(days: int, limits: DriftLimits) -> Iterator[Row]:
    """Columns by kind, baseline and traffic; every rule on the same days."""
    rng = np.random.default_rng(1)
    yield "column", "window", "rows an hour", *RULES
    for column, window, per_hour, rows in (
        (normal_column(), HOUR, 150, 20_000), (normal_column(), HOUR, 600, 20_000),
        (normal_column(), HOUR, 3_000, 20_000),
        (normal_column(), HOUR, 300, 2_000), (normal_column(), HOUR // 12, 3_000, 20_000),
        (normal_column(), HOUR, 300, 0), (normal_column(), HOUR, 3_000, 0),
        (zipf_column(), HOUR, 300, 20_000), (zipf_column(), HOUR, 300, 2_000), (zipf_column(), HOUR, 300, 0),
        (swinging_column(0.25), HOUR, 900, 20_000), (swinging_column(0.4), HOUR, 300, 20_000),
        (swinging_column(1.0), HOUR, 300, 20_000), (swinging_column(1.0), HOUR, 3_000, 20_000),
        (zipf_column(0.8), HOUR, 300, 20_000), (zipf_column(0.8), HOUR, 3_000, 20_000),
    ):  # fmt: skip
        shape = f"{column.name}, " + (f"baseline of {rows}" if rows else "against the hour before")
        size = "1 h" if window == HOUR else "5 min"
        alarms = _drift_alarms(
            rng, (column, column), window=window, per_hour=per_hour, rows=rows, days=days, limits=limits
        )
        yield shape, size, str(per_hour), *(_days_and_looks(alarms.get(rule)) for rule in RULES)


def _days_and_looks(alarms: Alarms | None) -> str:
    """Days with an alarm, and the share of looks in alarm."""
    return "–" if alarms is None else f"{alarms.any(1).sum()} ({100 * alarms.mean():.2f} %)"


def _drift_alarms(  # noqa: PLR0913 - a simulation is what these say
    rng: np.random.Generator, columns: tuple[Column, Column], *, window: int, per_hour: float, rows: int, days: int,
    limits: DriftLimits, changes_at: int = LOOKS,
) -> dict[str, Alarms]:  # fmt: skip
    found: dict[str, list[Alarms]] = {}
    for size in batches(days):
        live = windows(rng, columns, per_hour, size, changes_at, window=window)
        if rows:
            baseline = baselines(rng, columns[0], size, rows)
        else:
            baseline, live = live.live[:, :-window], Windows(live.live[:, window:])
        for name, alarms in drift_alarms(columns[0], baseline, live, limits.psi, limits.alpha).items():
            found.setdefault(name, []).append(alarms)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def drift_delays(days: int, limits: DriftLimits) -> Iterator[Row]:
    """A mean that moves at noon. A rule that was in alarm before noon did not see it: it had cried wolf."""
    rng = np.random.default_rng(2)
    yield "column", "mean moves by", "rows an hour", *RULES
    still, swinging = normal_column(), swinging_column(1.0)
    for column, shift, per_hour in (
        (still, 0.5, 600), (still, 1.0, 600), (still, 2.0, 600), (still, 0.5, 6_000), (still, 1.0, 6_000),
        (still, 2.0, 6_000), (swinging, 1.0, 600), (swinging, 1.0, 6_000),
    ):  # fmt: skip
        columns = (column, swinging_column(1.0, shift) if column is swinging else normal_column(shift))
        alarms = _drift_alarms(
            rng, columns, window=HOUR, per_hour=per_hour, rows=20_000, days=max(days, 2), limits=limits, changes_at=NOON
        )
        yield column.name, f"{shift:g} std", str(per_hour), *(_minutes(alarms[rule]) for rule in RULES)


def _minutes(found: Alarms) -> str:
    """Median minutes from noon to the alarm; in brackets how often it was there in the hour before, and saw nothing."""
    after, early = found[:, NOON : NOON + 2 * HOUR], found[:, NOON - HOUR : NOON].any(1).mean()
    seen = after.any(1)
    minutes = f"{np.median(after.argmax(1)[seen]) * LOOK_S / 60:.1f}" if seen.any() else "–"
    late = f", {100 * (1 - seen.mean()):.0f} % not within 2 h" if not seen.all() else ""
    return minutes + (f" ({100 * early:.0f} %{late})" if early or late else "")


def stream_false_alarms(days: int) -> Iterator[Row]:
    """Two versions that are alike, and one that is as it was an hour ago."""
    rng = np.random.default_rng(3)
    day = rhythm(depth=0.5)
    ramp = np.linspace(0.01, 0.6, LOOKS)
    yield "stream", "rule", "must be at most", "streams with a false alarm"
    sides: dict[str, Callable[[int], Pair]] = {
        "20 % canary, 1 % fail": lambda n: pair(rng, n, 6_000, 0.2, 0.01),
        "20 % canary, 1 % fail, a daily rhythm of failures": lambda n: pair(rng, n, 6_000, 0.2, 0.01 * day),
        "a ramp from 1 % to 60 % canary, rhythm of failures": lambda n: pair(rng, n, 6_000, ramp, 0.01 * day),
        "5 % canary, 200 requests an hour": lambda n: pair(rng, n, 200, 0.05, 0.02),
    }
    for name, made in sides.items():
        streams = [made(size) for size in batches(days, 100)]
        ours = sum(int(fails_more(stream, ALPHA_FAILING).any(1).sum()) for stream in streams)
        naive = sum(int(fails_more_naive(stream)[:, HOUR:].any(1).sum()) for stream in streams)
        yield name, f"this console: fails more (α {100 * ALPHA_FAILING:g} %)", _permille(ALPHA_FAILING, days), str(ours)
        yield name, "z-test of the last hour, p < 0.05", "–", str(naive)
    slower = sum(int(is_slower(*_latencies(rng, size), ALPHA_SLOWER).any(1).sum()) for size in batches(days))
    yield (
        "20 % canary, the same latencies",
        f"this console: slower (α {100 * ALPHA_SLOWER:g} %)",
        _permille(ALPHA_SLOWER, days),
        str(slower),
    )
    for name, rate in (
        ("live alone, 1 % fail", 0.01),
        ("live alone, 1 % fail, a daily rhythm of failures", 0.01 * day),
    ):
        back = [pair(rng, size, 3_000, 1.0, rate) for size in batches(days, 100)]
        alarms = sum(int(fails_more_than_before(stream, 1e-6, 1.5).any(1).sum()) for stream in back)
        yield name, "this console: fails more than the hour before", _permille(0.001, days), str(alarms)
    for per_hour in (3_000, 30_000):
        latency = latency_column(0.5)
        back_in_time = (windows(rng, (latency, latency), per_hour, size) for size in batches(days))
        alarms = sum(int(is_slower_than_before(w, LATENCY_RATIO, 1e-6, 1.5).any(1).sum()) for w in back_in_time)
        name = f"live alone, {per_hour} an hour, a daily rhythm of latency"
        yield name, "this console: slower than the hour before", _permille(0.001, days), str(alarms)


def _permille(share: float, days: int) -> str:
    return f"{share * days:g}"


def _latencies(rng: np.random.Generator, days: int) -> tuple[Floats, Floats]:
    """Windows of two versions over thirty latency buckets of equal mass."""
    alike = Column("latency", np.full(30, 1 / 30))
    other, own = (windows(rng, (alike, alike), per_hour, days).live for per_hour in (4_800, 1_200))
    return other, own


def planted_failures(runs: int) -> Iterator[Row]:
    """S4 as its paper has it (20 requests of the canary a look, 500 looks, α 5 %), and the verdict of the console."""
    rng = np.random.default_rng(4)
    yield (
        *("canary gets", "canary fails", "S4, α 5 %: seen", "median requests of it"),
        *(f"verdict, α {100 * ALPHA_FAILING:g} %: seen", "median requests of it"),
    )
    for live, rate in ((20, 0.01), (20, 0.02), (20, 0.03), (20, 0.05), (180, 0.01), (180, 0.02), (180, 0.03)):
        bad = np.stack([rng.binomial(n, p, (runs, 500)) for n, p in ((live, 0.01), (20, rate))], -1).astype(np.float64)
        plain = log_e_path(bad, np.array([live, 20.0])) >= np.log(20)
        spread = np.zeros((runs, 3_000, 2))
        spread[:, 5::6] = bad
        other, own = (np.full((runs, 3_000), count / 6) for count in (live, 20))
        verdict = fails_more(Pair(other, own, spread[..., 0], spread[..., 1]), ALPHA_FAILING)[:, 5::6]
        yield f"{100 * 20 / (live + 20):g} %", f"{100 * rate:g} %", *_seen(plain), *_seen(verdict)


def beside_peers() -> Iterator[Row]:
    """The same samples given to all, their conventions converted."""
    path = CACHE / "samples.json"
    sides = save_samples(path, np.random.default_rng(6))
    found = {peer: ask_peer(peer, path) for peer in PEERS}
    x0, x1 = (np.array(sides[side]["x"], np.float64) for side in ("baseline", "live"))
    values = np.unique(np.concatenate((x0, x1)))
    c0, c1 = (np.bincount(np.searchsorted(values, x), minlength=len(values)).astype(np.float64) for x in (x0, x1))
    names = sorted({str(name) for name in sides["baseline"]["c"]})
    before, after = ([float(sides[side]["c"].count(name)) for name in names] for side in ("baseline", "live"))
    d, js = ks_exact(x0, x1) or 0.0, js_distance(before, after) or 0.0
    yield "statistic", "this console", "the other", "difference"
    for name, ours, peer, key in (
        ("Wasserstein, in std", wasserstein_normed([*values], c0, c1, float(np.std(x0))), "evidently", "x wasserstein"),
        ("Wasserstein", wasserstein([*values], c0, c1), "nannyml", "x wasserstein"),
        ("KS, p (Smirnov's limit)", ks_p(d, len(x0), len(x1)), "evidently", "x ks"),
        ("KS, D", d, "nannyml", "x kolmogorov_smirnov"),
        ("JS distance, natural logarithm", js * NATURAL_FROM_BASE_2, "evidently", "c jensenshannon"),
        ("JS distance, base 2", js, "nannyml", "c jensen_shannon"),
        ("L∞", linf(before, after), "nannyml", "c l_infinity"),
        ("Hellinger", hellinger(before, after), "nannyml", "c hellinger"),
        ("χ², p (Evidently takes the baseline as exact)", chi2_p(before, after), "evidently", "c chisquare"),
    ):  # fmt: skip
        theirs = found[peer][key]
        yield name, f"{ours:.8g}", f"{peer} {theirs:.8g}", f"{abs((ours or 0) - theirs):.1e}"


def _seen(alarms: Alarms) -> tuple[str, str]:
    seen = alarms.any(1)
    requests = f"{20 * (np.median(alarms.argmax(1)[seen]) + 1):.0f}" if seen.any() else "–"
    return f"{100 * seen.mean():.1f} %", requests


if __name__ == "__main__":
    main()
