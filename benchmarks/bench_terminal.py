"""What the console sends up the line: `make bench`, or `python benchmarks/bench_terminal.py [seconds]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.terminal.pseudo import Pseudo  # noqa: E402  the checkout's own tests know how to hold a terminal

SIZES = ((60, 20), (80, 24), (120, 40), (160, 45))
PAGE_DOWN = "\x1b[6~"
LOOKS = (("dark", "truecolor"), ("ansi", ""))


def console(words: tuple[str, ...], size: tuple[int, int], theme: str, colours: str, state: str) -> Pseudo:
    here = {"COLORTERM": colours, "XDG_STATE_HOME": state, "XDG_CACHE_HOME": state, "TERM": "xterm-256color"}
    return Pseudo([sys.executable, "-m", "clawpipe_tui", *words, "--theme", theme], size, here)


def settled(terminal: Pseudo) -> None:
    terminal.until(lambda text: "v43" in text and "loading" not in text and "reading" not in text, 60.0)
    terminal.read(3.0)


def pressed(terminal: Pseudo, key: str) -> bytes:
    """What one key makes the console send."""
    terminal.send(key)
    return terminal.read(1.0)


def sample(size: tuple[int, int], theme: str, colours: str, state: str, for_s: float) -> tuple[str, ...]:
    """A log that stands still: first paint, nothing, one step of a cursor, another page, the first row, the last."""
    started = time.monotonic()
    with console(("--logs", str(ROOT / "sample_data")), size, theme, colours, state) as terminal:
        terminal.until(lambda text: "Overview" in text)
        up_ms = (time.monotonic() - started) * 1_000
        settled(terminal)
        first, idle = len(terminal.received), len(terminal.read(for_s))
        terminal.send("\t\t\t\t")
        terminal.read(1.0)
        keys = [len(pressed(terminal, key)) for key in ("j", PAGE_DOWN, "g", "G")]
        terminal.send("q")
        terminal.ends(5.0)
    return f"{up_ms:,.0f}", f"{first:,}", f"{idle / for_s:,.0f}", *(f"{sent:,}" for sent in keys)


def live(size: tuple[int, int], theme: str, colours: str, state: str, for_s: float) -> str:
    """The demo's traffic, through its incident."""
    with console(("demo", "--incident-after", "10"), size, theme, colours, state) as terminal:
        settled(terminal)
        sent = len(terminal.read(for_s))
        terminal.send("q")
        terminal.ends(10.0)
    return f"{sent / for_s:,.0f}"


def main(for_s: float) -> None:
    print("size    theme  up ms  first paint B  idle B/s  step B  page B     g B     G B  live demo B/s")
    for size in SIZES:
        for theme, colours in LOOKS:
            with tempfile.TemporaryDirectory() as state:
                found = sample(size, theme, colours, state, min(for_s, 10.0))
                sent = live(size, theme, colours, state, for_s)
            up, first, idle, *keys = found
            cells = "  ".join(f"{cell:>6}" for cell in keys)
            print(
                f"{size[0]:3}x{size[1]:<3} {theme:6} {up:>5}  {first:>13}  {idle:>8}  {cells}  {sent:>13}", flush=True
            )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 40.0)
