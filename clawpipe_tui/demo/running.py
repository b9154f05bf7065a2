"""Serves an application on a free loopback port in a thread: quiet, and stopped cleanly."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

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


def serve_in_thread(app: ASGIApp, port: int = 0) -> Running:
    """Serve an application on loopback; port 0 takes a free one. Returns when it answers. Raises ServingError."""
    listening = _listen(port)
    config = uvicorn.Config(
        cast("ASGIApplication", app),
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
    running = Running(f"http://127.0.0.1:{listening.getsockname()[1]}", server, thread)
    deadline = time.monotonic() + _START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            running.stop()
            raise ServingError("The embedded serving API did not start.")
        time.sleep(0.005)
    return running


def _listen(port: int) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; without it each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise ServingError(f"Port {port} cannot be served on: {error.strerror}.", "Choose another port.") from error
    return listening


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    with listening:
        server.run(sockets=[listening])
