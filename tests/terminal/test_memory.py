"""What a console that stands still gives back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from clawpipe_tui.terminal.memory import unchanged_mappings

SMAPS = """\
1000-3000 r-xp 00000000 fe:00 11  /usr/lib/libwhole.so
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
3000-4000 r--p 00002000 fe:00 11  /usr/lib/libwhole.so (relocated)
Size:                  4 kB
Anonymous:             4 kB
VmFlags: rd mr mw me
4000-5000 rw-p 00003000 fe:00 11  /usr/lib/libwhole.so
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd wr mr mw me
5000-9000 r--p 00000000 00:00 0
Size:                 16 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
a000-b000 r--s 00000000 fe:00 12  /shared
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
"""


def test_only_pages_that_stand_in_a_file_just_so_are_let_go() -> None:
    """Neither what was written, nor what could be, nor what has no file, nor what others share."""
    assert list(unchanged_mappings(SMAPS)) == [(0x1000, 0x3000)]


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
