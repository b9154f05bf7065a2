"""Jobs side by side, in a few threads that go when there is nothing to do and that no exit waits for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Abreast:
    """At most so many jobs at a time, the oldest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._running = 0
        self._threads: set[int] = set()

    @property
    def threads(self) -> set[int]:
        """The threads that have something to do."""
        with self._lock:
            return set(self._threads)

    def begin(self, job: Callable[[], T]) -> Future[T]:
        """Run it as soon as there is room; the future holds what it returns or raises."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                future.set_exception(error)

        with self._lock:
            self._jobs.append(run)
            has_room = self._running < self._most
            self._running += has_room
        if has_room:
            threading.Thread(target=self._work, name="question", daemon=True).start()
        return future

    def _work(self) -> None:
        me = threading.get_ident()
        while True:
            with self._lock:
                if not self._jobs:
                    self._threads.discard(me)
                    self._running -= 1
                    return
                self._threads.add(me)
                job = self._jobs.popleft()
            job()
