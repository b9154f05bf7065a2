"""What a log can tell and what it cannot, in words for the panels that it concerns; never a 0 in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clawpipe_tui.logs.canonical import Layout, missing_columns

_SUBJECTS: Mapping[str, str] = {
    "served_at": "time", "version": "version", "outcome": "errors", "latency_ms": "latency", "client": "clients",
    "request_id": "request ids", "prediction": "predictions", "score": "scores", "role": "roles",
}  # fmt: skip
_OF_OUTCOMES = frozenset(
    {"outcome", "error", "error_pct", "timeout_pct", "fallback_pct", "failed_pct", "rejected_pct", "limited_pct",
     "unauthorised_pct"}
)  # fmt: skip
_SAMPLED = "requests: a sample is logged; each row counts as the inverse of its sampling fraction"


@dataclass(frozen=True)
class Capability:
    """One canonical column: whether the log gives it, and what is to be said of it."""

    column: str
    given: bool
    words: str = ""


def capabilities(columns: Iterable[str], layout: Layout) -> tuple[Capability, ...]:
    """What a log with these columns can tell under this layout."""
    known = set(columns) | layout.expressions.keys()
    missing = set(missing_columns(dict.fromkeys(columns, ""), layout))
    missing |= {"version"} - known if not layout.version else set()
    found: list[Capability] = []
    if "sampling_fraction" in known:
        found.append(Capability("requests", given=True, words=_SAMPLED))
    for name, subject in _SUBJECTS.items():
        default = f"{subject}: not in this log" if name in missing else ""
        found.append(Capability(name, name not in missing, layout.words.get(name, default)))
    found += [
        Capability(name, given=True, words=words) for name, words in layout.words.items() if name not in _SUBJECTS
    ]
    return tuple(found)


def concerned(result_columns: Sequence[str], known: Iterable[Capability]) -> tuple[str, frozenset[str]]:
    """What is to be said beside these columns of an answer, and which of them the log cannot give."""
    notes: list[str] = []
    unknown: set[str] = set()
    for capability in known:
        touched = {column for column in result_columns if capability.column == _subject_of(column)}
        if touched and capability.words:
            notes.append(capability.words)
        if not capability.given:
            unknown |= touched
    return "; ".join(notes), frozenset(unknown)


def _subject_of(column: str) -> str:
    """Which canonical column a column of an answer speaks of: its suffix is its unit."""
    if column in _OF_OUTCOMES:
        return "outcome"
    if column.endswith("_ms"):
        return "latency_ms"
    return {"client": "client", "requests_per_s": "requests"}.get(column, "")
