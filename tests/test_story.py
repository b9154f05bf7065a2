"""The main job from end to end, with everything real: server, traffic, log, console without a terminal, rollback."""

from __future__ import annotations

import subprocess
import sys


def test_the_demo_tells_its_story_and_ends_well() -> None:
    """All is well; the feed goes metric; v43 is worse; rolled back; the logs confirm it; v42 is fine."""
    words = [sys.executable, "-m", "clawpipe_tui", "demo", "--incident-after", "1"]
    told = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False, timeout=300)
    assert told.returncode == 0, told.stderr
    chapters = [
        "All is well",
        "Alarm. v43 worse",
        "drift: ",
        "Rolling back.",
        "Sent and accepted",
        "silent for",
        "Recovered",
    ]
    places = [told.stdout.find(chapter) for chapter in chapters]
    assert -1 not in places
    assert places == sorted(places)
    assert "Traceback" not in told.stderr
