"""Large text files as pieces, cut at ends of lines: a file that grows is read again from its last piece on only.

A piece is a content of its own, found again by itself when the file is rotated; where it begins follows from the text
before it alone, so that every console cuts alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.listing import LogFile, Piece
from clawpipe_tui.logs.objects import is_remote

PIECE_BYTES = 4_194_304
_LINE_BYTES = 65_536
_SAMPLES, _SAMPLE_BYTES = 16, 256
_PACKED = (".gz", ".zst")


@dataclass(frozen=True)
class _Cut:
    """How a file was cut when it was looked at last."""

    file: LogFile
    begins: tuple[int, ...]
    versions: tuple[int, ...]
    """Of every piece but the last one, which is read again when the file has changed."""
    end: bytes
    """What the last of these samples."""


class Cutter:
    """Cuts the large text files of a listing."""

    def __init__(self, layout: Layout) -> None:
        # Requests and their answers are paired within a file: it is not to be cut between them.
        self._cuts = layout.form != "parquet" and " join " not in layout.select
        self._quotes = layout.form == "csv"
        self._known: dict[str, _Cut] = {}

    def cut(self, listing: Mapping[str, LogFile]) -> dict[str, LogFile]:
        """The listing, with the pieces of large text files in their place."""
        if not self._cuts:
            return dict(listing)
        found: dict[str, LogFile] = {}
        for path, file in listing.items():
            if file.size_bytes <= PIECE_BYTES or path.endswith(_PACKED) or is_remote(path):
                found[path] = file
            else:
                found |= {piece.path: piece for piece in self._pieces(file)}
        return found

    def _pieces(self, file: LogFile) -> list[LogFile]:
        known = self._known.get(file.path)
        if known is None or known.file != file:
            try:
                with Path(file.path).open("rb") as stream:
                    known = self._looked_at(file, stream, known)
            except OSError:
                return [file]  # the look at the file itself will say why
            self._known[file.path] = known
        versions = (*known.versions, file.mtime_ns)
        ends = (*known.begins[1:], file.size_bytes)
        return [_piece(file, *piece) for piece in zip(known.begins, ends, versions, strict=True)]

    def _looked_at(self, file: LogFile, stream: BinaryIO, known: _Cut | None) -> _Cut:
        """What has only been appended to keeps its pieces: their first and last samples are as they were."""
        begins, versions = [0], list[int]()
        if known and file.size_bytes >= known.file.size_bytes and _edges(stream, known.begins[-1]) == known.end:
            begins, versions = list(known.begins), list(known.versions)
        for begin in self._begins(stream, begins[-1], file.size_bytes):
            versions.append(_version(stream, begins[-1], begin))
            begins.append(begin)
        return _Cut(file, tuple(begins), tuple(versions), _edges(stream, begins[-1]))

    def _begins(self, stream: BinaryIO, begin: int, size_bytes: int) -> Iterator[int]:
        """Where further pieces begin: after the first line that ends beyond so many bytes."""
        while begin + PIECE_BYTES < size_bytes:
            end = self._line_end(stream, begin, begin + PIECE_BYTES)
            if end is None or end >= size_bytes:
                return
            begin = end
            yield begin

    def _line_end(self, stream: BinaryIO, begin: int, place: int) -> int | None:
        """Where the line ends in which this place is; a line end inside quotes is none."""
        quoted = self._quotes and _count(stream, begin, place) % 2 == 1
        stream.seek(place)
        while line := stream.readline(_LINE_BYTES):
            place += len(line)
            quoted ^= self._quotes and line.count(b'"') % 2 == 1
            if line.endswith(b"\n") and not quoted:
                return place
        return None


def _piece(file: LogFile, begin: int, end: int, version: int) -> LogFile:
    path = f"{file.path} from byte {begin}" if begin else file.path
    return replace(
        file, path=path, size_bytes=end - begin, mtime_ns=version, piece=Piece(file.path, begin, file.mtime_ns)
    )


def _count(stream: BinaryIO, begin: int, end: int) -> int:
    stream.seek(begin)
    return stream.read(end - begin).count(b'"')


def _edges(stream: BinaryIO, end: int) -> bytes:
    """The file's first bytes, and the last ones before a place."""
    stream.seek(0)
    head = stream.read(_SAMPLE_BYTES)
    stream.seek(max(0, end - _LINE_BYTES))
    return hashlib.blake2b(head + stream.read(end - stream.tell()), digest_size=16).digest()


def _version(stream: BinaryIO, begin: int, end: int) -> int:
    """What tells a piece from another one at its place: samples of its text."""
    digest = hashlib.blake2b((end - begin).to_bytes(8), digest_size=7)
    for sample in range(_SAMPLES):
        stream.seek(begin + (end - begin - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
        digest.update(stream.read(min(_SAMPLE_BYTES, end - begin)))
    return int.from_bytes(digest.digest())
