"""Follows what the serving API asks of traffic, in a thread of its own: by events where it has them, or by looks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.serving.seam import News, Router, Routing

LOOK_S = {"traffic": 5.0, "eventual": 15.0}
"""How often an API without events is asked; those whose changes take a while count the calls."""
_UNKNOWN_YET_S = 0.5
_BREATH_S = 0.2  # however fast the events come


def follow_routing(
    router: Router, model: Callable[[], str], tell: Callable[[Routing], object], stopping: threading.Event
) -> None:
    """Tell a model's routing whenever it is another one, until it is stopped. Nothing of an alias: it is no traffic."""
    look_s = LOOK_S.get(router.capabilities.effect)
    if look_s is None:
        return
    told = _Told(router, model, tell)
    while not stopping.is_set():
        known = told.look()
        try:
            for _ in router.news() if known and isinstance(router, News) else ():
                told.look()
                if stopping.wait(_BREATH_S):
                    return
        except ClawpipeError:
            pass  # it broke off: looks go on, and each tries again
        stopping.wait(look_s if known else _UNKNOWN_YET_S)


class _Told:
    """What was told last."""

    def __init__(self, router: Router, model: Callable[[], str], tell: Callable[[Routing], object]) -> None:
        self._router, self._model, self._tell = router, model, tell
        self._last = ("", "")

    def look(self) -> bool:
        """Whether there is a model to look at. What cannot be read now is left as it was."""
        name = self._model()
        if not name:
            return False
        try:
            routing = self._router.routing(name)
        except ClawpipeError:
            return True
        if (name, routing.token) != self._last:
            self._last = (name, routing.token)
            self._tell(routing)
        return True
