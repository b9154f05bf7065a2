"""The embedded reference serving API `/v1`: thin, in memory, and true on the write path."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from clawpipe_tui.demo.access import authorise
from clawpipe_tui.demo.deployment import Service, Settings, service
from clawpipe_tui.demo.moving import Moving, found
from clawpipe_tui.demo.predicting import Predicting
from clawpipe_tui.demo.problems import ProblemError, broken, refused, unrouted

Endpoint = Callable[[Request], Awaitable[Response]]


class Reading:
    """The questions that change nothing; each needs the scope `read`."""

    def __init__(self, memory: Service) -> None:
        self._memory = memory

    def guarded(self, answer: Callable[[Request], Response]) -> Endpoint:
        """An endpoint for those who may read."""

        async def endpoint(request: Request) -> Response:
            authorise(request, self._memory.settings.accounts, "read")
            return answer(request)

        return endpoint

    def models(self, _request: Request) -> Response:
        """All models."""
        return JSONResponse({"models": [{"name": known.model} for known in self._memory.settings.deployments]})

    def versions(self, request: Request) -> Response:
        """All versions of a model, oldest first."""
        documents = found(self._memory, request).documents.values()
        return JSONResponse({"versions": sorted(documents, key=lambda document: str(document.get("created_at", "")))})

    def version(self, request: Request) -> Response:
        """One version's document."""
        deployment, version = found(self._memory, request), str(request.path_params["version"])
        if version not in deployment.documents:
            raise ProblemError(404, f"There is no version {version[:200]!r} of {deployment.model}.")
        return JSONResponse(deployment.documents[version])

    def routing(self, request: Request) -> Response:
        """Where traffic is meant to go, with the ETag that a change must name."""
        model = found(self._memory, request).model
        desired = self._memory.state.desired[model]
        headers = {"ETag": desired.etag, "Cache-Control": "no-cache"}
        if desired.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return JSONResponse(desired.as_json(model), headers=headers)

    def status(self, request: Request) -> Response:
        """Where traffic was seen to go since the last change."""
        model = found(self._memory, request).model
        move = self._memory.state.desired[model].move
        since = None if move is None else move.at.isoformat()
        return JSONResponse({"model": model, "since": since, "observed": self._memory.observed.as_json(model)})

    def changes(self, request: Request) -> Response:
        """The changes, newest first; `?model=` and `?key=` narrow them."""
        model, key = request.query_params.get("model"), request.query_params.get("key")
        fitting = [
            move.as_json()
            for move in reversed(self._memory.state.moves)
            if model in {None, move.model} and key in {None, move.key}
        ]
        return JSONResponse({"changes": fitting})

    def change(self, request: Request) -> Response:
        """One change."""
        move = self._memory.state.move(str(request.path_params["id"]))
        if move is None:
            raise ProblemError(404, "There is no such change.")
        return JSONResponse(move.as_json())

    def audit(self, _request: Request) -> Response:
        """Every line of the audit file."""
        return JSONResponse({"entries": self._memory.settings.audit.entries()})


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
    reading, moving = Reading(memory), Moving(memory)
    predicting = Predicting(memory, np.random.default_rng(memory.settings.seed))
    answers = {
        "/v1/models": reading.models,
        "/v1/models/{model}/versions": reading.versions,
        "/v1/models/{model}/versions/{version}": reading.version,
        "/v1/models/{model}/routing/status": reading.status,
        "/v1/changes": reading.changes,
        "/v1/changes/{id}": reading.change,
        "/v1/audit": reading.audit,
    }
    routing = reading.guarded(reading.routing)

    async def get_or_put(request: Request) -> Response:
        return await moving.put(request) if request.method == "PUT" else await routing(request)

    return [
        *(Path(path, reading.guarded(answer), methods=["GET"]) for path, answer in answers.items()),
        Path("/v1/models/{model}/routing", get_or_put, methods=["GET", "PUT"]),
        Path("/v1/models/{model}/predict", predicting.post, methods=["POST"]),
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
