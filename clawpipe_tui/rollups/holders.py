"""Which paths of a log stand for which content."""

from __future__ import annotations

from collections.abc import Collection


class Holders:
    """Content (its fingerprint) → the paths that have it: mostly one, of which no set is made for 100 000 files."""

    def __init__(self) -> None:
        self._one: dict[str, str] = {}
        """One of the paths."""
        self._all: dict[str, set[str]] = {}
        """All of them, where there are several."""

    def __contains__(self, content: str) -> bool:
        return content in self._one

    def of(self, content: str) -> Collection[str]:
        """All paths of a content; none where it is not known."""
        if content in self._all:
            return self._all[content]
        return (self._one[content],) if content in self._one else ()

    def one_of(self, content: str) -> str | None:
        """Any of them."""
        return self._one.get(content)

    def add(self, content: str, path: str) -> None:
        """Note that a path has it, too."""
        one = self._one.setdefault(content, path)
        if one != path:
            self._all.setdefault(content, {one}).add(path)

    def remove(self, content: str, path: str) -> None:
        """Note that a path, if it had it, has something else now."""
        left = self._all.get(content) or set(self.of(content))
        left.discard(path)
        if len(left) < 2:
            self._all.pop(content, None)
        if left:
            self._one[content] = next(iter(left))
        else:
            self._one.pop(content, None)
