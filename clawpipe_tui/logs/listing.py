"""Which files a log has right now."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LogFile:
    """One file of a log as the file system shows it; a changed size or mtime is another version of it."""

    path: str
    size_bytes: int
    mtime_ns: int


def list_files(patterns: Iterable[str]) -> dict[str, LogFile]:
    """All files that the globs match, by path; hidden ones (a writer's own, not yet renamed) are not part of a log."""
    found: dict[str, LogFile] = {}
    for pattern in patterns:
        for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob shows hidden files
            try:
                stat = Path(path).stat()
            except OSError:
                continue  # gone between listing and looking
            if not Path(path).is_dir():
                found[path] = LogFile(path, stat.st_size, stat.st_mtime_ns)
    return found


def newest_first(files: Iterable[LogFile]) -> list[LogFile]:
    """The files in the order in which they should be read: what was written last says what is happening now."""
    return sorted(files, key=lambda file: (file.mtime_ns, file.path), reverse=True)


def watched_folders(patterns: Iterable[str]) -> list[Path]:
    """The existing folders above the first wildcard of each glob: where new files can appear."""
    folders: list[Path] = []
    for pattern in patterns:
        folder = Path(pattern)
        while any(glob.has_magic(part) for part in folder.parts) or not folder.is_dir():
            if folder == folder.parent:
                break
            folder = folder.parent
        folders.append(folder)
    return list(dict.fromkeys(folders))
