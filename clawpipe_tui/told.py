"""What is told of a log beside its rows: limits and ranges, labels, objectives, and what its columns can tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.capabilities import Capability, capabilities, concerned
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.objects import drop_copies, is_remote, local_copy
from clawpipe_tui.rollups.labels import LabelFiles
from clawpipe_tui.serving.asked import objective_rows
from clawpipe_tui.serving.folder import FolderRegistry

if TYPE_CHECKING:
    from clawpipe_tui.config import Config, DeclaredRange
    from clawpipe_tui.logs.canonical import Layout
    from clawpipe_tui.logs.listing import LogFile
    from clawpipe_tui.result import Result
    from clawpipe_tui.serving.seam import VersionDocument
    from clawpipe_tui.warehouse import Warehouse


_OF_LABELS = frozenset({"labelled", "actual_pct"})
"""Columns of answers that labels alone can give."""


class Told:
    """Keeps a warehouse's other tables up to date: what stands in files is looked at again and again."""

    def __init__(self, config: Config, warehouse: Warehouse) -> None:
        self._config, self._warehouse = config, warehouse
        self._labels = LabelFiles(config.label_files)
        self._has_baseline = False
        """Whether the baseline's own labels are taken in."""
        self._is_remote = any(map(is_remote, (*config.label_files, *config.baseline_files)))
        self._document_files: Mapping[str, LogFile] | None = None
        self._documents: Sequence[VersionDocument] = ()
        self._capabilities: tuple[Capability, ...] = ()
        drift = config.drift
        warehouse.set_limits({"psi_large": drift.psi_large, "new_category_pct": drift.new_category_pct})
        warehouse.set_ranges([_declared(one) for one in config.ranges])
        self.read_objectives()

    def read_labels(self) -> None:
        """Label files that are new, changed or gone since the last look."""
        if not self._config.label_files:
            return
        if not self._has_baseline:
            self._read_labelled_baseline()
        gone, new = self._labels.look()
        if gone or new:
            self._warehouse.set_labels(gone, _at_hand(new))
        if self._is_remote:
            drop_copies()

    def _read_labelled_baseline(self) -> None:
        """Once; where it cannot be read, again at the next look. Whoever reads it for drift says why."""
        import duckdb

        with suppress(duckdb.Error, LogError, OSError):
            self._warehouse.set_labelled_baseline(_at_hand(list_files(self._config.baseline_files).values()))
            self._has_baseline = True

    def set_documents(self, documents: Sequence[VersionDocument]) -> None:
        """The version documents of the serving API, whose objectives hold beside those of the configuration."""
        self._documents = tuple(documents)
        self._document_files = None
        self.read_objectives()

    def read_objectives(self) -> None:
        """What is asked of versions, by the configuration and by version documents that are new or changed."""
        listing = list_files(self._config.version_files)
        if listing != self._document_files:
            self._document_files = listing
            folder = FolderRegistry([Path(path) for path in sorted(listing)])
            rows, _ = objective_rows(self._config.objectives.rules, (*folder.documents, *self._documents))
            self._warehouse.set_objectives(rows)

    def know_columns(self, columns: str, layout: Layout) -> None:
        """What the newest file that was read can tell is what the log can tell."""
        if columns:
            known = capabilities(json.loads(columns), layout)
            if known != self._capabilities:
                self._capabilities = known
                self._warehouse.set_capabilities([asdict(one) for one in known])

    def honest(self, result: Result) -> Result:
        """An answer without the values that the log cannot give, and with a note that says so."""
        note, unknown = concerned(result.columns, self._capabilities)
        if not _OF_LABELS.isdisjoint(result.columns) and result.says_nothing():
            note = self._why_no_labels()
        if not note and not unknown:
            return result
        kept = [name not in unknown for name in result.columns]
        rows = tuple(
            tuple(value if keep else None for value, keep in zip(row, kept, strict=True)) for row in result.rows
        )
        return replace(result, rows=rows, note=note)

    def _why_no_labels(self) -> str:
        files = self._config.label_files
        if not files:
            return 'no labels: say in clawpipe.toml where they land, under [labels]: files = "labels/*.parquet"'
        if not self._labels.read:
            return f"no labels yet: no file matches {files[0]}"
        return "no label of a request in this window is in yet"


def _at_hand(files: Iterable[LogFile]) -> Sequence[LogFile]:
    """Fetch what lies elsewhere before anybody waits for it; what cannot be fetched is met again, and said, there."""
    files = tuple(files)
    for file in files:
        with suppress(OSError):
            local_copy(file)
    return files


def _declared(declared: DeclaredRange) -> dict[str, object]:
    """A declaration as a row; allowed values in words."""
    allowed = ", ".join(declared.allowed) if declared.allowed is not None else None
    return {**asdict(declared), "allowed": allowed}
