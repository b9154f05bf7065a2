"""The macro `stepped`: DuckDB's own time_bucket() for moments, in integers."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.catalog import shipped
from clawpipe_tui.rollups.source import connect

_UNTIL_2200_US = 7_258_118_400_000_000
widths_s = st.one_of(st.sampled_from([1, 5, 10, 60, 600, 3_600, 86_400, 7 * 86_400]), st.integers(1, 40 * 86_400))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """With the macros."""
    with connect(threads=1) as connection:
        text = (shipped("queries") / "_macros.sql").read_text(encoding="utf-8")
        begin = text.index("create macro stepped(")
        connection.execute(text[begin : text.index(";", begin)])
        yield connection


@given(at_us=st.integers(0, _UNTIL_2200_US), width_s=widths_s)
def test_a_moment_is_in_the_step_that_time_bucket_says(
    connection: duckdb.DuckDBPyConnection, at_us: int, width_s: int
) -> None:
    """For every moment that a log may have, also before the day that steps are counted from."""
    sql = """select epoch_us(stepped(w, at_)), epoch_us(time_bucket(w, at_))
             from   (select make_timestamptz($at_us) as at_, to_seconds($width_s) as w)"""
    ((own, its),) = connection.execute(sql, {"at_us": at_us, "width_s": width_s}).fetchall()
    assert own == its
