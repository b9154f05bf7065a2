"""What was written in the prompt, kept between runs in one small file that only its owner can read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from clawpipe_tui.dashboard.prompt import Kind, remembered


class History:
    """Lines by kind, oldest first; without a path they last as long as the console."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lines: tuple[str, ...] | None = None

    def lines(self, kind: Kind) -> tuple[str, ...]:
        """What was written in prompts of this kind."""
        return tuple(line[1:] for line in self._all() if line.startswith(kind))

    def add(self, kind: Kind, text: str) -> None:
        """Remember a line."""
        if not text.strip():
            return
        self._lines = remembered(self._all(), kind + text)
        if self._path:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
                self._path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def _all(self) -> tuple[str, ...]:
        if self._lines is None:
            self._lines = ()
            if self._path:
                with suppress(OSError, UnicodeDecodeError):
                    self._lines = tuple(self._path.read_text(encoding="utf-8").splitlines())
        return self._lines
