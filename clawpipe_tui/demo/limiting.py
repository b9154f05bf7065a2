"""Rate limits: each actor has a quota for each scope, so that who reads a lot can still roll back."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from clawpipe_tui.demo.access import Scope
from clawpipe_tui.demo.problems import ProblemError


@dataclass(frozen=True)
class Budget:
    """What an actor has left, as the RateLimit headers say it (draft-ietf-httpapi-ratelimit-headers-11)."""

    scope: str
    quota: int
    window_s: int
    left: int
    resets_s: int

    @property
    def headers(self) -> dict[str, str]:
        """For every answer."""
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.quota};w={self.window_s}',
            "RateLimit": f'"{self.scope}";r={self.left};t={self.resets_s}',
        }


@contextmanager
def told_of(budget: Budget) -> Generator[None]:
    """A refusal tells what is left as every other answer does."""
    try:
        yield
    except ProblemError as refused:
        refused.headers = {**budget.headers, **refused.headers}
        raise


@dataclass
class Limiter:
    """Counts in fixed windows, in memory: a restart forgives."""

    quotas: Mapping[Scope, str]
    strangers: str = "60/minute"
    """What all from one address have together, whose token is not known."""
    limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))

    def spend(self, actor: str, scope: Scope) -> Budget:
        """Take one from this actor's quota. Raises a 429 problem."""
        return self._spend(parse(self.quotas[scope]), scope, actor)

    def spend_stranger(self, address: str) -> Budget:
        """Take one from those whom nobody knows: tokens cannot be guessed at any speed. Raises a 429 problem."""
        return self._spend(parse(self.strangers), "unauthorised", address)

    def _spend(self, item: RateLimitItem, scope: str, actor: str) -> Budget:
        within = self.limiter.hit(item, scope, actor)
        stats = self.limiter.get_window_stats(item, scope, actor)
        resets_s = max(1, math.ceil(stats.reset_time - time.time()))
        budget = Budget(scope, item.amount, item.get_expiry(), max(0, stats.remaining), resets_s)
        if not within:
            detail = f"More than {item.amount} requests with the scope {scope!r} in {item.get_expiry()} s."
            raise ProblemError(429, detail, {**budget.headers, "Retry-After": str(resets_s)})
        return budget
