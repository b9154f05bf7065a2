"""Things that several threads take in turns: who began first gets the next one that is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Some things, each used by one thread at a time."""

    def __init__(self, things: Sequence[T]) -> None:
        self._most = len(things)
        self._free = list(things)
        self._taken: dict[int, T] = {}
        self._freed = threading.Condition()
        self._begun = count(1)
        self._turns: dict[int, int] = {}
        """Thread → the number of what it does in order; who does something else comes first."""
        self._waiting: list[tuple[int, int]] = []

    @contextmanager
    def in_order(self) -> Generator[None]:
        """What this thread takes meanwhile, it takes after those that began before."""
        me = threading.get_ident()
        self._turns[me] = next(self._begun)
        try:
            yield
        finally:
            del self._turns[me]

    @contextmanager
    def taking(self) -> Generator[T]:
        """One that nobody else uses."""
        me = threading.get_ident()
        mine = self._turns.get(me, 0), me
        with self._freed:
            heappush(self._waiting, mine)
            self._freed.wait_for(lambda: self._free and self._waiting[0] == mine)
            heappop(self._waiting)
            self._taken[me] = thing = self._free.pop()
            self._freed.notify_all()  # another one may be free, for who comes next
        try:
            yield thing
        finally:
            with self._freed:
                del self._taken[me]
                self._free.append(thing)
                self._freed.notify_all()

    @property
    def takers(self) -> set[int]:
        """The threads that use one."""
        with self._freed:
            return set(self._taken)

    def with_taken(self, thread: int, do: Callable[[T], object]) -> None:
        """Do this with what that thread uses, if anything; it goes to nobody else meanwhile."""
        with self._freed:
            if thread in self._taken:
                do(self._taken[thread])

    def with_each(self, do: Callable[[T], object], urge: Callable[[], object], again_s: float) -> None:
        """Do this with each of them, once nobody uses one any more; those who do are urged again and again."""
        with self._freed:
            urge()
            while not self._freed.wait_for(lambda: len(self._free) == self._most, again_s):
                urge()
            for thing in self._free:
                do(thing)
