"""`clawpipe-tui diff MODEL A B`: what changed between two versions, and how they behave in the same window."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from clawpipe_tui.commands.opening import Opened, has_documents, known_model, opened, registry_of
from clawpipe_tui.commands.output import as_table, json_records, out, talk
from clawpipe_tui.errors import OK, ServingError, UsageError, nearest
from clawpipe_tui.operations.diff import diff_documents, only_changed
from clawpipe_tui.result import Result
from clawpipe_tui.wording import worded

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.operations.diff import DocumentRow


def run(given: argparse.Namespace) -> int:
    """Print both halves; what cannot be had is said on stderr."""
    with opened(given) as log:
        known_model(log, given.model_name)
        _known_version(log, given.a)
        _known_version(log, given.b)
        documents = document_rows(log.config, given.model_name, given.a, given.b)
        if given.format == "json":
            answer = {
                "decision": json_records(log.ask("version_decision", version=given.a, other=given.b)),
                "documents": [asdict(row) for row in documents],
                "behaviour": json_records(log.ask("version_diff", version=given.a, other=given.b)),
            }
            out(json.dumps(answer, ensure_ascii=False, indent=1))
        else:
            out(decision(log, given.a, given.b))
            if documents:
                out(_documents(documents, given.a, given.b))
            out(behaviour(log, given.a, given.b))
    return OK


def decision(log: Opened, a: str, b: str) -> str:
    """What to do about b and why, in one line."""
    rows = log.ask("version_decision", version=a, other=b).records()
    return f"{rows[0]['verdict']}: {rows[0]['sentence']}\n" if rows else "cannot tell: no requests in this window\n"


def behaviour(log: Opened, a: str, b: str) -> str:
    """The `version_diff` query as a table, each number in its own unit."""
    result = log.ask("version_diff", version=a, other=b)
    rows = tuple(
        (
            row["measure"],
            *(worded(str(row["measure"]), row[side]) for side in ("a", "b", "difference")),
            row["verdict"] or "",
            *(worded(str(row["measure"]), row[side]) for side in ("low", "high", "detectable")),
        )
        for row in result.records()
    )
    names = ("measure", a, b, "difference", "verdict", "from", "to", "would have shown")
    return as_table(Result("version_diff", names, rows))


def _documents(rows: tuple[DocumentRow, ...], a: str, b: str) -> str:
    shown = tuple((row.key, row.a or "–", row.b or "–", row.change) for row in rows)
    return as_table(Result("documents", ("document", a, b, "change"), shown)) + "\n"


def document_rows(config: Config, model: str, a: str, b: str) -> tuple[DocumentRow, ...]:
    """What differs between the two version documents; empty, and said, where they cannot be had."""
    if not has_documents(config):
        talk("No version documents: neither a serving API nor [versions] files is configured.")
        return ()
    registry = registry_of(config)
    try:
        return only_changed(diff_documents(registry.version(model, a), registry.version(model, b)))
    except ServingError as error:
        talk(f"The version documents cannot be compared. {error}")
        return ()


def _known_version(log: Opened, version: str) -> None:
    known = [str(name) for name in log.ask("versions").column("version")]
    if version not in known:
        raise UsageError(f"The log does not speak of a version {version!r}.", nearest(version, known))
