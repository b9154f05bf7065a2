"""`clawpipe-tui init LOGS`: looks at a log, proposes how to read it, says why, and writes a clawpipe.toml."""

from __future__ import annotations

import argparse
import glob
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clawpipe_tui.commands.opening import option
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.config import FILE_NAME, load_config, table_address
from clawpipe_tui.errors import OK, LogError, UsageError
from clawpipe_tui.logs.detect import propose, sample_of
from clawpipe_tui.logs.form import SUFFIXES
from clawpipe_tui.logs.layouts import load_layouts
from clawpipe_tui.logs.listing import LogFile, is_table, list_files
from clawpipe_tui.logs.objects import is_remote
from clawpipe_tui.logs.proposal import Proposal
from clawpipe_tui.logs.staging import staged
from clawpipe_tui.logs.tables import resolved
from clawpipe_tui.logs.written import Settings, as_toml
from clawpipe_tui.wording import clean

_ENDED_AFTER = timedelta(hours=6)


def run(given: argparse.Namespace) -> int:
    """Print the proposal; write it where that was asked for. Raises UsageError, LogError."""
    target = Path.cwd() / FILE_NAME
    if target.exists():
        raise UsageError(f"There is a {FILE_NAME} here already; it is left as it is.", "Move it away first.")
    (pattern,) = resolved([pattern_of(given.log)])
    files = list_files([pattern])
    proposal = look(files, pattern)
    text = as_toml(proposal, _settings(given, proposal, pattern))
    for kind in proposal.personal.items():
        talk(f"{clean(kind[0], 60)} probably holds {kind[1]}: it is left out.")
    if not given.yes and not _agreed(text):
        return OK
    _write(target, text)
    talk(f"Wrote {FILE_NAME}. Next: clawpipe-tui status")
    for choice in proposal.unsure():
        talk(f"Not sure about {clean(choice.name, 60)}: {clean(choice.why, 160)}.")
    return OK


def look(files: Mapping[str, LogFile], pattern: str) -> Proposal:
    """The proposal for these files. Raises LogError where there are none, or they cannot be read."""
    from clawpipe_tui.rollups.source import connect

    if not files:
        raise LogError(f"There are no log files at {pattern}.", "Name the folder, glob or file that holds the log.")
    sample = sample_of(files.values())
    with connect() as connection, staged(sample, "parquet") as paths:
        here = [replace(file, path=path, table=None) for file, path in zip(sample, paths, strict=True)]
        return propose(connection, here, load_layouts())


def pattern_of(log: str) -> str:
    """A glob for a folder, a glob or a file. Raises UsageError."""
    if table := table_address(log, Path.cwd()):
        return table
    if is_remote(log):
        return log if glob.has_magic(log) else f"{log.rstrip('/')}/**/*.parquet"
    path = Path(log).expanduser()
    if not path.is_dir():
        return log if glob.has_magic(log) else glob.escape(log)
    found: dict[str, int] = {}
    for file in path.rglob("*"):
        suffix = "".join(file.suffixes[-2:]) if file.suffix in {".gz", ".zst"} else file.suffix
        if file.is_file() and any(part in SUFFIXES for part in (suffix, file.suffix, Path(file.stem).suffix)):
            found[suffix] = found.get(suffix, 0) + 1
    if not found:
        raise UsageError(f"There is no log in {log}.", f"Known endings: {', '.join(SUFFIXES)}.")
    suffix = max(found, key=lambda ending: (ending == ".parquet", found[ending]))
    return f"{glob.escape(str(path))}/**/*{suffix}"


def _settings(given: argparse.Namespace, proposal: Proposal, pattern: str) -> Settings:
    ended = proposal.last_at is not None and datetime.now(UTC) - proposal.last_at > _ENDED_AFTER
    settings = Settings((_from_here(pattern),), now="end" if ended else "", labels=_from_here(given.labels or ""))
    baseline = option(given, "baseline")
    return replace(settings, baseline=baseline_keys(baseline) if baseline else None)


def baseline_keys(text: str) -> dict[str, str]:
    """[baseline] for a file, a glob, or a span of the log: 2026-11-01T00:00Z/2026-11-07T00:00Z. Raises UsageError."""
    since, slash, until = text.partition("/")
    if slash:
        try:
            times = [datetime.fromisoformat(end) for end in (since, until)]
        except ValueError:
            times = []
        if times:
            return {"since": since, "until": until}
    if not list_files([text]) and not Path(text).is_dir():
        raise UsageError(f"There is no baseline at {text}.", "Name a file, a glob, or a span: FROM/TO.")
    return {"files": _from_here(text)}


def _from_here(path: str) -> str:
    """A path as it is written in a file that lies here."""
    kind, _, address = path.partition(":") if is_table(path) else ("", "", path)
    near = address.removeprefix(f"{Path.cwd()}/")
    return f"{kind}:{near}" if kind else near


def _agreed(text: str) -> bool:
    """Ask, where there is somebody to ask; else print what would be written."""
    out(text)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        talk(f"Nothing was written; with --yes this becomes {FILE_NAME}.")
        return False
    sys.stderr.write(f"Write this to {FILE_NAME}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _write(target: Path, text: str) -> None:
    """Write the file, never over another; it must be one that can be read again. Raises UsageError."""
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from error
    load_config(target)
