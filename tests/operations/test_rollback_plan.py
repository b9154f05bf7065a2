"""What a rollback would do, and why; and when there is nothing to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fake_router import MODEL, FakeAPI, canary, promoted

from clawpipe_tui.errors import ServingError, UsageError
from clawpipe_tui.operations.rollback import MovePlan, plan_rollback
from clawpipe_tui.serving.errors import NotFound
from clawpipe_tui.serving.seam import Capabilities, Route


def plan(api: FakeAPI, to: str | None = None, model: str = MODEL) -> MovePlan:
    """A plan with a known key."""
    return plan_rollback(api, api, model, to=to, key="key-1")


def test_a_canary_is_taken_out_and_its_traffic_goes_to_the_live_version() -> None:
    """The common case of an incident."""
    made = plan(canary())
    assert (made.leaving, made.returning, made.after) == ("v43", "v42", (Route("v42", 100.0),))
    assert made.why == "v43 (20 %) is the canary: taking it out gives its traffic back to the live v42."
    assert made.sentence == "flight-delay: v43 (20 %) out, v42 from 80 % to 100 %."


def test_a_live_version_goes_back_to_what_served_before() -> None:
    """Not to version - 1; with who moved away from it, when and why."""
    made = plan(promoted())
    assert (made.leaving, made.returning) == ("v43", "v42")
    assert made.why == ('v42 served before v43 until 2026-11-07 12:00:00, when bob moved away from it ("promote").')


def test_the_request_is_shown_before_there_is_a_reason() -> None:
    """The reason's place is marked; the change carries the guard and the key."""
    made = plan(canary())
    assert made.request == "MOVE flight-delay to v42 because <your reason>"
    change = made.change("  errors \x1b[31mrose\n", "INC-7")
    assert (change.expected, change.key, change.reason, change.reference) == ("t", "key-1", "errors  [31mrose", "INC-7")


@pytest.mark.parametrize("reason", ["", "  ", "\n\t", "\u202e"])
def test_a_rollback_needs_a_reason(reason: str) -> None:
    """And blanks are none."""
    with pytest.raises(UsageError, match="needs a reason"):
        plan(canary()).change(reason)


def test_a_named_version_overrides_the_choice() -> None:
    """Then both the live version and the canary go silent."""
    made = plan(canary(), to="v41")
    assert (made.leaving, made.silenced, made.returning) == ("v42", ("v42", "v43"), "v41")
    assert made.sentence == "flight-delay: v42 (80 %) and v43 (20 %) out, v41 from 0 % to 100 %."


def test_shadows_stay() -> None:
    """They answer nobody, so they are no part of the trouble."""
    api = canary()
    api.now = replace(api.now, routes=(*api.now.routes, Route("v41", 100.0, "shadow")))
    assert plan(api).after == (Route("v42", 100.0), Route("v41", 100.0, "shadow"))
    assert plan(api, to="v41").after == (Route("v41", 100.0),)


@pytest.mark.parametrize(
    ("api", "to", "words"),
    [
        (canary(), "v442", "has no version v442.*Did you mean 'v42'"),
        (promoted(), "v43", "already served by v43 alone"),
        (replace(promoted(), now=replace(promoted().now, previous=None)), None, "nothing to go back to.*--to VERSION"),
        (replace(promoted(), now=replace(promoted().now, previous=(Route("v43", 100.0),))), None, "nothing to go back"),
        (replace(promoted(), now=replace(promoted().now, routes=())), "v41", "already served by v41 alone"),
    ],
)
def test_where_there_is_nothing_to_do_it_is_said(api: FakeAPI, to: str | None, words: str) -> None:
    """A usage error, before anything is sent."""
    with pytest.raises(UsageError) as refused:
        plan(api, to)
    assert re.search(words, str(refused.value))


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    """And an API without any models is answered with its own error."""
    with pytest.raises(NotFound, match=r"no model flight-dely. Did you mean 'flight-delay'"):
        plan(canary(), model="flight-dely")


def test_a_routing_without_a_token_cannot_be_guarded() -> None:
    """So nothing is planned on it."""
    api = canary()
    api.now = replace(api.now, token="")
    with pytest.raises(ServingError, match="no token"):
        plan(api)


def test_the_words_follow_what_the_backend_can_do() -> None:
    """An alias move is never called a traffic move."""
    api = canary()
    assert "refuses the change if someone else was first" in plan(api).guard
    api.capabilities = Capabilities("client", "pointer")
    assert plan(api).effect.startswith("An alias moves, not the traffic")
    assert "cannot tell who was first" in plan(api).guard
