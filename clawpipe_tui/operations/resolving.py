"""What became of attempts whose answer was never seen: told at the next start, looked up, and never sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from clawpipe_tui.errors import ServingError
from clawpipe_tui.operations.journal import Attempt, Journal, unresolved
from clawpipe_tui.serving.seam import ChangeLog, Router
from clawpipe_tui.wording import day_and_moment


def open_attempts(journal: Journal) -> tuple[str, ...]:
    """One sentence for each attempt of which nobody knows how it ended."""
    return tuple(f"Unresolved: {_words(attempt)}." for attempt in unresolved(journal))


def resolve(
    router: Router, journal: Journal, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> tuple[str, ...]:
    """Look up every unresolved attempt, write down what is found, and say it. Reads only."""
    return tuple(_resolved(router, journal, attempt, now()) for attempt in unresolved(journal))


def _resolved(router: Router, journal: Journal, attempt: Attempt, at: datetime) -> str:
    if not isinstance(router, ChangeLog):
        return f"Unresolved: {_words(attempt)}. This serving system cannot be asked for it: look at its routing."
    try:
        change_id = router.find_change(attempt.model, attempt.key)
    except ServingError as error:
        return f"Unresolved: {_words(attempt)}. {error.message}"
    if change_id is None:
        sentence = f"{_words(attempt)}, and it did not take effect."
        journal.record(attempt.now("refused", at, sentence))
    else:
        sentence = f"{_words(attempt)}, and it took effect as change {change_id}."
        journal.record(attempt.now("answered", at, sentence, change_id))
    return f"Resolved: {sentence}"


def _words(attempt: Attempt) -> str:
    what = f"the {attempt.action} of {attempt.model} to {attempt.returning}"
    return f"{what}, sent {day_and_moment(attempt.at)}, was never answered"
