"""JSON in its canonical form (RFC 8785), and chains of hashes over it: the same value has one text and one digest."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import cast

GENESIS = "0" * 64
"""What the first link of a chain follows."""


def canonical(value: object) -> str:
    """The one text of a JSON value. Raises ValueError for what JSON cannot hold."""
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        items = sorted(fields.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{canonical(item)}" for name, item in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(item) for item in cast("list[object]", value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript writes it: 100, 0.5, 1e+21, 1e-7."""
    if not math.isfinite(value):
        raise ValueError("JSON holds no such number")
    if value == 0:
        return "0"
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    power = int(exponent)
    if -7 < power < 0:
        return f"{value:.{len(mantissa.replace('.', '').lstrip('-')) - 1 - power}f}"
    return f"{mantissa.removesuffix('.0')}e{power:+d}"


def link(previous: str, entry: Mapping[str, object]) -> str:
    """The digest of an entry and of everything before it."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(dict(entry)).encode()).hexdigest()
