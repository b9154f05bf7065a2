"""Answers on stdout: as a table for people, as JSON, JSON lines, CSV or Parquet for programs; talk on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from clawpipe_tui.formats import as_table, json_records, json_value, result_bytes, result_text

if TYPE_CHECKING:
    from clawpipe_tui.result import Result

__all__ = ["as_table", "json_records", "json_value", "out", "talk", "write_result"]


def out(text: str) -> None:
    """Data."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def talk(text: str) -> None:
    """Everything that is not data."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def write_result(result: Result, form: str) -> None:
    """Print an answer in one of the formats of the command line."""
    if form == "parquet":
        sys.stdout.buffer.write(result_bytes(result, form))
        sys.stdout.buffer.flush()
    else:
        out(result_text(result, form))
