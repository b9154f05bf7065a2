"""Counts by integer keys, added up as they come, are those that are counted at once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.rollups import tally
from clawpipe_tui.rollups.tally import Tally, counts_of, numbered

KEYS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=60)


@pytest.mark.parametrize("most_keys", [1, 2**62])
@pytest.mark.parametrize("waiting", [0, 7, 1_000_000])
@settings(deadline=None)
@given(batches=st.lists(KEYS, min_size=1, max_size=5))
def test_batches_add_up(batches: list[list[tuple[int, int]]], waiting: int, most_keys: int) -> None:
    """Whenever they are merged, in whatever order the columns are given, however many keys there may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_MERGE_FROM", waiting)
        patch.setattr(tally, "_MOST_KEYS", most_keys)
        kept = Tally("a", "b")
        for batch in batches:
            a, b = np.array(batch, np.int64).T
            kept.add(n=np.ones(len(a), np.int64), b=b, a=a)
        rows = kept.rows()
    assert rows is not None
    found = {(row["a"], row["b"]): row["n"] for row in rows.to_pylist()}
    assert found == Counter(key for batch in batches for key in batch)
    assert list(found) == sorted(found)


@settings(deadline=None)
@given(keys=st.lists(st.integers(0, 9), min_size=1, max_size=40), size=st.sampled_from([10, 1_000_000]))
def test_few_places_and_many_are_counted_alike(keys: list[int], size: int) -> None:
    """With and without weights."""
    key = np.array(keys, np.int64)
    places, n = counts_of(key, size)
    assert dict(zip(places.tolist(), n.tolist(), strict=True)) == Counter(keys)
    places, n = counts_of(key, size, np.full(len(keys), 2.5))
    assert {place: number / 2.5 for place, number in zip(places.tolist(), n.tolist(), strict=True)} == Counter(keys)


@given(keys=st.lists(st.integers(0, 9), min_size=1, max_size=40), size=st.sampled_from([10, 1_000_000]))
def test_rows_are_numbered_by_their_key(keys: list[int], size: int) -> None:
    """Whether every possible key is looked at, or only those that there are."""
    different, place = numbered(np.array(keys, np.int64), size)
    assert different.tolist() == sorted({*keys})
    assert different[place].tolist() == keys


def test_a_weight_is_rounded_once_for_each_group() -> None:
    """Three rows that stand for 2.5 requests each are eight, not nine."""
    kept = Tally("a")
    for _ in range(3):
        kept.add(a=np.zeros(1, np.int64), n=np.full(1, 2.5))
    rows = kept.rows()
    assert rows is not None
    assert rows.to_pylist() == [{"a": 0, "n": 8}]
