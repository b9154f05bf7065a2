"""What stands between a plan and its sending: read-only consoles, and the team's own rules. One check for all ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from clawpipe_tui.config import Guardrail
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.plan import MovePlan, Remark
from clawpipe_tui.wording import seconds

if TYPE_CHECKING:
    from clawpipe_tui.operations.journal import Attempt

_HOUR = timedelta(hours=1)
PRODUCTION = tuple(
    Guardrail("type the name", "This is a production environment.", environment=glob)
    for glob in ("prod*", "*production*", "*-prod", "*-prd", "prd*", "live*")
)
"""Hold everywhere, whatever the configuration says."""


class NotAllowedError(ClawpipeError):
    """A rule of this console's own forbids it; nothing was sent."""


@dataclass(frozen=True)
class Ruling:
    """What the rules say about one plan."""

    denied: str = ""
    """Why it is forbidden; empty where it is not."""
    type_name: bool = False
    """Whether the model's name must be typed."""
    second_person: bool = False
    """Whether somebody else must approve it."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Safety:
    """The rules of one console."""

    write: bool
    environment: str = ""
    rules: tuple[Guardrail, ...] = ()

    def ruling(self, plan: MovePlan, attempts: Sequence[Attempt], now: datetime) -> Ruling:
        """What must be true for this plan to be sent; asked when it is shown and again when it is sent."""
        if not self.write:
            return _denial("This console is read-only. Start it with --write to change anything.")
        # A name can fit several of the globs; it is asked for once.
        standing = [rule for rule in PRODUCTION if self._fits(rule, plan)][:1]
        fitting = [*standing, *(rule for rule in self.rules if self._fits(rule, plan))]
        denied = next((_reason(rule) for rule in fitting if rule.do == "deny"), "")
        denied = denied or next(filter(None, (self._spent(rule, attempts, now) for rule in fitting)), "")
        if denied:
            return _denial(denied)
        asked = [rule for rule in fitting if rule.do in {"type the name", "second person"}]
        remarks = tuple(Remark("Guardrail", _demand(rule, plan), "warn") for rule in asked)
        kinds = {rule.do for rule in asked}
        return Ruling("", "type the name" in kinds, "second person" in kinds, remarks)

    def check(
        self, plan: MovePlan, attempts: Sequence[Attempt], now: datetime, *, typed: str, approvals: bool
    ) -> Ruling:
        """The ruling of a plan that may be sent. Raises NotAllowedError."""
        ruling = self.ruling(plan, attempts, now)
        if ruling.denied:
            raise NotAllowedError(f"Not sent: {ruling.denied}", "Nothing was changed.")
        if ruling.type_name and typed.strip() != plan.model:
            hint = f"Type {plan.model} in the dialog, or give --confirm {plan.model}. Nothing was changed."
            raise NotAllowedError("Not sent: the model's name must be typed to confirm it.", hint)
        if ruling.second_person and not approvals:
            message = "Not sent: a second person must approve it, and this serving system knows no approvals."
            raise NotAllowedError(message, "Nothing was changed.")
        return ruling

    def _fits(self, rule: Guardrail, plan: MovePlan) -> bool:
        pairs = ((self.environment, rule.environment), (plan.model, rule.model), (plan.action, rule.action))
        return all(fnmatchcase(value.lower(), glob.lower()) for value, glob in pairs)

    def _spent(self, rule: Guardrail, attempts: Sequence[Attempt], now: datetime) -> str:
        """Why a limit forbids one more; empty where it does not."""
        if rule.do != "limit":
            return ""
        recent = [
            attempt.at
            for attempt in attempts
            if attempt.state == "sent" and now - attempt.at < _HOUR and self._same(rule, attempt)
        ]
        if len(recent) < rule.per_hour:
            return ""
        again = f" Again in {seconds(round((min(recent) + _HOUR - now).total_seconds()))}." if recent else ""
        return f"at most {rule.per_hour} an hour are allowed. {_reason(rule)}{again}"

    def _same(self, rule: Guardrail, attempt: Attempt) -> bool:
        pairs = ((attempt.environment, rule.environment), (attempt.model, rule.model), (attempt.action, rule.action))
        return all(fnmatchcase(value.lower(), glob.lower()) for value, glob in pairs)


def _denial(why: str) -> Ruling:
    return Ruling(why, remarks=(Remark("Guardrail", f"Forbidden: {why}", "bad"),))


def _reason(rule: Guardrail) -> str:
    return rule.reason.rstrip(".") + "."


def _demand(rule: Guardrail, plan: MovePlan) -> str:
    if rule.do == "type the name":
        return f"The model's name, {plan.model}, must be typed. {_reason(rule)}"
    return f"A second person must approve it. {_reason(rule)}"
