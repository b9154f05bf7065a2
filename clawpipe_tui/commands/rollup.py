"""`clawpipe-tui rollup verify`: whether the kept counts are still what was written, and what the log says."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from clawpipe_tui.commands.opening import configure
from clawpipe_tui.commands.output import out
from clawpipe_tui.config import Config, cache_folder
from clawpipe_tui.errors import CANNOT_TELL, FAILED, OK
from clawpipe_tui.rollups.verify import verify_store
from clawpipe_tui.session import LogSession, store_folder
from clawpipe_tui.terminal.beginning import before_threads

Counts = dict[tuple[object, ...], int]


def run(given: argparse.Namespace) -> int:
    """Print a sentence for each fault; 0 where there is none, 1 where there is one, 5 where nothing is kept yet."""
    before_threads()
    config = configure(given)
    folder = store_folder(config, cache_folder())
    if not (folder / "parts").is_dir():
        out(f"Nothing is kept of this log yet: there is no {folder}.")
        return CANNOT_TELL
    found = verify_store(folder)
    faults = [*found.faults, *(_against_log(config) if given.against_log else ())]
    for fault in faults:
        out(fault)
    if not faults:
        agreed = ", and the log says the same" if given.against_log else ""
        out(f"{found.parts} parts on {found.files} files: every checksum, ledger and level holds{agreed}.")
    return FAILED if faults else OK


def _against_log(config: Config) -> Iterator[str]:
    """The kept requests by day, version and outcome beside those of a reading from the start."""
    with tempfile.TemporaryDirectory(prefix="clawpipe-verify-") as other:
        kept, counted = _requests(config, cache_folder()), _requests(config, Path(other))
    for key in sorted(kept.keys() | counted.keys(), key=str):
        if kept.get(key, 0) != counted.get(key, 0):
            what = " ".join(str(word) for word in key)
            yield f"{what}: {kept.get(key, 0)} requests are kept, {counted.get(key, 0)} are in the log as it is now."


def _requests(config: Config, cache: Path) -> Counts:
    session = LogSession(config, cache=cache)
    try:
        session.read()
        counts: Counts = {}
        for row in session.days().to_pylist():
            key = (row["bucket_start"].date(), row["model"], row["version"], row["role"], row["outcome"])
            counts[key] = counts.get(key, 0) + row["n"]
        return counts
    finally:
        session.close()
