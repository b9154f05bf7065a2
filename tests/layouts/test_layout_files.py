"""Layout files: each is whole, and a wrong one is told with its file and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from clawpipe_tui.errors import ConfigError, UsageError
from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.layouts import find_layout, laid_out, load_layouts, read_layout
from clawpipe_tui.logs.rows import LAYOUTS
from tests.layouts.systems import SYSTEMS

SHIPPED = sorted(LAYOUTS.glob("*.toml"), key=lambda path: path.stem)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_shipped_layout_says_in_a_sentence_what_it_is(path: Path) -> None:
    """And gives itself away by a signature or by names."""
    layout = read_layout(path)
    assert layout.about.endswith(".")
    assert layout.signature or layout.names


def test_each_shipped_layout_but_the_canonical_one_has_a_fixture() -> None:
    """A layout without a log in its exact format is a guess."""
    assert {system.name for system in SYSTEMS} == {path.stem for path in SHIPPED} - {"canonical"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_a_layout_lacks_it_does_not_give(path: Path) -> None:
    """`lacks` and the columns of one layout exclude each other."""
    layout = read_layout(path)
    given = {name for name in layout.lacks if f" as {name}," in layout.source or name in layout.columns}
    assert not given


def test_a_layout_of_ones_own_replaces_the_shipped_one_of_that_name(tmp_path: Path) -> None:
    """Later folders win."""
    (tmp_path / "arize.toml").write_text('about = "Ours."\nsignature = ["ours"]\n', encoding="utf-8")
    layouts = load_layouts((LAYOUTS, tmp_path))
    assert layouts["arize"].signature == {"ours"}
    assert "vertex" in layouts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('about = "x"\nsignatur = []', "no key 'signatur'.*Did you mean 'signature'"),
        ('about = "x"\nsignature = "x"', "signature has the wrong type"),
        ("signature = []", "needs about"),
        ('about = "x"\nformats = ["parquett"]', "Did you mean 'parquet'"),
        ('about = "x"\ncompanion = ["a"]', "companion must be two texts"),
        ('about = "x"\n[names]\nserved_at = "("', "names.served_at is no pattern"),
        ("about = ", "cannot be read"),
    ],
)
def test_a_wrong_layout_is_told_with_its_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    """A ConfigError, exit code 2."""
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as told:
        read_layout(path)
    assert str(path) in str(told.value)


def test_an_unknown_layout_is_told_with_the_nearest_name() -> None:
    """`[log] layout` may have a typing error."""
    with pytest.raises(UsageError, match="sagemaker"):
        find_layout(load_layouts((LAYOUTS,)), "sagemakr")


def test_what_the_configuration_says_stands_over_the_layout() -> None:
    """The layout file fills in what is not said."""
    layout = laid_out(Layout({"served_at": "mine"}, model="m"), read_layout(LAYOUTS / "nannyml.toml"))
    assert layout.expressions["served_at"] == "mine"
    assert layout.expressions["prediction"] == "y_pred"
    assert layout.words["latency_ms"] == "latency: not in this log"


def test_layout_files_are_plain_toml() -> None:
    """So that a team can copy one and change it."""
    assert all(tomllib.loads(path.read_text(encoding="utf-8")) for path in SHIPPED)
