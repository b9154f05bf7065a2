"""Logs in object stores, through pyarrow's file systems: s3://, gs://, abfs://, credentials by the usual chains.

An object is read once, so it is fetched whole to a folder of this process, read there like any file, and dropped.
"""

from __future__ import annotations

import atexit
import os
import queue
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar, cast

from clawpipe_tui.errors import UNREACHABLE, LogError
from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.logs.ranges import Needed, Range, fetch

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.fs as pafs

PATIENCE_S = 20.0
"""How long a store may take to list; a bucket of a million objects takes some pages more than one look is worth."""
_CREDENTIALS = {
    "s3": "AWS_ENDPOINT_URL, AWS_PROFILE, AWS_REGION, …",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS or gcloud; gs://anonymous@BUCKET for a public one",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS or gcloud; gs://anonymous@BUCKET for a public one",
    "abfs": "az login, or AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
    "abfss": "az login, or AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
}
T = TypeVar("T")
_fetched: dict[str, list[Range]] = {}
"""Copy → which ranges of it were fetched."""
_MAGIC = re.compile(r"[*?[]")


def is_remote(path: str) -> bool:
    """Whether a path or glob names an object store."""
    return "://" in path


def list_objects(pattern: str) -> dict[str, LogFile]:
    """All objects that a glob matches. Raises LogError, exit code 3, where the store does not answer."""
    import pyarrow.fs as pafs

    address = Address.of(pattern)
    magic = _MAGIC.search(address.key)
    folder = address.key[: magic.start() if magic else None].rpartition("/")[0]
    below = "/" in address.key.removeprefix(f"{folder}/")
    wanted = re.compile(_as_regex(address.key))
    store, root = store_of(address)
    selector = pafs.FileSelector(f"{root}/{folder}".rstrip("/"), allow_not_found=True, recursive=below)
    infos = seen_in(store, selector, f"{address.bucket}/{folder}")
    found: dict[str, LogFile] = {}
    for info in infos:
        key = info.path.removeprefix(f"{root}/")
        if info.is_file and wanted.fullmatch(key) and not PurePosixPath(key).name.startswith("."):
            path = str(replace(address, key=key))
            found[path] = LogFile(path, int(info.size), int(info.mtime_ns or 0))
    return found


def objects_in(folder: str) -> tuple[dict[str, LogFile], list[str]]:
    """The objects and the prefixes directly below one, in one listing. Raises LogError."""
    import pyarrow.fs as pafs

    address = Address.of(folder)
    store, root = store_of(address)
    selector = pafs.FileSelector(f"{root}/{address.key}".rstrip("/"), allow_not_found=True)
    infos = seen_in(store, selector, folder)
    files: dict[str, LogFile] = {}
    folders: list[str] = []
    for info in infos:
        name = f"{address.bucket}/{info.path.removeprefix(f'{root}/')}"
        if info.base_name.startswith("."):
            continue
        if info.is_file:
            files[name] = LogFile(name, int(info.size), int(info.mtime_ns or 0))
        else:
            folders.append(name)
    return files, folders


@dataclass(frozen=True)
class Address:
    """An address in an object store: s3://bucket/a/key?endpoint_override=…"""

    bucket: str
    """With the scheme, and whatever stands before the first slash: abfs://container@account.dfs.core.windows.net."""
    key: str
    options: str = ""

    @classmethod
    def of(cls, text: str) -> Address:
        """The parts of an address or glob; a ? is a wildcard unless a key=value follows."""
        scheme, _, rest = text.partition("://")
        options = rest.rpartition("?")[2] if "=" in rest.rpartition("?")[2] and "?" in rest else ""
        authority, _, key = rest.removesuffix(f"?{options}").partition("/")
        return cls(f"{scheme}://{authority}", key, options)

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}" + (f"?{self.options}" if self.options else "")


def unreachable(what: str, error: BaseException) -> LogError:
    """What to say where a store does not answer, or lets nobody in: retryable."""
    return LogError(f"{what}: {_first(error)}.", _hint(what), exit_code=UNREACHABLE)


def _hint(address: str) -> str:
    scheme = address.partition("://")[0]
    return f"Check the address and the credentials ({_CREDENTIALS.get(scheme, _CREDENTIALS['s3'])})."


