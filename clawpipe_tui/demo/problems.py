"""Problem documents (RFC 9457): every refusal of the reference API has the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse


class ProblemResponse(JSONResponse):
    """JSON with the media type of a problem."""

    media_type = "application/problem+json"


class ProblemError(Exception):
    """A refusal, raised where the fact is known."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """A problem as an answer."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return ProblemResponse(content, status, dict(headers or {}))


async def refused(_request: Request, error: Exception) -> ProblemResponse:
    """A refusal of our own."""
    known = cast("ProblemError", error)  # Starlette hands over what it was registered for, typed as any exception
    return problem(known.status, known.detail, known.headers)


async def unrouted(request: Request, error: Exception) -> ProblemResponse:
    """No such path, or not with this method."""
    known = cast("HTTPException", error)
    detail = f"There is no {request.method} {request.url.path[:200]}."
    return problem(known.status_code, detail, known.headers)


async def broken(_request: Request, _error: Exception) -> ProblemResponse:
    """Our own mistake; what it was is nobody's business out there."""
    return problem(500, "The server failed. What it did until then is not known.")
