"""[features.ranges]: what each column may hold, as it is declared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from clawpipe_tui.config.values import DeclaredRange
from clawpipe_tui.errors import ConfigError, nearest

_NUMBERS = ("min", "max", "null_pct")
_KEYS = (*_NUMBERS, "allowed")
Wrong = Callable[[str, str, str, str], ConfigError]
"""section, key, message, hint → the error, with its line."""


def declared_ranges(
    given: Mapping[str, object], watched: Iterable[str], sensitive: Iterable[str], wrong: Wrong
) -> tuple[DeclaredRange, ...]:
    """Each declaration, checked. Raises ConfigError with file, line, key and the nearest known name."""
    known = {*watched, "prediction", "score"}
    hidden = frozenset(sensitive)
    found: list[DeclaredRange] = []
    for column, keys in given.items():
        if len(known) > 2 and column not in known:
            raise wrong("features.ranges", column, f"[features] watches no column {column!r}", nearest(column, known))
        if not isinstance(keys, dict):
            raise wrong("features.ranges", column, f"The range of {column!r} must be a table", "{ min = 0, max = 120 }")
        found.append(_range(column, cast("dict[str, object]", keys), wrong, hidden=column in hidden))
    return tuple(found)


def _range(column: str, keys: Mapping[str, object], wrong: Wrong, *, hidden: bool) -> DeclaredRange:
    for key, value in keys.items():
        if key not in _KEYS:
            raise wrong("features.ranges", column, f"The range of {column!r} has no key {key!r}", nearest(key, _KEYS))
        if key in _NUMBERS and not _is_number(value):
            raise wrong("features.ranges", column, f"{key} of {column!r} cannot be {value!r}", "A number.")
    allowed = keys.get("allowed")
    if allowed is not None and not (isinstance(allowed, list) and allowed):
        raise wrong("features.ranges", column, f"allowed of {column!r} must be a list of values", '["DE", "FR"]')
    if allowed is not None and hidden:
        hint = "Declare min and max, or nothing: its values are not to be written anywhere."
        raise wrong("features.ranges", column, f"{column!r} is sensitive and cannot have allowed values", hint)
    low, high, null_pct = (cast("float | None", keys.get(key)) for key in _NUMBERS)
    if low is not None and high is not None and low > high:
        raise wrong(
            "features.ranges", column, f"The range of {column!r} is empty: min {low:g} is above max {high:g}", ""
        )
    if allowed is not None and (low is not None or high is not None):
        raise wrong("features.ranges", column, f"The range of {column!r} has both allowed values and min or max", "")
    texts = tuple(map(str, cast("list[object]", allowed))) if allowed is not None else None
    return DeclaredRange(column, low, high, texts, null_pct)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
