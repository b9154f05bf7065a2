"""Jobs side by side, in a few threads that no exit waits for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
_IDLE_S = 100.0
"""Longer than a console that looks at a silent log waits between two looks."""


class Abreast:
    """At most so many jobs at a time, the oldest first.

    Its threads stay for what comes next: of each thread that ever asked it something DuckDB keeps 2 kB, for good.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._due = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._begun = 0
        self._busy: set[int] = set()

    @property
    def threads(self) -> set[int]:
        """The threads that have something to do."""
        with self._due:
            return set(self._busy)

    def begin(self, job: Callable[[], T]) -> Future[T]:
        """Run it as soon as there is room; the future holds what it returns or raises."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                future.set_exception(error)

        with self._due:
            self._jobs.append(run)
            is_lacking = self._begun < self._most and self._begun - len(self._busy) < len(self._jobs)
            self._begun += is_lacking
            self._due.notify()
        if is_lacking:
            threading.Thread(target=self._work, name="question", daemon=True).start()
        return future

    def _work(self) -> None:
        while job := self._next():
            job()
            del job  # an idle thread holds nothing

    def _next(self) -> Callable[[], None] | None:
        """What is to be done now; none where there was nothing to do for long."""
        me = threading.get_ident()
        with self._due:
            self._busy.discard(me)
            if not self._due.wait_for(lambda: bool(self._jobs), _IDLE_S):
                self._begun -= 1
                return None
            self._busy.add(me)
            return self._jobs.popleft()
