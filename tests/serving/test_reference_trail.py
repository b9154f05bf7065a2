"""The audit chain, its events, quotas, and what survives a restart, also one by kill -9."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cutting import server_process
from served import MODEL, OPERATOR, READER, Served, Stage, change, settings

from clawpipe_tui.demo.deployment import QUOTAS
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.errors import Conflict, Unavailable
from clawpipe_tui.serving.reference import ReferenceAPI


def changed(api: ReferenceAPI, count: int) -> None:
    """So many changes, one after the other."""
    for number in range(count):
        api.apply(change(api.routing(MODEL).token, key=f"key-{number}", version=f"v4{1 + number % 3}"))


def test_the_audit_is_a_chain_with_a_head(api: ReferenceAPI) -> None:
    """It verifies, and tells how it ends."""
    changed(api, 5)
    found = api.verify_audit()
    assert (found.entries, len(found.head)) == (5, 64)
    assert api.verify_audit(found.head) == found


@pytest.mark.parametrize("harm", ["update audit set entry = replace(entry, 'errors', 'drills') where seq = 2",
                                  "delete from audit where seq = 2", "delete from audit where seq = 5"])  # fmt: skip
def test_an_audit_that_was_changed_is_told(served: Served, api: ReferenceAPI, harm: str) -> None:
    """Also one whose end was cut, by a head that was kept."""
    changed(api, 5)
    head = api.verify_audit().head
    with closing(sqlite3.connect(served.audit.path)) as database:
        database.execute(harm)
        database.commit()
    with pytest.raises(ServingError, match=r"chain is broken|missing at its end"):
        api.verify_audit(head)


def told(url: str, after: int, count: int) -> list[tuple[int, str]]:
    """The next events after one of them."""
    headers = {"Authorization": f"Bearer {READER}", "Last-Event-ID": str(after)}
    found: list[tuple[int, str]] = []
    with httpx.stream("GET", f"{url}/v1/events", headers=headers, trust_env=False, timeout=5) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                entry = json.loads(line.removeprefix("data: "))
                found.append((entry["seq"], entry["action"]))
                if len(found) == count:
                    return found
    return found


def test_events_go_on_after_the_last_one_that_was_seen(served: Served, api: ReferenceAPI) -> None:
    """Nothing is missed between two connections."""
    changed(api, 3)
    assert told(served.url, 1, 2) == [(2, "routing"), (3, "routing")]


def test_each_scope_has_a_quota_of_its_own(tmp_path: Path, stage: tuple[Stage, Running]) -> None:
    """Who has read too much can still roll back; who has changed too much is told when to come back."""
    where, running = stage
    store = Store(tmp_path / "serving.db")
    where.app = reference_app(
        replace(settings(tmp_path, audit=store), quotas={**QUOTAS, "read": "2/minute", "operate": "1/minute"})
    )
    with closing(Served(running, store).api()) as api:
        token = api.routing(MODEL).token
        api.routing(MODEL)
        with pytest.raises(Unavailable, match=r"scope 'read'.*Try again in \d+ s"):
            api.routing(MODEL)
        moved = api.apply(change(token))
        with pytest.raises(Unavailable, match="scope 'operate'"):
            api.apply(change(moved.routing.token, key="key-2", version="v41"))
    assert len(store.entries()) == 1


def test_tokens_cannot_be_guessed_at_any_speed(served: Served) -> None:
    """Strangers share one quota by address; a known token is not kept out by it."""
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        wrong = [http.get("/v1/models", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(70)]
        right = http.get("/v1/models", headers={"Authorization": f"Bearer {OPERATOR}"})
    assert (wrong[0], wrong[-1], right.status_code) == (401, 429, 200)
    assert right.headers["ratelimit-policy"] == '"read";q=1200;w=60'
    assert right.headers["ratelimit"].startswith('"read";r=')


def test_only_digests_of_tokens_are_kept(served: Served, api: ReferenceAPI) -> None:
    """The file holds no token."""
    changed(api, 1)
    kept = b"".join(path.read_bytes() for path in served.audit.path.parent.glob(f"{served.audit.path.name}*"))
    assert OPERATOR.encode() not in kept
    assert served.audit.path.stat().st_mode & 0o777 == 0o600


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """Routing, previous, ETag, the audit's chain, and the answer to a key, all as before."""
    with server_process(tmp_path) as (server, url), closing(ReferenceAPI(url, OPERATOR)) as api:
        before = api.routing(MODEL)
        first = api.apply(change(before.token))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    with server_process(tmp_path) as (_, url), closing(ReferenceAPI(url, OPERATOR)) as api:
        assert api.routing(MODEL) == first.routing
        assert api.routing(MODEL).previous == before.routes
        again = api.apply(change(before.token))
        assert (again.replayed, again.change_id) == (True, first.change_id)
        with pytest.raises(Conflict):
            api.apply(change(before.token, key="key-2"))
        assert api.find_change(MODEL, "key-1") == first.change_id
        assert api.verify_audit().entries == 1
