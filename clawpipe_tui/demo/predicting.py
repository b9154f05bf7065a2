"""`POST /models/{m}/predict`: picks a version by the routing, lets it answer in its own time, logs what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse

from clawpipe_tui.demo.access import authorise, bearer, from_this_machine
from clawpipe_tui.demo.deployment import Deployment, Service
from clawpipe_tui.demo.inference import inferred
from clawpipe_tui.demo.limiting import Budget, Limiter, told_of
from clawpipe_tui.demo.problems import ProblemError, problem
from clawpipe_tui.demo.proposals import bounded_body, found, json_fields
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, plain, text
from clawpipe_tui.serving.seam import Route

if TYPE_CHECKING:
    from clawpipe_tui.demo.model import Answer, Features, Outcome

_BODY_LIMIT_BYTES = 64_000
_STATUSES = {"ok": 200, "fallback": 200, "rejected": 422, "timeout": 504}
_NOBODY = "unknown"


@dataclass(frozen=True)
class Asked:
    """One request for a prediction."""

    request_id: str
    client: str
    features: Features


def pick(routes: Sequence[Route], luck: float) -> Route:
    """The route that a request takes, by weight; `luck` is between 0 and 1."""
    answering = [route for route in routes if route.role != "shadow" and route.weight_pct > 0]
    left = luck * sum(route.weight_pct for route in answering)
    for route in answering:
        left -= route.weight_pct
        if left < 0:
            return route
    return answering[-1]


@dataclass
class Predicting:
    """Answers predictions; shadows answer too, and nobody waits for them."""

    service: Service
    rng: np.random.Generator
    limiter: Limiter
    shadows: set[asyncio.Task[Answer]] = field(default_factory=set[asyncio.Task["Answer"]])

    async def post(self, request: Request) -> JSONResponse:
        """One prediction."""
        deployment = found(self.service, request)
        client, budget = self._admitted(request, deployment)
        with told_of(budget):
            response = await self._answered(request, deployment, client)
        response.headers.update(budget.headers)
        return response

    async def _answered(self, request: Request, deployment: Deployment, client: str) -> JSONResponse:
        asked = _asked(json_fields(await bounded_body(request, _BODY_LIMIT_BYTES)), client)
        routes = self.service.state.desired[deployment.model].routes
        for route in routes:
            if route.role == "shadow":
                task = asyncio.create_task(self._serve(deployment, route, asked))
                self.shadows.add(task)
                task.add_done_callback(self.shadows.discard)
        route = pick(routes, float(self.rng.random()))
        return _response(asked, deployment, route, await self._serve(deployment, route, asked))

    async def _serve(self, deployment: Deployment, route: Route, asked: Asked) -> Answer:
        from clawpipe_tui.demo.world import Served

        settings = self.service.settings
        began = time.perf_counter()
        # A generator of its own: the model answers in a thread, and another may be answering still.
        luck = np.random.default_rng(int(self.rng.integers(2**63)))
        answer = await inferred(deployment, route.version, asked.features, luck, settings.time_limit_ms)
        await asyncio.sleep(max(0.0, answer.latency_ms / 1_000 - (time.perf_counter() - began)))
        at = settings.now()
        self.service.observed.count(deployment.model, route.version, route.role, at)
        if settings.log is not None:
            row = Served(
                served_at=at,
                request_id=asked.request_id,
                model=deployment.model,
                version=route.version,
                role=route.role,
                client=asked.client,
                answer=answer,
                features=cast("Mapping[str, object]", asked.features),
            )
            settings.log.add(row)
        return answer

    def _admitted(self, request: Request, deployment: Deployment) -> tuple[str, Budget]:
        """Who asks, and what is left to them; who may not is logged as well. Raises a 401, 403 or 429 problem."""
        try:
            client = self._client(request)
        except ProblemError as refused:
            self._log_refused(deployment, _NOBODY, "unauthorised", refused)
            raise
        try:
            budget = self.limiter.spend(client or "this machine", "predict")
        except ProblemError as refused:
            self._log_refused(deployment, client or "anonymous", "limited", refused)
            raise
        return client, budget

    def _log_refused(self, deployment: Deployment, client: str, outcome: Outcome, refused: ProblemError) -> None:
        """A request that no version saw counts for the live one, which it would have reached."""
        from clawpipe_tui.demo.model import Answer
        from clawpipe_tui.demo.world import Served

        settings = self.service.settings
        routes = self.service.state.desired[deployment.model].routes
        if settings.log is not None:
            live = next(route for route in routes if route.role == "live")
            answer = Answer(outcome, refused.detail, 0.0)
            row = Served(
                settings.now(), uuid4().hex, deployment.model, live.version, live.role, client, answer, features={}
            )
            settings.log.add(row)

    def _client(self, request: Request) -> str:
        """Who asks: the account of the token, or (empty) somebody on this machine. Raises a 401 or 403 problem."""
        known = self.service.settings.accounts
        closed = any("predict" in account.scopes for account in known.values())
        if closed or bearer(request):
            return authorise(request, known, "predict").name
        if not from_this_machine(request):
            raise ProblemError(401, "This needs a bearer token.", {"WWW-Authenticate": "Bearer"})
        return ""


def _asked(fields: Fields, client: str) -> Asked:
    try:
        features = as_fields(fields.get("features"), "features")
        request_id = text(fields, "request_id")[:100] or uuid4().hex
        return Asked(request_id, client or text(fields, "client")[:100] or "anonymous", cast("Features", features))
    except MalformedError as error:
        raise ProblemError(400, f"The request cannot be read: {error}.") from error


def _response(asked: Asked, deployment: Deployment, route: Route, answer: Answer) -> JSONResponse:
    status = _STATUSES.get(answer.outcome, 500)
    headers = {"X-Model-Version": route.version}
    if status != 200:
        return problem(status, plain(answer.error or answer.outcome, 300), headers)
    content = {
        "request_id": asked.request_id,
        "model": deployment.model,
        "model_version": route.version,
        "outcome": answer.outcome,
        "prediction": answer.prediction,
        "score": answer.score,
        "latency_ms": answer.latency_ms,
    }
    return JSONResponse(content, headers=headers)
