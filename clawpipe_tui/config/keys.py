"""Which keys a clawpipe.toml may have, of which type, and within which limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from clawpipe_tui.config.values import FORMATS
from clawpipe_tui.errors import UsageError
from clawpipe_tui.window import parse_span_s

CHARTS = ("braille", "block", "ascii")

KEYS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "log": {
        "files": (str, list),
        "model": str,
        "version": str,
        "now": (str, datetime),
        "layout": str,
        "format": str,
        "columns": dict,
    },
    "features": {"numeric": list, "categorical": list, "sensitive": list, "ranges": dict},
    "data": {"accepted_pct": (int, float)},
    "baseline": {"files": (str, list), "since": (str, datetime), "until": (str, datetime)},
    "labels": {"files": (str, list)},
    "versions": {"files": (str, list)},
    "serving": {
        "url": str,
        "registry": str,
        "router": str,
        "token_env": str,
        "token_file": str,
        "token_keyring": str,
        "token_command": list,
        "ca_file": str,
        "client_cert": str,
        "client_key": str,
        "plain_http_hosts": list,
        "endpoint": str,
        "namespace": str,
        "kubeconfig": str,
        "context": str,
        "region": str,
        "alias": str,
        "registry_url": str,
        "registry_token_env": str,
        "registry_token_file": str,
        "registry_token_keyring": str,
        "registry_token_command": list,
    },
    "objectives": {"failed_pct": (int, float), "p95_ms": (int, float), "accuracy_pct": (int, float), "rule": list},
    "guardrails": {"rule": list},
    "drift": {
        "psi": (int, float),
        "psi_large": (int, float),
        "new_category_pct": (int, float),
        "alpha": (int, float),
    },
    "console": {
        "environment": str,
        "write": bool,
        "window": str,
        "refresh_s": (int, float),
        "theme": str,
        "charts": str,
    },
}
"""Every key that a clawpipe.toml may have, with its type."""


def is_a(value: object, wanted: type | tuple[type, ...]) -> bool:
    """True is a number to Python, but not to the user."""
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)


def _above(low: float, high: float) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int | float) and low < value <= high


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 100


def _is_span(value: object) -> bool:
    try:
        return parse_span_s(str(value)) > 0
    except UsageError:
        return False


LIMITS: tuple[tuple[str, str, Callable[[object], bool], str], ...] = (
    ("drift", "psi", _above(0, math.inf), "A number above 0."),
    ("drift", "psi_large", _above(0, math.inf), "A number above 0."),
    ("drift", "new_category_pct", _above(0, 100), "A share in per cent: above 0, at most 100."),
    ("drift", "alpha", _above(0, 0.5), "A chance: above 0, at most 0.5."),
    ("objectives", "failed_pct", _is_share, "A share in per cent: from 0 to 100."),
    ("objectives", "p95_ms", _above(0, math.inf), "Milliseconds, above 0."),
    ("objectives", "accuracy_pct", _above(0, 100), "A share in per cent: above 0, at most 100."),
    ("console", "refresh_s", _above(0, 3_600), "Seconds, above 0."),
    ("console", "window", _is_span, "A number and a unit: 90s, 15m, 6h, 7d."),
    ("log", "format", lambda value: value in FORMATS, f"One of: {', '.join(FORMATS)}."),
    ("data", "accepted_pct", _is_share, "A share in per cent: from 0 to 100."),
    ("console", "charts", lambda value: value in CHARTS, f"One of: {', '.join(CHARTS)}."),
)


def type_words(wanted: type | tuple[type, ...]) -> str:
    """The types, in the user's words."""
    words = {str: "text", list: "a list", dict: "a table", bool: "true or false", int: "a number", float: "a number"}
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return " or ".join(dict.fromkeys(words.get(kind, "a time") for kind in kinds))
