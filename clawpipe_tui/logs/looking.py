"""Looks at a log again and again. A large one is listed whole seldom; in between only where something may have come.

That is: the folders in which something changed lately, the newest of folders that are named by date or number, folders
that were not there before, and those that the file system has announced a change in.
"""

from __future__ import annotations

import glob
import math
import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatch

from clawpipe_tui.logs.listing import LogFile, children, list_files, split_pattern

FEW_FILES = 2_000
"""Below so many, listing all is two requests to a store, or some milliseconds here."""
_WHOLE_EVERY_S = 300.0
_SHARE = 20
"""Looking takes at most a twentieth of the time."""
_LATELY_S = 900.0
_NEWEST = 2
_FEW_FOLDERS, _MOST_FOLDERS = 16, 64
_DATED = re.compile(r"(?:[^=]*=)?\d[\d\-T:_.]*Z?")
_DIGITS = re.compile(r"\d+")


class Looker:
    """The files of some patterns, kept up to date."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._watched = [_Pattern(pattern) for pattern in patterns]

    def look(self, announced: Collection[str] = ()) -> dict[str, LogFile]:
        """All files by path. `announced` are folders of this machine in which something has changed."""
        found: dict[str, LogFile] = {}
        for pattern in self._watched:
            found |= pattern.look(announced)
        return found


class _Pattern:
    """One glob: its files by folder, and when they were listed."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._base, self._parts = split_pattern(pattern)
        self._files: dict[str, LogFile] = {}
        self._by_folder: dict[str, dict[str, LogFile]] = {}
        self._newest_ns: dict[str, int] = {}
        """Folder → when something in it, or below, was written last."""
        self._whole_at = self._looked_at = -math.inf
        self._whole_s = self._look_s = 0.0

    def look(self, announced: Collection[str]) -> Mapping[str, LogFile]:
        started = time.monotonic()
        if self._is_due(started - self._whole_at):
            self._files = _as_before(list_files([self._pattern]), self._files)
            self._sort(started)
        elif not self._can_be_parted():
            pass
        elif announced:
            for folder in set(map(self._known, announced)) - {""}:
                self._list_again(folder)
        elif started - self._looked_at > self._look_s * _SHARE:
            self._descend(self._base)
            self._looked_at = time.monotonic()
            self._look_s = self._looked_at - started
        return self._files

    def _is_due(self, age_s: float) -> bool:
        """Whether all is to be listed again."""
        if len(self._files) < FEW_FILES:
            return True
        return age_s > max(self._whole_s * _SHARE, _WHOLE_EVERY_S if self._can_be_parted() else 0.0)

    def _can_be_parted(self) -> bool:
        """Whether a folder's share of the pattern is known: **, if it is there, stands before the file's name."""
        return bool(self._base) and "**" not in self._parts[:-2] and "?" not in self._base

    def _sort(self, started: float) -> None:
        """Files by folder, after all have been listed."""
        self._whole_at = time.monotonic()
        self._whole_s = self._whole_at - started
        if len(self._files) < FEW_FILES or not self._can_be_parted():
            return
        self._by_folder, self._newest_ns = defaultdict(dict), {self._base: 0}
        for path, file in self._files.items():
            self._by_folder[path.rpartition("/")[0]][path] = file
        for folder, files in self._by_folder.items():
            self._written(folder, max(file.mtime_ns for file in files.values()))

    def _written(self, folder: str, mtime_ns: int) -> None:
        """Something in a folder was written: it and those above are known, and it is known since when."""
        while folder and folder.startswith(self._base):
            if self._newest_ns.get(folder, -1) < mtime_ns:
                self._newest_ns[folder] = mtime_ns
            folder = folder.rpartition("/")[0]

    def _known(self, folder: str) -> str:
        """The folder itself, or the nearest one above it that is known; empty where it is none of this pattern's."""
        while folder.startswith(self._base) and folder not in self._newest_ns:
            folder = folder.rpartition("/")[0]
        return folder if folder in self._newest_ns else ""

    def _descend(self, folder: str) -> None:
        for below in self._worth_a_look(self._list_again(folder)):
            self._descend(below)

    def _list_again(self, folder: str) -> list[str]:
        """Take in what is in a folder now, and all below that is new; returns the folders that were known before."""
        level = folder.removeprefix(self._base).count("/")
        anywhere = "**" in self._parts[: level + 1]
        files, folders = children(folder)
        if anywhere or level + 1 == len(self._parts):
            self._put(folder, {path: file for path, file in files.items() if _matches(path, self._parts[-1])})
        known = [below for below in folders if below in self._newest_ns]
        for below in set(folders) - set(known):
            if anywhere or _matches(below, self._parts[level]):
                rest = self._parts[-2:] if anywhere else self._parts[level + 1 :]
                self._take_in(list_files([f"{_escaped(below)}/{'/'.join(rest)}"]) if rest else {})
        return known

    def _take_in(self, found: Mapping[str, LogFile]) -> None:
        by_folder: dict[str, dict[str, LogFile]] = defaultdict(dict)
        for path, file in found.items():
            by_folder[path.rpartition("/")[0]][path] = file
        for folder, files in by_folder.items():
            self._put(folder, files)

    def _put(self, folder: str, files: dict[str, LogFile]) -> None:
        """These are the files of a folder now."""
        before = self._by_folder.get(folder, {})
        if files == before:
            return
        files = _as_before(files, before)
        self._files = {path: file for path, file in self._files.items() if path not in before} | files
        self._by_folder[folder] = files
        self._written(folder, max((file.mtime_ns for file in files.values()), default=0))

    def _worth_a_look(self, folders: list[str]) -> list[str]:
        """Those in which something may have come since; the others wait until all is listed again."""
        lately_ns = time.time_ns() - int(_LATELY_S * 1e9)
        dated = [folder for folder in folders if _DATED.fullmatch(folder.rpartition("/")[2])]
        others = [folder for folder in folders if folder not in dated]
        chosen = set(sorted(dated, key=_natural)[-_NEWEST:])
        chosen |= set(others) if len(others) <= _FEW_FOLDERS else set()
        chosen |= {folder for folder in folders if self._newest_ns[folder] > lately_ns}
        return sorted(chosen, key=lambda folder: -self._newest_ns[folder])[:_MOST_FOLDERS]


def _as_before(found: Mapping[str, LogFile], before: Mapping[str, LogFile]) -> dict[str, LogFile]:
    """What was found; a file that is as it was is the same object, so that its path is that of the ledger's entry."""
    same = (before[path] if file.table is None and before.get(path) == file else file for path, file in found.items())
    return {file.path: file for file in same}


def _natural(folder: str) -> list[int]:
    return [int(digits) for digits in _DIGITS.findall(folder.rpartition("/")[2])]


def _matches(path: str, pattern: str) -> bool:
    name = path.rpartition("/")[2]
    return fnmatch(name, pattern) and not name.startswith(".")


def _escaped(folder: str) -> str:
    return folder if "://" in folder else glob.escape(folder)
