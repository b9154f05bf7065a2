"""Version documents from files: what can be read is read, what cannot is named."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.folder import FolderRegistry
from clawpipe_tui.serving.payload import MalformedError, harmless, read_routing, read_version

SAMPLE = Path(__file__).parents[2] / "sample_data" / "versions"
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["model", "routes", "change", "version"]), inner),
)


def write(folder: Path, name: str, **fields: object) -> Path:
    """A version document."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"model": "m", "version": name, **fields}), encoding="utf-8")
    return path


def test_the_sample_has_three_versions_oldest_first() -> None:
    """What the demo and the diff read."""
    registry = FolderRegistry(sorted(SAMPLE.glob("*.json"), reverse=True))
    assert registry.models() == ("flight-delay",)
    assert [document.version for document in registry.versions("flight-delay")] == ["v41", "v42", "v43"]


def test_versions_without_a_date_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    """v9 comes before v10."""
    registry = FolderRegistry([write(tmp_path, name) for name in ("v10", "v9", "v100")])
    assert [document.version for document in registry.versions("m")] == ["v9", "v10", "v100"]


def test_a_broken_document_is_named_and_stops_nothing(tmp_path: Path) -> None:
    """Torn, of another shape, or gone."""
    (tmp_path / "torn.json").write_text('{"model": "m", ')
    (tmp_path / "list.json").write_text("[]")
    paths = [tmp_path / "torn.json", tmp_path / "list.json", tmp_path / "gone.json", write(tmp_path, "v1")]
    registry = FolderRegistry(paths)
    assert [document.version for document in registry.versions("m")] == ["v1"]
    assert [problem.split(": ")[0] for problem in registry.problems] == [str(path) for path in paths[:3]]


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(tmp_path: Path) -> None:
    """For models and for versions."""
    registry = FolderRegistry([write(tmp_path, "v41"), write(tmp_path, "v42")])
    with pytest.raises(NotFound, match="Known: m"):
        registry.version("flight", "v41")
    with pytest.raises(NotFound, match="Did you mean 'v42'"):
        registry.version("m", "v422")


def test_a_document_is_harmless_to_its_depth() -> None:
    """Keys and values, at every level."""
    nasty = {"model": "m", "version": "v", "a": [{"\x1b[2J": "\u202ex"}]}
    assert read_version(nasty).document["a"] == [{" [2J": " x"}]


@given(JSON)
def test_reading_gives_a_value_or_a_malformed_error(value: object) -> None:
    """Never anything else."""
    for read in (lambda: read_routing(value, ""), lambda: read_version(value), lambda: harmless(value)):
        with suppress(MalformedError):
            read()
