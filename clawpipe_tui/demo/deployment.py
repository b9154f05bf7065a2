"""What the embedded server serves: models that can answer, their documents, and where their traffic goes at first."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from clawpipe_tui.demo.access import Account
from clawpipe_tui.demo.state import Desired, Observed, State
from clawpipe_tui.serving.seam import Route

if TYPE_CHECKING:
    import numpy as np

    from clawpipe_tui.demo.model import Answer, Features
    from clawpipe_tui.demo.world import Served


class Model(Protocol):
    """One version that can be asked."""

    def answer(self, features: Features, rng: np.random.Generator) -> Answer:
        """Serve one request."""
        ...


class Audit(Protocol):
    """Where changes are written down before they take effect."""

    def append(self, entry: Mapping[str, object]) -> None:
        """One more change."""
        ...

    def entries(self) -> list[dict[str, object]]:
        """All changes, oldest first."""
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


@dataclass(frozen=True)
class Settings:
    """Everything that the embedded server is given."""

    deployments: tuple[Deployment, ...]
    audit: Audit
    accounts: Mapping[str, Account] = field(default_factory=dict[str, Account])
    """Accounts by the digest of their token; where none may `predict`, predictions are open to this machine."""
    log: Log | None = None
    time_limit_ms: float = 5_000.0
    """No prediction takes longer than this, whatever the model says."""
    seed: int = 1
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass
class Service:
    """The running server's memory: the one place that changes."""

    settings: Settings
    state: State
    observed: Observed = field(default_factory=Observed)

    def deployment(self, model: str) -> Deployment | None:
        """One model by its name."""
        return next((found for found in self.settings.deployments if found.model == model), None)


def service(settings: Settings) -> Service:
    """A server as it starts."""
    desired = {found.model: Desired(found.routes, found.previous) for found in settings.deployments}
    return Service(settings, State(desired))


def change_id() -> str:
    """An identifier that sorts by time."""
    return f"chg-{time.time_ns() // 1_000_000:011x}{os.urandom(4).hex()}"


def load_deployment(
    documents: Path, model: str, routes: tuple[Route, ...], previous: tuple[Route, ...] | None = None
) -> Deployment:
    """The demo's model with every version whose document lies in a folder."""
    from clawpipe_tui.demo.model import DelayModel

    read = [cast("dict[str, object]", json.loads(path.read_text("utf-8"))) for path in sorted(documents.glob("*.json"))]
    known = {str(document["version"]): document for document in read}
    versions = {version: DelayModel.load(document) for version, document in known.items()}
    return Deployment(model, versions, known, routes, previous)
