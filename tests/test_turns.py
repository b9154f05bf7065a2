"""Who may use what there are only a few of."""

from __future__ import annotations

import threading
from collections.abc import Callable

from clawpipe_tui.turns import Turns


def in_thread(do: Callable[[], object]) -> threading.Thread:
    """Do it beside the test."""
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread


def asked(turns: Turns[str], name: str, order: list[str], may_take: threading.Event) -> threading.Thread:
    """A question that has begun, and takes something when it may."""
    begun = threading.Event()

    def ask() -> None:
        with turns.in_order():
            begun.set()
            may_take.wait()
            with turns.taking():
                order.append(name)

    thread = in_thread(ask)
    begun.wait()
    return thread


def waiting(turns: Turns[str], many: int) -> None:
    """Until so many stand in line."""
    while len(turns._waiting) < many:
        threading.Event().wait(0.001)


def test_who_began_first_gets_what_becomes_free_however_late_they_came_for_it() -> None:
    """What a screen asks first is what its other panels wait for."""
    turns, order = Turns(["lane"]), list[str]()
    first_may, second_may = threading.Event(), threading.Event()
    first = asked(turns, "first", order, first_may)
    second = asked(turns, "second", order, second_may)
    with turns.taking():
        second_may.set()
        waiting(turns, 1)
        first_may.set()
        waiting(turns, 2)
    first.join(5.0)
    second.join(5.0)
    assert order == ["first", "second"]


def test_two_free_things_go_to_two_threads_at_a_time() -> None:
    """Nobody waits while there is one to be had."""
    turns, both = Turns(["one", "other"]), threading.Barrier(2, timeout=5.0)
    taken = list[str]()

    def take() -> None:
        with turns.taking() as thing:
            both.wait()
            taken.append(thing)

    threads = [in_thread(take), in_thread(take)]
    for thread in threads:
        thread.join(5.0)
    assert sorted(taken) == ["one", "other"]


def test_what_a_thread_uses_is_known_while_it_uses_it() -> None:
    """So that its question can be stopped, and nobody else's."""
    turns, seen = Turns(["lane"]), list[str]()
    me = threading.get_ident()
    with turns.taking():
        assert turns.takers == {me}
        turns.with_taken(me, seen.append)
    turns.with_taken(me, seen.append)
    assert (seen, turns.takers) == (["lane"], set())


def test_all_come_back_when_their_users_are_urged_and_can_be_taken_again() -> None:
    """A thread that comes too late finds a closed connection, and says so; it does not wait for ever."""
    turns, urged, taken = Turns(["lane"]), threading.Event(), threading.Event()

    def use() -> None:
        with turns.taking():
            taken.set()
            urged.wait(5.0)

    user = in_thread(use)
    taken.wait(5.0)
    closed = list[str]()
    turns.with_each(closed.append, urged.set, 0.01)
    user.join(5.0)
    with turns.taking() as thing:
        assert closed == [thing]
