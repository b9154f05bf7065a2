"""A reference API on loopback with two tiny models, and a line to it that can be cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
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
WRITE = Safety(write=True, environment="demo")
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


def is_write(head: bytes) -> bool:
    """A PUT or POST of the reference API that is no dry run."""
    return head.startswith((b"PUT", b"POST")) and b"dry_run=true" not in head.split(b"\r\n", 1)[0]


class Line:
    """A TCP line to a server, on which a write meets trouble.

    `request`: cut before it arrives; `answer`: before its answer; `middle`: just after the answer's beginning;
    `silence`: it arrives and nothing comes back; `failure`: it arrives, and the answer is a 500; a number: that is the
    answer, and it does not arrive.
    """

    def __init__(self, url: str, *, cut: str, moves: Callable[[bytes], bool] = is_write) -> None:
        self._server = int(url.rsplit(":", 1)[1])
        self._cut, self._moves = cut, moves
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self.writes = 0
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """The near end."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Hang up."""
        self._closed.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in (self._accepting, *self._threads):
            thread.join(60)

    def _accept(self) -> None:
        while not self._closed.is_set():
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
            far.settimeout(60)
            request = whole_request(near)
            write = self._moves(request.split(b"\r\n\r\n", 1)[0])
            self.writes += write
            if write and self._cut == "request":
                return
            if write and self._cut.isdigit():
                near.sendall(_answer(self._cut))
                return
            head = request.replace(b"Connection: keep-alive", b"Connection: close")
            far.sendall(head if b"onnection: close" in head else head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            answer = whole_answer(far)
            if write and self._cut == "silence":
                self._closed.wait(5)
            elif write and self._cut == "failure":
                near.sendall(_answer("500"))
            else:
                near.sendall(answer[:40] if write and self._cut == "middle" else b"" if write else answer)


def _answer(status: str) -> bytes:
    """An answer of a proxy, which knows nothing of the API behind it."""
    body = b"<html><body>\x1b[31mgo away\x1b[0m</body></html>"
    head = f"HTTP/1.1 {status} No\r\nContent-Type: text/html\r\nRetry-After: 7\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def whole_request(near: socket.socket) -> bytes:
    """Head and body, by its Content-Length."""
    return _whole(near, 0)


def whole_answer(far: socket.socket) -> bytes:
    """By its Content-Length, else everything until the other side hangs up: not all do."""
    return _whole(far, None)


def _whole(side: socket.socket, unsaid: int | None) -> bytes:
    """Head and body; a body of unsaid length has this one, or ends with the connection."""
    read = b""
    while b"\r\n\r\n" not in read:
        chunk = side.recv(65_536)
        if not chunk:
            return read
        read += chunk
    head, _, body = read.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else unsaid
    while length is None or len(body) < length:
        chunk = side.recv(65_536)
        if not chunk:
            break
        body += chunk
    return head + b"\r\n\r\n" + body
