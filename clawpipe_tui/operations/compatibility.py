"""Whether one version can take another's requests, by what their documents say about inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from clawpipe_tui.serving.seam import VersionDocument

Fields = Mapping[str, object]
_MOST_NAMED = 5


def incompatibilities(leaving: VersionDocument, returning: VersionDocument) -> tuple[str, ...] | None:
    """What callers of one version would find different in the other; None where a document says nothing about it."""
    old, new = _signature(leaving), _signature(returning)
    if old is None or new is None:
        return None
    return (*_inputs(_named(old, "inputs"), _named(new, "inputs"), returning.version), *_outputs(old, new))


def _signature(document: VersionDocument) -> Fields | None:
    value = document.document.get("signature")
    return cast("Fields", value) if isinstance(value, dict) and value else None


def _named(signature: Fields, side: str) -> dict[str, Fields]:
    listed = signature.get(side)
    items = cast("list[object]", listed) if isinstance(listed, list) else []
    fields = [cast("Fields", item) for item in items if isinstance(item, dict)]
    return {str(item.get("name", "")): item for item in fields}


def _inputs(old: Mapping[str, Fields], new: Mapping[str, Fields], version: str) -> list[str]:
    needed = [name for name, given in new.items() if name not in old and given.get("required", True) is not False]
    retyped = [name for name in new if name in old and old[name].get("datatype") != new[name].get("datatype")]
    units = [name for name in new if name in old and old[name].get("unit") != new[name].get("unit")]
    said = [f"{version} needs {_list(needed)}, which callers may not send"] if needed else []
    said += [f"{version} wants {_list(retyped)} in another type"] if retyped else []
    return [*said, *([f"{version} reads {_list(units)} in another unit"] if units else [])]


def _outputs(old: Fields, new: Fields) -> list[str]:
    before, after = _named(old, "outputs"), _named(new, "outputs")
    gone = [name for name in before if name not in after]
    retyped = [name for name in after if name in before and before[name].get("datatype") != after[name].get("datatype")]
    said = [f"its answers lack {_list(gone)}"] if gone else []
    return [*said, *([f"its answers carry {_list(retyped)} in another type"] if retyped else [])]


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
