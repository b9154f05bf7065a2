"""What MLflow knows about a version, in the words of a version document."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import cast

from clawpipe_tui.serving.payload import Fields, as_fields, as_list, harmless, name_of, text
from clawpipe_tui.serving.seam import VersionDocument

_MOST_LINES = 5_000
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w.,-]*\])?\s*(==|===|>=|<=|~=|!=|<|>|=|@)\s*\S")
_PYTHON = re.compile(r"^python:\s*['\"]?([\d.]{1,20})", re.MULTILINE)


def document_of(version: Fields, run: Fields, packed: Fields) -> VersionDocument:
    """MLflow's words in those of a version document."""
    data = as_fields(run.get("data") or {}, "data")
    inputs = as_fields(run.get("inputs") or {}, "inputs")
    made_at = _millis(version.get("creation_timestamp"))
    document: dict[str, object] = {
        "model": text(version, "name"),
        "version": text(version, "version"),
        "change_note": text(version, "description"),
        "artifact": {"uri": text(version, "source"), "run": text(version, "run_id")},
        "tags": _pairs(version.get("tags")),
        "hyperparameters": _pairs(data.get("params")),
        "metrics": _pairs(data.get("metrics")),
        "training_data": _datasets(inputs),
        **packed,
    }
    kept = {name: value for name, value in document.items() if value not in ("", {}, [])}
    return VersionDocument(
        model=name_of(version, "name"),
        version=name_of(version, "version"),
        created_at=made_at,
        created_by=text(version, "user_id"),
        change_note=text(version, "description"),
        document=cast("Fields", harmless(kept)),
    )


def _datasets(inputs: Fields) -> dict[str, object]:
    found = [as_fields(item, "an input") for item in as_list(inputs.get("dataset_inputs") or [], "dataset_inputs")]
    sets = [as_fields(item.get("dataset") or {}, "a data set") for item in found]
    return {text(item, "name"): {"digest": text(item, "digest"), "source": text(item, "source")} for item in sets}


def _pairs(value: object) -> dict[str, object]:
    """A list of {key, value} as a mapping."""
    items = [as_fields(item, "an entry") for item in as_list(value or [], "entries")]
    return {str(item.get("key", "")): item.get("value") for item in items}


def _millis(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(value)) / 1_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def age_of(document: VersionDocument) -> tuple[int, str]:
    """MLflow numbers its versions."""
    number = document.version
    return (int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0, number)


def pins_of(written: str) -> list[str]:
    """The requirements of a requirements.txt, or of the pip part of a conda.yaml; hashes and comments left out."""
    lines = [line.strip().removeprefix("- ").split(" #", 1)[0].split(" --hash", 1)[0] for line in written.splitlines()]
    return [line.strip(" \\'\"") for line in lines[:_MOST_LINES] if _REQUIREMENT.match(line)]


def runtime_of(written: str) -> Fields:
    """The Python of a python_env.yaml."""
    python = _PYTHON.search(written)
    return {"python": python[1]} if python else {}
