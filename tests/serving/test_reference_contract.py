"""The contract of Registry and Router, against the reference API on a real socket."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from served import MODEL, OPERATOR, OTHER, READER, Served, change, settings

from clawpipe_tui.demo.running import serve_settings
from clawpipe_tui.demo.store import Step, Store
from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.errors import Conflict, Denied, Invalid, NotFound
from clawpipe_tui.serving.payload import MASK
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import ChangeLog, Route


def test_models_and_versions_are_listed_oldest_first(api: ReferenceAPI) -> None:
    """The registry's half of the seam."""
    assert api.models() == (MODEL,)
    assert [document.version for document in api.versions(MODEL)] == ["v41", "v42", "v43"]
    assert api.version(MODEL, "v42").change_note == "makes v42"
    assert api.version(MODEL, "v42").document["created_at"] == "2026-11-02T00:00:00Z"


def test_a_change_moves_the_routing_and_remembers_what_served_before(served: Served, api: ReferenceAPI) -> None:
    """One write, one audit line, and `previous` is what served, not version - 1."""
    before = api.routing(MODEL)
    applied = api.apply(change(before.token))
    after = api.routing(MODEL)
    assert (after.routes, after.previous) == ((Route("v42", 100.0),), before.routes)
    assert (after.changed_by, after.reason, after.change_key) == ("alice", "errors rose", "key-1")
    assert applied.change_id == after.change_id != ""
    assert [entry["id"] for entry in served.written()] == [applied.change_id]


def test_a_routing_that_came_back_is_another_state(api: ReferenceAPI) -> None:
    """A plan made two changes ago is refused although the routes are the same again."""
    first = api.routing(MODEL)
    second = api.apply(change(first.token, key="a", version="v41")).routing
    third = api.apply(change(second.token, key="b", version="v43")).routing
    fourth = api.apply(change(third.token, key="c", version="v41")).routing
    assert second.routes == fourth.routes
    with pytest.raises(Conflict):
        api.apply(change(second.token, key="d"))


def test_the_same_key_is_answered_again_and_not_done_again(served: Served, api: ReferenceAPI) -> None:
    """A replay is marked, although its If-Match is no longer true."""
    token = api.routing(MODEL).token
    first, second = api.apply(change(token)), api.apply(change(token))
    assert (first.replayed, second.replayed) == (False, True)
    assert first.change_id == second.change_id
    assert len(served.written()) == 1


def test_a_key_with_another_body_is_refused(served: Served, api: ReferenceAPI) -> None:
    """422: the key belongs to the first change."""
    token = api.routing(MODEL).token
    api.apply(change(token))
    with pytest.raises(Invalid, match="another body"):
        api.apply(change(token, version="v41"))
    assert len(served.written()) == 1


def test_who_comes_second_is_told_who_was_first(served: Served, api: ReferenceAPI) -> None:
    """412: nothing is changed, and the current routing comes with the error."""
    token = api.routing(MODEL).token
    with closing(served.api(OTHER)) as other:
        other.apply(change(token, version="v41", reason="drill"))
    with pytest.raises(Conflict, match=r"bob changed the routing of flight-delay at .* \(drill\)") as refused:
        api.apply(change(token, key="key-2"))
    assert refused.value.current is not None
    assert refused.value.current.routes == (Route("v41", 100.0),)
    assert len(served.written()) == 1


def test_ten_racing_clients_make_one_write(served: Served, api: ReferenceAPI) -> None:
    """One is accepted, nine are told that they were second."""
    token = api.routing(MODEL).token

    def race(number: int) -> str:
        with closing(served.api()) as racer:
            try:
                return racer.apply(change(token, key=f"racer-{number}")).change_id
            except Conflict:
                return ""

    with ThreadPoolExecutor(10) as racers:
        won = [change_id for change_id in racers.map(race, range(10)) if change_id]
    assert len(won) == 1
    assert [entry["id"] for entry in served.written()] == won


