"""Predictions of the embedded server: routed by weight, in the model's own time, every one logged."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import MODEL, deployment

from clawpipe_tui.demo.access import Account, Scope, accounts
from clawpipe_tui.demo.deployment import QUOTAS, Settings, load_deployment
from clawpipe_tui.demo.inference import capped
from clawpipe_tui.demo.model import Answer
from clawpipe_tui.demo.parquet_log import log_table
from clawpipe_tui.demo.predicting import pick
from clawpipe_tui.demo.prediction_log import PredictionLog
from clawpipe_tui.demo.running import serve_settings
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.demo.world import Served as Row
from clawpipe_tui.serving.seam import Route

PREDICT = f"/v1/models/{MODEL}/predict"
VERSIONS = Path(__file__).parents[2] / "sample_data" / "versions"


@dataclass
class Rows:
    """A log in memory."""

    rows: list[Row] = field(default_factory=list[Row])

    def add(self, row: Row) -> None:
        """Keep it."""
        self.rows.append(row)

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""


def client(settings: Settings) -> httpx.AsyncClient:
    """A client without a socket."""
    transport = httpx.ASGITransport(reference_app(settings), client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_every_prediction_is_logged_with_who_served_it(tmp_path: Path) -> None:
    """The answer names the version, and so does the row."""
    rows = Rows()
    settings = Settings((deployment(),), Store(tmp_path / "audit"), log=rows, seed=7)
    body = {"request_id": "r-1", "client": "web", "features": {"dep_delay_min": 3}}
    async with client(settings) as http:
        answers = await asyncio.gather(*(http.post(PREDICT, json=body) for _ in range(100)))
    served = [answer.json()["model_version"] for answer in answers]
    assert sorted(served) == sorted(row.version for row in rows.rows)
    assert 5 <= served.count("v43") <= 40
    assert {(row.client, row.request_id, row.features["dep_delay_min"]) for row in rows.rows} == {("web", "r-1", 3)}
    assert {row.role for row in rows.rows if row.version == "v43"} == {"canary"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer("fallback", None, 1.0, "late", 0.9), 200),
        (Answer("rejected", "missing input: carrier", 1.0), 422),
        (Answer("error", "ValueError: no row", 1.0), 500),
        (Answer("timeout", "TimeoutError: too slow", 1.0), 504),
        (Answer("ok", None, 60_000.0, "late", 0.9), 504),
    ],
)
async def test_each_outcome_has_its_status_and_is_logged(tmp_path: Path, answer: Answer, status: int) -> None:
    """No prediction takes longer than the server's limit."""
    rows = Rows()
    served = deployment(v42=answer, v43=answer)
    settings = Settings((served,), Store(tmp_path / "audit"), log=rows, time_limit_ms=20.0)
    async with client(settings) as http:
        reply = await http.post(PREDICT, json={"features": {}})
    assert reply.status_code == status
    assert rows.rows[0].answer.outcome == ("timeout" if status == 504 else answer.outcome)


async def test_a_shadow_answers_too_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """Both rows carry the same request id."""
    rows, served = Rows(), deployment(v43=Answer("ok", None, 30.0, "late", 0.9))
    shadowed = type(served)(
        MODEL, served.versions, served.documents, (Route("v42", 100.0), Route("v43", 100.0, "shadow"))
    )
    settings = Settings((shadowed,), Store(tmp_path / "audit"), log=rows)
    async with client(settings) as http:
        answer = await http.post(PREDICT, json={"features": {}, "request_id": "r-1"})
        assert answer.json()["model_version"] == "v42"
        await asyncio.sleep(0.1)
    assert [(row.role, row.request_id) for row in rows.rows] == [("live", "r-1"), ("shadow", "r-1")]


async def test_clients_with_tokens_close_the_door_for_all_others(tmp_path: Path) -> None:
    """The client's name is the account's, not what the body says."""
    rows = Rows()
    known = accounts({"web-token": Account("web", frozenset({"predict"}))})
    settings = Settings((deployment(),), Store(tmp_path / "audit"), known, log=rows)
    body = {"features": {}, "client": "somebody else"}
    async with client(settings) as http:
        assert (await http.post(PREDICT, json=body)).status_code == 401
        assert (await http.post(PREDICT, json=body, headers={"Authorization": "Bearer web-token"})).is_success
    assert [(row.client, row.answer.outcome) for row in rows.rows] == [("unknown", "unauthorised"), ("web", "ok")]


async def test_a_client_over_its_quota_is_told_when_to_come_back_and_logged(tmp_path: Path) -> None:
    """429 with Retry-After; the others are served on."""
    rows = Rows()
    known = accounts({f"{name}-token": Account(name, frozenset({"predict"})) for name in ("web", "mobile")})
    quotas: dict[Scope, str] = {**QUOTAS, "predict": "3/minute"}
    settings = Settings((deployment(),), Store(tmp_path / "audit"), known, log=rows, quotas=quotas)
    headers = {"Authorization": "Bearer web-token"}
    async with client(settings) as http:
        answers = [await http.post(PREDICT, json={"features": {}}, headers=headers) for _ in range(4)]
        other = await http.post(PREDICT, json={"features": {}}, headers={"Authorization": "Bearer mobile-token"})
    assert [answer.status_code for answer in (*answers, other)] == [200, 200, 200, 429, 200]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert [row.client for row in rows.rows if row.answer.outcome == "limited"] == ["web"]


