"""The demo's model answers by its document, its world goes metric, and its history and traffic are real."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.demo.model import DelayModel, Features
from clawpipe_tui.demo.parquet_log import LOG_SCHEMA, log_table
from clawpipe_tui.demo.traffic import Endpoint, send_traffic
from clawpipe_tui.demo.world import CLIENTS, Flight, Phase, Served, Share, Story, World, backfill, metric, simulate

FOLDER = Path(__file__).resolve().parent.parent / "sample_data"
MODELS = {version: DelayModel.load(FOLDER / "versions" / f"{version}.json") for version in ("v41", "v42", "v43")}
NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
FLIGHT: Features = {
    "dep_delay_min": 4, "distance_mi": 1400, "sched_hour": 9, "temperature_f": 39.0, "wind_speed_mph": 10.4,
    "humidity_pct": 60.0, "visibility_mi": 10.0, "pressure_hpa": None,
    "carrier": "UA", "origin": "EWR", "dest_region": "Central",
}  # fmt: skip
STORY = Story((Phase(NOON, (Share("v42", 80), Share("v43", 20, "canary"))),), requests_per_s=0.5)


def generator() -> np.random.Generator:
    """The same chance for each test."""
    return np.random.default_rng(7)


def served(world: World, version: str, *, incident: bool, requests: int = 3_000) -> Counter[str]:
    """How requests end at one version, in percent."""
    rng = generator()
    answers = [MODELS[version].answer(world.draw(rng, incident=incident).features, rng) for _ in range(requests)]
    return Counter({name: 100 * n / requests for name, n in Counter(a.outcome for a in answers).items()})


@pytest.fixture(scope="module")
def world() -> World:
    """The flights of the committed baseline."""
    return World.load(FOLDER / "baseline.parquet")


def test_the_same_generator_gives_the_same_answers() -> None:
    """All chance comes from the generator that is passed."""
    first, second = ([MODELS["v43"].answer(FLIGHT, rng) for _ in range(50)] for rng in (generator(), generator()))
    assert first == second


@given(
    st.fixed_dictionaries(
        {
            **{name: st.none() | st.floats(-1e9, 1e9) for name, value in FLIGHT.items() if not isinstance(value, str)},
            **{name: st.none() | st.text(max_size=3) for name, value in FLIGHT.items() if isinstance(value, str)},
        }
    ),
    st.sampled_from(sorted(MODELS)),
)
def test_a_score_is_a_probability_and_nothing_crashes(features: dict[str, float | str | None], version: str) -> None:
    """Whatever is asked, there is an answer; a prediction comes with a score between 0 and 1."""
    answer = MODELS[version].answer(features, generator())
    assert answer.latency_ms > 0
    assert (answer.prediction is None) == (answer.score is None) == (answer.outcome not in {"ok", "fallback"})
    assert answer.score is None or 0 <= answer.score <= 1


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("temperature_f", None, "missing input: temperature_f"),
        ("temperature_f", "cold", "temperature_f is not a number"),
        ("temperature_f", float("nan"), "temperature_f is not a number"),
        ("carrier", 7.0, "carrier is not a string"),
        ("dep_delay_min", True, "dep_delay_min is not a number"),
    ],
)
def test_a_malformed_request_is_rejected_with_its_reason(name: str, value: float | str | None, error: str) -> None:
    """The signature rejects a required input that is missing or of the wrong type."""
    answer = MODELS["v42"].answer({**FLIGHT, name: value}, generator())
    assert (answer.outcome, answer.error, answer.prediction) == ("rejected", error, None)


def test_the_score_is_the_logistic_sum_of_the_documents_weights() -> None:
    """Worked out another way for v41, which has three numbers and three categories."""
    parameters = json.loads((FOLDER / "versions" / "v41.json").read_text(encoding="utf-8"))["parameters"]
    total = parameters["intercept"]
    total += sum(weights[FLIGHT[name]] for name, weights in parameters["categorical"].items())
    for name, term in parameters["numeric"].items():
        clipped = min(max(cast("float", FLIGHT[name]), term["low"]), term["high"])
        total += term["weight"] * (clipped - term["mean"]) / term["scale"]
    assert MODELS["v41"].score(FLIGHT) == pytest.approx(1 / (1 + np.exp(-total)))


def test_the_canary_fails_because_of_the_units(world: World) -> None:
    """v43 is fine in Fahrenheit and fails in Celsius."""
    fine, broken = (served(world, "v43", incident=incident) for incident in (False, True))
    assert fine["error"] < 2
    assert fine["timeout"] < 0.5
    assert 7 < broken["error"] < 12
    assert 2 < broken["timeout"] < 4.5


@pytest.mark.parametrize("version", ["v41", "v42"])
def test_older_versions_do_not_mind_the_units(world: World, version: str) -> None:
    """So a rollback cures the errors."""
    broken = served(world, version, incident=True)
    assert broken["error"] + broken["timeout"] < 2


def test_the_wind_chill_table_says_which_row_it_lacks() -> None:
    """The error names the temperature, as the feed sent it."""
    answers = [MODELS["v43"].answer({**FLIGHT, "temperature_f": -4.0}, rng) for rng in [generator()] for _ in range(20)]
    assert "ValueError: wind chill table has no row for -4 °F" in {answer.error for answer in answers}


def test_the_incident_changes_two_units_and_the_carrier_only() -> None:
    """32 °F is 0 °C, 10 mph is 16.1 km/h; a missing value stays missing."""
    changed = metric({**FLIGHT, "temperature_f": 32.0, "wind_speed_mph": 10.0}, new_carrier=True)
    assert {name: value for name, value in changed.items() if value != FLIGHT[name]} == {
        "temperature_f": 0.0, "wind_speed_mph": 16.1, "carrier": "ZZ",
    }  # fmt: skip
    assert metric({**FLIGHT, "temperature_f": None}, new_carrier=False)["temperature_f"] is None


def test_clients_have_their_shares(world: World) -> None:
    """Mobile asks most, the operations desk least."""
    rng = generator()
    counts = Counter(world.client(rng) for _ in range(4_000))
    assert {name: n / 4_000 for name, n in counts.items()} == pytest.approx(dict(CLIENTS), abs=0.03)


def test_a_feature_of_the_wrong_type_is_logged_as_null() -> None:
    """The log's columns keep their types whatever a client sends."""
    features = {**FLIGHT, "temperature_f": "cold", "carrier": 7, "dep_delay_min": 1e12, "sched_hour": float("nan")}
    answer = MODELS["v42"].answer(FLIGHT, generator())
    [row] = log_table([Served(NOON, "r1", "flight-delay", "v42", "live", "web", answer, features)]).to_pylist()
    assert [row[name] for name in ("temperature_f", "carrier", "dep_delay_min", "sched_hour")] == [None] * 4
    assert (row["distance_mi"], row["served_at"]) == (1400, NOON)


