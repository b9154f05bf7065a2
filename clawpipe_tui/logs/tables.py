"""Tables, whose own log says which files are live: Delta (delta:ADDRESS) and Iceberg (iceberg:ADDRESS).

Of a folder that is such a table every file would count, those too that it has long rewritten or deleted.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from clawpipe_tui.logs.listing import LogFile, is_table
from clawpipe_tui.logs.objects import Address, answered, is_remote, seen_in, store_of

_ALL_BELOW = re.compile(r"/\*\*/\*\.\w+(\.\w+)?$")
_ESCAPED = re.compile(r"\[([*?[])\]")


def list_table(pattern: str) -> dict[str, LogFile]:
    """The live files of a table, by path. Raises ConfigError without its extra, LogError where it cannot be read."""
    kind, _, address = pattern.partition(":")
    if kind == "delta":
        from clawpipe_tui.logs.delta import live_files
    else:
        from clawpipe_tui.logs.iceberg import live_files
    if is_remote(address):
        return answered(f"{address} cannot be read", lambda: live_files(address))
    return live_files(address)


def is_local(pattern: str) -> bool:
    """Whether a pattern names files on this machine, which can be watched."""
    _, _, address = pattern.partition(":") if is_table(pattern) else ("", "", pattern)
    return not is_remote(address) and (not is_table(pattern) or Path(address).is_absolute())


def resolved(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns, a folder that is a table as that table."""
    return tuple(_resolved(pattern) for pattern in patterns)


def _resolved(pattern: str) -> str:
    if is_table(pattern):
        return pattern
    address = Address.of(pattern) if is_remote(pattern) else Address("", pattern)
    if address.key.endswith(".metadata.json"):
        path = pattern if address.bucket else _ESCAPED.sub(r"\1", pattern)
        return f"iceberg:{path}"
    below = _ALL_BELOW.search(address.key)
    if below is None:
        return pattern
    folder = replace(address, key=address.key[: below.start()])
    if folder.bucket:
        kind = _kind_of_prefix(folder)
        return f"{kind}{folder}" if kind else pattern
    path = _ESCAPED.sub(r"\1", folder.key)
    kind = _kind_of_folder(Path(path))
    return f"{kind}{path}" if kind else pattern


def _kind_of_prefix(folder: Address) -> str:
    import pyarrow.fs as pafs

    if glob.has_magic(folder.key):
        return ""
    store, root = store_of(folder)
    base = f"{root}/{folder.key}".rstrip("/")
    delta, iceberg = seen_in(store, [f"{base}/_delta_log", f"{base}/metadata"], str(folder))
    if delta.type == pafs.FileType.Directory:
        return "delta:"
    if iceberg.type != pafs.FileType.Directory:
        return ""
    inside = seen_in(store, pafs.FileSelector(iceberg.path), str(folder))
    return "iceberg:" if any(info.path.endswith(".metadata.json") for info in inside) else ""


def _kind_of_folder(folder: Path) -> str:
    if (folder / "_delta_log").is_dir():
        return "delta:"
    name = glob.escape(str(folder / "metadata"))
    return "iceberg:" if glob.glob(f"{name}/*.metadata.json") else ""  # noqa: PTH207 - as list_files does
