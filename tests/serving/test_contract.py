"""One contract for every serving system: list, versions, routing, guarded move, replay, stale write, unknown names.

The fakes answer as the real ones do. CLAWPIPE_MLFLOW and CLAWPIPE_TRITON name real servers to hold the same contract
against: `make test-integration`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from backends import NAME, FakeKubernetes, FakeMlflow, FakeTriton, revision
from served import MODEL, OPERATOR, WRITE, Stage, settings

from clawpipe_tui.config import Serving
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.errors import ConfigError, ServingError, UsageError
from clawpipe_tui.operations.rollback import plan_move, plan_rollback, send
from clawpipe_tui.serving.errors import Conflict, NotFound
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.opening import open_serving
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Change, ChangeLog, Registry, Route, Router
from clawpipe_tui.serving.triton import Triton

REAL_MLFLOW = os.environ.get("CLAWPIPE_MLFLOW", "")
REAL_TRITON = os.environ.get("CLAWPIPE_TRITON", "")
_REAL = {"real mlflow": REAL_MLFLOW, "real triton": REAL_TRITON}
BACKENDS = ("reference", "mlflow", "triton", "kserve", *(name for name, url in _REAL.items() if url))


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


def reloaded(url: str) -> str:
    """A real Triton's model at version 2, as if nobody had ever moved it."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        config = dict(http.get(f"/v2/models/{NAME}/config").raise_for_status().json())
        config |= {"version_policy": {"specific": {"versions": [2]}}, "parameters": {}}
        body = {"parameters": {"config": json.dumps(config)}}
        http.post(f"/v2/repository/models/{NAME}/load", json=body).raise_for_status()
    return NAME


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
    elif request.param == "real triton":
        with closing(Triton(REAL_TRITON)) as real:
            yield Backend(mlflow, real, reloaded(REAL_TRITON), "2", "1", "3")
    elif request.param == "kserve":
        kserve = KServe("http://127.0.0.1:1", "", "ml", FakeKubernetes(percent=100).transport())
        yield Backend(kserve, kserve, NAME, revision(3), revision(2), revision(1))
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
        backend.router.apply(backend.change(backend.live, "b", token))
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
    assert backend.other in text or '"canaryTrafficPercent": 0' in text
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


def asked_until(stop: threading.Event, answers: list[tuple[int, str]]) -> None:
    """Requests to a real Triton, one after the other: the status, and the version that answered."""
    x = {"name": "x", "datatype": "FP32", "shape": [1], "data": [2.0]}
    with httpx.Client(base_url=REAL_TRITON, trust_env=False, timeout=30) as http:
        while not stop.is_set():
            answer = http.post(f"/v2/models/{NAME}/infer", json={"inputs": [x]})
            answers.append((answer.status_code, str(answer.json().get("model_version", ""))))


@pytest.mark.skipif(not REAL_TRITON, reason="needs CLAWPIPE_TRITON: make test-integration")
def test_a_rollback_of_a_real_triton_under_traffic_fails_no_request() -> None:
    """Four clients ask all the while; each answer names its version, and the last ones name the new one."""
    reloaded(REAL_TRITON)
    stop, answers = threading.Event(), list[tuple[int, str]]()
    clients = [threading.Thread(target=asked_until, args=(stop, answers)) for _ in range(4)]
    for client in clients:
        client.start()
    registry = Mlflow("http://127.0.0.1:1", "", transport=FakeMlflow().transport())
    with closing(Triton(REAL_TRITON)) as router:
        plan = plan_rollback(registry, router, NAME, to="1", key=uuid4().hex)
        sent = send(router, plan, "errors rose", safety=WRITE)
    moved_after = len(answers)
    stop.wait(1.0)
    stop.set()
    for client in clients:
        client.join(30)
    assert sent.state == "applied"
    assert {status for status, _ in answers} == {200}
    assert {version for _, version in answers[:10]} == {"2"}
    assert {version for _, version in answers[moved_after + 4 :]} == {"1"}
