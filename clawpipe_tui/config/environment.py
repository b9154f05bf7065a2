"""What an environment's name says about it. One table for the band on screen and for the rules: they never disagree."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

EnvironmentKind = Literal["production", "staging", "practice", "unknown"]

_GLOBS: tuple[tuple[EnvironmentKind, tuple[str, ...]], ...] = (
    ("production", ("prod*", "*-prod", "*-prd", "prd*", "live*", "*production*")),
    ("staging", ("stag*", "*-stag*", "stg*", "pre*", "uat*", "qa*", "test*", "*-test", "canary*")),
    ("practice", ("demo*", "dev*", "*-dev", "local*", "sandbox*", "sample*", "play*")),
)


def environment_kind(name: str) -> EnvironmentKind:
    """The first kind that the name fits; of a name that fits none, or of no name, nothing is known."""
    lower = name.strip().lower()
    for kind, globs in _GLOBS:
        if any(fnmatchcase(lower, glob) for glob in globs):
            return kind
    return "unknown"


def counts_as_production(name: str) -> bool:
    """Whether one must be careful there; where nothing is known, one must."""
    return environment_kind(name) in {"production", "unknown"}
