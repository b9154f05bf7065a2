"""The rules of a console: one check, whoever asks."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fake_router import MODEL, NOON, WRITE, FakeAPI, canary

from clawpipe_tui.config import Guardrail, load_config
from clawpipe_tui.dashboard.band import band_of
from clawpipe_tui.errors import ConfigError
from clawpipe_tui.operations.guardrails import NotAllowedError, Safety
from clawpipe_tui.operations.journal import Journal, Uptime
from clawpipe_tui.operations.rollback import Consent, Sent, plan_move, send
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Rehearsed

TWO_AN_HOUR = Guardrail("limit", "Slow down.", per_hour=2)


def sent(api: FakeAPI, safety: Safety, journal: Journal | None = None, typed: str = "", key: str = "k") -> Sent:
    """A rollback at noon."""
    plan = plan_move(api, api, MODEL, action="rollback", version=None, weight_pct=None, key=key, logs=None)
    return send(api, plan, Consent("errors", typed=typed), safety=safety, journal=journal, now=lambda: NOON)


@pytest.mark.parametrize(
    ("safety", "words"),
    [
        (Safety(write=False), "read-only"),
        (
            Safety(write=True, environment="demo", rules=(Guardrail("deny", "Ask the pipeline", action="roll*"),)),
            "Ask the pipeline",
        ),
        (Safety(write=True, environment="Production"), "name must be typed"),
        (
            Safety(write=True, environment="demo", rules=(Guardrail("type the name", "Careful", model="flight-*"),)),
            "name must be typed",
        ),
        (
            Safety(write=True, environment="demo", rules=(Guardrail("second person", "Four eyes"),)),
            "knows no approvals",
        ),
        (Safety(write=True, environment="demo", rules=(Guardrail("limit", "Never", per_hour=0),)), "at most 0 an hour"),
    ],
)
def test_what_a_rule_forbids_is_not_sent(safety: Safety, words: str, tmp_path: Path) -> None:
    """With the reason; the attempt is in the journal."""
    api, journal = canary(), Journal(tmp_path)
    with pytest.raises(NotAllowedError, match=words):
        sent(api, safety, journal)
    assert api.now == canary().now
    assert [attempt.state for attempt in journal.attempts()] == ["denied"]


@pytest.mark.parametrize(
    "safety",
    [
        WRITE,
        Safety(write=True, environment="staging", rules=(Guardrail("deny", "no", environment="prod*"),)),
        Safety(write=True, environment="demo", rules=(Guardrail("deny", "no", action="promote"),)),
        Safety(write=True, environment="demo", rules=(Guardrail("deny", "no", model="other"),)),
    ],
)
def test_a_rule_about_something_else_stops_nothing(safety: Safety) -> None:
    """Environment, model and action must all fit."""
    assert sent(canary(), safety).state == "applied"


def test_in_production_the_typed_name_suffices() -> None:
    """Exactly the model's name."""
    assert sent(canary(), Safety(write=True, environment="prod-eu"), typed=f" {MODEL} ").state == "applied"


def test_a_limit_counts_the_attempts_of_the_last_hour(tmp_path: Path) -> None:
    """The third is told when it may come again."""
    journal, safety = Journal(tmp_path), Safety(write=True, environment="demo", rules=(TWO_AN_HOUR,))
    for key in ("a", "b"):
        sent(canary(), safety, journal, key=key)
    with pytest.raises(NotAllowedError, match=r"at most 2 an hour.*Again in 1 h"):
        sent(canary(), safety, journal, key="c")
    plan = plan_move(canary(), canary(), MODEL, action="rollback", version=None, weight_pct=None, key="d", logs=None)
    assert not safety.ruling(plan, journal.attempts(), NOON + timedelta(hours=1, seconds=1)).denied


def test_a_clock_that_is_set_changes_no_limit(tmp_path: Path) -> None:
    """The machine's uptime counts; where it started anew, a clock that was set back makes attempts recent."""
    up_s = [1_000.0]
    journal = Journal(tmp_path, lambda: Uptime("this start", up_s[0]))
    safety = Safety(write=True, environment="demo", rules=(TWO_AN_HOUR,))
    for key in ("a", "b"):
        sent(canary(), safety, journal, key=key)
    plan = plan_move(canary(), canary(), MODEL, action="rollback", version=None, weight_pct=None, key="c", logs=None)

    def denied(hours: float, uptime: Uptime) -> bool:
        return bool(safety.ruling(plan, journal.attempts(), NOON + timedelta(hours=hours), uptime).denied)

    assert denied(48, Uptime("this start", 1_060.0))
    assert denied(-48, Uptime("this start", 1_060.0))
    assert not denied(-48, Uptime("this start", 1_000.0 + 3_601))
    assert denied(-48, Uptime("the next start", 5.0))
    assert not denied(1.1, Uptime("the next start", 5.0))


