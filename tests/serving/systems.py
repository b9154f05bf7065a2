"""Every serving system with an adapter, each behind a real socket with a model in three versions.

The fakes answer as the real ones do. CLAWPIPE_MLFLOW and CLAWPIPE_TRITON name real servers: `make test-integration`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import boto3
import httpx
from backends import NAME, FakeMlflow, FakeTriton, over_http
from cluster import FakeCluster, deployed, rolled_out, served, served_raw
from served import MODEL, OPERATOR, Stage, is_write, settings

from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.serving.argo import Rollouts
from clawpipe_tui.serving.aws import ControlPlane
from clawpipe_tui.serving.deployment import Deployment
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.kubernetes import Access, Cluster
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.sagemaker import SageMaker
from clawpipe_tui.serving.seam import Change, Registry, Route, Router
from clawpipe_tui.serving.triton import Triton
from clawpipe_tui.serving.workload import Workload

REAL_MLFLOW = os.environ.get("CLAWPIPE_MLFLOW", "")
REAL_TRITON = os.environ.get("CLAWPIPE_TRITON", "")
_REAL = {"real mlflow": REAL_MLFLOW, "real triton": REAL_TRITON}


class OpenRouter(Router, Protocol):
    """A router with connections."""

    def close(self) -> None:
        """Drop them."""
        ...


class Connect(Protocol):
    """Makes a client of one system, by way of any address."""

    def __call__(self, url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
        """Both halves."""
        ...


@dataclass(frozen=True)
class Backend:
    """One serving system with a model whose live version is `live`."""

    registry: Registry
    router: OpenRouter
    model: str
    live: str
    other: str
    third: str
    url: str
    connect: Connect
    moves: Callable[[bytes], bool]
    """Which request, by its head, is the one that moves traffic."""
    noted: bool = True
    """Whether versions have change notes."""
    extra: tuple[str, ...] = ()
    """What else is listed as a version."""

    def change(self, version: str, key: str = "key-1", expected: str = "") -> Change:
        """All to one version."""
        token = expected or self.router.routing(self.model).token
        return Change(self.model, (Route(version, 100.0),), token, "errors rose", "INC-7", key)

    @contextmanager
    def by_way_of(self, url: str, timeout_s: float = 5.0) -> Generator[OpenRouter]:
        """A client that asks somewhere else."""
        router = self.connect(url, timeout_s)[1]
        yield router
        router.close()


def _posts(end: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"POST ") and head.split(b" ", 2)[1].endswith(end)


def _patches(head: bytes) -> bool:
    return head.startswith(b"PATCH") and b"dryRun" not in head.split(b"\r\n", 1)[0]


def _sets_weights(head: bytes) -> bool:
    return b"UpdateEndpointWeightsAndCapacities" in head


def reference(folder: Path, where: Stage, running: Running) -> Backend:
    """The embedded one."""
    where.app = reference_app(settings(folder, audit=Store(folder / "serving.db")))

    def connect(url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
        api = ReferenceAPI(url, OPERATOR, timeout_s=timeout_s)
        return api, api

    return _opened(running.url, connect, (MODEL, "v42", "v41", "v43"), is_write)


def _opened(url: str, connect: Connect, names: tuple[str, str, str, str], moves: Callable[[bytes], bool]) -> Backend:
    registry, router = connect(url, 30.0)
    return Backend(registry, router, *names, url, connect, moves)


def mlflow(where: Stage, running: Running) -> Backend:
    """A fake of MLflow."""
    where.app = over_http(FakeMlflow().answer)
    return _mlflow_at(running.url, NAME)


def _mlflow_at(url: str, name: str) -> Backend:
    def connect(url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
        api = Mlflow(url, OPERATOR, timeout_s=timeout_s)
        return api, api

    return _opened(url, connect, (name, "2", "1", "3"), _posts(b"/registered-models/alias"))


def triton(where: Stage, running: Running) -> Backend:
    """A fake of Triton, with a registry of its own."""
    where.app = over_http(FakeTriton().answer)
    return _triton_at(running.url)


def _triton_at(url: str) -> Backend:
    known = Mlflow("http://127.0.0.1:1", "", transport=FakeMlflow().transport())

    def connect(url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
        return known, Triton(url, OPERATOR, timeout_s=timeout_s)

    return _opened(url, connect, (NAME, "2", "1", "3"), _posts(b"/load"))


def kubernetes(
    kind: Callable[[Cluster], Workload],
    made: Callable[[], FakeCluster],
    names: tuple[str, str, str],
    *,
    noted: bool = True,
) -> Callable[[Stage, Running], Backend]:
    """Some objects in a fake API server."""

    def opened(where: Stage, running: Running) -> Backend:
        cluster = made()
        cluster.token = OPERATOR
        where.app = over_http(cluster.answer)

        def connect(url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
            api = kind(Cluster(Access(url, lambda: OPERATOR), "ml", timeout_s=timeout_s))
            return api, api

        return replace(_opened(running.url, connect, (NAME, *names), _patches), noted=noted)

    return opened


def sagemaker(url: str) -> Backend:
    """Moto, with an endpoint of three variants and the packages that they serve."""
    name = endpoint_made(url)

    def connect(url: str, timeout_s: float) -> tuple[Registry, OpenRouter]:
        api = SageMaker(ControlPlane(url, "eu-west-1", timeout_s=timeout_s))
        return api, api

    backend = _opened(url, connect, (name, "v42", "v41", "v43"), _sets_weights)
    return replace(backend, extra=(f"{name}/4",))


def endpoint_made(url: str) -> str:
    """v42 with everything, v41 and v43 with nothing, and a fourth package that nobody serves."""
    made, name = boto3.client("sagemaker", region_name="eu-west-1", endpoint_url=url), f"model-{uuid4().hex[:8]}"
    made.create_model_package_group(ModelPackageGroupName=name)
    container = {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1", "ModelDataUrl": "s3://models/none"}
    spec = {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    variants: list[dict[str, object]] = []
    for version in ("v41", "v42", "v43", "v44"):
        package = made.create_model_package(
            ModelPackageGroupName=name,
            ModelPackageDescription=f"makes {version}",
            ModelApprovalStatus="Approved" if version != "v44" else "PendingManualApproval",
            InferenceSpecification=spec,
        )["ModelPackageArn"]
        model, role = f"{name}-{version}", "arn:aws:iam::123456789012:role/serving"
        if version != "v44":
            made.create_model(ModelName=model, ExecutionRoleArn=role, PrimaryContainer={"ModelPackageName": package})
            weight = {"InitialVariantWeight": 1.0 if version == "v42" else 0.0, "InitialInstanceCount": 1}
            variants.append({"VariantName": version, "ModelName": model, "InstanceType": "ml.m5.large", **weight})
    made.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
    made.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return name


@contextmanager
def moto() -> Generator[str]:
    """Moto's own server on loopback, with credentials that are none."""
    from moto.server import ThreadedMotoServer

    fake = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "session-secret"}
    before = {name: os.environ.get(name) for name in fake}
    os.environ.update(fake)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


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


