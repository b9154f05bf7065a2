"""`clawpipe-tui status [MODEL]`: is the model in trouble? The answer is also the exit code."""

from __future__ import annotations

import argparse
import json

from clawpipe_tui.commands.opening import Opened, known_model, opened
from clawpipe_tui.commands.output import as_table, json_records, out
from clawpipe_tui.errors import ALARM, CANNOT_TELL, OK

EXIT_CODES = {"worse": ALARM, "drifted": ALARM, "not shown worse": OK}


def run(given: argparse.Namespace) -> int:
    """Print the headline, each version's health and the drifted columns; 0 fine, 4 alarm, 5 cannot tell."""
    with opened(given) as log:
        if given.model_name:
            known_model(log, given.model_name)
        headline = log.ask("headline")
        verdict = str(headline.column("verdict")[0]) if headline.rows else "cannot tell"
        out(_as_json(log, verdict) if given.format == "json" else _as_text(log, verdict))
        return EXIT_CODES.get(verdict, CANNOT_TELL)


def _as_json(log: Opened, verdict: str) -> str:
    answer = {
        "verdict": verdict,
        "since": log.window.since.isoformat(),
        "until": log.window.until.isoformat(),
        "headline": json_records(log.ask("headline")),
        "health": json_records(log.ask("health")),
        "drifted": [row for row in json_records(log.ask("drift")) if row["verdict"] == "drifted"],
    }
    return json.dumps(answer, ensure_ascii=False, indent=1)


def _as_text(log: Opened, verdict: str) -> str:
    headline = log.ask("headline")
    if not headline.rows:
        return f"cannot tell: no requests of {log.context['model'] or 'any model'} {_window(log)}"
    lines = [f"{verdict.upper()} · {headline.column('sentence')[0]}", _window(log), "", as_table(log.ask("health"))]
    drift = log.ask("drift")
    drifted = [row for row in drift.records() if row["verdict"] == "drifted"]
    for row in drifted:
        since = row["since_at"]
        words = f"drifted: {row['column']} PSI {row['psi']:.2f}" + (f", new: {row['unseen']}" if row["unseen"] else "")
        lines.append(words + (f", since {since:%H:%M} UTC" if hasattr(since, "strftime") else ""))
    if not drifted:
        lines.append(f"no drift shown in {len(drift.rows)} columns")
    return "\n".join(lines)


def _window(log: Opened) -> str:
    since, until = log.window.since, log.window.until
    return f"from {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC, against {log.context['baseline']}"
