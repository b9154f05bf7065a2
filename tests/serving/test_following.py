"""What is asked of traffic is followed by events, and by looks where there are none."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing, contextmanager

from backends import FakeMlflow, FakeTriton
from served import MODEL, OPERATOR, Served, Stage
from starlette.types import Receive, Scope, Send

from clawpipe_tui.serving import following
from clawpipe_tui.serving.following import follow_routing
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Change, Route, Router, Routing
from clawpipe_tui.serving.triton import Triton

PATIENCE_S = 30.0


class Heard:
    """What was told, with a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[Routing] = []
        self._news = threading.Condition()

    def __call__(self, routing: Routing) -> None:
        """Something is new."""
        with self._news:
            self.told.append(routing)
            self._news.notify_all()

    def wait_for(self, count: int) -> Routing:
        """The last of so many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= count, PATIENCE_S)
            return self.told[count - 1]


@contextmanager
def followed(router: ReferenceAPI | Triton, heard: Heard) -> Generator[None]:
    """In a thread that must end when it is told to."""
    stopping = threading.Event()
    thread = threading.Thread(target=follow_routing, args=(router, lambda: MODEL, heard, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        router.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def moved(router: Router, version: str, key: str) -> None:
    """Somebody else moves all of the traffic."""
    token = router.routing(MODEL).token
    router.apply(Change(MODEL, (Route(version, 100.0),), token, "errors rose", "", key))


def asked(routing: Routing) -> dict[str, float]:
    """Version → share."""
    return {route.version: route.weight_pct for route in routing.routes}


def test_events_of_the_api_are_told_without_waiting_for_a_look(served: Served) -> None:
    """The next look would be in an hour."""
    before, following.LOOK_S = following.LOOK_S, {"traffic": 3_600.0}
    heard = Heard()
    try:
        with closing(served.api()) as other, followed(ReferenceAPI(served.url, OPERATOR), heard):
            assert asked(heard.wait_for(1)) == {"v42": 80.0, "v43": 20.0}
            moved(other, "v42", "a")
            assert asked(heard.wait_for(2)) == {"v42": 100.0}
    finally:
        following.LOOK_S = before


def test_an_api_whose_events_break_off_is_looked_at(served: Served, stage: tuple[Stage, object]) -> None:
    """Again and again, and no look that finds the same is told."""
    before, following.LOOK_S = following.LOOK_S, {"traffic": 0.01}
    where, inner = stage[0], stage[0].app

    async def without_events(scope: Scope, receive: Receive, send: Send) -> None:
        path = "/gone" if scope["path"] == "/v1/events" else scope["path"]
        await inner({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    where.app = without_events
    heard = Heard()
    try:
        with closing(served.api()) as other, followed(ReferenceAPI(served.url, OPERATOR), heard):
            heard.wait_for(1)
            moved(other, "v43", "a")
            assert asked(heard.wait_for(2)) == {"v43": 100.0}
    finally:
        following.LOOK_S = before
    assert len(heard.told) == 2


def test_a_triton_is_looked_at_and_an_alias_is_no_traffic() -> None:
    """What `mlflow models serve` serves, nobody asked of it."""
    heard = Heard()
    with followed(Triton("http://127.0.0.1:1", transport=FakeTriton().transport()), heard):
        assert asked(heard.wait_for(1)) == {"2": 100.0}
    alias, stopping = Heard(), threading.Event()
    follow_routing(Mlflow("http://127.0.0.1:1", transport=FakeMlflow().transport()), lambda: MODEL, alias, stopping)
    assert alias.told == []
