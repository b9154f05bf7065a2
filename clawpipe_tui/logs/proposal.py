"""What `init` proposes for an unknown log: each choice with one line why, unsure ones marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clawpipe_tui.logs.canonical import Kind
from clawpipe_tui.logs.form import Form


@dataclass(frozen=True)
class Choice:
    """A canonical column, or a feature, and the SQL that gives it."""

    name: str
    expression: str
    why: str
    sure: bool = True
    plain: bool = False
    """Whether the log has a column of that name, so that nothing need be written."""


@dataclass(frozen=True)
class Proposal:
    """How a log should be read."""

    form: Form
    layout: str
    about: str
    """What wrote this log, in words."""
    columns: tuple[Choice, ...]
    features: Mapping[Choice, Kind]
    left_out: Mapping[str, str]
    """Column → why it is not watched."""
    personal: Mapping[str, str]
    """Column → what personal data it probably holds."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """Canonical column → what the layout says of it."""
    first_at: datetime | None = None
    last_at: datetime | None = None

    def unsure(self) -> list[Choice]:
        """The choices that somebody should look at."""
        return [choice for choice in (*self.columns, *self.features) if not choice.sure]
