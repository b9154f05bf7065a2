"""Which files a log has right now."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from clawpipe_tui.logs.footer import BadFile, Footer

OF_TABLE = "table:"
"""How the fingerprint of a table's file begins: it is the table that says what the file holds."""
TABLES = ("delta:", "iceberg:")
_OF_PIECE = re.compile(r"(.*) from byte \d+", re.DOTALL)
_ESCAPED = re.compile(r"\[([*?[])\]")


class TableFile(Protocol):
    """What a table knows of one of its files: rows may be deleted in it, columns renamed, or stand in the log alone."""

    def seen(self, look: Callable[[], Footer | BadFile]) -> Footer | BadFile:
        """What is in the file, by the table's own word, and by one look at the file where that is needed."""
        ...

    def is_plain(self) -> bool:
        """Whether the file can be read where it lies, like any file in a folder."""
        ...

    def rewrite(self, target: Path) -> None:
        """Write the rows that live, under the columns of the table, as plain Parquet. Raises LogError."""
        ...


@dataclass(frozen=True)
class Piece:
    """Where a piece of a large text file lies (pieces.py)."""

    path: str
    begin: int
    written_ns: int


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a log as the file system shows it; a changed size or mtime is another version of it."""

    path: str
    size_bytes: int
    mtime_ns: int
    table: TableFile | None = field(default=None, compare=False, repr=False)
    piece: Piece | None = field(default=None, compare=False, repr=False)

    @property
    def where(self) -> str:
        """The path of the file that holds it."""
        return self.piece.path if self.piece else self.path

    @property
    def begin(self) -> int:
        """Its first byte in that file."""
        return self.piece.begin if self.piece else 0

    @property
    def written_ns(self) -> int:
        """When that file was written last."""
        return self.piece.written_ns if self.piece else self.mtime_ns


def list_files(patterns: Iterable[str]) -> dict[str, LogFile]:
    """All files that the globs match, by path; hidden ones (a writer's own, not yet renamed) are not part of a log."""
    found: dict[str, LogFile] = {}
    for pattern in patterns:
        if is_table(pattern):
            from clawpipe_tui.logs.tables import list_table

            found |= list_table(pattern)
            continue
        if "://" in pattern:
            from clawpipe_tui.logs.objects import list_objects

            found |= list_objects(pattern)
            continue
        for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob shows hidden files
            try:
                seen = os.stat(path)  # noqa: PTH116 - a Path for each of ten thousand files costs more than the stat
            except OSError:
                continue  # gone between listing and looking
            if not stat.S_ISDIR(seen.st_mode):
                name = _readable(path)
                found[name] = LogFile(name, seen.st_size, seen.st_mtime_ns)
    return found


def children(folder: str) -> tuple[dict[str, LogFile], list[str]]:
    """The files and the folders directly in a folder, but for hidden ones; none where it is gone."""
    if "://" in folder:
        from clawpipe_tui.logs.objects import objects_in

        return objects_in(folder)
    files: dict[str, LogFile] = {}
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                name = _readable(entry.path)
                if entry.is_dir():
                    folders.append(name)
                else:
                    seen = entry.stat()
                    files[name] = LogFile(name, seen.st_size, seen.st_mtime_ns)
    except OSError:
        pass  # gone, or a file in it is, between listing and looking: the next look will tell
    return files, folders


def split_pattern(pattern: str) -> tuple[str, list[str]]:
    """The folder above the first wildcard, and the parts of the pattern below it."""
    if is_table(pattern):
        return "", []
    parts = pattern.split("/")
    fixed = 0
    while fixed < len(parts) - 1 and not _is_wild(parts[fixed]):
        fixed += 1
    return "/".join(_plain(part) for part in parts[:fixed]), parts[fixed:]


def _readable(path: str) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")


def file_of_piece(path: str) -> str:
    """The path of the file that this is a piece of; empty where it is none."""
    found = _OF_PIECE.fullmatch(path)
    return found[1] if found else ""


def is_table(pattern: str) -> bool:
    """Whether a pattern names a table, whose log says which files are live: delta:ADDRESS, iceberg:ADDRESS."""
    return pattern.startswith(TABLES)


def is_unchanged(file: LogFile) -> bool:
    """Whether a file still is what it was when it was listed; objects and files of tables cannot change."""
    if file.table or "://" in file.path:
        return True
    try:
        seen = Path(file.path).stat()
    except OSError:
        return False
    return (seen.st_size, seen.st_mtime_ns) == (file.size_bytes, file.mtime_ns)


def newest_first(files: Iterable[LogFile]) -> list[LogFile]:
    """The files in the order in which they should be read: what was written last says what is happening now."""
    return sorted(files, key=lambda file: (file.written_ns, file.begin, file.path), reverse=True)


def folder_glob(folder: Path) -> str:
    """The glob for all Parquet files below a folder, whatever characters its name has."""
    return f"{glob.escape(str(folder))}/**/*.parquet"


def watched_folders(patterns: Iterable[str]) -> dict[Path, bool]:
    """Where new files can appear, and whether in folders below, too; only folders that exist can be watched.

    Never a folder above the first wildcard: below / or a home there may be a million others.
    """
    folders: dict[Path, bool] = {}
    for pattern in patterns:
        if "://" in pattern:
            continue
        if is_table(pattern):
            kind, _, address = pattern.partition(":")
            log = Path(address) / ("_delta_log" if kind == "delta" else "metadata")
            folders |= {log: False} if log.is_dir() else {}
            continue
        fixed = list(_until_magic(Path(pattern).parent))
        folder = Path(*fixed)
        if folder.is_dir():
            folders[folder] = folders.get(folder, False) or len(fixed) < len(Path(pattern).parent.parts)
    return folders


def _until_magic(folder: Path) -> Iterator[str]:
    for part in folder.parts:
        if _is_wild(part):
            return
        yield _plain(part)


def _plain(part: str) -> str:
    return _ESCAPED.sub(r"\1", part)


def _is_wild(part: str) -> bool:
    return glob.has_magic(part) and glob.escape(_plain(part)) != part
