"""In which form a log's files are written: Parquet, JSON lines, or CSV."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Literal

from clawpipe_tui.logs.listing import is_table

Form = Literal["parquet", "jsonl", "csv"]

_SUFFIXES: dict[str, Form] = {
    ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".log": "jsonl",
    ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
SUFFIXES = tuple(_SUFFIXES)
_PACKED = (".gz", ".zst")


def form_of(names: Iterable[str]) -> Form:
    """The form that the names of files, or globs, speak of; Parquet where they say nothing."""
    for name in names:
        if is_table(name):
            return "parquet"
        suffixes = [suffix.lower() for suffix in PurePath(name).suffixes if suffix.lower() not in _PACKED]
        if suffixes and suffixes[-1] in _SUFFIXES:
            return _SUFFIXES[suffixes[-1]]
    return "parquet"


def first_form(path: str) -> Form:
    """The form that a file's first bytes speak of, where its name is not to be trusted."""
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(256)
    except OSError:
        return form_of([path])
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.lstrip().startswith(b"{"):
        return "jsonl"
    return form_of([path])
