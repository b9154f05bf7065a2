"""Two version documents side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.operations.comparing import metric_words, package_words, same_words
from clawpipe_tui.operations.diff import DocumentRow, diff_documents, only_changed
from clawpipe_tui.serving.folder import FolderRegistry
from clawpipe_tui.serving.payload import read_version
from clawpipe_tui.serving.seam import VersionDocument
from clawpipe_tui.wording import clean

SAMPLE = Path(__file__).parents[2] / "sample_data" / "versions"


def document(**fields: object) -> VersionDocument:
    """A version with these fields."""
    return read_version({"model": "m", "version": "v", **fields})


def changed(a: VersionDocument, b: VersionDocument) -> tuple[DocumentRow, ...]:
    """What differs."""
    return only_changed(diff_documents(a, b))


def test_the_sample_shows_what_the_canary_changed() -> None:
    """The note first, then data, settings, metrics and packages."""
    registry = FolderRegistry(list(SAMPLE.glob("*.json")))
    rows = changed(registry.version("flight-delay", "v42"), registry.version("flight-delay", "v43"))
    words = {row.key: row.change for row in rows}
    assert rows[0].key == "change_note"
    assert words["hyperparameters.features.wind_chill_f"] == "added"
    assert words["dependencies.numpy"] == "upgraded"
    assert words["dependencies.cachetools"] == "added"
    assert words["parameters"] == "changed"
    assert len(rows) < 40


@pytest.mark.parametrize(
    ("a", "b", "change"),
    [
        ("numpy==1.9", "numpy==1.10", "upgraded"),
        ("numpy==2.0", "numpy==1.26.4", "downgraded"),
        ("numpy==2.0+cpu", "numpy==2.0+cu12", "changed"),
        ("numpy==2.0", "scipy==2.0", "removed"),
    ],
)
def test_packages_are_compared_as_versions(a: str, b: str, change: str) -> None:
    """1.10 is newer than 1.9."""
    rows = changed(document(dependencies=[a]), document(dependencies=[b]))
    assert ("dependencies.numpy", change) in {(row.key, row.change) for row in rows}


def test_named_things_are_compared_by_name() -> None:
    """An input that is put in front shifts nothing."""
    one = {"name": "distance", "datatype": "FP32"}
    two = {"name": "carrier", "datatype": "BYTES"}
    rows = changed(document(signature={"inputs": [one]}), document(signature={"inputs": [two, one]}))
    assert rows == (DocumentRow("signature.inputs.carrier.datatype", "–", "BYTES", "added"),)


def test_weights_are_one_row() -> None:
    """Sixty numbers help nobody."""
    weights = {f"w{n}": float(n) for n in range(60)}
    rows = changed(document(parameters=weights), document(parameters={**weights, "w7": 0.5}))
    assert rows == (DocumentRow("parameters", "60 values", "60 values, 1 differ", "changed"),)


def test_equal_documents_have_no_changed_row() -> None:
    """And every row of theirs is the same."""
    same = document(hyperparameters={"l2": 2.0, "deep": [[1, 2], {"x": None}]}, hardware={"gpu": False})
    assert changed(same, same) == ()
    assert {row.change for row in diff_documents(same, same)} == {"same"}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_two_documents_can_be_compared(a: object, b: object) -> None:
    """What is added one way is removed the other way."""
    there = diff_documents(document(metrics=a), document(metrics=b))
    back = diff_documents(document(metrics=b), document(metrics=a))
    added = {row.key for row in there if row.change == "added"}
    assert added == {row.key for row in back if row.change == "removed"}
    assert all(clean(text) == text for row in there for text in (row.key, row.a, row.b))


LOCK = """# made by a tool
numpy==2.1.0 \\
    --hash=sha256:abc
Scikit_Learn==1.5.0 ; python_version >= "3.11"
pandas>=2  # not pinned
-r other.txt
git+https://example.org/own.git
"""


def test_a_requirements_file_is_read_package_by_package() -> None:
    """Hashes, markers and comments are no versions; what is not pinned is compared as it stands."""
    newer = LOCK.replace("2.1.0", "2.2.0").replace("Scikit_Learn==1.5.0", "scikit-learn==1.4.9")
    rows = diff_documents(document(lock=LOCK), document(lock=newer))
    words = {row.key: row.change for row in rows}
    assert words["lock.numpy"] == "upgraded"
    assert words["lock.scikit-learn"] == "downgraded"
    assert words["lock.pandas"] == "same"
    assert package_words(rows) == "Packages: 1 upgraded (numpy), 1 downgraded (scikit-learn)."


def test_metrics_may_be_compared_on_the_same_test_set_alone() -> None:
    """Said either way, and also where no test set is named."""
    one, other = (
        document(metrics={"auc": 0.9, "test_sha256": "aa"}),
        document(metrics={"auc": 0.8, "test_sha256": "bb"}),
    )
    assert metric_words(diff_documents(one, one)) == "Metrics: measured on the same test set (aa)."
    assert "may not be compared" in metric_words(diff_documents(one, other))
    unnamed = document(metrics={"auc": 0.9})
    assert "cannot tell" in metric_words(diff_documents(unnamed, unnamed))
    assert metric_words(diff_documents(document(), document())) == ""


def test_sections_that_did_not_change_are_named() -> None:
    """Hardware that stayed is an answer, too."""
    one, other = document(hardware={"cpu": 2}, runtime="3.11"), document(hardware={"cpu": 2}, runtime="3.12")
    assert same_words(diff_documents(one, other)) == "The same in both: hardware."
