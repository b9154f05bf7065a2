"""What the serving API was asked to do with traffic, read now and then: shares on screen are those that were meant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clawpipe_tui.opened import Session
    from clawpipe_tui.serving.seam import Registry, Router

_EVERY_S = 15.0
_AFTER_S = 2.0
"""The first look waits until the first screens are painted."""


class AskedRoutes:
    """A thread that reads the routing of the model on screen; an API that does not answer is asked again later."""

    def __init__(
        self,
        serving: Callable[[], tuple[Registry, Router]],
        session: Callable[[], Session | None],
        model: Callable[[], str],
        every_s: float = _EVERY_S,
    ) -> None:
        self._serving, self._session, self._model, self._every_s = serving, session, model, every_s
        self._stop = threading.Event()
        self._known: list[dict[str, object]] | None = None
        self._router: Router | None = None
        threading.Thread(target=self._run, name="asked-routes", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _run(self) -> None:
        self._stop.wait(min(_AFTER_S, self._every_s))
        while not self._stop.is_set():
            try:
                waiting = self._look()
            except Exception:  # noqa: BLE001  the edge of a worker: without the API, shares are those that were seen
                waiting = False
            self._stop.wait(min(0.5, self._every_s) if waiting else self._every_s)

    def _look(self) -> bool:
        """Whether there was nobody to tell yet. Answers that are the same as before cost no new questions."""
        from clawpipe_tui.operations.comparing import asked_routes

        session, model = self._session(), self._model()
        if session is None or not model:
            return True
        if self._router is None:
            self._router = self._serving()[1]
        rows = asked_routes(self._router.routing(model))
        if rows != self._known and not self._stop.is_set():
            session.set_routes(rows)
            self._known = rows
        return False
