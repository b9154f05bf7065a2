"""Nobody reads for a minute while a rollback is being verified: `python benchmarks/bench_stall.py [seconds]`.

The demo's own serving API, a real pseudo-terminal, news ten times a second. What has to hold is asserted.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.terminal.pseudo import Pseudo

SOON_REQUESTS = 400
"""The demo answers some twenty requests a second: a verification that waited for the line would have counted more."""


def main(for_s: float) -> None:
    """Send the change, look away, look again for a second."""
    with tempfile.TemporaryDirectory() as state:
        here = {"COLORTERM": "truecolor", "XDG_STATE_HOME": state, "XDG_CACHE_HOME": state, "XDG_CONFIG_HOME": state}
        words = [sys.executable, "-m", "clawpipe_tui", "demo", "--incident-after", "5"]
        with Pseudo(words, (80, 24), here) as terminal:
            terminal.until(lambda text: "WORSE" in text, 90.0)
            terminal.send(":every 0.1\r")
            terminal.read(1.0)
            terminal.send("B")
            terminal.until(lambda text: "as it will be sent" in text, 30.0)
            terminal.read(1.0)
            terminal.send("the line stalls\r")
            terminal.until(lambda text: "Sent and accepted" in text, 30.0)
            before, away_at = len(terminal.received), datetime.now(UTC)
            time.sleep(for_s)
            terminal.read(1.0)
            dialog = " ".join(terminal.text.split())
            terminal.send("\x1b")
            terminal.read(1.0)
            now, screen = datetime.now(UTC), terminal.text
            terminal.send("q")
            code = terminal.ends(10.0)
    said = re.search(r"(\w+): v43 has been silent for \d+ s .*?served ([\d.k]+) requests since", dialog)
    print(f"nobody read from {away_at:%H:%M:%S} for {for_s:.0f} s; then {len(terminal.received) - before:,} bytes came")
    print(f"a second later:  {said[0] if said else dialog}")
    print(f"at {now:%H:%M:%S}:     {screen.splitlines()[0].strip()}")
    assert said, "the verification did not end"
    assert said[1] == "done"
    assert float(said[2].replace("k", "e3")) < SOON_REQUESTS, "it ended when the line came back"
    ends = {f"to {now + timedelta(seconds=ahead):%H:%M}" for ahead in (-2, 0, 60)}
    assert any(end in screen for end in ends), "the clock stood still"
    assert "live" in screen.splitlines()[0], "the log was not read on"
    assert code == 0


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
