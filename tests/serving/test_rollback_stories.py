"""A rollback over a line that breaks: one write at most, and a true sentence every time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from served import MODEL, OTHER, WRITE, Line, Served, change

from clawpipe_tui.errors import CANNOT_TELL, FAILED, OK
from clawpipe_tui.operations.journal import Journal, unresolved
from clawpipe_tui.operations.rollback import MovePlan, Sent, plan_rollback, send
from clawpipe_tui.serving.errors import Conflict
from clawpipe_tui.serving.reference import ReferenceAPI


def planned(api: ReferenceAPI) -> MovePlan:
    """Take the canary out."""
    return plan_rollback(api, api, MODEL, to=None, key="key-1")


def sent_over(served: Served, cut: str, journal: Journal | None = None) -> tuple[Sent, int]:
    """What is known after sending over a line that is cut, and how many writes travelled on it."""
    with closing(Line(served.url, cut=cut)) as line, closing(served.api(url=line.url)) as api:
        sent = send(api, planned(api), "errors rose", journal=journal, pause=lambda _s: None, safety=WRITE)
        return sent, line.writes


def test_a_rollback_takes_the_canary_out(served: Served, api: ReferenceAPI) -> None:
    """Planned, sent once, answered."""
    sent = send(api, planned(api), "errors rose", safety=WRITE)
    assert (sent.state, sent.exit_code) == ("applied", OK)
    assert sent.sentence == f"Sent and accepted as change {sent.change_id}: v42 gets 100 %."
    assert [entry["reason"] for entry in served.written()] == ["errors rose"]


@pytest.mark.parametrize("cut", ["answer", "middle"])
def test_a_lost_answer_is_looked_up_and_found(served: Served, tmp_path: Path, cut: str) -> None:
    """The server has applied it: exactly one write, and the sentence says so."""
    journal = Journal(tmp_path / "state")
    sent, writes = sent_over(served, cut, journal)
    assert (sent.state, sent.exit_code, writes, len(served.written())) == ("applied", OK, 1, 1)
    assert sent.sentence.startswith(f"The answer was lost, but it took effect as change {sent.change_id}")
    assert sent.change_id == served.written()[0]["id"]
    assert [attempt.state for attempt in journal.attempts()] == ["sent", "lost", "answered"]


def test_a_request_that_was_lost_has_not_taken_effect(served: Served, tmp_path: Path) -> None:
    """It is not repeated, and stays open in the journal: it could still arrive."""
    journal = Journal(tmp_path / "state")
    sent, writes = sent_over(served, "request", journal)
    assert (sent.state, sent.exit_code, writes, served.written()) == ("not applied", FAILED, 1, [])
    assert "It has not taken effect" in sent.sentence
    assert [attempt.key for attempt in unresolved(journal)] == ["key-1"]


def test_a_lost_request_overtaken_by_someone_else_is_told_apart(served: Served, api: ReferenceAPI) -> None:
    """The routing changed, and not by us."""

    def someone_else(_s: float) -> None:
        with closing(served.api(OTHER)) as other:
            other.apply(change(other.routing(MODEL).token, key="other", version="v41", reason="drill"))

    with closing(Line(served.url, cut="request")) as line, closing(served.api(url=line.url)) as cut:
        sent = send(cut, planned(api), "errors rose", pause=someone_else, safety=WRITE)
    assert (sent.state, sent.final, len(served.written())) == ("not applied", True, 1)
    assert "It did not take effect: bob at" in sent.sentence


def test_ours_and_then_someone_elses_is_told_apart(served: Served, api: ReferenceAPI) -> None:
    """The last change is not ours, and yet ours was made."""

    def someone_else(_s: float) -> None:
        with closing(served.api(OTHER)) as other:
            other.apply(change(other.routing(MODEL).token, key="other", version="v41"))

    with closing(Line(served.url, cut="answer")) as line, closing(served.api(url=line.url)) as cut:
        sent = send(cut, planned(api), "errors rose", pause=someone_else, safety=WRITE)
    assert sent.state == "applied"
    assert sent.change_id == served.written()[0]["id"]
    assert "bob" in sent.sentence


def test_an_api_that_is_gone_after_the_write_cannot_be_judged(served: Served) -> None:
    """Do not repeat, and where to look."""
    with closing(Line(served.url, cut="answer")) as line, closing(served.api(url=line.url)) as api:
        plan = planned(api)
        sent = send(api, plan, "errors rose", pause=lambda _s: line.close(), safety=WRITE)
    assert (sent.state, sent.exit_code, len(served.written())) == ("cannot tell", CANNOT_TELL, 1)
    assert "Do not repeat it: look at the routing of flight-delay in the API (key key-1)" in sent.sentence


def test_who_plans_on_an_old_state_is_refused_and_the_journal_knows(
    served: Served, api: ReferenceAPI, tmp_path: Path
) -> None:
    """Someone else moved between plan and confirmation."""
    plan, journal = planned(api), Journal(tmp_path / "state")
    with closing(served.api(OTHER)) as other:
        other.apply(change(plan.before.token, version="v41", key="key-2"))
    with pytest.raises(Conflict, match="Someone else was first: bob"):
        send(api, plan, "errors rose", journal=journal, safety=WRITE)
    assert [attempt.state for attempt in journal.attempts()] == ["sent", "refused"]
    assert unresolved(journal) == ()
    assert len(served.written()) == 1


def test_confirming_twice_is_one_write(served: Served, api: ReferenceAPI) -> None:
    """The second is a replay of the first."""
    plan = planned(api)
    first, second = send(api, plan, "errors rose", safety=WRITE), send(api, plan, "errors rose", safety=WRITE)
    assert "nothing was done twice" in second.sentence
    assert first.change_id == second.change_id
    assert len(served.written()) == 1
