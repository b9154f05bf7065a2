"""One look at a Parquet file before it is read: whether it is whole, and a fingerprint of what is in it.

One unreadable file fails a whole DuckDB scan and no option ignores it, so each file is looked at on its own first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.wording import clean

_MAGIC = b"PAR1"
_SAMPLES = 8
_SAMPLE_BYTES = 4_096
_TAIL_BYTES = 65_536

BadState = Literal["empty", "torn", "corrupt", "unreadable"]


@dataclass(frozen=True)
class Footer:
    """A whole file: its rows, and a fingerprint that survives a rename and differs where the content does."""

    rows: int
    fingerprint: str


@dataclass(frozen=True)
class BadFile:
    """A file that cannot be read, and why, in words for the Files list."""

    state: BadState
    reason: str


def inspect(file: LogFile) -> Footer | BadFile:
    """Look at one file's footer. Never raises for what a file contains."""
    if file.size_bytes == 0:
        return BadFile("empty", "0 bytes: nothing has been written yet")
    try:
        with Path(file.path).open("rb") as stream:
            head = stream.read(4)
            stream.seek(max(0, file.size_bytes - _TAIL_BYTES))
            tail = stream.read(_TAIL_BYTES)
    except OSError as error:
        return BadFile("unreadable", f"cannot be opened: {error.strerror or error}")
    if head != _MAGIC:
        return BadFile("corrupt", "not a Parquet file: its first bytes are not PAR1")
    if tail[-4:] != _MAGIC or file.size_bytes < 12:
        return BadFile("torn", "the end is missing: still being written, or cut off")
    return _read_footer(file, tail)


def _read_footer(file: LogFile, tail: bytes) -> Footer | BadFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = int(pq.read_metadata(file.path).num_rows)
    except (OSError, pa.ArrowException, ValueError) as error:
        return BadFile("corrupt", f"its footer cannot be read: {first_line(error)}")
    if rows == 0:
        return BadFile("empty", "0 rows")
    return Footer(rows, _fingerprint(file, tail))


def _fingerprint(file: LogFile, tail: bytes) -> str:
    """Footer and evenly spaced samples: as good as the whole file for telling one log file from another."""
    digest = hashlib.blake2b(file.size_bytes.to_bytes(8, "little") + tail, digest_size=16)
    with Path(file.path).open("rb") as stream:
        for sample in range(_SAMPLES):
            stream.seek(file.size_bytes * sample // _SAMPLES)
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def first_line(error: BaseException) -> str:
    """The first line of a foreign error, made harmless and short enough for a table cell."""
    text = str(error).strip()
    return clean(text.splitlines()[0], 160) if text else type(error).__name__
