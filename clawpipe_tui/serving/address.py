"""Where a serving API lives and what may travel there: refuses a token over plain http to another machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.payload import plain

_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Address:
    """The base of an API, with the headers that every request to it carries."""

    base: str
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What identifies us."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def address(url: str, token: str, plain_http_hosts: Collection[str] = ()) -> Address:
    """A checked address. Raises ConfigError where it is none, or where the token would travel in the open."""
    shown, token = plain(url, 200), token.strip()
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"[serving] url is not a URL: {shown}") from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigError(f"[serving] url is not an http(s) address: {shown}", "Write it like https://host:port.")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("[serving] url carries a user or a password.", "Give the token in [serving] token_env.")
    if token and not _TOKEN.fullmatch(token):
        raise ConfigError("The serving token holds characters that no header may carry.", "Check [serving] token_env.")
    if token and parts.scheme == "http" and not is_loopback(host) and host not in plain_http_hosts:
        raise ConfigError(
            f"Refusing to send the token over plain http to {plain(host, 200)}: anyone on the way could read it.",
            "Use https in [serving] url, or name this host in [serving] plain_http_hosts if its network is trusted.",
        )
    return Address(_base(parts), token)


def _base(parts: SplitResult) -> str:
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host stays on this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
