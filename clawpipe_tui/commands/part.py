"""A part of the traffic, opened as a log of its own; its counts are thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.operations.segment import known_columns, narrowed, read_segment

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.opened import Session
    from clawpipe_tui.session import LogSession


@contextmanager
def part_of(config: Config, whole: Session, where: str, since: datetime, until: datetime) -> Generator[LogSession]:
    """The requests of a window that `where` is true of. Raises UsageError, LogError."""
    from clawpipe_tui.session import LogSession

    segment = read_segment(where, lambda: known_columns(whole), config.sensitive)
    with tempfile.TemporaryDirectory(prefix="clawpipe-part-") as folder:
        session = LogSession(narrowed(config, whole, segment, since, until), now=whole.now(), cache=Path(folder))
        try:
            session.read()
            yield session
        finally:
            session.close()
