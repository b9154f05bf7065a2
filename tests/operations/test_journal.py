"""The journal survives crashes, and says what was sent and never resolved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fake_router import MODEL, NOON, WRITE, at, canary

from clawpipe_tui.operations.journal import Attempt, Journal, JournalError, State, unresolved
from clawpipe_tui.operations.rollback import plan_rollback, send
from clawpipe_tui.serving.seam import Applied, Change


def attempt(key: str, state: State) -> Attempt:
    """One step."""
    return Attempt(key, state, NOON, MODEL, "v43", "v42", "errors rose")


@pytest.mark.parametrize(
    ("states", "open_keys"),
    [
        (["planned"], []),
        (["planned", "sent"], ["k"]),
        (["sent", "lost"], ["k"]),
        (["sent", "answered"], []),
        (["sent", "refused"], []),
        (["sent", "lost", "observed"], []),
    ],
)
def test_what_was_sent_stays_open_until_it_is_answered(
    tmp_path: Path, states: list[State], open_keys: list[str]
) -> None:
    """By the last step of each key."""
    journal = Journal(tmp_path / "state")
    for state in states:
        journal.record(attempt("k", state))
    journal.record(attempt("other", "answered"))
    assert [found.key for found in unresolved(journal)] == open_keys


def test_a_step_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Readable by its owner alone, also the folder."""
    journal = Journal(tmp_path / "state")
    step = attempt("k", "sent").now("answered", at(1), "Sent “…” and accepted", "chg-1")
    journal.record(step)
    assert [replace(read, boot="", up_s=0.0) for read in journal.attempts()] == [step]
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    """A crash in the middle of a line; the next line begins anew."""
    journal = Journal(tmp_path)
    journal.record(attempt("a", "sent"))
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole)):
        journal.path.write_bytes(whole + whole[:cut])
        journal.record(attempt("b", "sent"))
        assert [found.key for found in unresolved(journal)] == ["a", "b"]


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    """The first start."""
    assert unresolved(Journal(tmp_path / "nowhere")) == ()


def test_the_attempt_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    """A kill between send and answer leaves it unresolved."""
    api, journal = canary(), Journal(tmp_path)
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")

    def killed(change: Change) -> Applied:
        assert [found.key for found in unresolved(journal)] == [change.key]
        raise KeyboardInterrupt

    api.apply = killed
    with pytest.raises(KeyboardInterrupt):
        send(api, plan, "errors rose", journal=journal, safety=WRITE)
    assert [found.reason for found in unresolved(journal)] == ["errors rose"]


def test_nothing_is_sent_where_the_journal_cannot_be_written(tmp_path: Path) -> None:
    """A full or foreign disk."""
    (tmp_path / "file").write_text("in the way")
    api = canary()
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
    with pytest.raises(JournalError, match=r"cannot be (read|written)"):
        send(api, plan, "errors rose", journal=Journal(tmp_path / "file"), safety=WRITE)
    assert api.now == canary().now
