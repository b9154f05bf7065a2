"""The reference API's own side of the contract: statuses, headers and problem documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx
import pytest
from served import MODEL, OPERATOR, Served

from clawpipe_tui.demo.store import Store

ROUTING = f"/v1/models/{MODEL}/routing"
BODY: Mapping[str, object] = {"routes": [{"version": "v42", "weight_pct": 100}], "reason": "errors rose"}


@pytest.fixture
def audit(served: Served) -> Store:
    """Where changes are written."""
    return served.audit


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    """A bare client with an operator's token."""
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False) as client:
        yield client


def put(
    http: httpx.Client,
    body: Mapping[str, object] = BODY,
    path: str = ROUTING,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """A change, with the headers that it needs unless they are given."""
    usual = {"If-Match": http.get(ROUTING).headers["ETag"], "Idempotency-Key": "k"}
    given = {**usual, **(headers or {})}
    return http.put(path, json=body, headers={name: value for name, value in given.items() if value})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": ""}, 428),
        ({"If-Match": "*"}, 428),
        ({"If-Match": '"other"'}, 412),
        ({"Idempotency-Key": ""}, 400),
        ({"Idempotency-Key": "k" * 300}, 400),
        ({"Authorization": "Basic eA=="}, 401),
    ],
)
def test_a_change_without_its_guards_is_a_problem(
    http: httpx.Client, audit: Store, headers: dict[str, str], status: int
) -> None:
    """RFC 9457, and nothing is written."""
    answer = put(http, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert audit.entries() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**BODY, "reason": " "}, "needs a reason"),
        ({**BODY, "routes": []}, "No live version"),
        ({**BODY, "routes": [{"version": "v42", "weight_pct": 60}]}, "add up to 60 %"),
        ({**BODY, "routes": [{"version": "v42", "weight_pct": 50}] * 2}, "twice"),
        ({**BODY, "routes": [{"version": "v42", "weight_pct": 100, "role": "canary"}]}, "No live version"),
        ({**BODY, "routes": "v42"}, "routes is not a list"),
    ],
)
def test_a_change_that_makes_no_sense_is_unprocessable(
    http: httpx.Client, body: Mapping[str, object], words: str
) -> None:
    """422, with the reason."""
    answer = put(http, body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_refused_key_can_be_used_again(http: httpx.Client) -> None:
    """Only a success is final."""
    assert put(http, headers={"If-Match": '"stale"'}).status_code == 412
    assert put(http).status_code == 200


def test_a_replay_is_marked(http: httpx.Client) -> None:
    """And it carries the ETag of the first answer."""
    stale = http.get(ROUTING).headers["ETag"]
    first, second = put(http, headers={"If-Match": stale}), put(http, headers={"If-Match": stale})
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert first.headers["etag"] == second.headers["etag"]
    assert first.json() == second.json()


def test_a_dry_run_shows_the_routing_and_changes_nothing(http: httpx.Client, audit: Store) -> None:
    """It is checked like the real one."""
    before = http.get(ROUTING)
    answer = put(http, path=f"{ROUTING}?dry_run=true")
    assert (answer.json()["dry_run"], answer.json()["routes"][0]["version"]) == (True, "v42")
    assert put(http, path=f"{ROUTING}?dry_run=true", headers={"If-Match": '"x"'}).status_code == 412
    assert http.get(ROUTING).json() == before.json()
    assert audit.entries() == []


def test_an_unchanged_routing_is_not_sent_again(http: httpx.Client) -> None:
    """304 for If-None-Match."""
    etag = http.get(ROUTING).headers["ETag"]
    assert http.get(ROUTING, headers={"If-None-Match": etag}).status_code == 304
    put(http)
    assert http.get(ROUTING, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/models/", 404),
        ("DELETE", ROUTING, 405),
        ("GET", f"/v1/models/{MODEL}/predict", 405),
        ("GET", "/v1/models/nope/routing/status", 404),
        ("GET", "/v1/changes/nope", 404),
    ],
)
def test_what_does_not_exist_is_a_problem_too(http: httpx.Client, method: str, path: str, status: int) -> None:
    """Also where no code of ours was reached."""
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_change_is_in_the_audit_and_in_the_changes(http: httpx.Client) -> None:
    """Who, when, why, from what, to what."""
    put(http)
    change_id = http.get(ROUTING).json()["change"]["id"]
    entry = http.get("/v1/audit").json()["entries"][0]
    assert (entry["id"], entry["by"], entry["reason"]) == (change_id, "alice", "errors rose")
    assert [route["version"] for route in entry["before"]] == ["v42", "v43"]
    assert http.get(f"/v1/changes/{change_id}").json()["after"] == entry["after"]


def test_health_needs_no_token(http: httpx.Client) -> None:
    """Everything else does."""
    del http.headers["Authorization"]
    assert http.get("/v1/health").json() == {"status": "ok"}
    assert http.get("/v1/models").status_code == 401


def test_a_body_that_is_too_large_is_refused(http: httpx.Client) -> None:
    """413 after 64 kB."""
    assert put(http, {**BODY, "reason": "x" * 70_000}).status_code == 413
