"""How little memory a console holds, and what it gives back when it stands still."""

from __future__ import annotations

import platform
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


SETTINGS = """
import ctypes
from clawpipe_tui.terminal.memory import keep_memory_small
keep_memory_small()
import _duckdb
library = ctypes.CDLL(_duckdb.__file__)
def setting(name, kind):
    found, size = kind(), ctypes.c_size_t(ctypes.sizeof(kind))
    assert library.duckdb_je_mallctl(name, ctypes.byref(found), ctypes.byref(size), None, ctypes.c_size_t(0)) == 0
    return found.value
print(setting(b"opt.narenas", ctypes.c_uint), setting(b"opt.dirty_decay_ms", ctypes.c_ssize_t))
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="DuckDB has its allocator there")
def test_the_allocator_of_duckdb_is_told_to_hold_little_before_it_begins() -> None:
    """It reads them when the library is loaded, and says on stderr what it does not understand."""
    done = subprocess.run([sys.executable, "-c", SETTINGS], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["1", "20"], "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libraries are not mapped this way")
def test_code_that_is_not_used_is_not_held_and_comes_back_when_it_is_used() -> None:
    """Libraries touch most of themselves when they are loaded; DuckDB alone holds 20 MB in this way."""
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    before_kb, after_kb = map(int, done.stdout.split())
    assert after_kb < before_kb / 2
