"""`GET /events`: every line of the audit as a Server-Sent Event; Last-Event-ID says where one who was away goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import StreamingResponse

from clawpipe_tui.demo.deployment import Service
from clawpipe_tui.demo.problems import ProblemError

_HEARTBEAT_S = 15.0
_CATCH_UP = 500


def events(service: Service, request: Request) -> StreamingResponse:
    """A stream that begins after the last event that the client has seen. Raises a 400 problem."""
    after = _last_seen(request, service)
    return StreamingResponse(
        _stream(service, after), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


def _last_seen(request: Request, service: Service) -> int:
    said = request.headers.get("last-event-id", "").strip()
    if not said:
        return service.settings.store.head().seq
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        raise ProblemError(400, "Last-Event-ID is not the id of an event.")
    return int(said)


async def _stream(service: Service, after: int) -> AsyncGenerator[bytes]:
    # At once, so that the client knows that it listens.
    yield b"retry: 2000\n\n"
    while True:
        news = service.news
        entries = await asyncio.to_thread(service.settings.store.entries, after, _CATCH_UP)
        for entry in entries:
            after = int(str(entry["seq"]))
            yield f"id: {after}\nevent: {entry['action']}\ndata: {json.dumps(entry)}\n\n".encode()
        if entries:
            continue
        try:
            await asyncio.wait_for(news.wait(), _HEARTBEAT_S)
        except TimeoutError:
            yield b": still here\n\n"
