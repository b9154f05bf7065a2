"""One look at a log file before it is read: whether it is whole, and a fingerprint of what is in it.

One unreadable file fails a whole DuckDB scan and no option ignores it, so each file is looked at on its own first.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from clawpipe_tui.logs.form import Form
from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.logs.objects import data_at, local_copy
from clawpipe_tui.logs.ranges import Needed
from clawpipe_tui.wording import clean

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_MAGIC = b"PAR1"
_LONGEST_TYPE = 200
_SAMPLES = 8
_SAMPLE_BYTES = 4_096
_TAIL_BYTES = 65_536
_UNENDED = "its last line has no end yet: it counts when it is whole"

BadState = Literal["empty", "torn", "corrupt", "unreadable"]


@dataclass(frozen=True)
class Footer:
    """A whole file: its rows, perhaps none, and a fingerprint that survives a rename and differs where content does."""

    rows: int
    fingerprint: str
    note: str = ""
    """What should be known of it all the same."""
    columns: str = ""
    """Its columns and their types, as a JSON object; empty where that is only known when it is read."""


@dataclass(frozen=True)
class BadFile:
    """A file that cannot be read, and why, in words for the Files list."""

    state: BadState
    reason: str


def inspect(file: LogFile, form: Form = "parquet", needed: Needed | None = None) -> Footer | BadFile:
    """Look at one file's ends; of an object the needed columns are fetched. Never raises for what a file contains."""
    if file.table:
        return file.table.seen(lambda: _inspect_plain(file, form, needed))
    return _inspect_plain(file, form, needed)


def _inspect_plain(file: LogFile, form: Form, needed: Needed | None) -> Footer | BadFile:
    if file.size_bytes == 0:
        return BadFile("empty", "0 bytes: nothing has been written yet")
    try:
        file = replace(file, path=local_copy(file, needed))
        with Path(file.path).open("rb") as stream:
            stream.seek(file.begin)
            head = stream.read(4)
            begin = max(0, file.size_bytes - _TAIL_BYTES)
            stream.seek(file.begin + begin)
            tail = stream.read(file.size_bytes - begin)
    except OSError as error:
        return BadFile("unreadable", f"cannot be opened: {error.strerror or error}")
    if form != "parquet":
        return _inspect_text(file, form, head, tail)
    if head != _MAGIC:
        return BadFile("corrupt", "not a Parquet file: its first bytes are not PAR1")
    if tail[-4:] != _MAGIC or file.size_bytes < 12:
        return BadFile("torn", "the end is missing: still being written, or cut off")
    return _read_footer(file, tail)


def _inspect_text(file: LogFile, form: Form, head: bytes, tail: bytes) -> Footer | BadFile:
    """Lines of text: they have no footer, so their number is known only when they are read."""
    packed = file.path.endswith((".gz", ".zst"))
    if not packed and form == "jsonl" and not head.lstrip().startswith(b"{"):
        return BadFile("corrupt", "not JSON lines: it does not begin with {")
    if head == _MAGIC or (not packed and b"\0" in tail):
        return BadFile("corrupt", "not text: it has binary zeros in it" if head != _MAGIC else "a Parquet file")
    unended = not packed and not tail.endswith(b"\n")
    return Footer(1, _fingerprint(file, tail), _UNENDED if unended else "")


def _read_footer(file: LogFile, tail: bytes) -> Footer | BadFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(file.path)
        return Footer(int(metadata.num_rows), _fingerprint(file, tail), columns=_columns(metadata))
    except (OSError, pa.ArrowException, ValueError, MemoryError) as error:
        return BadFile("corrupt", f"its footer cannot be read: {first_line(error)}")


def _columns(metadata: pq.FileMetaData) -> str:
    """Names and types, one text for all files that have the same; a type that cannot be named stops nothing."""
    try:
        fields = list(metadata.schema.to_arrow_schema())
    except (ValueError, NotImplementedError):
        return ""
    types = {field.name: str(field.type)[:_LONGEST_TYPE] for field in fields}
    return sys.intern(json.dumps(types, ensure_ascii=False))


def _fingerprint(file: LogFile, tail: bytes) -> str:
    """Footer and evenly spaced samples: as good as the whole file for telling one log file from another."""
    digest = hashlib.blake2b(file.size_bytes.to_bytes(8, "little") + tail, digest_size=16)
    with Path(file.path).open("rb") as stream:
        for sample in range(_SAMPLES):
            begin = data_at(file.path, file.size_bytes * sample // _SAMPLES)
            stream.seek(file.begin + begin)
            digest.update(stream.read(min(_SAMPLE_BYTES, file.size_bytes - begin)))
    return digest.hexdigest()


def first_line(error: BaseException) -> str:
    """The first line of a foreign error, made harmless and short enough for a table cell."""
    text = str(error).strip()
    return clean(text.splitlines()[0], 160) if text else type(error).__name__
