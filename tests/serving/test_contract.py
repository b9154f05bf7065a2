"""One contract for every serving system: list, versions, routing, guarded move, replay, stale write, every trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from backends import NAME, FakeMlflow
from served import OPERATOR, WRITE, Line, Stage
from systems import NAMES, REAL_TRITON, Backend, backend_of, moto, reloaded

from clawpipe_tui.config import Serving
from clawpipe_tui.demo.running import Running
from clawpipe_tui.errors import ConfigError, ServingError, UsageError
from clawpipe_tui.operations.diff import diff_documents
from clawpipe_tui.operations.rollback import plan_move, plan_rollback, send
from clawpipe_tui.serving.errors import Conflict, Denied, Invalid, NotFound, Unavailable, Unknown
from clawpipe_tui.serving.kserve import KServe
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.opening import open_serving
from clawpipe_tui.serving.payload import MASK
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import Approvals, Change, ChangeLog, Rehearsal, Route, Settling
from clawpipe_tui.serving.triton import Triton


@pytest.fixture(scope="module")
def moto_url() -> Iterator[Callable[[], str]]:
    """Moto, started when somebody asks for it."""
    with ExitStack() as stack:
        found: list[str] = []

        def url() -> str:
            if not found:
                found.append(stack.enter_context(moto()))
            return found[0]

        yield url


@pytest.fixture(params=NAMES)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, stage: tuple[Stage, Running], moto_url: Callable[[], str]
) -> Iterator[Backend]:
    """Each of them."""
    found = backend_of(request.param, tmp_path, stage, moto_url)
    with closing(found.router):
        yield found


def test_models_and_versions_are_listed(backend: Backend) -> None:
    """Oldest first, each with its document."""
    assert backend.model in backend.registry.models()
    found = [document.version for document in backend.registry.versions(backend.model)]
    assert sorted(found) == sorted([backend.live, backend.other, backend.third, *backend.extra])
    note = backend.registry.version(backend.model, backend.live).change_note
    assert note == (f"makes {backend.live}" if backend.noted else "")


def test_a_move_is_made_once_and_remembers_what_served_before(backend: Backend) -> None:
    """With who, why and by which key."""
    before = backend.router.routing(backend.model)
    assert before.routes[0].version == backend.live
    applied = backend.router.apply(backend.change(backend.other))
    after = backend.router.routing(backend.model)
    assert after.routes == (Route(backend.other, 100.0),)
    if backend.router.capabilities.effect != "eventual":
        assert applied.routing.token == after.token
    assert after.previous
    assert after.previous[0].version == backend.live
    assert (after.change_key, after.reason, after.change_id) == ("key-1", "errors rose", applied.change_id)
    assert after.token != before.token


def test_the_same_key_is_not_done_again(backend: Backend) -> None:
    """A replay, marked as such."""
    change = backend.change(backend.other)
    first, second = backend.router.apply(change), backend.router.apply(change)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.change_id == second.change_id


def test_a_stale_plan_is_a_conflict(backend: Backend) -> None:
    """Also where the backend itself would not notice; nothing is changed."""
    token = backend.router.routing(backend.model).token
    backend.router.apply(backend.change(backend.other, "a"))
    with pytest.raises(Conflict, match="Someone else was first") as refused:
        backend.router.apply(backend.change(backend.live, "b", token))
    assert refused.value.current
    assert backend.router.routing(backend.model).routes[0].version == backend.other


def test_a_made_change_is_found_by_its_key(backend: Backend) -> None:
    """What a lost answer is looked up with."""
    assert isinstance(backend.router, ChangeLog)
    applied = backend.router.apply(backend.change(backend.other))
    assert backend.router.find_change(backend.model, "key-1") == applied.change_id
    assert backend.router.find_change(backend.model, "key-2") is None


def test_unknown_names_are_errors_with_a_sentence(backend: Backend) -> None:
    """A model, a version to read, a version to move to; and the routing stays."""
    with pytest.raises(ServingError):
        backend.router.routing("nope")
    with pytest.raises(NotFound):
        backend.registry.version(backend.model, "99")
    with pytest.raises(ServingError):
        backend.router.apply(backend.change("99"))
    assert backend.router.routing(backend.model).routes[0].version == backend.live


def test_the_request_is_shown_as_it_will_be_sent(backend: Backend) -> None:
    """With the reason and the version, and no token."""
    text = backend.router.describe(backend.change(backend.other))
    assert "errors rose" in text
    assert backend.other in text or '"canaryTrafficPercent": 0' in text
    assert OPERATOR not in text
    assert MASK in text


def test_a_rollback_and_its_undo_go_through_the_operations(backend: Backend) -> None:
    """The same plan, words and sending for all; an alias is never called traffic."""
    plan = plan_rollback(backend.registry, backend.router, backend.model, to=backend.other, key="key-1")
    sent = send(backend.router, plan, "errors rose", safety=WRITE)
    assert sent.state == "applied"
    undo = plan_move(
        backend.registry, backend.router, backend.model, action="undo", version=None, weight_pct=None, key="key-2",
        logs=None,
    )  # fmt: skip
    assert undo.returning == backend.live
    assert send(backend.router, undo, "it was the wrong one", safety=WRITE).state == "applied"
    if backend.router.capabilities.effect == "pointer":
        said = f"{plan.sentence} {sent.sentence}"
        assert "the alias moves from" in said
        assert "alias moved to" in said
        assert "%" not in said
        assert plan.effect.startswith("An alias moves, not the traffic")


def test_a_canary_is_read_back_as_it_was_written_or_refused(backend: Backend) -> None:
    """As the capabilities say: what cannot split says so in the plan, and sends nothing when it is forced to."""
    registry, router, model = backend.registry, backend.router, backend.model
    before = router.routing(model)
    shares = (Route(backend.live, 90.0), Route(backend.other, 10.0, "canary"))
    if isinstance(router, KServe) and before.routes[0].version.endswith("3"):
        shares = (Route(backend.other, 90.0), Route(backend.live, 10.0, "canary"))  # the newest is always the canary
    change = Change(model, shares, before.token, "a try", "", "key-1")
    if router.capabilities.split:
        assert router.apply(change).routing.routes == shares
        assert router.routing(model).routes == shares
        return
    with pytest.raises(UsageError, match="cannot split traffic"):
        plan_move(registry, router, model, action="canary", version=backend.third, weight_pct=5.0, key="k", logs=None)
    with pytest.raises(Invalid):
        router.apply(change)
    assert router.routing(model).token == before.token


def test_the_capabilities_are_what_it_can_do(backend: Backend) -> None:
    """Who promises traffic later can say how far it has come; who promises approvals can list them."""
    capabilities = backend.router.capabilities
    assert isinstance(backend.router, Settling) == (capabilities.effect == "eventual")
    assert isinstance(backend.router, Approvals) == capabilities.approvals
    if isinstance(backend.router, Settling):
        assert backend.router.progress(backend.model).state == "done"


def test_a_rehearsal_changes_nothing(backend: Backend) -> None:
    """Where there is one: neither for what would be accepted nor for what would be refused."""
    if not isinstance(backend.router, Rehearsal):
        pytest.skip("it has none, and the plan shows the request alone")
    before = backend.router.routing(backend.model)
    backend.router.rehearse(backend.change(backend.other))
    with pytest.raises((Invalid, NotFound)):
        backend.router.rehearse(backend.change("nobody"))
    assert backend.router.routing(backend.model) == before


REFUSALS = {
    "401": Denied, "403": Denied, "404": NotFound, "409": Conflict, "412": Conflict, "422": Invalid, "429": Unavailable,
    "500": Unknown, "503": Unknown, "504": Unknown,
}  # fmt: skip


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refused_write_is_told_and_not_repeated(backend: Backend, status: str) -> None:
    """By a proxy that speaks HTML with escapes in it: one sentence, one request, nothing moved."""
    before = backend.router.routing(backend.model)
    with (
        closing(Line(backend.url, cut=status, moves=backend.moves)) as line,
        backend.by_way_of(line.url) as router,
        pytest.raises(REFUSALS[status]) as refused,
    ):
        router.apply(backend.change(backend.other))
    assert line.writes == 1
    assert "\x1b" not in str(refused.value) + refused.value.hint
    assert backend.router.routing(backend.model).routes == before.routes
    assert getattr(refused.value, "retry_after_s", 7.0) == 7.0


@pytest.mark.parametrize("cut", ["request", "answer", "middle", "silence", "failure"])
def test_a_lost_answer_is_unknown_and_sent_once(backend: Backend, cut: str) -> None:
    """Wherever it is lost; afterwards its key says whether it took effect."""
    with (
        closing(Line(backend.url, cut=cut, moves=backend.moves)) as line,
        backend.by_way_of(line.url, 0.5 if cut == "silence" else 60.0) as router,
        pytest.raises(Unknown, match="was sent"),
    ):
        router.apply(backend.change(backend.other))
    assert line.writes == 1
    arrived = cut != "request"
    assert isinstance(backend.router, ChangeLog)
    assert (backend.router.find_change(backend.model, "key-1") is not None) == arrived
    assert backend.router.routing(backend.model).routes[0].version == (backend.other if arrived else backend.live)


HOSTILE = {
    "escapes": "\x1b]0;owned\x07\x1b[31mred\r\n\x9b2J",
    "markup": "[bold]x[/bold] <b>{{x}}</b> '; drop table x; --",
    "long": "x" * 10_000,
    "right to left": "\u202eabc\u2066 שלום",
    "halves": "\ud800 alone",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_strings_come_back_harmless(backend: Backend, kind: str) -> None:
    """As a reason that is kept there, and as names that are asked for."""
    text = HOSTILE[kind]
    change = Change(
        backend.model, (Route(backend.other, 100.0),), backend.change(backend.other).expected, text, text, "k"
    )
    said = backend.router.describe(change)
    kept = backend.router.apply(change).routing.reason + backend.router.routing(backend.model).reason
    with pytest.raises(ServingError) as unknown:
        backend.router.routing(text)
    with pytest.raises(ServingError) as absent:
        backend.registry.version(backend.model, text)
    for shown in (kept, str(unknown.value), unknown.value.hint, str(absent.value), absent.value.hint):
        assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or letter in "\u202e\u2066" for letter in shown)
        assert len(shown) < 6_000
    assert "\x1b" not in said


def test_two_clients_at_once_make_one_move(backend: Backend) -> None:
    """Where the server compares; where only the client does, the second to come is told."""
    first, second = backend.change(backend.other, "a"), backend.change(backend.other, "b")
    outcomes: list[str] = []

    def move(change: Change) -> None:
        with backend.by_way_of(backend.url) as router:
            try:
                router.apply(change)
                outcomes.append("moved")
            except Conflict as conflict:
                outcomes.append(conflict.message)

    racers = [threading.Thread(target=move, args=(change,)) for change in (first, second) * 3]
    for racer in racers:
        racer.start()
        if backend.router.capabilities.guard == "client":
            racer.join()
    for racer in racers:
        racer.join()
    winner = backend.router.routing(backend.model).change_key
    assert winner in {"a", "b"}
    assert len(outcomes) == 6
    assert any("was first" in told or "same moment" in told for told in outcomes)


def test_no_token_travels_in_the_open(backend: Backend) -> None:
    """To any machine but this one."""
    with pytest.raises(ConfigError, match=r"plain http to serving\.example"):
        backend.connect("http://serving.example", 1.0)


def test_mlflow_gives_what_was_packed_with_a_model_as_its_lock() -> None:
    """By requirements.txt, else by conda.yaml; a version without either has none, and the diff says so."""
    api = Mlflow("http://127.0.0.1:1", transport=FakeMlflow().transport())
    newer, older, bare = (api.version(NAME, version).document for version in ("2", "1", "3"))
    assert (newer["lock"], newer["runtime"]) == (["mlflow==3.17.2", "numpy==2.1.0"], {"python": "3.11.7"})
    assert older["lock"] == ["python=3.10.4", "mlflow==2.9.0", "numpy==1.26.4"]
    assert "lock" not in bare
    rows = {row.key: row.change for row in diff_documents(api.version(NAME, "1"), api.version(NAME, "2"))}
    assert rows["lock.mlflow"] == rows["lock.numpy"] == "upgraded"


@pytest.mark.parametrize(
    ("serving", "registry", "router"),
    [
        (Serving("http://127.0.0.1:1"), ReferenceAPI, ReferenceAPI),
        (Serving("http://127.0.0.1:1", registry="mlflow", router="mlflow"), Mlflow, Mlflow),
        (
            Serving("http://127.0.0.1:1", registry="mlflow", router="triton", registry_url="http://[::1]:2"),
            Mlflow,
            Triton,
        ),
        (Serving("http://127.0.0.1:1", registry="mlflow"), Mlflow, ReferenceAPI),
    ],
)
def test_registry_and_router_compose(serving: Serving, registry: type, router: type) -> None:
    """As the configuration names them."""
    known, moves = open_serving(serving)
    assert (type(known), type(moves)) == (registry, router)


@pytest.mark.parametrize("serving", [Serving("http://127.0.0.1:1", router="trition"), Serving("u", registry="triton")])
def test_an_unknown_adapter_is_named_with_the_nearest(serving: Serving) -> None:
    """A typing error in the configuration; a router is no registry."""
    with pytest.raises(ConfigError, match=r"there is no adapter '(trition|triton)'"):
        open_serving(serving)


def asked_until(stop: threading.Event, answers: list[tuple[int, str]]) -> None:
    """Requests to a real Triton, one after the other: the status, and the version that answered."""
    x = {"name": "x", "datatype": "FP32", "shape": [1], "data": [2.0]}
    with httpx.Client(base_url=REAL_TRITON, trust_env=False, timeout=30) as http:
        while not stop.is_set():
            answer = http.post(f"/v2/models/{NAME}/infer", json={"inputs": [x]})
            answers.append((answer.status_code, str(answer.json().get("model_version", ""))))


@pytest.mark.skipif(not REAL_TRITON, reason="needs CLAWPIPE_TRITON: make test-integration")
def test_a_rollback_of_a_real_triton_under_traffic_fails_no_request() -> None:
    """Four clients ask all the while; each answer names its version, and the last ones name the new one."""
    reloaded(REAL_TRITON)
    stop, answers = threading.Event(), list[tuple[int, str]]()
    clients = [threading.Thread(target=asked_until, args=(stop, answers)) for _ in range(4)]
    for client in clients:
        client.start()
    registry = Mlflow("http://127.0.0.1:1", "", transport=FakeMlflow().transport())
    with closing(Triton(REAL_TRITON)) as router:
        plan = plan_rollback(registry, router, NAME, to="1", key=uuid4().hex)
        sent = send(router, plan, "errors rose", safety=WRITE)
    moved_after = len(answers)
    stop.wait(1.0)
    stop.set()
    for client in clients:
        client.join(30)
    assert sent.state == "applied"
    assert {status for status, _ in answers} == {200}
    assert {version for _, version in answers[:10]} == {"2"}
    assert {version for _, version in answers[moved_after + 4 :]} == {"1"}
