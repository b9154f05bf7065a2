"""`clawpipe-tui diff MODEL A B`: what changed between two versions, and how they behave in the same window."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from clawpipe_tui.commands.opening import Opened, has_documents, known_model, opened, registry_of, serving_of
from clawpipe_tui.commands.output import as_table, json_records, out, talk
from clawpipe_tui.commands.part import part_of
from clawpipe_tui.errors import OK, ServingError, UsageError, nearest
from clawpipe_tui.operations.comparing import Compared, asked_of, compare
from clawpipe_tui.operations.diff import telling
from clawpipe_tui.result import Result, Value
from clawpipe_tui.wording import worded

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEASURES = ("measure", "difference", "verdict", "from", "to", "would have shown")
_PAIRS = ("column", "segment", "pairs", "differ_pct", "low_pct", "high_pct", "times", "verdict", "unpaired")


def run(given: argparse.Namespace) -> int:
    """Print both halves; what cannot be had is said on stderr."""
    with opened(given) as log:
        known_model(log, given.model_name)
        _known_version(log, given.model_name, given.a)
        _known_version(log, given.model_name, given.b)
        compared = compared_by(log, given.model_name, given.a, given.b, given.where)
    if compared.no_documents:
        talk(compared.no_documents)
    out(json.dumps(_json(compared), ensure_ascii=False, indent=1) if given.format == "json" else diff_text(compared))
    return OK


def compared_by(log: Opened, model: str, a: str, b: str, where: str = "") -> Compared:
    """Two versions on the window that was asked for, in all of the traffic or in a part of it."""
    config = log.config
    registry = (lambda: registry_of(config)) if has_documents(config) else None
    routes = asked_of(lambda: serving_of(config)[1], model) if config.serving else []
    if not where:
        log.session.set_routes(routes)
        return compare(log.session.ask, log.context, registry, model, a, b)
    with part_of(config, log.session, where, log.window.since, log.window.until) as part:
        part.set_routes(routes)
        return replace(compare(part.ask, log.context, registry, model, a, b), segment=where)


def _json(compared: Compared) -> dict[str, object]:
    return {
        "decision": {"verdict": compared.verdict, "sentence": compared.decision or compared.no_measures},
        "segment": compared.segment,
        "notes": list(compared.notes),
        "documents": [asdict(row) for row in telling(compared.documents)],
        "behaviour": json_records(compared.measures) if compared.measures else [],
        "pairs": json_records(compared.pairs) if compared.pairs else [],
    }


def diff_text(compared: Compared) -> str:
    """The decision on top, then why each version was made, what differs on paper, and how they behave."""
    part = f"Only where {compared.segment}." if compared.segment else ""
    parts = [part, f"{compared.verdict}: {compared.decision or compared.no_measures}", "\n".join(compared.notes)]
    documents = telling(compared.documents)
    if documents:
        rows = tuple((row.key, row.a, row.b, row.change) for row in documents)
        parts.append(as_table(Result("documents", ("document", compared.a, compared.b, "change"), rows)))
    if compared.measures:
        parts.append(as_table(behaviour(compared.measures, compared.a, compared.b)))
    if compared.pairs:
        parts.append(as_table(_pairs(compared.pairs)))
    return "\n\n".join(filter(None, parts))


def behaviour(measures: Result, a: str, b: str) -> Result:
    """The `version_diff` query with each number in its own unit."""
    rows = tuple(
        (
            str(row["measure"]).removesuffix("_pct"),
            *_words(row, ("a", "b", "difference")),
            row["verdict"] or "",
            *_words(row, ("low", "high", "detectable")),
        )
        for row in measures.records()
    )
    first, difference, *others = _MEASURES
    return Result(measures.query, (first, a, b, difference, *others), rows)


def _words(row: dict[str, Value], sides: Sequence[str]) -> list[str]:
    return [worded(str(row["measure"]), row[side]) for side in sides]


def _pairs(pairs: Result) -> Result:
    rows = tuple(tuple(worded(name, row[name]) for name in _PAIRS) for row in pairs.records())
    return Result(pairs.query, _PAIRS, rows)


def _known_version(log: Opened, model: str, version: str) -> None:
    """Raises UsageError for a version that neither the log nor the registry speaks of."""
    known = [str(name) for name in log.ask("versions").column("version")]
    if version not in known and has_documents(log.config):
        with suppress(ServingError):
            known += [document.version for document in registry_of(log.config).versions(model)]
    if version not in known:
        raise UsageError(f"Neither the log nor the registry speaks of a version {version!r}.", nearest(version, known))
