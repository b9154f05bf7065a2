"""Version documents from a folder of JSON files: the Registry where no serving API is configured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from clawpipe_tui.errors import nearest
from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.payload import MalformedError, parse, plain, read_version
from clawpipe_tui.serving.seam import VersionDocument

_SIZE_LIMIT_BYTES = 5_000_000
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class FolderRegistry:
    """Knows the versions that lie in JSON files; one that cannot be read is listed in `problems`."""

    def __init__(self, paths: Sequence[Path]) -> None:
        found = [_read(path) for path in paths]
        documents = [document for document in found if isinstance(document, VersionDocument)]
        self.documents = tuple(sorted(documents, key=_age))
        self.problems = tuple(problem for problem in found if isinstance(problem, str))

    def models(self) -> tuple[str, ...]:
        """The names of all models."""
        return tuple(dict.fromkeys(document.model for document in self.documents))

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """All versions of a model, oldest first. Raises NotFound."""
        found = tuple(document for document in self.documents if document.model == model)
        if not found:
            raise NotFound(
                f"There is no version document of a model {plain(model, 200)}.", nearest(model, self.models())
            )
        return found

    def version(self, model: str, version: str) -> VersionDocument:
        """One version's document. Raises NotFound."""
        documents = {document.version: document for document in self.versions(model)}
        if version not in documents:
            message = f"There is no document of version {plain(version, 200)} of {model}."
            raise NotFound(message, nearest(version, documents))
        return documents[version]


def _read(path: Path) -> VersionDocument | str:
    try:
        if path.stat().st_size > _SIZE_LIMIT_BYTES:
            return f"{path}: larger than {_SIZE_LIMIT_BYTES // 1_000_000} MB"
        return read_version(parse(path.read_bytes()))
    except OSError as error:
        return f"{path}: {error.strerror}"
    except MalformedError as error:
        return f"{path}: {error}"


def _age(document: VersionDocument) -> tuple[datetime, tuple[int, ...], str]:
    """By time of making, then by the numbers in the name, so that v9 comes before v10."""
    numbers = tuple(int(digits) for digits in re.findall(r"\d{1,9}", document.version))
    return document.created_at or _BEFORE_ALL, numbers, document.version
