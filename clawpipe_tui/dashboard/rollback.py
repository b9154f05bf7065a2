"""One move of traffic from the console: the serving API on first use, the same operations as the command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clawpipe_tui.dashboard.desk import ConsoleSettings
    from clawpipe_tui.opened import Session
    from clawpipe_tui.operations.guardrails import Ruling
    from clawpipe_tui.operations.journal import Journal
    from clawpipe_tui.operations.plan import Action
    from clawpipe_tui.operations.rollback import Consent, MovePlan, Observation, Sent
    from clawpipe_tui.serving.seam import Registry, Router


@dataclass(frozen=True)
class Wish:
    """What the user wants moved."""

    action: Action = "rollback"
    version: str | None = None
    weight_pct: float | None = None

    @property
    def heading(self) -> str:
        """For the dialog's title."""
        words = {
            "rollback": "Roll back",
            "undo": "Undo the last change of",
            "promote": f"Promote {self.version} of",
            "canary": f"Give {self.version} {self.weight_pct or 0:g} % of",
            "stop shadow": f"Stop the shadow {self.version} of",
        }
        return words[self.action]


class Rollback:
    """Plan, send and observe with one connection and one idempotency key; every method blocks."""

    def __init__(
        self,
        settings: ConsoleSettings,
        serving: Callable[[], tuple[Registry, Router]],
        model: str,
        wish: Wish,
        session: Session | None = None,
    ) -> None:
        self._settings = settings
        self._open = serving
        self._model = model
        self._wish = wish
        self._session = session
        self._serving: tuple[Registry, Router] | None = None
        self._key = uuid4().hex

    def plan(self) -> tuple[MovePlan, Ruling]:
        """What would be sent, and what this console's own rules ask for."""
        from clawpipe_tui.operations.rollback import Logs, plan_move

        session = self._session
        logs = Logs(session.ask, session.now(), self._settings.objectives) if session else None
        plan = plan_move(
            *self._opened(),
            self._model,
            action=self._wish.action,
            version=self._wish.version,
            weight_pct=self._wish.weight_pct,
            key=self._key,
            logs=logs,
        )
        journal = self._journal()
        attempts, uptime = (journal.attempts(), journal.uptime()) if journal else ((), None)
        return plan, self._settings.safety.ruling(plan, attempts, datetime.now(UTC), uptime)

    def send(self, plan: MovePlan, consent: Consent) -> Sent:
        """Send it, once."""
        from clawpipe_tui.operations.rollback import send

        return send(self._opened()[1], plan, consent, safety=self._settings.safety, journal=self._journal())

    def observe(self, session: Session, plan: MovePlan, sent: Sent) -> Observation:
        """What the logs say by now."""
        from clawpipe_tui.operations.rollback import observe

        return observe(session.ask, self._opened()[1], plan, sent, session.now(), self._settings.deadline_s)

    def _journal(self) -> Journal | None:
        from clawpipe_tui.operations.journal import Journal

        return Journal(self._settings.journal) if self._settings.journal else None

    def _opened(self) -> tuple[Registry, Router]:
        if self._serving is None:
            self._serving = self._open()
        return self._serving


def unresolved_sentences(settings: ConsoleSettings) -> tuple[str, ...]:
    """What is to be told at the start about attempts whose answer was never seen; looked up where that is possible."""
    from clawpipe_tui.operations.journal import Journal, unresolved
    from clawpipe_tui.operations.resolving import open_attempts, resolve

    journal = Journal(settings.journal) if settings.journal else None
    if journal is None or not unresolved(journal):
        return ()
    return resolve(settings.serving()[1], journal) if settings.serving else open_attempts(journal)


def firing(headline: Mapping[str, object] | None) -> str:
    """The reason that the firing verdict gives; empty where nothing fires."""
    if not headline or headline.get("verdict") not in {"worse", "drifted"}:
        return ""
    return str(headline.get("sentence") or "")


def wishes(rows: Sequence[Mapping[str, object]]) -> dict[str, tuple[str, Wish]]:
    """What can be wished for besides a rollback, by name, with a word about each: from the rows of `versions`."""
    found: dict[str, tuple[str, Wish]] = {}
    for row in rows:
        version, role = str(row["version"]), str(row.get("role") or "")
        if role == "shadow":
            found[f"stop shadow {version}"] = ("its copies of the traffic end", Wish("stop shadow", version))
            continue
        found[f"promote {version}"] = (f"{role}, all of the traffic", Wish("promote", version))
        for weight_pct in (5.0, 20.0, 50.0) if role != "live" or not row.get("weight_pct") else ():
            found[f"canary {version} {weight_pct:g} %"] = (role, Wish("canary", version, weight_pct))
    return found
