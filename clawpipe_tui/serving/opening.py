"""From the configuration to an open Registry and Router: each product by its name, in any combination."""

from __future__ import annotations

from clawpipe_tui.config import Serving
from clawpipe_tui.errors import ConfigError, nearest
from clawpipe_tui.serving.credentials import read_token
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Registry, Router
from clawpipe_tui.serving.triton import Triton
from clawpipe_tui.serving.trust import Trust

REGISTRIES = ("reference", "mlflow", "kserve")
ROUTERS = ("reference", "mlflow", "triton", "kserve")


def open_serving(serving: Serving) -> tuple[Registry, Router]:
    """The two halves; one object where one product is both. Raises UsageError, ConfigError."""
    for key, name, known in (("registry", serving.registry, REGISTRIES), ("router", serving.router, ROUTERS)):
        if name not in known:
            raise ConfigError(f"[serving] {key}: there is no adapter {name!r}.", nearest(name, known))
    if serving.registry == serving.router:
        both = _both(serving, serving.router, serving.url)
        return both, both
    registry = _both(serving, serving.registry, serving.registry_url or serving.url)
    return registry, _router(serving)


def _router(serving: Serving) -> Router:
    if serving.router != "triton":
        return _both(serving, serving.router, serving.url)
    return Triton(serving.url, read_token(serving), trust=_trust(serving), plain_http_hosts=serving.plain_http_hosts)


def _both(serving: Serving, name: str, url: str) -> ReferenceAPI | Mlflow | KServe:
    token, trust = read_token(serving), _trust(serving)
    if name == "kserve":
        space = serving.namespace or "default"
        return KServe(url, token, space, trust=trust, plain_http_hosts=serving.plain_http_hosts)
    if name == "mlflow":
        return Mlflow(url, token, serving.alias, trust=trust, plain_http_hosts=serving.plain_http_hosts)
    return ReferenceAPI(url, token, trust=trust, plain_http_hosts=serving.plain_http_hosts)


def _trust(serving: Serving) -> Trust:
    return Trust(serving.ca_file, serving.client_cert, serving.client_key)
