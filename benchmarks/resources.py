"""What a program and everything that it started use, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """Sums over a process and its children."""

    processes: int
    cpu_s: float
    own_mb: float
    """Resident, and nobody else's."""
    files_mb: float
    """Resident pages of libraries and other files, which all who use them share."""
    peak_mb: float

    @property
    def resident_mb(self) -> float:
        """What top shows."""
        return self.own_mb + self.files_mb


def used_by(pid: int) -> Use:
    """What a process and its children use now."""
    pids = list(_family(pid))
    return Use(
        len(pids),
        sum(map(_cpu_s, pids)),
        sum(_status_mb(one, "RssAnon:") + _status_mb(one, "RssShmem:") for one in pids),
        sum(_status_mb(one, "RssFile:") for one in pids),
        sum(_status_mb(one, "VmHWM:") for one in pids),
    )


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread may end while it is looked at
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    """User and system time, that of children that have ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_S


def _status_mb(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition(name)[2].split()[0]) / 1_024
