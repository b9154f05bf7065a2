"""What a scan learns about each file: its rows, those left out for their time, and when the others were served."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

    from clawpipe_tui.rollups.cells import Cells

NEVER_US = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US = timedelta(microseconds=1)


def moment(us: int) -> datetime:
    """Microseconds since 1970 as a time."""
    return _EPOCH + us * _ONE_US


@dataclass
class Span:
    """Of one file."""

    rows: int = 0
    timeless: int = 0
    ahead: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass
class Spans:
    """Of all files of a batch."""

    latest: datetime | None = None
    """A row that claims to be later has a wrong time."""
    of: dict[int, Span] = field(default_factory=dict[int, Span])

    def timely(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that have a time; the others are only counted."""
        import pyarrow as pa

        file, served_us = rows["file"].to_numpy(), rows["served_us"]
        limit = (self.latest - _EPOCH) // _ONE_US if self.latest else NEVER_US
        timeless = served_us.is_null().to_numpy(zero_copy_only=False)
        ahead = served_us.fill_null(0).to_numpy() >= limit
        for one, n in zip(*np.unique(file, return_counts=True), strict=True):
            self.of.setdefault(int(one), Span()).rows += int(n)
        good = ~(timeless | ahead)
        if good.all():
            return rows
        for one in np.unique(file[~good]):
            self.of[int(one)].timeless += int(timeless[file == one].sum())
            self.of[int(one)].ahead += int(ahead[file == one].sum())
        return rows.filter(pa.array(good))

    def stretch(self, cells: Cells) -> None:
        """Take in when these rows were served."""
        for one in np.unique(cells.file):
            span, own = self.of[int(one)], cells.file == one
            first = moment(int(cells.first_us[own].min()))
            last = moment(int(cells.last_us[own].max()))
            span.first_at = min(first, span.first_at or first)
            span.last_at = max(last, span.last_at or last)