class SlowAudit(Store):
    """A disk that takes its time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def commit(self, step: Step) -> None:
        """Wait to be told."""
        self.reached.set()
        assert self.go_on.wait(5)
        super().commit(step)


def test_a_key_in_flight_is_refused_until_it_is_answered(tmp_path: Path) -> None:
    """409: the first request with this key is still being handled."""
    audit = SlowAudit(tmp_path / "audit.jsonl")
    running = serve_settings(settings(tmp_path, audit=audit))
    with closing(ReferenceAPI(running.url, "operator-token")) as api, ThreadPoolExecutor(1) as other:
        token = api.routing(MODEL).token
        first = other.submit(api.apply, change(token))
        assert audit.reached.wait(5)
        with pytest.raises(Conflict, match="still being handled"):
            api.apply(change(token))
        audit.go_on.set()
        assert not first.result(5).replayed
        assert api.apply(change(token)).replayed
    running.stop()
    assert len(audit.entries()) == 1


def test_a_made_change_is_found_by_its_key(api: ReferenceAPI) -> None:
    """What a sender with a lost answer asks."""
    assert isinstance(api, ChangeLog)
    applied = api.apply(change(api.routing(MODEL).token))
    assert api.find_change(MODEL, "key-1") == applied.change_id
    assert api.find_change(MODEL, "key-2") is None


@pytest.mark.parametrize(
    ("token", "error", "words"),
    [
        ("", Denied, "needs a bearer token"),
        ("wrong", Denied, "does not accept the token"),
        (READER, Denied, "lacks the scope 'operate'"),
    ],
)
def test_a_token_that_does_not_suffice_is_named_as_such(
    served: Served, token: str, error: type[ServingError], words: str
) -> None:
    """401 and 403, as sentences; nothing is written."""
    with closing(served.api(token)) as api, pytest.raises(error, match=words):
        api.apply(change('"any"'))
    assert served.written() == []


def test_unknown_names_are_not_found(api: ReferenceAPI) -> None:
    """404 for a model and for a version."""
    with pytest.raises(NotFound, match="no model 'nope'"):
        api.routing("nope")
    with pytest.raises(NotFound, match="no version 'v99'"):
        api.version(MODEL, "v99")
    with pytest.raises(NotFound, match="routing of a b/c"):
        api.routing("a b/c")


@pytest.mark.parametrize("version", ["v99", "\x1b[2Jv42", "v42" * 4_000])
def test_a_route_to_an_unknown_version_is_refused(served: Served, api: ReferenceAPI, version: str) -> None:
    """422, and nothing is changed."""
    with pytest.raises(Invalid, match="There is no version"):
        api.apply(change(api.routing(MODEL).token, version=version))
    assert served.written() == []


def test_a_change_without_a_guard_is_not_sent(served: Served, api: ReferenceAPI) -> None:
    """An empty ETag guards nothing."""
    with pytest.raises(Invalid, match="cannot be guarded"):
        api.apply(change(""))
    assert served.written() == []


def test_the_described_request_is_the_sent_request_without_the_token(served: Served, api: ReferenceAPI) -> None:
    """What the dialog shows, sent by hand, is accepted."""
    text = api.describe(change(api.routing(MODEL).token, reason="Fehler über 9 %"))
    assert "operator-token" not in text
    head, _, body = text.replace(MASK, "operator-token").partition("\n\n")
    first, *lines = head.splitlines()
    method, url = first.split()
    answer = httpx.request(
        method, url, headers=dict(line.split(": ", 1) for line in lines), content=body.encode(), trust_env=False
    )
    assert answer.status_code == 200
    assert served.written()[0]["reason"] == "Fehler über 9 %"


@pytest.mark.parametrize("word", ["1", "TRUE", "yes", "", "true&dry_run=false"])
def test_a_dry_run_that_is_not_understood_is_no_real_change(served: Served, word: str) -> None:
    """400: whoever writes dry_run=1 wants anything but a change."""
    headers = {"Authorization": f"Bearer {OPERATOR}", "Idempotency-Key": '"k"'}
    with httpx.Client(base_url=served.url, headers=headers) as http:
        etag = http.get(f"/v1/models/{MODEL}/routing").headers["etag"]
        body = {"routes": [{"version": "v42", "weight_pct": 100}], "reason": "a drill"}
        path = f"/v1/models/{MODEL}/routing?dry_run={word}"
        answer = http.put(path, headers={"If-Match": etag}, json=body)
    assert (answer.status_code, served.written()) == (400, [])


def test_refusals_tell_what_is_left_and_any_etag_is_not_modified(served: Served) -> None:
    """A client that is refused must know when to slow down; `If-None-Match: *` fits whatever there is."""
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {OPERATOR}"}) as http:
        refused = http.put(f"/v1/models/{MODEL}/routing", headers={"Idempotency-Key": '"k"'}, json={})
        anything = http.get(f"/v1/models/{MODEL}/routing", headers={"If-None-Match": "*"})
    assert (refused.status_code, refused.headers["ratelimit"].split(";")[0]) == (428, '"operate"')
    assert anything.status_code == 304
