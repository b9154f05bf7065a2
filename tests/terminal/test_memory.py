"""What a console that stands still gives back."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = """
import duckdb, pathlib, sys
from clawpipe_tui.terminal.memory import give_back_code, give_back_memory
def of_files_kb():
    return int(pathlib.Path("/proc/self/status").read_text().partition("RssFile:")[2].split()[0])
def total():
    return duckdb.sql("select sum(range)::bigint from range(100_000)").fetchall()
before, total_before = of_files_kb(), total()
give_back_code()
give_back_memory()
after = of_files_kb()
assert total() == total_before
print(before, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libraries are not mapped this way")
def test_code_that_is_not_used_is_not_held_and_comes_back_when_it_is_used() -> None:
    """Libraries touch most of themselves when they are loaded; DuckDB alone holds 20 MB in this way."""
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    before_kb, after_kb = map(int, done.stdout.split())
    assert after_kb < before_kb / 2
