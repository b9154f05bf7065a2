"""The journal's chain: an edit, a removal and a cut tail are found; a crash is not taken for one."""

from __future__ import annotations

import json
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fake_router import MODEL, NOON, WRITE, FakeAPI, at, canary
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.operations.journal import Attempt, Journal, JournalError, Uptime, unresolved
from clawpipe_tui.operations.resolving import open_attempts, resolve
from clawpipe_tui.operations.rollback import plan_rollback, send
from clawpipe_tui.serving.canonical import canonical
from clawpipe_tui.serving.errors import Unavailable
from clawpipe_tui.serving.seam import Applied, Change


def written(folder: Path, count: int = 4) -> Journal:
    """A journal with some steps."""
    journal = Journal(folder)
    for number in range(count):
        journal.record(Attempt(f"k{number}", "answered", NOON, MODEL, "v43", "v42", "errors", evidence={"Plan": "…"}))
    return journal


def test_a_journal_that_nobody_touched_verifies(tmp_path: Path) -> None:
    """Its head is what one writes down elsewhere."""
    journal = written(tmp_path)
    found = journal.verify()
    assert (found.entries, found.torn) == (4, 0)
    assert journal.verify(found.head) == found
    assert Journal(tmp_path / "none").verify().entries == 0


@pytest.mark.parametrize("harm", ["edit", "remove", "swap", "cut"])
def test_a_journal_that_was_changed_is_told(tmp_path: Path, harm: str) -> None:
    """Also one whose end was cut off, by the head that lies beside it."""
    journal = written(tmp_path)
    lines = journal.path.read_text().splitlines()
    harmed = {
        "edit": [lines[0].replace("errors", "drills"), *lines[1:]],
        "remove": [lines[0], *lines[2:]],
        "swap": [lines[1], lines[0], *lines[2:]],
        "cut": lines[:-1],
    }
    journal.path.write_text("\n".join(harmed[harm]) + "\n")
    with pytest.raises(JournalError, match=r"chain is broken|missing at its end"):
        journal.verify()


def test_a_head_that_was_kept_elsewhere_finds_a_rewritten_journal(tmp_path: Path) -> None:
    """A forger who recomputes everything cannot recompute what somebody else has."""
    head = written(tmp_path / "a").verify().head
    with pytest.raises(JournalError, match="missing at its end"):
        written(tmp_path / "b", 3).verify(head)


def test_a_crash_in_a_line_breaks_no_chain(tmp_path: Path) -> None:
    """The torn line is counted, and the next one follows the last whole one."""
    journal = written(tmp_path)
    with journal.path.open("a") as file:
        file.write('{"key": "to')
    journal.record(Attempt("k9", "sent", at(1), MODEL, "v43", "v42", "errors"))
    assert (journal.verify().entries, journal.verify().torn) == (5, 1)


def test_many_consoles_write_one_chain(tmp_path: Path) -> None:
    """A lock keeps each line whole and each link right."""
    step = Attempt("k", "sent", NOON, MODEL, "v43", "v42", "errors")
    with ThreadPoolExecutor(8) as consoles:
        for done in [consoles.submit(Journal(tmp_path).record, step) for _ in range(80)]:
            done.result()
    assert Journal(tmp_path).verify().entries == 80


def test_the_evidence_is_kept_once(tmp_path: Path) -> None:
    """With the first step of an attempt."""
    journal = Journal(tmp_path)
    step = Attempt("k", "sent", NOON, MODEL, "v43", "v42", "errors", evidence={"Headline": "v43 worse"})
    journal.record(step)
    journal.record(step.now("answered", at(1)))
    assert [attempt.evidence for attempt in journal.attempts()] == [{"Headline": "v43 worse"}, {}]


