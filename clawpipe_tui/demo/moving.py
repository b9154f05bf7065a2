"""`PUT /models/{m}/routing`: the one write, guarded by If-Match and Idempotency-Key, audited before it takes effect."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse

from clawpipe_tui.demo.access import Account, authorise
from clawpipe_tui.demo.deployment import Deployment, Service, change_id
from clawpipe_tui.demo.problems import ProblemError
from clawpipe_tui.demo.replay import Replays, key_of
from clawpipe_tui.demo.state import Move, Proposal, Stamp, apply, propose
from clawpipe_tui.serving.payload import Fields, MalformedError, as_fields, parse, read_routes, text
from clawpipe_tui.serving.seam import Route

_BODY_LIMIT_BYTES = 64_000
_ETAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass
class Moving:
    """Handles changes of routing, one at a time."""

    service: Service
    replays: Replays = field(default_factory=Replays)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def put(self, request: Request) -> JSONResponse:
        """Change where a model's traffic goes, or say what the change would be (`?dry_run=true`)."""
        account = authorise(request, self.service.settings.accounts, "operate")
        deployment, key = found(self.service, request), key_of(request)
        body = await bounded_body(request, _BODY_LIMIT_BYTES)
        if request.query_params.get("dry_run", "").lower() == "true":
            return self._rehearse(request, deployment, account, key, body)
        place = (account.name, "PUT", request.url.path, key)
        # The key comes before the precondition: a repeated request expects a state that it has itself changed.
        known = self.replays.begin(place, body)
        if known is not None:
            return JSONResponse(known.answer, headers={"ETag": known.etag, "Idempotency-Replayed": "true"})
        try:
            answer, etag = await self._move(request, deployment, account, key, body)
        except BaseException:
            self.replays.abandon(place)
            raise
        self.replays.finish(place, answer, etag)
        return JSONResponse(answer, headers={"ETag": etag})

    def _rehearse(
        self, request: Request, deployment: Deployment, account: Account, key: str, body: bytes
    ) -> JSONResponse:
        move = self._checked(request, deployment, account, key, body)
        would_be = apply(self.service.state, move).desired[deployment.model]
        return JSONResponse({**would_be.as_json(deployment.model), "dry_run": True})

    async def _move(
        self, request: Request, deployment: Deployment, account: Account, key: str, body: bytes
    ) -> tuple[Mapping[str, object], str]:
        async with self.turn:
            move = self._checked(request, deployment, account, key, body)
            before = self.service.state.desired[deployment.model].etag
            changed = apply(self.service.state, move)
            after = changed.desired[deployment.model]
            entry = {"action": "routing", "etag_before": before, "etag_after": after.etag, **move.as_json()}
            await asyncio.to_thread(self.service.settings.audit.append, entry)
            self.service.state = changed
            self.service.observed.forget(deployment.model)
            return after.as_json(deployment.model), after.etag

    def _checked(self, request: Request, deployment: Deployment, account: Account, key: str, body: bytes) -> Move:
        """The change that is asked for. Raises a 400, 412, 422 or 428 problem."""
        expected = request.headers.get("if-match", "").strip()
        if not expected or expected == "*":
            raise ProblemError(428, "A change needs If-Match with the ETag of the routing that it was planned on.")
        proposal = read_proposal(body, deployment)
        etag = self.service.state.desired[deployment.model].etag
        if etag not in _ETAG.findall(expected):
            raise ProblemError(412, "The routing has changed since it was read.", {"ETag": etag})
        stamp = Stamp(change_id(), self.service.settings.now(), account.name, key)
        return propose(self.service.state, deployment.model, proposal, stamp)


def found(service: Service, request: Request) -> Deployment:
    """The model that a path names. Raises a 404 problem."""
    model = str(request.path_params["model"])
    deployment = service.deployment(model)
    if deployment is None:
        raise ProblemError(404, f"There is no model {model[:200]!r}.")
    return deployment


async def bounded_body(request: Request, limit_bytes: int) -> bytes:
    """The body of a request. Raises a 413 problem."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise ProblemError(413, f"The body is larger than {limit_bytes // 1_000} kB.")
    return bytes(body)


def json_fields(body: bytes) -> Fields:
    """A JSON object. Raises a 400 problem."""
    try:
        return as_fields(parse(body), "the body")
    except MalformedError as error:
        raise ProblemError(400, f"The body cannot be read: {error}.") from error


def read_proposal(body: bytes, deployment: Deployment) -> Proposal:
    """What is asked for. Raises a 400 or 422 problem."""
    fields = json_fields(body)
    try:
        routes = read_routes(fields.get("routes"))
        proposal = Proposal(routes, text(fields, "reason").strip(), text(fields, "reference").strip())
    except MalformedError as error:
        raise ProblemError(422, f"The change cannot be read: {error}.") from error
    complaint = _complaint(proposal, deployment)
    if complaint:
        raise ProblemError(422, complaint)
    return proposal


def _complaint(proposal: Proposal, deployment: Deployment) -> str:
    if not proposal.reason:
        return "A change needs a reason."
    unknown = [route.version for route in proposal.routes if route.version not in deployment.versions]
    if unknown:
        return f"There is no version {unknown[0][:200]!r} of {deployment.model}."
    if len({route.version for route in proposal.routes}) < len(proposal.routes):
        return "A version stands in the routes twice."
    return _unbalanced(proposal.routes)


def _unbalanced(routes: tuple[Route, ...]) -> str:
    if not any(route.role == "live" and route.weight_pct > 0 for route in routes):
        return "No live version would get traffic."
    total_pct = sum(route.weight_pct for route in routes if route.role != "shadow")
    return "" if abs(total_pct - 100) < 0.01 else f"The weights add up to {total_pct:g} %, not 100 %."
