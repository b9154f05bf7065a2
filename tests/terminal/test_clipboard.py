"""Copy through OSC 52: plain, wrapped, or not at all, and always said."""

from __future__ import annotations

from base64 import b64decode

from clawpipe_tui.terminal.clipboard import MOST_BYTES, copied


def test_a_terminal_gets_the_text_as_it_is() -> None:
    """In base64, with the length said."""
    found = copied("psi 2.31 · carrier", {"TERM": "xterm-256color"})
    assert found.sequence.startswith("\x1b]52;c;")
    assert b64decode(found.sequence[7:-1]).decode() == "psi 2.31 · carrier"
    assert "18 characters" in found.words


def test_tmux_gets_it_plain_and_passed_through() -> None:
    """Whichever of its two settings is on; the words name both."""
    found = copied("x", {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"})
    assert found.sequence == "\x1b]52;c;eA==\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\"
    assert "allow-passthrough" in found.words
    assert "set-clipboard" in found.words


def test_screen_gets_it_in_pieces_that_it_can_pass_on() -> None:
    """No piece longer than its buffer; together they are the text."""
    found = copied("a" * 500, {"TERM": "screen", "STY": "1.tty"})
    pieces = found.sequence.split("\x1b\\\x1bP")
    assert max(map(len, pieces)) < 100
    whole = "".join(pieces).removeprefix("\x1bP\x1b]52;c;").removesuffix("\x07\x1b\\")
    assert b64decode(whole) == b"a" * 500


def test_too_much_is_not_sent_and_is_said() -> None:
    """A terminal would cut it off without a word."""
    found = copied("a" * MOST_BYTES, {"TERM": "xterm"})
    assert found.sequence == ""
    assert found.words.startswith("Not copied")


def test_a_terminal_without_a_clipboard_is_told_apart() -> None:
    """The Linux console would print it."""
    assert copied("x", {"TERM": "linux"}).sequence == ""