@pytest.mark.parametrize(("prediction", "score"), [("late", 1.7), ("late", -0.1), ("sideways", 0.5), (None, 0.5)])
async def test_an_answer_out_of_range_is_replaced_by_the_fallback(
    tmp_path: Path, prediction: str | None, score: float
) -> None:
    """The caller gets something sensible, the log what was wrong."""
    rows, odd = Rows(), Answer("ok", None, 1.0, prediction, score)
    served = replace(deployment(v42=odd, v43=odd), classes=frozenset({"late", "on_time"}), fallback=("on_time", 0.2))
    async with client(Settings((served,), Store(tmp_path / "audit"), log=rows)) as http:
        answer = await http.post(PREDICT, json={"features": {}})
    assert (answer.status_code, answer.json()["outcome"], answer.json()["prediction"]) == (200, "fallback", "on_time")
    assert "out of range" in (rows.rows[0].answer.error or "")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"features": 3}', b'{"features": {}, "client": 3}'])
async def test_a_request_that_cannot_be_read_is_a_400(tmp_path: Path, body: bytes) -> None:
    """And it never reaches the model."""
    async with client(Settings((deployment(),), Store(tmp_path / "audit"))) as http:
        assert (await http.post(PREDICT, content=body)).status_code == 400


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=4), st.floats(0, 1, exclude_max=True))
def test_traffic_follows_the_weights(weights: list[float], luck: float) -> None:
    """The picked route is the one in whose share of the line the luck falls; a shadow is never picked."""
    routes = [Route(str(index), weight) for index, weight in enumerate(weights)]
    picked = int(pick([Route("shadow", 100.0, "shadow"), *routes], luck).version)
    total = sum(weights)
    assert sum(weights[:picked]) / total - 1e-9 <= luck <= sum(weights[: picked + 1]) / total + 1e-9


def test_an_answer_in_time_is_left_alone() -> None:
    """The limit is the server's, not the model's."""
    answer = Answer("ok", None, 20.0, "late", 0.9)
    assert capped(answer, 20.0) is answer
    assert capped(answer, 19.0).error == "TimeoutError: no answer within 19 ms"


def test_the_real_model_serves_over_a_real_socket_into_real_files(tmp_path: Path) -> None:
    """From request to Parquet, with what is left flushed at the stop."""
    import pyarrow.parquet as pq

    log = PredictionLog(tmp_path / "logs", log_table, every_s=0.05)
    served = load_deployment(VERSIONS, MODEL, (Route("v42", 100.0),))
    running = serve_settings(Settings((served,), Store(tmp_path / "audit"), log=log))
    features = {
        **dict.fromkeys(("dep_delay_min", "distance_mi", "sched_hour", "temperature_f", "wind_speed_mph"), 10),
        **dict.fromkeys(("carrier", "origin", "dest_region"), "other"),
    }
    with httpx.Client(base_url=running.url, trust_env=False) as http:
        codes = [http.post(PREDICT, json={"features": features}).status_code for _ in range(20)]
    running.stop()
    files = list((tmp_path / "logs").rglob("*.parquet"))
    assert sum(pq.read_table(path).num_rows for path in files) == len(codes) == 20
    assert codes.count(200) >= 15
    assert not [path for path in files if path.name.startswith(".")]


@dataclass(frozen=True)
class Broken:
    """A version that does not do as it should."""

    hangs_s: float = 0.0

    def answer(self, features: object, rng: object) -> Answer:
        """Never an answer."""
        _ = features, rng
        time.sleep(self.hangs_s)
        message = "the table is \x1b[31mgone"
        raise KeyError(message)


async def asked_of(model: Broken, home: Path) -> tuple[httpx.Response, Row]:
    """One prediction of a version that is broken, and its row in the log."""
    rows, whole = Rows(), deployment()
    broken = replace(whole, versions=dict.fromkeys(whole.versions, model), fallback=("on_time", 0.2))
    settings = Settings((broken,), Store(home / "audit"), log=rows, time_limit_ms=100.0)
    async with client(settings) as http:
        answer = await http.post(PREDICT, json={"features": {}})
    return answer, rows.rows[0]


async def test_what_a_model_raises_reaches_no_caller(tmp_path: Path) -> None:
    """The fallback answers; why is in the log."""
    answer, row = await asked_of(Broken(), tmp_path)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["prediction"]) == (200, "fallback", "on_time")
    assert "gone" not in answer.text
    assert (row.answer.outcome, str(row.answer.error).startswith("KeyError:"), "\x1b" in str(row.answer.error)) == (
        "fallback", True, False,
    )  # fmt: skip


async def test_a_model_that_hangs_is_given_up(tmp_path: Path) -> None:
    """By the clock, not by its own account."""
    answer, row = await asked_of(Broken(hangs_s=0.6), tmp_path)
    assert (answer.status_code, row.answer.outcome) == (504, "timeout")


async def test_every_answer_says_what_is_left_of_the_quota(tmp_path: Path) -> None:
    """Predictions and refusals, too."""
    settings = Settings((deployment(),), Store(tmp_path / "audit"))
    async with client(settings) as http:
        answers = [await http.post(PREDICT, json={"features": {}}), await http.post(PREDICT, content=b"{")]
    assert [answer.headers["ratelimit"].split(";")[0] for answer in answers] == ['"predict"', '"predict"']
    assert answers[1].status_code == 400
