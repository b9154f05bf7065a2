"""Whom to trust over https, and as whom to appear: a team's own certificate authority, a client certificate."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from clawpipe_tui.errors import ConfigError
from clawpipe_tui.serving.credentials import private_file


@dataclass(frozen=True)
class Trust:
    """Files in PEM; empty: the system's own authorities, and no client certificate."""

    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    ca_pem: str = ""
    """The authorities themselves, where they are in no file."""
    client_pem: str = field(default="", repr=False)
    """Certificate and key themselves, where they are in no file."""


def tls_context(trust: Trust) -> ssl.SSLContext:
    """What every https connection is checked with; there is no way to switch the check off. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=trust.ca_file or None, cadata=trust.ca_pem or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"[serving] ca_file cannot be used: {trust.ca_file or 'its text'} ({_why(error)})."
        ) from error
    if trust.client_cert:
        private_file(Path(trust.client_key or trust.client_cert), "client key")
        try:
            context.load_cert_chain(trust.client_cert, trust.client_key or None)
        except (OSError, ssl.SSLError) as error:
            message = f"[serving] client_cert cannot be used: {trust.client_cert} ({_why(error)})."
            raise ConfigError(message, "It must be PEM and belong to client_key.") from error
    if trust.client_pem:
        _present(context, trust.client_pem)
    return context


def _present(context: ssl.SSLContext, pem: str) -> None:
    """A certificate that is in no file: ssl wants one, so it lies in a private one for a moment."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The client certificate cannot be used ({_why(error)}).", "It must be PEM.") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", "") or type(error).__name__
