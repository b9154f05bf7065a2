"""A part of the traffic is compared as if it were all of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from test_shadow_diff import mirrored
from tiny_log import END, START, TinyLog, ask

from clawpipe_tui.commands.part import part_of
from clawpipe_tui.errors import UsageError
from clawpipe_tui.operations.segment import Segment, read_segment


@pytest.mark.parametrize(
    ("where", "low", "high"),
    [
        ("country=FR", 35.0, 45.0),
        ("country!=FR", 0.0, 5.0),
        ("client=web", 10.0, 20.0),
        ("amount>0", 10.0, 20.0),
    ],
)
def test_pairs_of_a_part_are_those_of_its_requests(tmp_path: Path, where: str, low: float, high: float) -> None:
    """Four in ten differ in one country, two in a hundred elsewhere."""
    log = TinyLog(tmp_path)
    log.write("log.parquet", mirrored(0.4, 0.02))
    with log.opened() as whole, part_of(log.config(), whole, where, START, END) as part:
        rows = ask(part, "version_diff", version="v1", other="v2").records()
    differ = next(row for row in rows if row["measure"] == "differ_pct")
    assert low < cast("float", differ["b"]) < high


def test_files_outside_of_the_window_are_not_read(tmp_path: Path) -> None:
    """A part is read anew, so only what is needed of it."""
    log, rows = TinyLog(tmp_path), mirrored(0.4, 0.02, count=100)
    log.write("log.parquet", rows)
    much_later = [cast("datetime", at) + timedelta(hours=1) for at in rows["served_at"]]
    log.write("later.parquet", {**rows, "served_at": much_later})
    end = START + timedelta(minutes=30)
    with log.opened() as whole, part_of(log.config(), whole, "country=FR", START, end) as part:
        assert (whole.progress().files_read, part.progress().files_read) == (2, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("contry=FR", "Did you mean 'country'"),
        ("country", "Write COLUMN=VALUE"),
        ("amount>many", "no number"),
        ("secret=x", "sensitive"),
    ],
)
def test_a_part_that_is_none_is_told(text: str, words: str) -> None:
    """With the nearest column."""
    with pytest.raises(UsageError) as refused:
        read_segment(text, lambda: ["country", "amount", "secret"], ("secret",))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("country=FR", Segment("country", "=", "FR")),
        (" amount >= 5 ", Segment("amount", ">=", "5")),
        ("country!=a=b", Segment("country", "!=", "a=b")),
        ("country='; drop table x; --", Segment("country", "=", "'; drop table x; --")),
    ],
)
def test_a_part_is_read_as_it_is_written(text: str, segment: Segment) -> None:
    """Values may hold anything, and stay values."""
    read = read_segment(text, lambda: ["country", "amount"])
    assert read == segment
    assert read.condition({}).count("'") % 2 == 0
