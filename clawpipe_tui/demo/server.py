"""The reference serving API `/v1`: what the demo talks to, and the contract that a team can implement."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from clawpipe_tui.demo.access import Account, Scope, authorise
from clawpipe_tui.demo.deployment import Service, Settings, service
from clawpipe_tui.demo.events import events
from clawpipe_tui.demo.limiting import Budget, Limiter, told_of
from clawpipe_tui.demo.moving import Moving
from clawpipe_tui.demo.openapi import document
from clawpipe_tui.demo.predicting import Predicting
from clawpipe_tui.demo.problems import ProblemError, broken, refused, unrouted
from clawpipe_tui.demo.proposals import is_rehearsal
from clawpipe_tui.demo.reading import Reading
from clawpipe_tui.demo.replay import Replays

Endpoint = Callable[[Request], Awaitable[Response]]


class Doors:
    """Who comes in: a token with the scope, and something left of its quota."""

    def __init__(self, settings: Settings, limiter: Limiter) -> None:
        self._settings = settings
        self._limiter = limiter

    def reading(self, answer: Callable[[Request], Response]) -> Endpoint:
        """An endpoint for those who may read."""

        async def endpoint(request: Request) -> Response:
            _, budget = self._enter(request, "read")
            with told_of(budget):
                return _budgeted(answer(request), budget)

        return endpoint

    def writing(self, scope: Scope, answer: Callable[[Request, Account], Awaitable[Response]]) -> Endpoint:
        """An endpoint for those who may change things; a dry run costs no write of the quota, but a read."""

        async def endpoint(request: Request) -> Response:
            account, budget = self._enter(request, scope, "read" if is_rehearsal(request) else scope)
            with told_of(budget):
                return _budgeted(await answer(request, account), budget)

        return endpoint

    def _enter(self, request: Request, scope: Scope, quota: Scope | None = None) -> tuple[Account, Budget]:
        try:
            account = authorise(request, self._settings.accounts, scope)
        except ProblemError as stranger:
            if stranger.status == 401:
                self._limiter.spend_stranger(request.client.host if request.client else "")
            raise
        return account, self._limiter.spend(account.name, quota or scope)


def _budgeted(response: Response, budget: Budget) -> Response:
    response.headers.update(budget.headers)
    return response


async def health(_request: Request) -> Response:
    """Whether the server runs; open to everyone."""
    return JSONResponse({"status": "ok"})


def reference_app(settings: Settings) -> Starlette:
    """The API as an ASGI application; the prediction log starts and stops with it."""
    memory = service(settings)
    app = Starlette(
        routes=_paths(memory),
        lifespan=_lifespan(settings),
        exception_handlers={ProblemError: refused, HTTPException: unrouted, Exception: broken},
    )
    app.router.redirect_slashes = False
    return app


def _paths(memory: Service) -> list[Path]:
    limiter = Limiter(memory.settings.quotas, memory.settings.strangers)
    doors, reading = Doors(memory.settings, limiter), Reading(memory)
    moving = Moving(memory, Replays(memory.settings.store))
    predicting = Predicting(memory, np.random.default_rng(memory.settings.seed), limiter)
    answers = {
        "/v1/models": reading.models,
        "/v1/models/{model}/versions": reading.versions,
        "/v1/models/{model}/versions/{version}": reading.version,
        "/v1/models/{model}/routing/status": reading.status,
        "/v1/changes": reading.changes,
        "/v1/changes/{id}": reading.change,
        "/v1/audit": reading.audit,
        "/v1/events": partial(events, memory),
    }
    look, put = doors.reading(reading.routing), doors.writing("operate", moving.put)

    async def get_or_put(request: Request) -> Response:
        return await (put if request.method == "PUT" else look)(request)

    async def described(_request: Request) -> Response:
        return JSONResponse(document())

    return [
        *(Path(path, doors.reading(answer), methods=["GET"]) for path, answer in answers.items()),
        Path("/v1/models/{model}/routing", get_or_put, methods=["GET", "PUT"]),
        Path("/v1/models/{model}/predict", predicting.post, methods=["POST"]),
        Path("/v1/changes/{id}/approvals", doors.writing("approve", moving.approve), methods=["POST"]),
        Path("/v1/openapi.json", described, methods=["GET"]),
        Path("/v1/health", health, methods=["GET"]),
    ]


def _lifespan(settings: Settings) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncGenerator[None]:
        if settings.log is not None:
            settings.log.start()
        try:
            yield
        finally:
            if settings.log is not None:
                settings.log.stop()

    return running