def answered(what: str, call: Callable[[], T]) -> T:
    """What a store answers. Raises LogError, exit code 3, where it refuses, or says nothing for so long."""
    import pyarrow as pa

    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def wait() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # noqa: BLE001 - it is raised again where the answer is waited for
            answers.put((None, error))

    threading.Thread(target=wait, name="store", daemon=True).start()  # it cannot be stopped, only left alone
    try:
        answer, error = answers.get(timeout=PATIENCE_S)
    except queue.Empty:
        raise LogError(f"{what}: no answer within {PATIENCE_S:.0f} s.", _hint(what), exit_code=UNREACHABLE) from None
    if error is not None:
        raise unreachable(what, error) if isinstance(error, (OSError, pa.ArrowException)) else error
    return cast("T", answer)


def seen_in(store: pafs.FileSystem, wanted: pafs.FileSelector | list[str], where: str) -> list[pafs.FileInfo]:
    """What a store says of some paths, or of what lies below one. Raises LogError."""

    def ask() -> list[pafs.FileInfo]:
        return list(store.get_file_info(wanted))

    return answered(f"{where} cannot be listed", ask)


def _as_regex(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part, re.escape(part)) for part in parts)


def store_of(address: Address) -> tuple[pafs.FileSystem, str]:
    """The file system of an address, and its bucket there. Raises LogError."""
    return _store(f"{address.bucket}?{address.options}" if address.options else address.bucket)


@cache
def _store(bucket: str) -> tuple[pafs.FileSystem, str]:
    import pyarrow as pa
    import pyarrow.fs as pafs

    try:
        store, root = pafs.FileSystem.from_uri(bucket)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LogError(f"{bucket} is no address that can be read: {_first(error)}.", _hint(bucket)) from error
    return (_impatient(store) if isinstance(store, pafs.S3FileSystem) and "?" not in bucket else store), root


def _impatient(store: pafs.S3FileSystem) -> pafs.S3FileSystem:
    """The same store; left to itself it tries a silent endpoint for minutes, and the process cannot end before."""
    import pyarrow.fs as pafs

    return pafs.S3FileSystem(
        region=store.region,
        endpoint_override=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None,
        connect_timeout=5.0,
        request_timeout=8.0,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=2),
    )


def opened_at(path: str) -> pa.NativeFile:
    """A file or an object, to be read in any order. Raises OSError, LogError."""
    import pyarrow.fs as pafs

    if not is_remote(path):
        return pafs.LocalFileSystem().open_input_file(path)
    address = Address.of(path)
    store, root = store_of(address)
    return store.open_input_file(f"{root}/{address.key}")


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def local_copy(file: LogFile, needed: Needed | None = None) -> str:
    """Where an object can be read on this machine; of any other file, where it lies. Raises OSError.

    A copy that was made without the columns that are not needed stays until copies are dropped.
    """
    if not is_remote(file.path):
        return file.where
    target = _folder() / Path(*_parts(file.path))
    if not target.is_file() or target.stat().st_size != file.size_bytes:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = target.with_name(f".{target.name}")
        with opened_at(file.path) as source:
            _fetched[str(target)] = fetch(source, file.size_bytes, building, needed)
        building.rename(target)
    return str(target)


def data_at(copy: str, place: int) -> int:
    """The first place at or behind one at which a copy has data; anywhere in a file that is no copy."""
    ranges = _fetched.get(copy, [])
    return next((max(begin, place) for begin, end in ranges if place < end), place)


def complete_copy(file: LogFile) -> bool:
    """Fetch the whole of an object that was fetched in part; whether it was. Raises OSError."""
    if not is_remote(file.path):
        return False
    target = _folder() / Path(*_parts(file.path))
    if _fetched.get(str(target), [(0, file.size_bytes)]) == [(0, file.size_bytes)]:
        return False
    target.unlink(missing_ok=True)
    local_copy(file)
    return True


def _parts(path: str) -> Iterator[str]:
    """The parts of a key as they may be part of a path here: partitions and versions stand in them."""
    for part in path.partition("://")[2].partition("?")[0].split("/"):
        if part:
            yield "_" if part in {".", ".."} else part.replace("\\", "_")


def drop_copies() -> None:
    """Forget what was fetched."""
    _fetched.clear()
    shutil.rmtree(_folder(), ignore_errors=True)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="clawpipe-objects-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
