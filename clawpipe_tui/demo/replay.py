"""Idempotency-Key: what was answered to a key once is answered again, and nothing is done twice."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from clawpipe_tui.demo.problems import ProblemError
from clawpipe_tui.demo.store import Place, Replay, Store

EXPIRY_S = 24 * 3_600.0
_LONGEST_KEY = 255


@dataclass
class Replays:
    """The keys in flight, in memory; the answered ones, in the store, where they survive a restart."""

    store: Store
    clock: Callable[[], float] = time.time
    in_flight: dict[Place, str] = field(default_factory=dict[Place, str])

    def begin(self, place: Place, body: bytes) -> Replay | None:
        """The answer that this key was given, or None after marking it as in flight. Raises a 409 or 422 problem."""
        printed = fingerprint(body)
        waiting = self.in_flight.get(place)
        known = None if waiting else self._kept(place)
        if (waiting or (known.fingerprint if known else printed)) != printed:
            raise ProblemError(422, "This Idempotency-Key was used with another body.")
        if waiting:
            raise ProblemError(409, "A request with this Idempotency-Key is still being handled.", {"Retry-After": "1"})
        if known is None:
            self.in_flight[place] = printed
        return known

    def end(self, place: Place) -> None:
        """No longer in flight: answered, and then it is in the store; or refused, and then its key is free again."""
        self.in_flight.pop(place, None)

    def _kept(self, place: Place) -> Replay | None:
        oldest_s = self.clock() - EXPIRY_S
        known = self.store.replay(place)
        if known is None or known.born_s >= oldest_s:
            return known
        self.store.forget_replays(oldest_s)
        return None


def fingerprint(body: bytes) -> str:
    """What a body is recognised by."""
    return hashlib.sha256(body).hexdigest()


def key_of(request: Request) -> str:
    """The Idempotency-Key of a request, without the quotes of its structured form. Raises a 400 problem."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ProblemError(400, "A change needs an Idempotency-Key: 1 to 255 printable ASCII characters.")
    return key
