"""A console that another process may kill at any moment: reads a log into a store, and says when it is done."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tiny_log import TinyLog

if __name__ == "__main__":
    with TinyLog(Path(sys.argv[1])).opened(read=False) as session:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        session.read()
        for _ in range(3):
            session._look_again()
    sys.stdout.write("done\n")
