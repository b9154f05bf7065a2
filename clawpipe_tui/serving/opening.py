"""From the configuration to an open Registry and Router: each product by its name, in any combination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clawpipe_tui.config import Serving
from clawpipe_tui.config.values import REGISTRIES, ROUTERS
from clawpipe_tui.errors import ConfigError, nearest
from clawpipe_tui.serving.api import Options
from clawpipe_tui.serving.argo import Rollouts
from clawpipe_tui.serving.aws import ControlPlane
from clawpipe_tui.serving.credentials import read_registry_token, read_token
from clawpipe_tui.serving.deployment import Deployment
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.kubernetes import Access, Cluster
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.sagemaker import SageMaker
from clawpipe_tui.serving.seam import Registry, Router
from clawpipe_tui.serving.triton import Triton
from clawpipe_tui.serving.trust import Trust

Both = ReferenceAPI | Mlflow | KServe | Deployment | Rollouts | SageMaker


@dataclass(frozen=True)
class _Place:
    """Where one half is, with the token that goes there and nowhere else."""

    serving: Serving
    url: str
    token: str = field(repr=False)

    @property
    def trust(self) -> Trust:
        """Whom to trust there."""
        return Trust(self.serving.ca_file, self.serving.client_cert, self.serving.client_key)

    @property
    def options(self) -> Options:
        """How it is reached."""
        return {"trust": self.trust, "plain_http_hosts": self.serving.plain_http_hosts}


def open_serving(serving: Serving) -> tuple[Registry, Router]:
    """The two halves; one object where one product is both. Raises UsageError, ConfigError."""
    for key, name, known in (("registry", serving.registry, REGISTRIES), ("router", serving.router, ROUTERS)):
        if name not in known:
            raise ConfigError(f"[serving] {key}: there is no adapter {name!r}.", nearest(name, known))
    here = _Place(serving, serving.url, read_token(serving))
    apart = serving.registry_url not in {"", serving.url}
    if serving.registry == serving.router and not apart:
        both = _BOTH[serving.router](here)
        return both, both
    there = _Place(serving, serving.registry_url, read_registry_token(serving)) if apart else here
    router = Triton(here.url, here.token, **here.options) if serving.router == "triton" else _BOTH[serving.router](here)
    return _BOTH[serving.registry](there), router


def _reference(place: _Place) -> Both:
    return ReferenceAPI(place.url, place.token, **place.options)


def _mlflow(place: _Place) -> Both:
    return Mlflow(place.url, place.token, place.serving.alias, **place.options)


def _cluster(place: _Place) -> Cluster:
    """By the address that is given, else by the kubeconfig, else by the pod that we are in."""
    serving = place.serving
    if place.url:
        access = Access(place.url, lambda: place.token, place.trust, "", serving.plain_http_hosts)
    else:
        from clawpipe_tui.serving.kubeconfig import kubernetes_access

        access = kubernetes_access(serving.kubeconfig, serving.context)
    return Cluster(access, serving.namespace)


def _sagemaker(place: _Place) -> Both:
    serving = place.serving
    plane = ControlPlane(place.url, serving.region, serving.ca_file, plain_http_hosts=serving.plain_http_hosts)
    return SageMaker(plane, serving.endpoint)


_BOTH: Mapping[str, Callable[[_Place], Both]] = {
    "reference": _reference,
    "mlflow": _mlflow,
    "kserve": lambda place: KServe(_cluster(place)),
    "deployment": lambda place: Deployment(_cluster(place)),
    "argo": lambda place: Rollouts(_cluster(place)),
    "sagemaker": _sagemaker,
}
