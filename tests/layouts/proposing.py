"""Proposals for small logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clawpipe_tui.logs.detect import propose, sample_of
from clawpipe_tui.logs.layouts import load_layouts
from clawpipe_tui.logs.listing import list_files
from clawpipe_tui.logs.proposal import Proposal
from clawpipe_tui.logs.rows import LAYOUTS
from clawpipe_tui.rollups.source import connect


def proposed(pattern: str) -> Proposal:
    """What is proposed for the files of a glob, by the shipped layouts."""
    with connect() as connection:
        return propose(connection, sample_of(list_files([pattern]).values()), load_layouts((LAYOUTS,)))


def of_columns(folder: Path, columns: Mapping[str, Sequence[object]]) -> Proposal:
    """What is proposed for one Parquet file with these columns, and a time beside them."""
    rows = len(next(iter(columns.values())))
    times = {} if "ts" in columns else {"ts": [1_763_640_000_000 + 1_000 * place for place in range(rows)]}
    pq.write_table(
        pa.table({**times, **{name: list(values) for name, values in columns.items()}}), folder / "a.parquet"
    )
    return proposed(f"{folder}/*.parquet")


def expressions(proposal: Proposal) -> dict[str, str]:
    """Canonical column → SQL."""
    return {choice.name: choice.expression for choice in proposal.columns}
