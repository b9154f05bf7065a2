"""What decides the counts of a log, and therefore where they are kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.rollups.schema import SCHEMA_VERSION


@dataclass(frozen=True)
class LogSettings:
    """Everything that decides what the rollups of a log contain."""

    files: tuple[str, ...]
    layout: Layout
    baseline_files: tuple[str, ...] = ()
    baseline_span: tuple[datetime, datetime] | None = None
    by_wall_clock: bool = False
    """Whether the console's clock is the wall clock; with another one nothing can be said to be ahead of it."""
    labelled: bool = False
    """Whether labels are expected."""


def store_name(settings: LogSettings) -> str:
    """A folder name that changes with everything that would change the counts."""
    baseline = [(file.path, file.size_bytes, file.mtime_ns) for file in list_files(settings.baseline_files).values()]
    layout = settings.layout
    parts: list[object] = [SCHEMA_VERSION, settings.files, sorted(layout.expressions.items()), layout.model]
    parts += [layout.version, layout.numeric, layout.categorical, sorted(baseline)]
    if layout.sensitive:
        parts.append(sorted(layout.sensitive))
    if layout.ranges:
        parts.append([[one.column, one.low, one.high, one.allowed] for one in layout.ranges])
    if settings.labelled:
        parts.append("labelled")
    if settings.baseline_span:
        parts.append([end.isoformat() for end in settings.baseline_span])
    if layout.select or layout.form != "parquet":
        parts += [layout.form, layout.select]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=10).hexdigest()
