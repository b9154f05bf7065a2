"""Idempotency-Key: what was answered to a key once is answered again, and nothing is done twice."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from clawpipe_tui.demo.problems import ProblemError

_MOST_RECORDS = 10_000
_EXPIRY_S = 24 * 3_600.0
_LONGEST_KEY = 255

Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class Kept:
    """What is remembered of one key: the body it came with, and the answer once there is one."""

    fingerprint: str
    born_s: float
    answer: Mapping[str, object] | None = None
    etag: str = ""


@dataclass
class Replays:
    """The remembered keys, by (actor, method, path, key)."""

    clock: Callable[[], float] = time.monotonic
    kept: OrderedDict[Place, Kept] = field(default_factory=OrderedDict[Place, Kept])

    def begin(self, place: Place, body: bytes) -> Kept | None:
        """The finished answer of this key, or None after marking it as in flight. Raises a 409 or 422 problem."""
        self._expire()
        fingerprint = hashlib.sha256(body).hexdigest()
        known = self.kept.get(place)
        if known is None:
            self.kept[place] = Kept(fingerprint, self.clock())
            return None
        if known.fingerprint != fingerprint:
            raise ProblemError(422, "This Idempotency-Key was used with another body.")
        if known.answer is None:
            raise ProblemError(409, "A request with this Idempotency-Key is still being handled.", {"Retry-After": "1"})
        return known

    def finish(self, place: Place, answer: Mapping[str, object], etag: str) -> None:
        """Remember a success. Refusals are not final and are not kept: call `abandon`."""
        known = self.kept[place]
        self.kept[place] = Kept(known.fingerprint, known.born_s, answer, etag)

    def abandon(self, place: Place) -> None:
        """The request was refused: its key is free again."""
        known = self.kept.get(place)
        if known is not None and known.answer is None:
            del self.kept[place]

    def _expire(self) -> None:
        """Drop finished answers that are too old, or too many; one in flight is never dropped."""
        oldest_s = self.clock() - _EXPIRY_S
        for place, known in list(self.kept.items())[: max(10, len(self.kept) - _MOST_RECORDS)]:
            if known.answer is not None and (known.born_s < oldest_s or len(self.kept) > _MOST_RECORDS):
                del self.kept[place]


def key_of(request: Request) -> str:
    """The Idempotency-Key of a request, without the quotes of its structured form. Raises a 400 problem."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ProblemError(400, "A change needs an Idempotency-Key: 1 to 255 printable ASCII characters.")
    return key
