"""The one error of this house: a sentence for the user, a hint, and an exit code.

ClawpipeError
├── UsageError       2  the command or the configuration is wrong
│   └── ConfigError  2  a TOML, SQL or layout file is wrong: names file, line, key and the nearest known name
├── LogError         1  a log cannot be read as it is
├── QueryError       1  a named query failed
│   └── GivenUpError 1  it was stopped because nobody wants its answer any more
└── ServingError     1  the serving API refused; its own tree lives in serving/errors.py

Exit codes: 0 ok, 1 failed, 2 usage or config, 3 cannot reach (retryable), 4 alarm, 5 cannot tell, 130 interrupted.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_NAMES = 24
OK, FAILED, USAGE, UNREACHABLE, ALARM, CANNOT_TELL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class ClawpipeError(Exception):
    """Something that the user can be told in one sentence, with what to do about it."""

    exit_code = FAILED

    def __init__(self, message: str, hint: str = "", *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(ClawpipeError):
    """The command line asks for something that does not exist."""

    exit_code = USAGE


class ConfigError(UsageError):
    """A file that the user wrote cannot be used as it is."""


class LogError(ClawpipeError):
    """A prediction log, or a file of it, cannot be read as it is."""


class QueryError(ClawpipeError):
    """A named query could not be answered."""


class GivenUpError(QueryError):
    """A query was stopped because nobody wants its answer any more."""


class ServingError(ClawpipeError):
    """The serving API could not do, or did not do, what was asked."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or all of them where none is near."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    if len(names) > _MOST_NAMES:
        return ""
    return f"Known: {', '.join(names)}." if names else ""
