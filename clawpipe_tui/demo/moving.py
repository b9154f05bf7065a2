"""`PUT /models/{m}/routing`: the one write, guarded by If-Match and Idempotency-Key, on disk before it takes effect."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import JSONResponse

from clawpipe_tui.demo.access import Account
from clawpipe_tui.demo.deployment import Deployment, Service, change_id
from clawpipe_tui.demo.problems import ProblemError
from clawpipe_tui.demo.proposals import bounded_body, found, is_rehearsal, json_fields, read_proposal
from clawpipe_tui.demo.replay import Replays, fingerprint, key_of
from clawpipe_tui.demo.state import Move, Proposal, Stamp, State, apply, keep, propose
from clawpipe_tui.demo.store import Place, Replay, Step

_BODY_LIMIT_BYTES = 64_000
_ETAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True)
class Verdict:
    """What a request did: the state after it, the change, the audit's word for it, and the answer."""

    state: State
    move: Move
    action: str
    status: int
    answer: Mapping[str, object]
    headers: Mapping[str, str]


@dataclass
class Moving:
    """Handles changes of routing, one at a time."""

    service: Service
    replays: Replays
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def put(self, request: Request, account: Account) -> JSONResponse:
        """Change where a model's traffic goes, or say what the change would be (`?dry_run=true`)."""
        deployment, key = found(self.service, request), key_of(request)
        body = await bounded_body(request, _BODY_LIMIT_BYTES)
        if is_rehearsal(request):
            return self._rehearse(request, deployment, account, key, body)

        def move() -> Verdict:
            return self._moved(*self._checked(request, deployment, account, key, body))

        return await self._once((account.name, "PUT", request.url.path, key), body, move)

    async def approve(self, request: Request, account: Account) -> JSONResponse:
        """Let somebody else's change take effect, if what it was planned on is still so."""
        waiting, key = str(request.path_params["id"]), key_of(request)
        body = await bounded_body(request, _BODY_LIMIT_BYTES)
        json_fields(body or b"{}")
        place = (account.name, "POST", request.url.path, key)
        return await self._once(place, body, lambda: self._approved(waiting, account))

    async def _once(self, place: Place, body: bytes, decide: Callable[[], Verdict]) -> JSONResponse:
        """Decide, write, answer; a key that was answered before is answered again, and nothing is decided."""
        # The key comes before the precondition: a repeated request expects a state that it has itself changed.
        known = await asyncio.to_thread(self.replays.begin, place, body)
        if known is not None:
            replayed = {**known.headers, "Idempotency-Replayed": "true"}
            return JSONResponse(dict(known.answer), known.status, replayed)
        try:
            # Shielded: a client that hangs up, or a server that stops, must not leave memory and disk apart.
            verdict = await asyncio.shield(self._written(place, body, decide))
        finally:
            self.replays.end(place)
        if verdict.status == 412:
            raise ProblemError(412, "The routing has changed since this change was proposed.", verdict.headers)
        return JSONResponse(dict(verdict.answer), verdict.status, dict(verdict.headers))

    def _written(self, place: Place, body: bytes, decide: Callable[[], Verdict]) -> Awaitable[Verdict]:
        async def write() -> Verdict:
            async with self.turn:
                verdict = decide()
                etag = self.service.state.desired[verdict.move.model].etag
                after = verdict.state.desired[verdict.move.model].etag
                entry = {"action": verdict.action, "etag_before": etag, "etag_after": after, **verdict.move.as_json()}
                if verdict.action == "approved":
                    entry["by"], entry["proposed_by"] = place[0], verdict.move.by
                answered = (verdict.status, verdict.answer, verdict.headers)
                replay = Replay(place, fingerprint(body), time.time(), *answered) if verdict.status < 400 else None
                step = Step(verdict.state, (verdict.move,), entry, replay)
                await asyncio.to_thread(self.service.settings.store.commit, step)
                self.service.state = verdict.state
                if after != etag:
                    self.service.observed.forget(verdict.move.model)
                self.service.tell()
                return verdict

        return asyncio.ensure_future(write())

    def _rehearse(
        self, request: Request, deployment: Deployment, account: Account, key: str, body: bytes
    ) -> JSONResponse:
        proposal, move = self._checked(request, deployment, account, key, body)
        would_be = apply(self.service.state, move).desired[deployment.model]
        approval = "required" if self._waits(deployment.model, proposal) else "not required"
        return JSONResponse({**would_be.as_json(deployment.model), "dry_run": True, "approval": approval})

    def _waits(self, model: str, proposal: Proposal) -> bool:
        return proposal.second_person or model in self.service.settings.second_person

    def _checked(
        self, request: Request, deployment: Deployment, account: Account, key: str, body: bytes
    ) -> tuple[Proposal, Move]:
        """The change that is asked for. Raises a 400, 412, 422 or 428 problem."""
        expected = request.headers.get("if-match", "").strip()
        if not expected or expected == "*":
            raise ProblemError(428, "A change needs If-Match with the ETag of the routing that it was planned on.")
        proposal = read_proposal(body, deployment)
        etag = self.service.state.desired[deployment.model].etag
        if etag not in _ETAG.findall(expected):
            raise ProblemError(412, "The routing has changed since it was read.", {"ETag": etag})
        stamp = Stamp(change_id(), self.service.settings.now(), account.name, key)
        return proposal, propose(self.service.state, deployment.model, proposal, stamp)

    def _moved(self, proposal: Proposal, move: Move) -> Verdict:
        if self._waits(move.model, proposal):
            waiting = replace(move, state="pending")
            answer = {**self.service.state.desired[move.model].as_json(move.model), "pending": waiting.as_json()}
            headers = {"Location": f"/v1/changes/{move.id}"}
            return Verdict(keep(self.service.state, waiting), waiting, "proposed", 202, answer, headers)
        return self._applied(move, "routing")

    def _applied(self, move: Move, action: str) -> Verdict:
        state = apply(self.service.state, move)
        after = state.desired[move.model]
        return Verdict(state, move, action, 200, after.as_json(move.model), {"ETag": after.etag})

    def _approved(self, waiting: str, account: Account) -> Verdict:
        move = self.service.state.move(waiting)
        if move is None:
            raise ProblemError(404, "There is no such change.")
        if move.by == account.name:
            raise ProblemError(403, "Nobody approves a change of their own.")
        if move.state != "pending":
            raise ProblemError(409, f"This change does not wait for approval: it is {move.state}.")
        current = self.service.state.desired[move.model]
        if move.base != current.etag:
            late = replace(move, state="superseded")
            return Verdict(keep(self.service.state, late), late, "superseded", 412, {}, {"ETag": current.etag})
        return self._applied(replace(move, state="applied", approved_by=(account.name,)), "approved")
