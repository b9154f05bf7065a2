"""Two versions compared for the diff page: one query on the window, two documents from the registry; blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.diff import Comparison, Pair
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.snapshot import sentence

if TYPE_CHECKING:
    from clawpipe_tui.result import Result, Value
    from clawpipe_tui.serving.seam import Registry, VersionDocument

NO_REGISTRY = "No documents: neither a serving API nor version files are set ([serving] url, [versions] files)."


def compare(
    ask: Callable[[str, Mapping[str, Value]], Result],
    context: Mapping[str, Value],
    registry: Callable[[], Registry] | None,
    model: str,
    pair: Pair,
) -> Comparison:
    """How two versions behave, and in what they differ on paper; one may fail without the other."""
    try:
        bound = {**context, "version": pair.a, "other": pair.b}
        result, decided = ask("version_diff", bound), ask("version_decision", bound).records()
        measures = PanelState("fresh" if result.rows else "empty", result)
        said = (str(decided[0]["verdict"]), str(decided[0]["sentence"])) if decided else ("", "")
    except ClawpipeError as error:
        measures, said = PanelState("failed", message=sentence(error)), ("", "")
    compared = Comparison(pair, measures, *said, no_documents=NO_REGISTRY)
    if registry is None:
        return compared
    try:
        opened = registry()
        return _with_documents(compared, opened.version(model, pair.a), opened.version(model, pair.b))
    except ClawpipeError as error:
        return replace(compared, no_documents=f"No documents: {sentence(error)}")


def _with_documents(compared: Comparison, a: VersionDocument, b: VersionDocument) -> Comparison:
    from clawpipe_tui.operations.diff import diff_documents

    notes = tuple((side.version, side.change_note) for side in (a, b) if side.change_note)
    return replace(compared, documents=diff_documents(a, b), notes=notes, no_documents="")
