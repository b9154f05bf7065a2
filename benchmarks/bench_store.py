"""How long a store takes to open and to change its window, and how much memory it takes, as the log grows.

The log is of the size that is asked for; everything is measured in a process of its own, warm cache, medians.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from log import make_log

OVERVIEW = ("headline", "health", "traffic_over_time", "errors_over_time", "latency_over_time", "drift", "versions")
WIDTHS_S = {"1 h": 3_600, "6 h": 21_600, "1 day": 86_400, "7 days": 604_800, "30 days": 2_592_000, "1 year": 31_536_000}
_RUNS = 5


def measure(folder: Path) -> dict[str, float]:
    """In this process: open, ask what the Overview asks, then change the window."""
    from clawpipe_tui.config import load_config
    from clawpipe_tui.session import LogSession
    from clawpipe_tui.window import window_ending

    config = load_config(folder / "clawpipe.toml")
    found: dict[str, float] = {}
    started = time.perf_counter()
    session = LogSession(config, cache=folder / "cache")
    opened = time.perf_counter()
    found["open"] = opened - started

    def overview(width_s: int) -> float:
        began = time.perf_counter()
        window = window_ending(session.now(), width_s)
        context = {"since": window.since, "until": window.until, "step": window.step, "baseline": "training"}
        for name in OVERVIEW:
            session.ask(name, context)
        return time.perf_counter() - began

    overview(3_600)
    found["open to Overview"] = time.perf_counter() - started
    for name, width_s in WIDTHS_S.items():
        found[f"first {name}"] = overview(width_s)
    for name, width_s in WIDTHS_S.items():
        found[f"again {name}"] = overview(width_s)
    began = time.perf_counter()
    session.read()
    found["ledger and listing"] = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found["peak MB"] = int(status.split("VmHWM:")[1].split()[0]) / 1e3
    session.close()
    return found


def reduce_whole(folder: Path) -> dict[str, float]:
    """In this process: read the log from the start; until the newest hour is there, and to the end."""
    from clawpipe_tui.config import load_config
    from clawpipe_tui.session import LogSession

    config = load_config(folder / "clawpipe.toml")
    started = time.perf_counter()
    session = LogSession(config, cache=folder / "cache")
    session.follow()
    while not session.progress().rows:
        time.sleep(0.01)
    first = time.perf_counter() - started
    while session.progress().reading or session.progress().files_read < session.progress().files_known:
        time.sleep(0.05)
    took = time.perf_counter() - started
    session.close()
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return {"newest on screen": first, "whole": took, "peak MB": int(status.split("VmHWM:")[1].split()[0]) / 1e3}


def _apart(words: list[str]) -> dict[str, float]:
    ran = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def main(sizes: list[int]) -> None:
    """One table: a row for each measure, a column for each size."""
    columns: list[dict[str, float]] = []
    for rows in sizes:
        folder = make_log(rows)
        cold = {}
        if not (folder / "cache").exists():
            cold = {f"cold: {name}": value for name, value in _apart(["reduce", str(folder)]).items()}
        runs = [_apart(["open", str(folder)]) for _ in range(_RUNS)]
        columns.append(cold | {name: statistics.median(run[name] for run in runs) for name in runs[0]})
    names = dict.fromkeys(name for column in columns for name in column)
    print(f"{'':28}" + "".join(f"{rows:>14,}" for rows in sizes))
    for name in names:
        unit = "MB" if name.endswith("MB") else "ms"
        values = [column.get(name) for column in columns]
        shown = ["-" if value is None else f"{value * (1 if unit == 'MB' else 1_000):,.0f} {unit}" for value in values]
        print(f"{name:28}" + "".join(f"{value:>14}" for value in shown))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["open", folder]:
            print(json.dumps(measure(Path(folder))))
        case ["reduce", folder]:
            print(json.dumps(reduce_whole(Path(folder))))
        case sizes:
            main([int(float(size)) for size in sizes] or [1_000_000, 10_000_000])
