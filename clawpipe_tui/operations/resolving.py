"""What became of attempts whose answer was never seen: told at the next start, looked up, and never sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clawpipe_tui.errors import ServingError
from clawpipe_tui.operations.journal import Attempt, Journal, State, unresolved
from clawpipe_tui.serving.seam import Approvals, ChangeLog, Router
from clawpipe_tui.wording import day_and_moment

STILL_POSSIBLE = timedelta(minutes=2)
"""How long a request without an answer may still be on its way, in a proxy or in another console's hands."""


def open_attempts(journal: Journal) -> tuple[str, ...]:
    """One sentence for each attempt of which nobody knows how it ended."""
    return tuple(f"Unresolved: {_words(attempt)}." for attempt in unresolved(journal))


def resolve(
    router: Router, journal: Journal, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> tuple[str, ...]:
    """Look up every unresolved attempt, write down what is found, and say it. Reads only."""
    return tuple(_resolved(router, journal, attempt, now()) for attempt in unresolved(journal))


def _resolved(router: Router, journal: Journal, attempt: Attempt, at: datetime) -> str:
    try:
        ended = (_approval if attempt.action == "approve" else _move)(
            router, attempt, attempt.ago(at, journal.uptime())
        )
    except ServingError as error:
        return f"Unresolved: {_words(attempt)}. {error.message}"
    if ended.state is None:
        return f"Unresolved: {_words(attempt)}{ended.sentence}."
    sentence = f"{_words(attempt)}{ended.sentence}."
    journal.record(attempt.now(ended.state, at, sentence, ended.change_id))
    return f"Resolved: {sentence}"


@dataclass(frozen=True)
class _Ended:
    """How an attempt ended, as far as the API knows; a state of None is not known yet."""

    state: State | None
    sentence: str
    change_id: str = ""


def _move(router: Router, attempt: Attempt, age: timedelta) -> _Ended:
    """By its key, where the API remembers changes. What has not arrived still may, until the state has moved on."""
    if not isinstance(router, ChangeLog):
        return _Ended(None, ". This serving system cannot be asked for it: look at its routing")
    change_id = router.find_change(attempt.model, attempt.key)
    if change_id is not None:
        return _Ended("answered", f", and it took effect as change {change_id}", change_id)
    # The order matters: a change that arrives between the two looks has moved the routing.
    if age < STILL_POSSIBLE and router.routing(attempt.model).token == attempt.expected:
        return _Ended(None, ". It has not taken effect so far, and it still could")
    change_id = router.find_change(attempt.model, attempt.key)
    if change_id is not None:
        return _Ended("answered", f", and it took effect as change {change_id}", change_id)
    return _Ended("refused", ", and it did not take effect")


def _approval(router: Router, attempt: Attempt, age: timedelta) -> _Ended:
    """By what it was to approve: it waits, or it is what the routing is by now."""
    if not isinstance(router, Approvals):
        return _Ended(None, ". This serving system cannot be asked for it: look at its routing")
    if attempt.change_id in {change.change_id for change in router.pending(attempt.model)}:
        if age < STILL_POSSIBLE:
            return _Ended(None, ". It has not taken effect so far, and it still could")
        return _Ended("refused", ", and it did not take effect: the change still waits")
    if router.routing(attempt.model).change_id == attempt.change_id:
        return _Ended("answered", ", and it took effect", attempt.change_id)
    return _Ended("observed", ". The change no longer waits; whether it took effect stands in the API's own audit")


def _words(attempt: Attempt) -> str:
    what = f"the {attempt.action} of {attempt.model} to {attempt.returning}"
    return f"{what}, sent {day_and_moment(attempt.at)}, was never answered"
