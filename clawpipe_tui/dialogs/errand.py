"""Blocking work: run in a thread of its own, answered by one message to the event loop, kept away from every widget."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

Outcome = TypeVar("Outcome")


def run_errand(
    to: MessagePump,
    name: str,
    work: Callable[[], Outcome],
    done: Callable[[Outcome], None],
    failed: Callable[[Exception], None],
) -> threading.Thread:
    """Start the work; `done` or `failed` is called on the event loop. Daemonic: quitting never waits for it."""

    def run() -> None:
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001  the edge of the worker: whoever sent it says it
            to.call_later(failed, error)
        else:
            to.call_later(done, outcome)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
