"""One answer of one model: within the time limit, whatever the model does, and never one that cannot be meant."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from clawpipe_tui.serving.payload import plain

if TYPE_CHECKING:
    import numpy as np

    from clawpipe_tui.demo.deployment import Deployment, Model
    from clawpipe_tui.demo.model import Answer, Features


async def inferred(
    deployment: Deployment, version: str, features: Features, rng: np.random.Generator, limit_ms: float
) -> Answer:
    """What a version says; the fallback's answer where it raises or says what it cannot mean; else a timeout."""
    began = time.perf_counter()
    try:
        said = await _in_a_thread(deployment.versions[version], features, rng, limit_ms / 1_000)
    except TimeoutError:
        return _late(limit_ms)
    if isinstance(said, Exception):
        return _fallen_back(deployment, f"{type(said).__name__}: {said}", 1_000 * (time.perf_counter() - began))
    return ranged(capped(said, limit_ms), deployment)


async def _in_a_thread(
    model: Model, features: Features, rng: np.random.Generator, limit_s: float
) -> Answer | Exception:
    """A thread of its own and a daemon, so that a model that hangs delays neither the others nor the end."""
    loop = asyncio.get_running_loop()
    coming: asyncio.Future[Answer | Exception] = loop.create_future()

    def arrive(said: Answer | Exception) -> None:
        if not coming.done():
            coming.set_result(said)

    def work() -> None:
        try:
            said: Answer | Exception = model.answer(features, rng)
        except Exception as error:  # noqa: BLE001 - the edge of the worker: what a model raises reaches no caller
            said = error
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(arrive, said)

    threading.Thread(target=work, name="inference", daemon=True).start()
    return await asyncio.wait_for(coming, limit_s)


def capped(answer: Answer, limit_ms: float) -> Answer:
    """The answer, or a timeout where by its own account it takes longer than the server waits."""
    return answer if answer.latency_ms <= limit_ms else _late(limit_ms)


def _late(limit_ms: float) -> Answer:
    from clawpipe_tui.demo.model import Answer

    return Answer("timeout", f"TimeoutError: no answer within {limit_ms:.0f} ms", limit_ms)


def ranged(answer: Answer, deployment: Deployment) -> Answer:
    """The answer, or the fallback's where it is none that the model could mean: a check on the way out."""
    if answer.outcome != "ok" or answer.score is None:
        return answer
    classes = deployment.classes
    if 0 <= answer.score <= 1 and (not classes or answer.prediction in classes):
        return answer
    said = f"OutputError: {answer.prediction!r} with the score {answer.score:g} is out of range"
    return _fallen_back(deployment, said, answer.latency_ms)


def _fallen_back(deployment: Deployment, why: str, latency_ms: float) -> Answer:
    from clawpipe_tui.demo.model import Answer

    prediction, score = deployment.fallback
    return Answer("fallback", plain(why, 300), latency_ms, prediction, score)
