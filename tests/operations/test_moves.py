"""Promotion, a canary's weight, the end of a shadow, and undo: one way for all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_router import MODEL, NOON, WRITE, FakeAPI, FakeLog, at, canary, promoted

from clawpipe_tui.errors import UsageError
from clawpipe_tui.operations.plan import Action, MovePlan
from clawpipe_tui.operations.rollback import Observation, observe, plan_move, send
from clawpipe_tui.result import Result, Value
from clawpipe_tui.serving.seam import Capabilities, Route


def moved(api: FakeAPI, action: Action, version: str | None = None, weight_pct: float | None = None) -> MovePlan:
    """A plan with a known key."""
    return plan_move(api, api, MODEL, action=action, version=version, weight_pct=weight_pct, key="key-1", logs=None)


def shadowed() -> FakeAPI:
    """v42 live, v43 shadows it."""
    api = canary()
    api.now = replace(api.now, routes=(Route("v42", 100.0), Route("v43", 100.0, "shadow")))
    return api


@pytest.mark.parametrize(
    ("api", "action", "version", "weight_pct", "after", "sentence"),
    [
        (canary(), "promote", "v43", None, (Route("v43", 100.0),), "v42 (80 %) out, v43 from 20 % to 100 %."),
        (
            canary(), "canary", "v43", 50.0, (Route("v42", 50.0), Route("v43", 50.0, "canary")),
            "v43 from 20 % to 50 %, v42 from 80 % to 50 %.",
        ),
        (canary(), "canary", "v43", 0.0, (Route("v42", 100.0),), "v43 (20 %) out, v42 from 80 % to 100 %."),
        (shadowed(), "stop shadow", "v43", None, (Route("v42", 100.0),), "v43 no longer shadows"),
        (
            promoted(), "undo", None, None, (Route("v42", 90.0), Route("v43", 10.0, "canary")),
            "v42 from 0 % to 90 %, v43 from 100 % to 10 %.",
        ),
    ],
)  # fmt: skip
def test_each_move_says_what_it_changes(
    api: FakeAPI, action: Action, version: str, weight_pct: float, after: tuple[Route, ...], sentence: str
) -> None:
    """And gives exactly these routes."""
    plan = moved(api, action, version, weight_pct)
    assert (plan.after, plan.action) == (after, action)
    assert sentence in plan.sentence


@pytest.mark.parametrize(
    ("api", "action", "version", "weight_pct", "words"),
    [
        (canary(), "promote", "v99", None, "has no version v99"),
        (canary(), "canary", "v42", 10.0, "v42 is the live version"),
        (canary(), "canary", "v43", 20.0, "already routed like that"),
        (canary(), "canary", "v43", 100.0, "cannot get 100 %"),
        (canary(), "canary", "v43", None, "needs a weight"),
        (canary(), "stop shadow", "v43", None, "no shadow"),
        (canary(), "promote", None, None, "must be named"),
        (replace(canary(), capabilities=Capabilities("client", "pointer", split=False)), "canary", "v43", 5.0, "split"),
        (replace(canary(), now=replace(canary().now, previous=None)), "undo", None, None, "nothing to undo"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(
    api: FakeAPI, action: Action, version: str | None, weight_pct: float | None, words: str
) -> None:
    """A usage error, in words."""
    with pytest.raises(UsageError, match=words):
        moved(api, action, version, weight_pct)


def test_an_undo_takes_back_what_was_just_sent() -> None:
    """By the same path, and it names the change that it undoes."""
    api = canary()
    before = api.now.routes
    send(api, moved(api, "rollback"), "errors", safety=WRITE, now=lambda: NOON)
    plan = moved(api, "undo")
    assert plan.why == 'It undoes the last change: chg-1 by alice at 2026-11-07 12:00:00 ("errors").'
    send(api, replace(plan, key="key-2"), "it was the wrong one", safety=WRITE)
    assert api.now.routes == before


def watched(rows: tuple[tuple[Value, ...], ...], seconds: float = 30) -> Observation:
    """What is said about a canary at 50 % some time after."""
    api = canary()
    plan = moved(api, "canary", "v43", 50.0)
    sent = send(api, plan, "more traffic", safety=WRITE, now=lambda: NOON)
    columns = ("version", "requests", "share_pct", "share_low_pct", "share_high_pct")
    return observe(lambda query, _bound: Result(query, columns, rows), api, plan, sent, at(seconds), 60)


@pytest.mark.parametrize(
    ("rows", "seconds", "state", "words"),
    [
        ((), 30, "waiting", "0 requests reached the logs"),
        ((), 90, "unknown", "Cannot tell"),
        ((("v43", 210, 51.0, 45.0, 57.0), ("v42", 200, 49.0, 43.0, 55.0)), 30, "done", "51 % of 410 requests"),
        ((("v43", 80, 20.0, 15.0, 26.0), ("v42", 320, 80.0, 74.0, 85.0)), 30, "waiting", "not the 50 %"),
        ((("v43", 80, 20.0, 15.0, 26.0), ("v42", 320, 80.0, 74.0, 85.0)), 90, "overdue", "15 % to 26 %"),
    ],
)
def test_a_canarys_weight_is_verified_by_the_share_that_it_got(
    rows: tuple[tuple[Value, ...], ...], seconds: float, state: str, words: str
) -> None:
    """Nobody goes silent, so the split is what proves it."""
    now = watched(rows, seconds)
    assert now.state == state
    assert words in now.sentence


def test_the_end_of_a_shadow_is_verified_by_its_silence() -> None:
    """Only its copies count, and only the answered requests of others."""
    api = shadowed()
    plan = moved(api, "stop shadow", "v43")
    sent = send(api, plan, "too dear", safety=WRITE, now=lambda: NOON)
    log = FakeLog([("v42", "live", 300, at(20)), ("v43", "shadow", 2, at(1))])
    assert observe(log.ask, api, plan, sent, at(20), 60).state == "done"
