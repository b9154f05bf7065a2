"""What every command settles before its threads start."""

from __future__ import annotations

import sys

from clawpipe_tui.terminal.memory import keep_memory_small

_HAND_OVER_S = 0.0005
"""After so long a thread that runs Python lets another one in; five milliseconds by default.

DuckDB gives the interpreter up, and waits to have it back, several times in each statement: beside a thread that counts
or paints, a question of 10 ms would take 100.
"""


def before_threads() -> None:
    """Few heaps, so that what one thread lets go another can use; and nobody waits long for the interpreter."""
    keep_memory_small()
    sys.setswitchinterval(_HAND_OVER_S)