def test_backfill_writes_one_file_a_minute_and_no_incident(world: World, tmp_path: Path) -> None:
    """History lies in hour folders, in the canonical schema, and nothing half written stays behind."""
    paths = backfill(tmp_path, world, MODELS, STORY, NOON, 5, generator())
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        f"2026-11-07/11/part-11{minute}.parquet" for minute in range(55, 60)
    ]
    table = pq.read_table(paths)
    assert table.schema.equals(LOG_SCHEMA)
    assert "ZZ" not in table["carrier"].to_pylist()
    assert sorted(tmp_path.rglob("*.p*")) == paths


def test_simulated_requests_come_in_order_and_repeat(world: World) -> None:
    """The same seed lives the same minutes."""
    until = NOON.replace(minute=3)
    first, second = (list(simulate(world, MODELS, STORY, NOON, until, generator())) for _ in range(2))
    assert first == second
    assert [row.served_at for row in first] == sorted(row.served_at for row in first)
    assert {row.version: row.role for row in first} == {"v42": "live", "v43": "canary"}


async def test_traffic_survives_a_server_that_fails_and_goes_metric_when_told() -> None:
    """Answers, refusals and lost connections are counted; nothing is raised."""
    stop, bodies, kinds = asyncio.Event(), list[dict[str, dict[str, object]]](), Counter[str]()

    def serve(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/models/flight-delay/predict"
        kinds[request.headers["Authorization"]] += 1
        bodies.append(json.loads(request.content))
        if len(bodies) == 30:
            stop.set()
        if len(bodies) % 3 == 0:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200 if len(bodies) % 3 == 1 else 503)

    endpoint = Endpoint("http://demo", "flight-delay", dict.fromkeys(CLIENTS, "secret"), httpx.MockTransport(serve))
    world = World([Flight(FLIGHT, "late")])
    sent = await send_traffic(
        endpoint, world, requests_per_s=2_000, incident=lambda: len(bodies) >= 15, stop=stop, rng=generator()
    )
    assert min(sent.answered, sent.refused, sent.failed) >= 10
    assert set(kinds) == {"Bearer secret"}
    assert [bodies[0]["features"]["temperature_f"], bodies[-1]["features"]["temperature_f"]] == [39.0, 3.9]
