"""Two versions compared: what to do, how they behave on the same window, where pairs differ, what the documents say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.diff import DocumentRow, diff_documents
from clawpipe_tui.operations.evidence import Ask
from clawpipe_tui.result import Result, Value
from clawpipe_tui.serving.seam import Registry, Router, Routing, VersionDocument

NO_DOCUMENTS = "No documents: neither a serving API nor version files are set ([serving] url, [versions] files)."
_PACKAGES = ("dependencies.", "lock.")
_MOST_PACKAGES = 4


@dataclass(frozen=True)
class Compared:
    """What is known about b beside a; either half may be missing, and then it says why."""

    a: str
    b: str
    verdict: str = ""
    decision: str = ""
    """What to do about b, and why."""
    measures: Result | None = None
    pairs: Result | None = None
    """Where the answers of a version and its shadow differ; None where nothing was paired."""
    no_measures: str = ""
    notes: tuple[str, ...] = ()
    """Sentences about the documents: why each was made, packages, whether the metrics can be compared."""
    documents: tuple[DocumentRow, ...] = ()
    no_documents: str = ""
    segment: str = ""
    """The part of the traffic that it is about; empty where it is about all of it."""


def compare(
    ask: Ask, context: Mapping[str, Value], registry: Callable[[], Registry] | None, model: str, a: str, b: str
) -> Compared:
    """Both halves; what goes wrong in one of them is said there and costs not the other."""
    compared = _behaviour(ask, context, Compared(a, b, no_documents=NO_DOCUMENTS))
    if registry is None:
        return compared
    try:
        opened = registry()
        return _with_documents(compared, opened.version(model, a), opened.version(model, b))
    except ClawpipeError as error:
        return replace(compared, no_documents=f"No documents: {error}")


def _behaviour(ask: Ask, context: Mapping[str, Value], compared: Compared) -> Compared:
    bound = {**context, "version": compared.a, "other": compared.b}
    try:
        decided = ask("version_decision", bound).records()
        measures, pairs = ask("version_diff", bound), ask("shadow_pairs", bound)
    except ClawpipeError as error:
        return replace(compared, verdict="cannot tell", no_measures=str(error))
    said = (str(decided[0]["verdict"]), str(decided[0]["sentence"])) if decided else ("cannot tell", "")
    return replace(compared, verdict=said[0], decision=said[1], measures=measures, pairs=pairs if pairs.rows else None)


def _with_documents(compared: Compared, a: VersionDocument, b: VersionDocument) -> Compared:
    rows = diff_documents(a, b)
    notes = [f"{side.version}: {side.change_note}" for side in (a, b) if side.change_note]
    notes += filter(None, (package_words(rows), metric_words(rows), same_words(rows)))
    return replace(compared, documents=rows, notes=tuple(notes), no_documents="")


def package_words(rows: Sequence[DocumentRow]) -> str:
    """How the locks differ, in a sentence; empty where neither document has one."""
    locked = [row for row in rows if row.key.startswith(_PACKAGES)]
    if not locked:
        return ""
    said: list[str] = []
    for change in ("upgraded", "downgraded", "changed", "added", "removed"):
        names = [row.key.partition(".")[2] for row in locked if row.change == change]
        if names:
            more = f" and {len(names) - _MOST_PACKAGES} more" if len(names) > _MOST_PACKAGES else ""
            said.append(f"{len(names)} {change} ({', '.join(names[:_MOST_PACKAGES])}{more})")
    return f"Packages: {', '.join(said) if said else f'the same {len(locked)} in both'}."


def metric_words(rows: Sequence[DocumentRow]) -> str:
    """Whether the metrics of two documents may be compared; empty where there are none."""
    metrics = {row.key.removeprefix("metrics."): row for row in rows if row.key.startswith("metrics.")}
    if not metrics:
        return ""
    tested = metrics.get("test_sha256") or metrics.get("test_set")
    if tested is None:
        return "Metrics: no test set is named, so cannot tell whether they may be compared."
    if tested.change == "same":
        return f"Metrics: measured on the same test set ({tested.a[:12]})."
    return "Metrics: measured on different test sets; they may not be compared."


def same_words(rows: Sequence[DocumentRow]) -> str:
    """Which whole sections did not change; empty where every one did."""
    sections: dict[str, bool] = {}
    for row in rows:
        name = row.key.partition(".")[0]
        sections[name] = sections.get(name, True) and row.change == "same"
    same = [name.replace("_", " ") for name, is_same in sections.items() if is_same]
    return f"The same in both: {', '.join(same)}." if same else ""


def asked_routes(routing: Routing) -> list[dict[str, object]]:
    """A routing as rows of the table `routes`: what traffic was asked for, and since when."""
    return [
        {
            "model": routing.model,
            "version": route.version,
            "role": route.role,
            "weight_pct": route.weight_pct,
            "since_at": routing.changed_at,
        }
        for route in routing.routes
    ]


def asked_of(router: Callable[[], Router], model: str) -> list[dict[str, object]]:
    """The same, read from the API now; nothing where it cannot be read: then nothing is said of what was asked."""
    try:
        return asked_routes(router().routing(model))
    except ClawpipeError:
        return []