_REVISIONS = (f"{NAME}-predictor-00003", f"{NAME}-predictor-00002", f"{NAME}-predictor-00001")
_VERSIONS = ("v42", "v41", "v43")
_SYSTEMS: dict[str, Callable[[Stage, Running], Backend]] = {
    "mlflow": mlflow,
    "triton": triton,
    "kserve": kubernetes(KServe, partial(served, percent=100), _REVISIONS),
    "kserve raw": kubernetes(KServe, partial(served_raw, v43=0), ("v42", "v43", "v44"), noted=False),
    "deployment": kubernetes(Deployment, deployed, _VERSIONS),
    "argo": kubernetes(Rollouts, partial(rolled_out, canary=False), _VERSIONS),
    "real mlflow": lambda _where, _running: _mlflow_at(REAL_MLFLOW, seeded(REAL_MLFLOW)),
    "real triton": lambda _where, _running: replace(_triton_at(REAL_TRITON), model=reloaded(REAL_TRITON)),
}
NAMES = ("reference", "sagemaker", *(name for name in _SYSTEMS if not name.startswith("real") or _REAL[name]))


def backend_of(name: str, folder: Path, stage: tuple[Stage, Running], moto_url: Callable[[], str]) -> Backend:
    """One of them, just started."""
    where, running = stage
    if name == "reference":
        return reference(folder, where, running)
    return sagemaker(moto_url()) if name == "sagemaker" else _SYSTEMS[name](where, running)
