"""One report file instead of a traceback on the screen: where it happened, never with the values of variables."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("clawpipe-tui", "textual", "rich", "duckdb", "pyarrow", "scipy", "httpx")
_KEPT = 20


def write_report(error: BaseException, folder: Path, doing: str = "") -> Path | None:
    """Write what happened into a new file, readable by its owner alone; None where that is impossible."""
    at = datetime.now(UTC)
    path = folder / f"crash-{at:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(report(error, at, doing), encoding="utf-8")
        _forget_old(folder)
    except OSError:
        return None
    return path


def report(error: BaseException, at: datetime, doing: str) -> str:
    """The report's text."""
    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    head = [
        f"clawpipe-tui ended by {type(error).__name__} at {at:%Y-%m-%dT%H:%M:%SZ}",
        f"doing: {doing or 'unknown'}",
        f"python {sys.version.split()[0]} on {platform.system()} {platform.release()}",
        f"TERM={os.environ.get('TERM', '')} LANG={os.environ.get('LANG', '')}",
        versions,
        "",
    ]
    return "\n".join(head) + "\n" + "".join(traceback.format_exception(error, chain=True))


def told(error: BaseException, path: Path | None) -> str:
    """What the user reads instead of a traceback."""
    first = next(iter(str(error).strip().splitlines()), "")
    sentence = f"clawpipe-tui: something is wrong in the program itself ({type(error).__name__}: {first[:200]})."
    return f"{sentence}\n  Nothing more is known on screen; the report is in {path}." if path else sentence


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.glob("crash-*.txt"))[:-_KEPT]:
        old.unlink(missing_ok=True)
