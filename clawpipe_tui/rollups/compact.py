"""Merges many small parts into one, so that a log that grows by a file a second stays as quick as on its first day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.rollups.arrow import exact, rekeyed, table_in
from clawpipe_tui.rollups.ledger import Ledger
from clawpipe_tui.rollups.parts import LedgerEntry, Part, PartStore
from clawpipe_tui.rollups.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

MOST_PARTS = 40
_AT_LEAST = 20
_MOST_BYTES = 32_000_000


def compact(
    store: PartStore,
    parts: Mapping[str, Part],
    void: Collection[str],
    ledger: Ledger,
) -> Part | None:
    """Write a part that holds what still counts of others, and replaces them; None where it is not worth it.

    Small parts are merged; one of which something is `void` is written without it, so that its levels hold again.
    Needs no lock: where two consoles merge the same parts, each content still counts once.
    """
    chosen = (
        _chosen(list(parts.values())) or [part for part in parts.values() if part.has_levels and part.id in void][:1]
    )
    if not chosen:
        return None
    plan = _plan(chosen, ledger)

    def merged(name: str) -> pa.Table:
        return _merged(name, chosen, plan.keys)

    try:
        return store.write(merged, plan.entries, replaces=[part.id for part in chosen])
    except LogError:
        if all(part.table(name).exists() for part in chosen for name in TABLES):
            raise
        return None  # another console was quicker


def _chosen(parts: list[Part]) -> list[Part]:
    """The smallest parts, as long as the next one is no larger than all before it: each row is moved seldom."""
    if len(parts) <= MOST_PARTS:
        return []
    chosen: list[Part] = []
    total = 0
    for size, part in sorted(((part.size_bytes, part) for part in parts), key=lambda pair: (pair[0], pair[1].id)):
        if (len(chosen) >= _AT_LEAST and size > total) or total + size > _MOST_BYTES:
            break
        chosen.append(part)
        total += size
    return chosen if len(chosen) > 1 else []


@dataclass(frozen=True)
class _Plan:
    """What the merged part says: its ledger, and the new key of every contribution that lives on."""

    entries: tuple[LedgerEntry, ...]
    keys: Mapping[str, Mapping[int, int]]


def _plan(chosen: list[Part], ledger: Ledger) -> _Plan:
    ids = {part.id for part in chosen}
    alive = {content: at for content, at in sorted(ledger.counted.items()) if at[0] in ids}
    new_keys = {content: key for key, content in enumerate(alive)}
    keys: dict[str, dict[int, int]] = {part_id: {} for part_id in ids}
    for content, (part_id, key) in alive.items():
        keys[part_id][key] = new_keys[content]
    entries = {entry.path: replace(entry, file=None) for entry in _latest(chosen, ledger)}
    for content, key in new_keys.items():
        path = min(ledger.holders.of(content))
        entries[path] = replace(ledger.latest[path], file=key)
    return _Plan(tuple(entries.values()), keys)


def _latest(chosen: list[Part], ledger: Ledger) -> Iterator[LedgerEntry]:
    """The entries of these parts that still are the last word on their path."""
    for part in chosen:
        for entry in part.ledger:
            if ledger.latest[entry.path].looked_ns == entry.looked_ns:
                yield ledger.latest[entry.path]


def _merged(name: str, chosen: list[Part], keys: Mapping[str, Mapping[int, int]]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([rekeyed(exact(table_in(part.table(name)), name), keys[part.id]) for part in chosen])
