"""What the embedded server serves: models that can answer, their documents, and where their traffic goes at first."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from clawpipe_tui.demo.access import Account, Scope
from clawpipe_tui.demo.state import Desired, Observed, State
from clawpipe_tui.demo.store import Store
from clawpipe_tui.serving.seam import Route

if TYPE_CHECKING:
    import numpy as np

    from clawpipe_tui.demo.model import Answer, Features
    from clawpipe_tui.demo.world import Served


QUOTAS: Mapping[Scope, str] = {
    "read": "1200/minute", "operate": "60/minute", "approve": "60/minute", "predict": "12000/minute",
}  # fmt: skip


class Model(Protocol):
    """One version that can be asked."""

    def answer(self, features: Features, rng: np.random.Generator) -> Answer:
        """Serve one request."""
        ...


class Log(Protocol):
    """Where predictions go."""

    def add(self, row: Served) -> None:
        """One more prediction."""
        ...

    def start(self) -> None:
        """Begin to write."""
        ...

    def stop(self) -> None:
        """Write what is left."""
        ...


@dataclass(frozen=True)
class Deployment:
    """One model: its versions, ready to answer, with their documents, and its first routing."""

    model: str
    versions: Mapping[str, Model]
    documents: Mapping[str, Mapping[str, object]]
    routes: tuple[Route, ...]
    previous: tuple[Route, ...] | None = None
    classes: frozenset[str] = frozenset()
    """What can be predicted; empty: anything."""
    fallback: tuple[str, float] = ("unknown", 0.5)
    """What is answered, with which score, where the model's own answer cannot be meant."""


@dataclass(frozen=True)
class Settings:
    """Everything that the embedded server is given."""

    deployments: tuple[Deployment, ...]
    store: Store
    accounts: Mapping[str, Account] = field(default_factory=dict[str, Account])
    """Accounts by the digest of their token; where none may `predict`, predictions are open to this machine."""
    log: Log | None = None
    time_limit_ms: float = 5_000.0
    """No prediction takes longer than this, whatever the model says."""
    second_person: frozenset[str] = frozenset()
    """Models whose routing nobody changes alone."""
    quotas: Mapping[Scope, str] = field(default_factory=lambda: dict(QUOTAS))
    """How often each actor may use each scope."""
    strangers: str = "60/minute"
    """How often one address may come without a token that is known."""
    seed: int = 1
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass
class Service:
    """The running server's memory: the one place that changes."""

    settings: Settings
    state: State
    observed: Observed = field(default_factory=Observed)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, and replaced, whenever the audit grows."""

    def tell(self) -> None:
        """Wake everyone who waits for news."""
        told, self.news = self.news, asyncio.Event()
        told.set()

    def deployment(self, model: str) -> Deployment | None:
        """One model by its name."""
        return next((found for found in self.settings.deployments if found.model == model), None)


def service(settings: Settings) -> Service:
    """A server as it starts."""
    first = {found.model: Desired(found.routes, found.previous) for found in settings.deployments}
    return Service(settings, settings.store.load(first))


def change_id() -> str:
    """An identifier that sorts by time."""
    return f"chg-{time.time_ns() // 1_000_000:011x}{os.urandom(4).hex()}"


def load_deployment(
    documents: Path, model: str, routes: tuple[Route, ...], previous: tuple[Route, ...] | None = None
) -> Deployment:
    """The demo's model with every version whose document lies in a folder."""
    from clawpipe_tui.demo.model import LATE, ON_TIME, DelayModel

    read = [cast("dict[str, object]", json.loads(path.read_text("utf-8"))) for path in sorted(documents.glob("*.json"))]
    known = {str(document["version"]): document for document in read}
    versions = {version: DelayModel.load(document) for version, document in known.items()}
    # Most flights are on time: the answer of somebody who knows nothing about this one.
    return Deployment(model, versions, known, routes, previous, frozenset({LATE, ON_TIME}), (ON_TIME, 0.2))
