"""What every command settles before its threads start."""

from __future__ import annotations

import sys

from clawpipe_tui.terminal.memory import keep_memory_small

_HAND_OVER_S = 0.002
"""After so long a thread that runs Python lets another one in; five milliseconds by default.

DuckDB gives the interpreter up, and waits to have it back, several times in each statement: beside a thread that counts
or paints, 10 ms of a question would take 100, and so take 40. With half a millisecond 10, but counting is slower.
"""


def before_threads() -> None:
    """Few heaps, so that what one thread lets go another can use; and nobody waits long for the interpreter."""
    keep_memory_small()
    sys.setswitchinterval(_HAND_OVER_S)
