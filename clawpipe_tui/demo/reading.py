"""The questions that change nothing: models, versions, routing, changes, audit."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clawpipe_tui.demo.deployment import Service
from clawpipe_tui.demo.problems import ProblemError
from clawpipe_tui.demo.proposals import found

LAST_LINE = 10**14
"""No audit is longer."""
_MOST_ENTRIES = 1_000


class Reading:
    """Answers from memory, but the audit, which is read where it is kept."""

    def __init__(self, memory: Service) -> None:
        self._memory = memory

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
        known = request.headers.get("if-none-match", "").strip()
        if known == "*" or desired.etag in known:
            return Response(status_code=304, headers=headers)
        return JSONResponse(desired.as_json(model), headers=headers)

    def status(self, request: Request) -> Response:
        """Where traffic was seen to go since the last change."""
        model = found(self._memory, request).model
        move = self._memory.state.desired[model].move
        since = None if move is None else move.at.isoformat()
        return JSONResponse({"model": model, "since": since, "observed": self._memory.observed.as_json(model)})

    def changes(self, request: Request) -> Response:
        """The changes, newest first; `?model=`, `?key=` and `?state=` narrow them."""
        asked = {name: request.query_params.get(name) for name in ("model", "key", "state")}
        fitting = [
            move.as_json()
            for move in reversed(self._memory.state.moves)
            if all(value in {None, getattr(move, name)} for name, value in asked.items())
        ]
        return JSONResponse({"changes": fitting})

    def change(self, request: Request) -> Response:
        """One change."""
        move = self._memory.state.move(str(request.path_params["id"]))
        if move is None:
            raise ProblemError(404, "There is no such change.")
        return JSONResponse(move.as_json())

    def audit(self, request: Request) -> Response:
        """Lines of the audit after one of them, and the head of the whole chain."""
        said = request.query_params.get("after", "0")
        if not (said.isascii() and said.isdigit() and len(said) < 20 and int(said) <= LAST_LINE):
            raise ProblemError(400, "after is not the number of a line.")
        store = self._memory.settings.store
        head = store.head()
        entries = store.entries(int(said), _MOST_ENTRIES)
        return JSONResponse({"entries": entries, "head": {"seq": head.seq, "sha256": head.sha256}})
