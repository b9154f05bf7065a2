"""The clients of the demo: requests at a Poisson pace, whatever the server does with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from clawpipe_tui.demo.world import request_id

if TYPE_CHECKING:
    import numpy as np

    from clawpipe_tui.demo.world import World

_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Endpoint:
    """Who is asked: the serving API, the model, each client's bearer token, and a way there for tests."""

    url: str
    model: str
    tokens: Mapping[str, str]
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True)
class Sent:
    """How the traffic went: answered 2xx, refused with another status, no answer, held back because too many waited."""

    answered: int
    refused: int
    failed: int
    held_back: int


async def send_traffic(
    endpoint: Endpoint,
    world: World,
    *,
    requests_per_s: float,
    incident: Callable[[], bool],
    stop: asyncio.Event,
    rng: np.random.Generator,
    in_flight: int = 32,
) -> Sent:
    """Send requests until told to stop; `incident` says whether the feed has gone metric.

    The pace is open-loop: a slow server gets no fewer requests, until `in_flight` of them wait at once.
    """
    counts: Counter[str] = Counter()
    waiting: set[asyncio.Task[None]] = set()
    async with _client(endpoint) as http, asyncio.TaskGroup() as requests:
        while not await _stopped(stop, float(rng.exponential(1 / requests_per_s))):
            if len(waiting) >= in_flight:
                counts["held_back"] += 1
                continue
            body = _body(world, rng, incident=incident())
            task = requests.create_task(_ask(http, endpoint, body, counts))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
    return Sent(counts["answered"], counts["refused"], counts["failed"], counts["held_back"])


def _client(endpoint: Endpoint) -> httpx.AsyncClient:
    # The proxy settings of the environment are not meant for a demo on loopback.
    return httpx.AsyncClient(base_url=endpoint.url, timeout=_TIMEOUT_S, transport=endpoint.transport, trust_env=False)


def _body(world: World, rng: np.random.Generator, *, incident: bool) -> dict[str, object]:
    return {
        "request_id": request_id(datetime.now(UTC), rng),
        "client": world.client(rng),
        "features": dict(world.draw(rng, incident=incident).features),
    }


async def _stopped(stop: asyncio.Event, after_s: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), after_s)
    except TimeoutError:
        return False
    return True


async def _ask(http: httpx.AsyncClient, endpoint: Endpoint, body: Mapping[str, object], counts: Counter[str]) -> None:
    token = endpoint.tokens.get(str(body["client"]))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = await http.post(f"/v1/models/{endpoint.model}/predict", json=body, headers=headers)
    except httpx.HTTPError:
        counts["failed"] += 1
    else:
        counts["answered" if answer.is_success else "refused"] += 1