def test_the_next_start_tells_and_looks_up_what_is_unresolved(tmp_path: Path) -> None:
    """Reads only; what is found is written down, so that it is told once."""
    api, journal = canary(), Journal(tmp_path)
    journal.record(Attempt("key-1", "sent", NOON, MODEL, "v43", "v42", "errors"))
    assert (
        "the rollback of flight-delay to v42, sent 2026-11-07 12:00:00, was never answered" in open_attempts(journal)[0]
    )
    assert "cannot be asked" in resolve(api, journal)[0]

    class WithChanges(type(api)):
        def find_change(self, model: str, key: str) -> str | None:
            if self.broken:
                raise self.broken
            return "chg-7" if (model, key) == (MODEL, "key-1") else None

    router = WithChanges(api.now, broken=Unavailable("It is down."))
    assert "It is down." in resolve(router, journal)[0]
    assert len(unresolved(journal)) == 1
    router.broken = None
    assert "it took effect as change chg-7" in resolve(router, journal)[0]
    assert resolve(router, journal) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100"), (0.5, "0.5"), (-0.0, "0"), (1e21, "1e+21"), (1e-7, "1e-7"), (0.000001, "0.000001"),
        (333333333.33333329, "333333333.3333333"), (4.5, "4.5"), (2e-3, "0.002"), (1.5e300, "1.5e+300"),
        ({"b": 1, "a": [True, None, "é"]}, '{"a":[true,null,"é"],"b":1}'),
        ({"\u20ac": 1, "\r": 2, "\U0001f600": 3, "1": 4, "\ufb33": 5},
         '{"\\r":2,"1":4,"€":1,"\U0001f600":3,"\ufb33":5}'),
    ],
)  # fmt: skip
def test_the_canonical_form_is_that_of_rfc_8785(value: object, text: str) -> None:
    """Numbers as ECMAScript writes them, names by their UTF-16 units."""
    assert canonical(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_canonical_number_is_read_back_as_the_same_number(value: float) -> None:
    """For every double."""
    assert float(json.loads(canonical(value))) == value


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    """Also one that changes nothing that is read: the case of a digit, a blank."""
    journal = written(tmp_path)
    whole = journal.path.read_bytes()
    for place in range(0, len(whole), 7):
        for other in {whole[place] ^ 0x20, whole[place] ^ 1, 0x09} - {whole[place]}:
            journal.path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
            with pytest.raises(JournalError):
                journal.verify()
    journal.path.write_bytes(whole)
    assert journal.verify().entries == 4


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    """A head that is gone, unless another one was kept elsewhere."""
    journal = written(tmp_path)
    head = journal.verify().head
    journal.head_path.unlink()
    with pytest.raises(JournalError, match="is missing: whether lines were cut off"):
        journal.verify()
    assert journal.verify(head).entries == 4


def test_a_full_disk_stops_the_sending_and_leaves_no_half_a_line(tmp_path: Path) -> None:
    """A write that takes only a part is noticed: nothing is sent."""
    api, journal = canary(), Journal(tmp_path)
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    try:
        with pytest.raises(JournalError, match="cannot be written"):
            send(api, plan, "errors", safety=WRITE, journal=journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert api.now == canary().now
    journal.record(Attempt("k", "sent", NOON, MODEL, "v43", "v42", "errors"))
    assert (journal.verify().entries, journal.verify().torn) == (1, 1)


def test_a_disk_that_fills_after_the_sending_does_not_hide_what_was_done(tmp_path: Path) -> None:
    """It took effect, and that it could not be written down is said."""
    api, journal = canary(), Journal(tmp_path)
    plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
    apply = api.apply

    def filling(change: Change) -> Applied:
        journal.path.unlink()
        journal.path.mkdir()
        return apply(change)

    api.apply = filling
    sent = send(api, plan, "errors", safety=WRITE, journal=journal)
    assert sent.state == "applied"
    assert "But this could not be written down" in sent.sentence


def test_a_second_console_does_not_call_a_request_on_its_way_refused(tmp_path: Path) -> None:
    """Until the state has moved on, or nothing can be on its way any more."""

    class Forgetful(FakeAPI):
        def find_change(self, model: str, key: str) -> None:
            _ = model, key

    journal, up_s = Journal(tmp_path, lambda: Uptime("a", up_s[0])), [10.0]
    router = Forgetful(canary().now)
    journal.record(Attempt("k", "sent", NOON, MODEL, "v43", "v42", "errors", expected=router.now.token))
    assert "it still could" in resolve(router, journal)[0]
    assert len(unresolved(journal)) == 1
    router.now = replace(router.now, token="another")
    assert "it did not take effect" in resolve(router, journal)[0]
    journal.record(Attempt("k2", "sent", NOON, MODEL, "v43", "v42", "errors", expected="another"))
    up_s[0] = 200.0
    assert "it did not take effect" in resolve(router, journal)[0]
