"""One contract for every serving system: list, versions, routing, guarded move, replay, stale write, unknown names.

The fakes answer as the real ones do. CLAWPIPE_MLFLOW names a real MLflow server to hold the same contract against.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from backends import NAME, FakeMlflow, FakeTriton
from served import MODEL, OPERATOR, WRITE, Stage, settings

from clawpipe_tui.config import Serving
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.errors import ConfigError, ServingError, UsageError
from clawpipe_tui.operations.rollback import plan_move, plan_rollback, send
from clawpipe_tui.serving.errors import Conflict, NotFound
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.opening import open_serving
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Change, ChangeLog, Registry, Route, Router
from clawpipe_tui.serving.triton import Triton

REAL_MLFLOW = os.environ.get("CLAWPIPE_MLFLOW", "")
BACKENDS = ("reference", "mlflow", "triton", *(("real mlflow",) if REAL_MLFLOW else ()))


@dataclass(frozen=True)
class Backend:
    """One serving system with a model whose live version is `live`."""

    registry: Registry
    router: Router
    model: str
    live: str
    other: str
    third: str

    def change(self, version: str, key: str = "key-1", expected: str = "") -> Change:
        """All to one version."""
        token = expected or self.router.routing(self.model).token
        return Change(self.model, (Route(version, 100.0),), token, "errors rose", "INC-7", key)


def seeded(url: str) -> str:
    """A model with three versions and an alias in a real MLflow."""
    name = f"model-{uuid4().hex[:8]}"
    with httpx.Client(base_url=f"{url}/api/2.0/mlflow", trust_env=False, timeout=30) as http:
        http.post("/registered-models/create", json={"name": name}).raise_for_status()
        for number in (1, 2, 3):
            made = {"name": name, "source": "s3://models/none", "description": f"makes {number}"}
            http.post("/model-versions/create", json=made).raise_for_status()
        alias = {"name": name, "alias": "champion", "version": "2"}
        http.post("/registered-models/alias", json=alias).raise_for_status()
    return name


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path, stage: tuple[Stage, Running]) -> Iterator[Backend]:
    """Each of them."""
    if request.param == "reference":
        where, running = stage
        where.app = reference_app(settings(tmp_path, audit=Store(tmp_path / "serving.db")))
        with closing(ReferenceAPI(running.url, OPERATOR)) as api:
            yield Backend(api, api, MODEL, "v42", "v41", "v43")
        return
    mlflow = Mlflow("http://127.0.0.1:1", "", transport=FakeMlflow().transport())
    if request.param == "real mlflow":
        with closing(Mlflow(REAL_MLFLOW)) as real:
            yield Backend(real, real, seeded(REAL_MLFLOW), "2", "1", "3")
    elif request.param == "mlflow":
        yield Backend(mlflow, mlflow, NAME, "2", "1", "3")
    else:
        triton = Triton("http://127.0.0.1:1", transport=FakeTriton().transport())
        yield Backend(mlflow, triton, NAME, "2", "1", "3")


def test_models_and_versions_are_listed(backend: Backend) -> None:
    """Oldest first, each with its document."""
    assert backend.model in backend.registry.models()
    found = [document.version for document in backend.registry.versions(backend.model)]
    assert found == sorted([backend.live, backend.other, backend.third])
    assert backend.registry.version(backend.model, backend.live).change_note == f"makes {backend.live}"


def test_a_move_is_made_once_and_remembers_what_served_before(backend: Backend) -> None:
    """With who, why and by which key."""
    before = backend.router.routing(backend.model)
    assert before.routes[0].version == backend.live
    applied = backend.router.apply(backend.change(backend.other))
    after = backend.router.routing(backend.model)
    assert (after.routes, applied.routing.token) == ((Route(backend.other, 100.0),), after.token)
    assert after.previous
    assert after.previous[0].version == backend.live
    assert (after.change_key, after.reason, after.change_id) == ("key-1", "errors rose", applied.change_id)
    assert after.token != before.token


def test_the_same_key_is_not_done_again(backend: Backend) -> None:
    """A replay, marked as such."""
    change = backend.change(backend.other)
    first, second = backend.router.apply(change), backend.router.apply(change)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.change_id == second.change_id


def test_a_stale_plan_is_a_conflict(backend: Backend) -> None:
    """Also where the backend itself would not notice; nothing is changed."""
    token = backend.router.routing(backend.model).token
    backend.router.apply(backend.change(backend.other, "a"))
    with pytest.raises(Conflict, match="Someone else was first") as refused:
        backend.router.apply(backend.change(backend.third, "b", token))
    assert refused.value.current
    assert backend.router.routing(backend.model).routes[0].version == backend.other


def test_a_made_change_is_found_by_its_key(backend: Backend) -> None:
    """What a lost answer is looked up with."""
    assert isinstance(backend.router, ChangeLog)
    applied = backend.router.apply(backend.change(backend.other))
    assert backend.router.find_change(backend.model, "key-1") == applied.change_id
    assert backend.router.find_change(backend.model, "key-2") is None


def test_unknown_names_are_errors_with_a_sentence(backend: Backend) -> None:
    """A model, a version to read, a version to move to; and the routing stays."""
    with pytest.raises(ServingError):
        backend.router.routing("nope")
    with pytest.raises(NotFound):
        backend.registry.version(backend.model, "99")
    with pytest.raises(ServingError):
        backend.router.apply(backend.change("99"))
    assert backend.router.routing(backend.model).routes[0].version == backend.live


def test_the_request_is_shown_as_it_will_be_sent(backend: Backend) -> None:
    """With the reason and the version, and no token."""
    text = backend.router.describe(backend.change(backend.other))
    assert "errors rose" in text
    assert backend.other in text
    assert OPERATOR not in text


def test_a_rollback_and_its_undo_go_through_the_operations(backend: Backend) -> None:
    """The same plan, words and sending for all; an alias is never called traffic."""
    plan = plan_rollback(backend.registry, backend.router, backend.model, to=backend.other, key="key-1")
    sent = send(backend.router, plan, "errors rose", safety=WRITE)
    assert sent.state == "applied"
    undo = plan_move(
        backend.registry, backend.router, backend.model, action="undo", version=None, weight_pct=None, key="key-2",
        logs=None,
    )  # fmt: skip
    assert undo.returning == backend.live
    assert send(backend.router, undo, "it was the wrong one", safety=WRITE).state == "applied"
    if backend.router.capabilities.effect == "pointer":
        said = f"{plan.sentence} {sent.sentence}"
        assert "the alias moves from" in said
        assert "alias moved to" in said
        assert "%" not in said
        assert plan.effect.startswith("An alias moves, not the traffic")


def test_what_cannot_be_split_is_not_split(backend: Backend) -> None:
    """A canary needs a backend that divides traffic."""
    if backend.router.capabilities.split:
        pytest.skip("this one can")
    with pytest.raises(UsageError, match="cannot split traffic"):
        plan_move(
            backend.registry, backend.router, backend.model, action="canary", version=backend.third, weight_pct=5.0,
            key="k", logs=None,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("serving", "registry", "router"),
    [
        (Serving("http://127.0.0.1:1"), ReferenceAPI, ReferenceAPI),
        (Serving("http://127.0.0.1:1", registry="mlflow", router="mlflow"), Mlflow, Mlflow),
        (
            Serving("http://127.0.0.1:1", registry="mlflow", router="triton", registry_url="http://[::1]:2"),
            Mlflow,
            Triton,
        ),
        (Serving("http://127.0.0.1:1", registry="mlflow"), Mlflow, ReferenceAPI),
    ],
)
def test_registry_and_router_compose(serving: Serving, registry: type, router: type) -> None:
    """As the configuration names them."""
    known, moves = open_serving(serving)
    assert (type(known), type(moves)) == (registry, router)


@pytest.mark.parametrize("serving", [Serving("http://127.0.0.1:1", router="trition"), Serving("u", registry="triton")])
def test_an_unknown_adapter_is_named_with_the_nearest(serving: Serving) -> None:
    """A typing error in the configuration; a router is no registry."""
    with pytest.raises(ConfigError, match=r"there is no adapter '(trition|triton)'"):
        open_serving(serving)
