"""Files as they can be read now: Parquet where it lies; of a growing text file a copy of its whole lines.

A text file that somebody appends to changes while it is read. So as much of it as was listed is copied, up to the end
of the last whole line; a last line without an end counts only where it is whole by itself (docs/decisions).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clawpipe_tui.logs.form import Form
from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.logs.objects import local_copy
from clawpipe_tui.logs.ranges import Needed

_BLOCK = 4_194_304
_PACKED = (".gz", ".zst")


@contextmanager
def staged(files: Sequence[LogFile], form: Form, needed: Needed | None = None) -> Generator[list[str]]:
    """Where to read each of these files, while the context lasts. Raises OSError where one cannot be read."""
    if any(file.table and not file.table.is_plain() for file in files):
        with tempfile.TemporaryDirectory(prefix="clawpipe-") as folder:
            yield [_rewritten(file, Path(folder) / f"{place}.parquet") for place, file in enumerate(files)]
        return
    if form == "parquet":
        yield [local_copy(file, needed) for file in files]
        return
    with tempfile.TemporaryDirectory(prefix="clawpipe-") as folder:
        yield [_copied(file, form, Path(folder) / str(file.begin)) for file in files]


def _rewritten(file: LogFile, target: Path) -> str:
    """The rows of a table's file as the table has them; of all files alike, so that columns meet by their names."""
    if file.table is None:
        return local_copy(file)
    file.table.rewrite(target)
    return str(target)


def _copied(file: LogFile, form: Form, folder: Path) -> str:
    """A copy under its whole path, because partitions and versions may stand in there."""
    here = local_copy(file)
    if here.endswith(_PACKED):
        return here
    target = folder / Path(here).absolute().relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    copied, last_end, head = 0, 0, 0
    with Path(here).open("rb") as source, target.open("wb") as copy:
        if file.begin and form == "csv":
            head = copy.write(source.readline())
        source.seek(file.begin)
        while block := source.read(min(_BLOCK, file.size_bytes - copied)):
            copy.write(block)
            if (end := block.rfind(b"\n")) >= 0:
                last_end = copied + end + 1
            copied += len(block)
    if last_end < copied and not _is_whole(target, last_end, form):
        with target.open("r+b") as copy:
            copy.truncate(head + last_end)
    return str(target)


def _is_whole(path: Path, begin: int, form: Form) -> bool:
    """Whether a last line that has no end is one: an object of JSON; of CSV nobody can tell, so it is not."""
    if form != "jsonl":
        return False
    with path.open("rb") as stream:
        stream.seek(begin)
        try:
            return isinstance(json.loads(stream.read()), dict)
        except ValueError:
            return False