def test_two_consoles_cannot_spend_the_same_allowance(tmp_path: Path) -> None:
    """Twelve at the same time, two of which may."""
    safety = Safety(write=True, environment="demo", rules=(TWO_AN_HOUR,))

    def one(number: int) -> str:
        try:
            return sent(canary(), safety, Journal(tmp_path), key=f"k{number}").state
        except NotAllowedError:
            return "denied"

    with ThreadPoolExecutor(12) as consoles:
        states = list(consoles.map(one, range(12)))
    assert Counter(states) == {"applied": 2, "denied": 10}


@pytest.mark.parametrize("environment", ["prod", "eu-prd", "LIVE-2", "", "customer-x", "dev-prod"])
def test_what_counts_as_production_is_typed(environment: str) -> None:
    """An environment of which nothing is known counts as production; the band on screen says the same."""
    assert typed_in(environment)
    assert band_of(environment).production


@pytest.mark.parametrize("environment", ["staging", "demo", "uat-2", "Sandbox"])
def test_elsewhere_nothing_is_typed(environment: str) -> None:
    """And the band is no alarm."""
    assert not typed_in(environment)
    assert not band_of(environment).production


def typed_in(environment: str) -> bool:
    """Whether the model's name must be typed there."""
    plan = plan_move(canary(), canary(), MODEL, action="rollback", version=None, weight_pct=None, key="c", logs=None)
    return Safety(write=True, environment=environment).ruling(plan, (), NOON).type_name


class WithApprovals(FakeAPI):
    """A backend where a second person can approve."""

    asked: list[Change]

    def apply(self, change: Change) -> Applied:
        """Move, and remember what was asked."""
        self.asked.append(change)
        return super().apply(change)

    def pending(self, model: str) -> tuple[()]:
        """Nothing waits."""
        _ = model
        return ()

    def approve(self, change_id: str) -> Applied:
        """Nobody asks."""
        raise NotImplementedError(change_id)

    def rehearse(self, change: Change) -> Rehearsed:
        """Always."""
        _ = change
        return Rehearsed(needs_approval=True)


def test_a_rule_can_ask_for_a_second_person() -> None:
    """The change says so to the API."""
    api = WithApprovals(canary().now, capabilities=Capabilities("server", "traffic", approvals=True))
    api.asked = []
    sent(api, Safety(write=True, environment="demo", rules=(Guardrail("second person", "Four eyes"),)))
    assert [change.second_person for change in api.asked] == [True]


def test_rules_are_read_from_toml(tmp_path: Path) -> None:
    """As they stand in the documentation."""
    text = """
    [log]
    files = "*.parquet"
    [[guardrails.rule]]
    environment = "prod*"
    action = "promote"
    do = "limit"
    per_hour = 2
    reason = "Slow down."
    """
    (tmp_path / "clawpipe.toml").write_text(text)
    rules = load_config(tmp_path / "clawpipe.toml").guardrails
    assert rules == (replace(TWO_AN_HOUR, environment="prod*", action="promote"),)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('do = "forbid"\nreason = "x"', "A guardrail needs do"),
        ('do = "deny"', "A guardrail needs a reason"),
        ('do = "deny"\nreason = "x"\nmodle = "y"', "Did you mean 'model'"),
        ('do = "limit"\nreason = "x"\nper_hour = "two"', "wrong type"),
    ],
)
def test_a_wrong_rule_is_an_error_and_not_ignored(tmp_path: Path, rule: str, words: str) -> None:
    """A rule that silently does nothing would be worse than none."""
    (tmp_path / "clawpipe.toml").write_text(f'[log]\nfiles = "*.parquet"\n[[guardrails.rule]]\n{rule}\n')
    with pytest.raises(ConfigError, match=words):
        load_config(tmp_path / "clawpipe.toml")
