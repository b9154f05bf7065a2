"""What versions are asked to hold, by the configuration and by their own documents, as rows of a table."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence

from clawpipe_tui.config.objectives import Objective, objectives_of
from clawpipe_tui.serving.seam import VersionDocument


def objective_rows(
    configured: Sequence[Objective], documents: Iterable[VersionDocument]
) -> tuple[list[Mapping[str, object]], list[str]]:
    """The rows, and what is wrong with those of a document that cannot be read."""
    rows = [_row(one, one.model, None, "configuration") for one in configured]
    wrong: list[str] = []
    for document in documents:
        read, unread = objectives_of(document.document)
        model = glob.escape(document.model)
        rows += [_row(one, model, document.version, f"document of {document.version}") for one in read]
        wrong += [f"The document of {document.version}: {words}" for words in unread]
    return rows, wrong


def _row(one: Objective, model: str, version: str | None, source: str) -> Mapping[str, object]:
    return {
        "model": model, "version": version, "metric": one.metric, "column": one.column, "minimum": one.minimum,
        "maximum": one.maximum, "window_s": one.window_s, "source": source,
    }  # fmt: skip
