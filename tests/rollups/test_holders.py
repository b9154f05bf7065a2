"""Which paths stand for which content, beside sets of all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.rollups.holders import Holders

CONTENTS, PATHS = "abc", ("1", "2", "3", "4")
STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from(CONTENTS), st.sampled_from(PATHS)), max_size=40)


@given(STEPS)
def test_holders_are_what_sets_of_paths_would_be(steps: list[tuple[bool, str, str]]) -> None:
    """Paths come, come again, go, and go without having been there."""
    holders, sets = Holders(), {content: set[str]() for content in CONTENTS}
    for comes, content, path in steps:
        (holders.add if comes else holders.remove)(content, path)
        (sets[content].add if comes else sets[content].discard)(path)
        for each, paths in sets.items():
            assert set(holders.of(each)) == paths
            assert len(holders.of(each)) == len(paths)
            assert (each in holders) == bool(paths)
            assert holders.one_of(each) in (paths or {None})
