"""A console on fakes, in a terminal, for each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.terminal.pseudo import Pseudo

OpenConsole = Callable[..., Pseudo]


@pytest.fixture
def console(tmp_path: Path) -> Generator[OpenConsole]:
    """Opens consoles and ends them all."""
    opened: list[Pseudo] = []

    def start(*words: str, size: tuple[int, int] = (80, 24), stderr: Path | None = None, **environment: str) -> Pseudo:
        words_here = [sys.executable, "-m", "tests.terminal.stage", *words]
        environment.setdefault("XDG_STATE_HOME", str(tmp_path / "state"))
        found = Pseudo(words_here, size, environment, stderr=stderr)
        opened.append(found)
        return found

    yield start
    for each in opened:
        each.close()


def ready(screen: str) -> bool:
    """Whether the first answers are on screen."""
    return "v43" in screen and "loading" not in screen
