"""A second person: who proposes does not approve, and what was proposed on an old state does not take effect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from served import MODEL, OTHER, WRITE, Served, Stage, change, settings

from clawpipe_tui.config import Guardrail
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.errors import UsageError
from clawpipe_tui.operations.approving import approve, pending_words, waiting
from clawpipe_tui.operations.guardrails import NotAllowedError, Safety
from clawpipe_tui.operations.journal import Journal
from clawpipe_tui.operations.rollback import plan_rollback, send
from clawpipe_tui.serving.errors import Conflict, Denied, NotFound
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Applied


@pytest.fixture
def careful(tmp_path: Path, stage: tuple[Stage, Running]) -> Served:
    """An API where nobody changes the routing alone."""
    where, running = stage
    store = Store(tmp_path / "serving.db")
    where.app = reference_app(replace(settings(tmp_path, audit=store), second_person=frozenset({MODEL})))
    return Served(running, store)


@pytest.fixture
def alice(careful: Served) -> Iterator[ReferenceAPI]:
    """Who may operate."""
    with closing(careful.api()) as api:
        yield api


@pytest.fixture
def bob(careful: Served) -> Iterator[ReferenceAPI]:
    """Who may operate and approve."""
    with closing(careful.api(OTHER)) as api:
        yield api


def proposed(api: ReferenceAPI, key: str = "key-1", version: str = "v42") -> Applied:
    """A change that waits."""
    return api.apply(change(api.routing(MODEL).token, key=key, version=version))


def test_a_proposal_moves_nothing_until_somebody_else_approves(
    careful: Served, alice: ReferenceAPI, bob: ReferenceAPI
) -> None:
    """202, then 200; the audit names both."""
    before = alice.routing(MODEL)
    found = proposed(alice)
    assert (found.pending, alice.routing(MODEL)) == (True, before)
    assert [(one.change_id, one.by) for one in bob.pending(MODEL)] == [(found.change_id, "alice")]
    approved = bob.approve(found.change_id)
    assert approved.routing.routes == bob.routing(MODEL).routes != before.routes
    assert [(entry["action"], entry["by"]) for entry in careful.audit.entries()] == [
        ("proposed", "alice"),
        ("approved", "bob"),
    ]
    assert bob.pending(MODEL) == ()


def test_nobody_approves_a_change_of_their_own(careful: Served, bob: ReferenceAPI) -> None:
    """403, whatever the scopes."""
    found = proposed(bob)
    with pytest.raises(Denied, match="of their own"):
        bob.approve(found.change_id)
    assert careful.written() == []


def test_an_approval_needs_its_scope(alice: ReferenceAPI, bob: ReferenceAPI) -> None:
    """Alice may operate, and not approve."""
    found = proposed(bob)
    with pytest.raises(Denied, match="lacks the scope 'approve'"):
        alice.approve(found.change_id)


def test_a_proposal_whose_base_has_moved_is_superseded(careful: Served, alice: ReferenceAPI, bob: ReferenceAPI) -> None:
    """The ETag is checked again when it is approved; a second try finds that it no longer waits."""
    first, second = proposed(alice, "a"), proposed(alice, "b", "v41")
    bob.approve(first.change_id)
    with pytest.raises(Conflict, match="has changed since this change was proposed"):
        bob.approve(second.change_id)
    with pytest.raises(Conflict, match="it is superseded"):
        bob.approve(second.change_id)
    assert len(careful.written()) == 1


def test_an_approval_is_once(careful: Served, alice: ReferenceAPI, bob: ReferenceAPI) -> None:
    """The same approval again is answered again."""
    found = proposed(alice)
    assert [bob.approve(found.change_id).replayed for _ in range(2)] == [False, True]
    assert len(careful.written()) == 1
    with pytest.raises(NotFound, match="no such change"):
        bob.approve("chg-nothing")


def test_the_same_from_the_operations(careful: Served, alice: ReferenceAPI, bob: ReferenceAPI, tmp_path: Path) -> None:
    """Planned, sent, waiting; listed and approved by somebody else; all in the journal."""
    journal = Journal(tmp_path / "state")
    plan = plan_rollback(alice, alice, MODEL, to=None, key="key-1")
    assert any(remark.about == "Approval" for remark in plan.remarks)
    sent = send(alice, plan, "errors rose", safety=WRITE, journal=journal)
    assert (sent.state, "waits for a second person" in sent.sentence) == ("pending", True)
    assert "alice" in pending_words(waiting(bob, MODEL)[0])
    again = plan_rollback(bob, bob, MODEL, to=None, key="key-2")
    assert any("alice waits for approval" in remark.text for remark in again.remarks)
    with pytest.raises(UsageError, match="Did you mean"):
        approve(bob, MODEL, sent.change_id[:-1], safety=WRITE, journal=journal)
    with pytest.raises(NotAllowedError, match="read-only"):
        approve(bob, MODEL, sent.change_id, safety=Safety(write=False), journal=journal)
    assert "took effect" in approve(bob, MODEL, sent.change_id, safety=WRITE, journal=journal)
    assert [attempt.state for attempt in journal.attempts()] == ["sent", "answered", "sent", "answered"]
    assert len(careful.written()) == 1


def test_a_guardrail_makes_a_change_wait_where_the_api_would_not(served: Served, api: ReferenceAPI) -> None:
    """The team's own rule, kept by the server."""
    safety = Safety(write=True, environment="demo", rules=(Guardrail("second person", "Four eyes"),))
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
    assert send(api, plan, "errors rose", safety=safety).state == "pending"
    assert served.written() == []
