"""From the configuration to an open Registry and Router: each product by its name, in any combination."""

from __future__ import annotations

from clawpipe_tui.config import Serving
from clawpipe_tui.errors import ConfigError, nearest
from clawpipe_tui.serving.credentials import read_token
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Registry, Router
from clawpipe_tui.serving.trust import Trust


def open_serving(serving: Serving) -> tuple[Registry, Router]:
    """The two halves; one object where one product is both. Raises UsageError, ConfigError."""
    trust = Trust(serving.ca_file, serving.client_cert, serving.client_key)
    api = ReferenceAPI(serving.url, read_token(serving), trust=trust, plain_http_hosts=serving.plain_http_hosts)
    for half in (serving.registry, serving.router):
        if half != "reference":
            raise ConfigError(f"There is no adapter {half!r}.", nearest(half, ["reference"]))
    return api, api
