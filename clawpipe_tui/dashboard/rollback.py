"""One rollback from the console: opens the serving API on first use, and calls the same operations as the command."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

    from clawpipe_tui.dashboard.desk import ConsoleSettings
    from clawpipe_tui.operations.rollback import Observation, RollbackPlan, Sent
    from clawpipe_tui.serving.seam import Registry, Router
    from clawpipe_tui.warehouse import Session


class Rollback:
    """Plan, send and observe with one connection and one idempotency key; every method blocks."""

    def __init__(self, settings: ConsoleSettings, serving: Callable[[], tuple[Registry, Router]], model: str) -> None:
        self._settings = settings
        self._open = serving
        self._model = model
        self._serving: tuple[Registry, Router] | None = None
        self._key = uuid4().hex

    def plan(self) -> RollbackPlan:
        """What would be sent."""
        from clawpipe_tui.operations.rollback import plan_rollback

        return plan_rollback(*self._opened(), self._model, to=None, key=self._key)

    def send(self, plan: RollbackPlan, reason: str) -> Sent:
        """Send it, once."""
        from clawpipe_tui.operations.journal import Journal
        from clawpipe_tui.operations.rollback import send

        journal = Journal(self._settings.journal) if self._settings.journal else None
        return send(self._opened()[1], plan, reason, journal=journal)

    def observe(self, session: Session, plan: RollbackPlan, sent: Sent) -> Observation:
        """What the logs say by now."""
        from clawpipe_tui.operations.rollback import observe

        return observe(session.ask, self._opened()[1], plan, sent, session.now(), self._settings.deadline_s)

    def _opened(self) -> tuple[Registry, Router]:
        if self._serving is None:
            self._serving = self._open()
        return self._serving
