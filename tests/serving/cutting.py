"""A line to a server that can be cut at any byte, and servers in processes of their own that can be killed."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from served import whole_answer, whole_request


@dataclass
class Cutter:
    """Carries whole exchanges; of a write, only so many bytes of the request, or of the answer."""

    server: int
    request_bytes: int | None = None
    answer_bytes: int | None = None
    seen_request: int = 0
    seen_answer: int = 0
    writes: int = 0
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __post_init__(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The near end."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.create_connection(("127.0.0.1", self.server)) as far:
            near.settimeout(5)
            far.settimeout(5)
            request = whole_request(near).replace(b"Connection: keep-alive", b"Connection: close")
            first_line = request.split(b"\r\n", 1)[0]
            write = first_line.startswith(b"PUT") and b"dry_run=true" not in first_line
            if not write:
                far.sendall(request)
                near.sendall(whole_answer(far))
                return
            self.writes += 1
            self.seen_request = len(request)
            far.sendall(request[: self.request_bytes])
            if self.request_bytes is not None and self.request_bytes < len(request):
                return
            answer = whole_answer(far)
            self.seen_answer = len(answer)
            near.sendall(answer[: self.answer_bytes])


_SERVER = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from served import settings
from clawpipe_tui.demo.running import serve_settings
from clawpipe_tui.demo.store import Step, Store

class Dying(Store):
    def commit(self, step: Step) -> None:
        if sys.argv[4] == "before the write":
            os.kill(os.getpid(), signal.SIGKILL)
        super().commit(step)
        if sys.argv[4] == "after the write":
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
print(serve_settings(settings(folder, audit=Dying(folder / "serving.db")), int(sys.argv[3])).url, flush=True)
sys.stdin.read()
"""


@contextmanager
def server_process(folder: Path, port: int = 0, dies: str = "") -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """The reference API in a process of its own; it may kill itself just before or after its first write."""
    words = [sys.executable, "-c", _SERVER, str(folder), str(Path(__file__).parent), str(port), dies]
    started = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert started.stdout
        yield started, started.stdout.readline().decode().strip()
    finally:
        started.kill()
        started.wait()
        for pipe in (started.stdin, started.stdout):
            if pipe:
                pipe.close()
