"""Whom to trust over https, and as whom to appear: a team's own certificate authority, a client certificate."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.credentials import private_file


@dataclass(frozen=True)
class Trust:
    """Files in PEM; empty: the system's own authorities, and no client certificate."""

    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""


def tls_context(trust: Trust) -> ssl.SSLContext:
    """What every https connection is checked with; there is no way to switch the check off. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=trust.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"[serving] ca_file cannot be used: {trust.ca_file} ({_why(error)}).") from error
    if trust.client_cert:
        private_file(Path(trust.client_key or trust.client_cert), "client key")
        try:
            context.load_cert_chain(trust.client_cert, trust.client_key or None)
        except (OSError, ssl.SSLError) as error:
            message = f"[serving] client_cert cannot be used: {trust.client_cert} ({_why(error)})."
            raise ConfigError(message, "It must be PEM and belong to client_key.") from error
    return context


def _why(error: Exception) -> str:
    return getattr(error, "strerror", "") or type(error).__name__
