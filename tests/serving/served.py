"""A reference API on loopback with two tiny models, and a line to it that can be cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from clawpipe_tui.demo.access import Account, accounts
from clawpipe_tui.demo.deployment import Deployment, Settings
from clawpipe_tui.demo.model import Answer
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.store import Store
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Change, Route

MODEL = "flight-delay"
WRITE = Safety(write=True)
OPERATOR, READER, OTHER = "operator-token", "reader-token", "other-token"


@dataclass(frozen=True)
class FakeModel:
    """Answers its own name."""

    version: str
    answer_is: Answer

    def answer(self, features: Mapping[str, object], rng: np.random.Generator) -> Answer:
        """The same answer to everyone."""
        _ = features, rng
        return self.answer_is


def deployment(**answers: Answer) -> Deployment:
    """v42 live, v43 a canary with 20 %, v41 served before."""
    names = ("v41", "v42", "v43")
    models = {name: FakeModel(name, answers.get(name, Answer("ok", None, 1.0, "on_time", 0.1))) for name in names}
    documents = {
        name: {
            "model": MODEL,
            "version": name,
            "created_at": f"2026-11-0{at}T00:00:00Z",
            "change_note": f"makes {name}",
        }
        for at, name in enumerate(names, 1)
    }
    routes = (Route("v42", 80.0), Route("v43", 20.0, "canary"))
    return Deployment(MODEL, models, documents, routes, (Route("v41", 100.0),))


def settings(folder: Path, *, audit: Store | None = None, **answers: Answer) -> Settings:
    """Two operators and a reader."""
    known = {
        OPERATOR: Account("alice", frozenset({"read", "operate"})),
        OTHER: Account("bob", frozenset({"read", "operate", "approve"})),
        READER: Account("eve", frozenset({"read"})),
    }
    return Settings((deployment(**answers),), audit or Store(folder / "audit.jsonl"), accounts(known))


@dataclass
class Served:
    """A running API with the file that it writes changes to."""

    running: Running
    audit: Store

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.running.url

    def api(self, token: str = OPERATOR, url: str = "", timeout_s: float = 2.0) -> ReferenceAPI:
        """A client of it."""
        return ReferenceAPI(url or self.url, token, timeout_s=timeout_s)

    def written(self) -> list[dict[str, object]]:
        """The changes that took effect."""
        return [entry for entry in self.audit.entries() if entry["action"] in {"routing", "approved"}]


class Stage:
    """One server for many tests: each puts its own application on."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is on."""
        await self.app(scope, receive, send)


def change(expected: str, *, key: str = "key-1", version: str = "v42", reason: str = "errors rose") -> Change:
    """All traffic to one version."""
    return Change(MODEL, (Route(version, 100.0),), expected, reason, "INC-7", key)


class Line:
    """A TCP line to a server; a PUT on it is cut before it arrives, before its answer, or just after its beginning."""

    def __init__(self, url: str, *, cut: str) -> None:
        self._server = int(url.rsplit(":", 1)[1])
        self._cut = cut
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.writes = 0
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """The near end."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Hang up."""
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in (self._accepting, *self._threads):
            thread.join(5)

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket) -> None:
        """One request, one answer."""
        with near, socket.create_connection(("127.0.0.1", self._server)) as far:
            near.settimeout(5)
            far.settimeout(5)
            request = whole_request(near)
            first_line = request.split(b"\r\n", 1)[0]
            write = first_line.startswith((b"PUT", b"POST")) and b"dry_run=true" not in first_line
            self.writes += write
            if write and self._cut == "request":
                return
            far.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
            answer = whole_answer(far)
            near.sendall(answer[:40] if write and self._cut == "middle" else b"" if write else answer)


def whole_request(near: socket.socket) -> bytes:
    """Head and body, by its Content-Length."""
    request = b""
    while b"\r\n\r\n" not in request:
        chunk = near.recv(65_536)
        if not chunk:
            return request
        request += chunk
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        body += near.recv(65_536)
    return head + b"\r\n\r\n" + body


def whole_answer(far: socket.socket) -> bytes:
    """Everything until the other side hangs up."""
    answer = b""
    while chunk := far.recv(65_536):
        answer += chunk
    return answer
