"""`clawpipe-tui status [MODEL]`: is the model in trouble? The answer is also the exit code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from clawpipe_tui.commands.opening import Opened, known_model, opened, take_documents
from clawpipe_tui.commands.output import as_table, json_records, out, talk
from clawpipe_tui.errors import ALARM, CANNOT_TELL, OK
from clawpipe_tui.result import Value

EXIT_CODES = {"worse": ALARM, "missed": ALARM, "drifted": ALARM, "not shown worse": OK}


def run(given: argparse.Namespace) -> int:
    """Print the headline, each version's health and the drifted columns; 0 fine, 4 alarm, 5 cannot tell."""
    with opened(given) as log:
        if given.model_name:
            known_model(log, given.model_name)
        missing = take_documents(log.session, log.config) if log.config.serving else ""
        if missing:
            talk(missing)
        headline = log.ask("headline")
        verdict = str(headline.column("verdict")[0]) if headline.rows else "cannot tell"
        if verdict != "worse" and any(row["verdict"] == "missed" for row in _asked(log)):
            verdict = "missed"
        out(_as_json(log, verdict) if given.format == "json" else _as_text(log, verdict))
        return EXIT_CODES.get(verdict, CANNOT_TELL)


def _as_json(log: Opened, verdict: str) -> str:
    answer = {
        "verdict": verdict,
        "since": log.window.since.isoformat(),
        "until": log.window.until.isoformat(),
        "headline": json_records(log.ask("headline")),
        "health": json_records(log.ask("health")),
        "objectives": json_records(log.ask("objectives")),
        "drifted": [row for row in json_records(log.ask("drift")) if row["verdict"] == "drifted"],
    }
    return json.dumps(answer, ensure_ascii=False, indent=1)


def _as_text(log: Opened, verdict: str) -> str:
    headline = log.ask("headline")
    if not headline.rows:
        return f"cannot tell: no requests of {log.context['model'] or 'any model'} {_window(log)}"
    lines = [f"{verdict.upper()} · {headline.column('sentence')[0]}", _window(log), "", as_table(log.ask("health"))]
    lines += [_objective(row) for row in _asked(log)]
    drift = log.ask("drift")
    drifted = [row for row in drift.records() if row["verdict"] == "drifted"]
    for row in drifted:
        since = row["since_at"]
        words = f"drifted: {row['column']} PSI {row['psi']:.2f}" + (f", new: {row['unseen']}" if row["unseen"] else "")
        lines.append(words + (f", since {since:%H:%M} UTC" if hasattr(since, "strftime") else ""))
    if not drifted:
        lines.append(f"no drift shown in {len(drift.rows)} columns")
    return "\n".join(lines)


def _objective(row: Mapping[str, Value]) -> str:
    """One objective in words; where nothing is shown, what would have been."""
    found = f"{row['found']} ({row['bounds']})" if row["bounds"] else row["found"] or "unknown"
    shown = f", {row['would_show']} would have shown" if row["would_show"] else ""
    return f"{row['verdict']}: {row['version']} {row['objective']} {row['asked']}, is {found}{shown}"


def _asked(log: Opened) -> list[dict[str, Value]]:
    """The objectives of the versions that serve in this window."""
    return [row for row in log.ask("objectives").records() if row["serves"]]


def _window(log: Opened) -> str:
    since, until = log.window.since, log.window.until
    return f"from {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC, against {log.context['baseline']}"
