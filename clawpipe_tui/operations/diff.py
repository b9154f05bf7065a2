"""Two version documents side by side: what was changed, key by key, in the order in which one asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from clawpipe_tui.serving.payload import plain
from clawpipe_tui.serving.seam import VersionDocument
from clawpipe_tui.wording import NOTHING

DocumentChange = Literal["same", "changed", "added", "removed", "upgraded", "downgraded"]

_ORDER = (
    *("change_note", "created_at", "created_by", "approvals", "training_data", "hyperparameters", "metrics"),
    *("dependencies", "lock", "signature", "runtime", "hardware", "serving", "artifact"),
)
_LOCKS = frozenset({"dependencies", "lock"})
_SAME_BY_NATURE = frozenset({"model", "version"})
_MOST_LEAVES = 20  # a section that nobody named and that is longer than this is weights: one row says how many differ
_MOST_LISTED = 3  # a list of more words than this is compared word by word
_DEPTH_LIMIT = 12
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*={2,3}\s*(\S+)")
_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*((?:[=<>!~@].*)?)")
_HASHES = re.compile(r"\s*\\?\s*--hash=\S+")


@dataclass(frozen=True)
class DocumentRow:
    """One key of two version documents."""

    key: str
    a: str
    b: str
    change: DocumentChange


def diff_documents(a: VersionDocument, b: VersionDocument) -> tuple[DocumentRow, ...]:
    """Every key of either document, from a to b; the same ones included."""
    sections = sorted({*a.document, *b.document} - _SAME_BY_NATURE, key=_place)
    return tuple(row for name in sections for row in _section(name, a.document.get(name), b.document.get(name)))


def only_changed(rows: Sequence[DocumentRow]) -> tuple[DocumentRow, ...]:
    """The rows in which the two versions differ."""
    return tuple(row for row in rows if row.change != "same")


def telling(rows: Sequence[DocumentRow]) -> tuple[DocumentRow, ...]:
    """The rows to be read: what differs, and every metric, for a metric that stayed is news as well."""
    return tuple(row for row in rows if row.change != "same" or row.key.startswith("metrics."))


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _section(name: str, a: object, b: object) -> list[DocumentRow]:
    if name in _LOCKS:
        a, b = _packages(a), _packages(b)
    old, new = dict(_leaves(name, a)), dict(_leaves(name, b))
    keys = list(dict.fromkeys([*old, *new]))
    rows = [_row(key, old.get(key), new.get(key), lock=name in _LOCKS) for key in keys]
    if name in _ORDER or len(rows) <= _MOST_LEAVES:
        return rows
    return [_summary(name, rows, len(old), len(new))]


def _summary(name: str, rows: list[DocumentRow], a: int, b: int) -> DocumentRow:
    differing = len(only_changed(rows))
    old, new = (f"{count} values" if count else NOTHING for count in (a, b))
    return DocumentRow(
        name, old, f"{new}, {differing} differ" if differing else new, "changed" if differing else "same"
    )


def _row(key: str, a: str | None, b: str | None, *, lock: bool) -> DocumentRow:
    return DocumentRow(key, NOTHING if a is None else a, NOTHING if b is None else b, _change(a, b, lock=lock))


def _change(a: str | None, b: str | None, *, lock: bool) -> DocumentChange:
    if a == b:
        return "same"
    if a is None:
        return "added"
    if b is None:
        return "removed"
    old, new = _release(a), _release(b)
    if not lock or old == new:
        return "changed"
    return "upgraded" if new > old else "downgraded"


def _release(version: str) -> tuple[int, ...]:
    """1.24.3 as numbers that can be compared; what follows the release (rc1, +cu12) does not decide."""
    found = re.match(r"v?(\d{1,9}(?:\.\d{1,9})*)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _leaves(key: str, value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The values of a document with the path that leads to each, dotted."""
    parts = _parts(value) if depth < _DEPTH_LIMIT else None
    if parts is not None:
        for name, item in parts.items():
            yield from _leaves(f"{key}.{name}", item, depth + 1)
    elif value is not None:
        yield key, _worded(value)


def _parts(value: object) -> Mapping[str, object] | None:
    """What a value is made of, by name; None where it is shown whole."""
    if isinstance(value, dict):
        return cast("Mapping[str, object]", value)
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    if any(isinstance(item, dict) for item in items):
        return {_name(item, index): _without_name(item) for index, item in enumerate(items)}
    pins = [_PINNED.fullmatch(item.strip()) if isinstance(item, str) else None for item in items]
    if items and all(pins):
        return {pin[1]: pin[2] for pin in pins if pin}
    return {str(item): "listed" for item in items} if len(items) > _MOST_LISTED else None


def _packages(lock: object) -> object:
    """A lock as package → version, whether it is a list of requirements or was that already."""
    if not isinstance(lock, list):
        return lock
    found: dict[str, str] = {}
    for line in cast("list[object]", lock):
        if not isinstance(line, str):
            return lock
        wanted = _HASHES.sub("", line).partition(" #")[0].partition(";")[0].strip("\\ ")
        match = _PACKAGE.fullmatch(wanted)
        if match:
            found[re.sub(r"[-_.]+", "-", match[1]).lower()] = (
                match[2].removeprefix("===").removeprefix("==").strip() or "any"
            )
        elif wanted and not wanted.startswith(("#", "-")):
            found[wanted] = "listed"
    return found


def _name(item: object, index: int) -> str:
    """A list of named things is compared by name, so that an insertion does not shift all that follow."""
    name = cast("dict[str, object]", item).get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name else str(index + 1)


def _without_name(item: object) -> object:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in cast("dict[str, object]", item).items() if name != "name"} or "listed"


def _worded(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_worded(item) for item in cast("list[object]", value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return plain(str(value))
