"""Serves an application on a free loopback port in a thread: quiet, and stopped cleanly."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

import uvicorn

from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.errors import ServingError

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGIApplication

    from clawpipe_tui.demo.deployment import Settings

_START_S, _STOP_S = 10.0, 10.0


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    url: str
    server: uvicorn.Server
    thread: threading.Thread

    def stop(self) -> None:
        """Answer what is being answered, flush, and end."""
        self.server.should_exit = True
        self.thread.join(_STOP_S)
        if self.thread.is_alive():
            self.server.force_exit = True
            self.thread.join(_STOP_S)


def serve_settings(settings: Settings, port: int = 0) -> Running:
    """Serve the reference API."""
    return serve_in_thread(reference_app(settings), port)


@dataclass(frozen=True)
class Certificates:
    """Files in PEM for https; with `client_ca`, only clients with a certificate of that authority are let in."""

    cert: str
    key: str
    client_ca: str = ""


def serve_in_thread(
    app: ASGIApp, port: int = 0, *, host: str = "127.0.0.1", certificates: Certificates | None = None
) -> Running:
    """Serve an application; port 0 takes a free one. Returns when it answers. Raises ServingError."""
    listening = _listen(host, port)
    config = uvicorn.Config(
        cast("ASGIApplication", app),
        **_secured(certificates),
        log_config=None,
        log_level="critical",  # the terminal belongs to the console
        access_log=False,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=_serve, args=(server, listening), name="serving-api", daemon=True)
    thread.start()
    scheme, name = "https" if certificates else "http", f"[{host}]" if ":" in host else host
    running = Running(f"{scheme}://{name}:{listening.getsockname()[1]}", server, thread)
    deadline = time.monotonic() + _START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            running.stop()
            raise ServingError("The embedded serving API did not start.")
        time.sleep(0.005)
    return running


class _Secured(TypedDict, total=False):
    ssl_certfile: str
    ssl_keyfile: str
    ssl_ca_certs: str
    ssl_cert_reqs: int


def _secured(certificates: Certificates | None) -> _Secured:
    if certificates is None:
        return {}
    own: _Secured = {"ssl_certfile": certificates.cert, "ssl_keyfile": certificates.key}
    if not certificates.client_ca:
        return own
    return {**own, "ssl_ca_certs": certificates.client_ca, "ssl_cert_reqs": ssl.CERT_REQUIRED}


def _listen(host: str, port: int) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; without it each answer waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ServingError(f"Port {port} cannot be served on: {error.strerror}.", "Choose another port.") from error
    return listening


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    with listening:
        server.run(sockets=[listening])
