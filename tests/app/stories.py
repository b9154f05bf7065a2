"""How a story is told: open a console on fakes, press keys, read the screen as plain text."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from textual.pilot import Pilot

from clawpipe_tui.app import ClawpipeApp, ConsoleSettings
from clawpipe_tui.operations.guardrails import Safety
from tests.app.fakes import MODEL, SCREENS, FakeServing, FakeSession

PATIENCE_S = 5.0


@dataclass
class Story:
    """A running console with its fakes."""

    app: ClawpipeApp
    pilot: Pilot[None]
    session: FakeSession
    serving: FakeServing

    @property
    def text(self) -> str:
        """The screen, line by line, without trailing blanks."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def lines(self) -> list[str]:
        """The same, as lines."""
        return self.text.split("\n")

    async def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Text, key by key."""
        await self.press(*("space" if character == " " else character for character in text))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that another thread brings about; fails with the screen where it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not come:\n{self.text}")
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def shows(self, *texts: str) -> None:
        """Wait until the screen shows all of this."""
        await self.until(lambda: all(text in self.text for text in texts))


def settings_of(session: FakeSession, serving: FakeServing | None, **changes: object) -> ConsoleSettings:
    """A console on fakes."""
    opened = (lambda: (serving, serving)) if serving else None
    settings = ConsoleSettings(SCREENS, lambda: session, MODEL, opened, environment="demo", refresh_s=0.05)
    settings = replace(settings, safety=Safety(write=True, environment="demo"))
    return replace(settings, **changes)


@asynccontextmanager
async def console(
    size: tuple[int, int] = (80, 24),
    session: FakeSession | None = None,
    serving: FakeServing | None = None,
    *,
    can_change: bool = True,
    **changes: object,
) -> AsyncGenerator[Story]:
    """A console that has painted."""
    session, serving = session or FakeSession(), serving or FakeServing()
    app = ClawpipeApp(settings_of(session, serving if can_change else None, **changes))
    async with app.run_test(size=size) as pilot:
        yield Story(app, pilot, session, serving)
