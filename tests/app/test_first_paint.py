"""What the console loads before its first frame."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("duckdb", "pyarrow", "scipy", "numpy", "httpx", "watchfiles", "starlette")


def test_the_console_loads_no_engine_before_its_first_frame() -> None:
    """DuckDB, Arrow, scipy and the HTTP client are imported in the thread that opens the log."""
    program = f"import clawpipe_tui.app, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert printed.stdout.strip() == "[]"
