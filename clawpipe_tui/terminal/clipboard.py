"""Copy through the terminal itself (OSC 52), so that it works over SSH; wrapped for tmux and GNU screen. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

MOST_BYTES = 74_994
"""What terminals take in one go; xterm's limit, and the largest that all agree on."""
_SCREEN_CHUNK = 76


@dataclass(frozen=True)
class Copied:
    """What to send, and what to say about it. Whether the terminal obeys is not known: it never answers."""

    sequence: str
    words: str


def copied(text: str, environment: Mapping[str, str]) -> Copied:
    """The sequence that copies the text, and how it was sent; nothing is sent where it is too long."""
    encoded = b64encode(text.encode()).decode()
    count = f"{len(text):,} characters".replace(",", " ")
    if len(encoded) > MOST_BYTES:
        words = f"Not copied: {count} are more than a terminal takes; E writes them to a file."
        return Copied("", words)
    plain = f"\x1b]52;c;{encoded}\x07"
    term = environment.get("TERM", "")
    if environment.get("TMUX"):
        inside = plain.replace("\x1b", "\x1b\x1b")
        words = f"Copied {count} through tmux (OSC 52; it needs set-clipboard on, or allow-passthrough on)."
        return Copied(f"{plain}\x1bPtmux;{inside}\x1b\\", words)
    if environment.get("STY"):
        parts = [encoded[at : at + _SCREEN_CHUNK] for at in range(0, len(encoded), _SCREEN_CHUNK)]
        wrapped = "\x1b\\\x1bP".join([f"\x1b]52;c;{parts[0] if parts else ''}", *parts[1:]])
        return Copied(f"\x1bP{wrapped}\x07\x1b\\", f"Copied {count} through GNU screen (OSC 52).")
    if term in {"linux", "dumb", ""} or term.startswith("vt"):
        return Copied("", f"Not copied: TERM={term or '(empty)'} has no clipboard; E writes a file.")
    return Copied(plain, f"Copied {count} through the terminal (OSC 52).")
