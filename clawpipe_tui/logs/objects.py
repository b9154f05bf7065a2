"""Logs in object stores, through pyarrow's file systems: s3://, gs://, abfs://, credentials by the usual chains.

An object is read once, so it is fetched whole to a folder of this process, read there like any file, and dropped.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from clawpipe_tui.errors import UNREACHABLE, LogError
from clawpipe_tui.logs.listing import LogFile

if TYPE_CHECKING:
    import pyarrow.fs as pafs

_MAGIC = re.compile(r"[*?[]")


def is_remote(path: str) -> bool:
    """Whether a path or glob names an object store."""
    return "://" in path


def list_objects(pattern: str) -> dict[str, LogFile]:
    """All objects that a glob matches. Raises LogError, exit code 3, where the store does not answer."""
    import pyarrow.fs as pafs

    begin, scheme = _begin(pattern)
    options = pattern.partition("?")[2] if "=" in pattern.partition("?")[2] else ""
    wanted = re.compile(_as_regex(pattern.removesuffix(f"?{options}")))
    store, folder = _store(f"{begin}?{options}" if options else begin)
    try:
        infos = store.get_file_info(pafs.FileSelector(folder, allow_not_found=True, recursive=True))
    except OSError as error:
        raise LogError(f"{begin} cannot be listed: {_first(error)}.", _HINT, exit_code=UNREACHABLE) from error
    found: dict[str, LogFile] = {}
    for info in infos:
        name = f"{scheme}://{info.path}"
        if info.is_file and wanted.fullmatch(name) and not PurePosixPath(info.path).name.startswith("."):
            path = f"{name}?{options}" if options else name
            found[path] = LogFile(path, int(info.size), int(info.mtime_ns or 0))
    return found


_HINT = "Check the address and the credentials (AWS_ENDPOINT_URL, AWS_PROFILE, …)."


def _begin(pattern: str) -> tuple[str, str]:
    """The folder above the first wildcard, and the scheme."""
    scheme, _, rest = pattern.partition("://")
    rest = rest.partition("?")[0] if "=" in rest.partition("?")[2] else rest
    magic = _MAGIC.search(rest)
    fixed = rest[: rest.rfind("/", 0, magic.start())] if magic else rest
    return f"{scheme}://{fixed}", scheme


def _as_regex(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part, re.escape(part)) for part in parts)


@cache
def _store(address: str) -> tuple[pafs.FileSystem, str]:
    import pyarrow as pa
    import pyarrow.fs as pafs

    try:
        return pafs.FileSystem.from_uri(address)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LogError(f"{address} is no address that can be read: {_first(error)}.", _HINT) from error


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def local_copy(file: LogFile) -> str:
    """Where an object can be read on this machine; of any other file, where it lies. Raises OSError."""
    if not is_remote(file.path):
        return file.path
    target = _folder() / Path(*_parts(file.path))
    if not target.is_file() or target.stat().st_size != file.size_bytes:
        target.parent.mkdir(parents=True, exist_ok=True)
        store, key = _store(file.path)
        with store.open_input_stream(key) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 4_194_304)
    return str(target)


def _parts(path: str) -> Iterator[str]:
    """The parts of a key as they may be part of a path here: partitions and versions stand in them."""
    for part in path.partition("://")[2].partition("?")[0].split("/"):
        if part:
            yield "_" if part in {".", ".."} else part.replace("\\", "_")


def drop_copies() -> None:
    """Forget what was fetched."""
    shutil.rmtree(_folder(), ignore_errors=True)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="clawpipe-objects-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
