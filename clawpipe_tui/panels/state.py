"""What a panel has to show: one of five states, with the rows or the sentence that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clawpipe_tui.result import Result

StateKind = Literal["loading", "empty", "fresh", "stale", "failed"]


@dataclass(frozen=True)
class PanelState:
    """One panel's state: loading (how long), empty (why), fresh or stale (rows and age), failed (what to do)."""

    kind: StateKind
    result: Result | None = None
    message: str = ""
    age_s: float = 0.0
    """How long it has been loading, or how old the rows are."""

    @property
    def rows_shown(self) -> Result | None:
        """The rows that are drawn, or None where words are drawn instead."""
        return self.result if self.kind in {"fresh", "stale"} else None
