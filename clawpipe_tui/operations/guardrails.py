"""What stands between a plan and its sending: read-only consoles, and the team's own rules. One check for all ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from clawpipe_tui.config import Guardrail, counts_as_production
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.plan import Remark
from clawpipe_tui.wording import seconds

if TYPE_CHECKING:
    from clawpipe_tui.operations.journal import Attempt, Uptime

_HOUR = timedelta(hours=1)
_STANDING = Guardrail("type the name", "This counts as a production environment.")
"""Holds everywhere, whatever the configuration says."""


class Deed(Protocol):
    """What is to be done: a move of traffic, or the approval of one."""

    @property
    def model(self) -> str:
        """To which model."""
        ...

    @property
    def action(self) -> str:
        """rollback, undo, promote, canary, stop shadow or approve."""
        ...


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

    def ruling(self, deed: Deed, attempts: Sequence[Attempt], now: datetime, uptime: Uptime | None = None) -> Ruling:
        """What must be true for this plan to be sent; asked when it is shown and again when it is sent."""
        if not self.write:
            return _denial("This console is read-only. Start it with --write to change anything.")
        standing = [_STANDING] if counts_as_production(self.environment) else []
        fitting = [*standing, *(rule for rule in self.rules if self._fits(rule, deed))]
        denied = next((_reason(rule) for rule in fitting if rule.do == "deny"), "")
        denied = denied or next(filter(None, (self._spent(rule, attempts, now, uptime) for rule in fitting)), "")
        if denied:
            return _denial(denied)
        asked = [rule for rule in fitting if rule.do in {"type the name", "second person"}]
        remarks = tuple(Remark("Guardrail", _demand(rule, deed), "warn") for rule in asked)
        kinds = {rule.do for rule in asked}
        return Ruling("", "type the name" in kinds, "second person" in kinds, remarks)

    def check(
        self,
        deed: Deed,
        attempts: Sequence[Attempt],
        now: datetime,
        *,
        typed: str,
        approvals: bool,
        uptime: Uptime | None = None,
    ) -> Ruling:
        """The ruling of a plan that may be sent. Raises NotAllowedError."""
        ruling = self.ruling(deed, attempts, now, uptime)
        if ruling.denied:
            raise NotAllowedError(f"Not sent: {ruling.denied}", "Nothing was changed.")
        if ruling.type_name and typed.strip() != deed.model:
            hint = f"Type {deed.model} in the dialog, or give --confirm {deed.model}. Nothing was changed."
            raise NotAllowedError("Not sent: the model's name must be typed to confirm it.", hint)
        if ruling.second_person and not approvals:
            message = "Not sent: a second person must approve it, and this serving system knows no approvals."
            raise NotAllowedError(message, "Nothing was changed.")
        return ruling

    def _fits(self, rule: Guardrail, deed: Deed) -> bool:
        pairs = ((self.environment, rule.environment), (deed.model, rule.model), (deed.action, rule.action))
        return all(fnmatchcase(value.lower(), glob.lower()) for value, glob in pairs)

    def _spent(self, rule: Guardrail, attempts: Sequence[Attempt], now: datetime, uptime: Uptime | None) -> str:
        """Why a limit forbids one more; empty where it does not."""
        if rule.do != "limit":
            return ""
        tried = [
            attempt.ago(now, uptime) for attempt in attempts if attempt.state == "sent" and self._same(rule, attempt)
        ]
        recent = [age for age in tried if age < _HOUR]
        if len(recent) < rule.per_hour:
            return ""
        again = f" Again in {seconds(round((_HOUR - max(recent)).total_seconds()))}." if recent else ""
        return f"at most {rule.per_hour} an hour are allowed. {_reason(rule)}{again}"

    def _same(self, rule: Guardrail, attempt: Attempt) -> bool:
        pairs = ((attempt.environment, rule.environment), (attempt.model, rule.model), (attempt.action, rule.action))
        return all(fnmatchcase(value.lower(), glob.lower()) for value, glob in pairs)


def _denial(why: str) -> Ruling:
    return Ruling(why, remarks=(Remark("Guardrail", f"Forbidden: {why}", "bad"),))


def _reason(rule: Guardrail) -> str:
    return rule.reason.rstrip(".") + "."


def _demand(rule: Guardrail, deed: Deed) -> str:
    if rule.do == "type the name":
        return f"The model's name, {deed.model}, must be typed. {_reason(rule)}"
    return f"A second person must approve it. {_reason(rule)}"
