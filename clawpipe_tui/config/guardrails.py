"""[[guardrails.rule]]: what may not be done, or not so often."""

from __future__ import annotations

from typing import cast, get_args

from clawpipe_tui.config.ranges import Wrong
from clawpipe_tui.config.values import Guardrail, RuleKind
from clawpipe_tui.errors import nearest


def read_guardrail(rule: object, wrong: Wrong) -> Guardrail:
    """One [[guardrails.rule]]. Raises ConfigError."""
    kinds = get_args(RuleKind)
    given = cast("dict[str, object]", rule) if isinstance(rule, dict) else {}
    known = {"do", "reason", "environment", "model", "action", "per_hour"}
    for key in given:
        if key not in known:
            raise wrong("guardrails.rule", key, f"[[guardrails.rule]] has no key {key!r}", nearest(key, known))
    if given.get("do") not in kinds:
        raise wrong("guardrails.rule", "do", "A guardrail needs do", f"One of: {', '.join(kinds)}.")
    if not all(isinstance(value, int if key == "per_hour" else str) for key, value in given.items()):
        raise wrong(
            "guardrails.rule", "", "A guardrail has a value of the wrong type", "Texts, and a number in per_hour."
        )
    if not given.get("reason"):
        raise wrong("guardrails.rule", "", "A guardrail needs a reason", "It is shown to whom the rule stops.")
    texts = {key: str(given[key]) for key in ("reason", "environment", "model", "action") if key in given}
    return Guardrail(cast("RuleKind", given["do"]), **texts, per_hour=cast("int", given.get("per_hour", 0)))
