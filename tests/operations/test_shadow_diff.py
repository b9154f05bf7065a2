"""A shadow is compared by the requests that both answered: how many differ, where, and what to do about it."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from tiny_log import START, Columns, TinyLog, ask

from clawpipe_tui.result import Value


def mirrored(differ_in_fr: float, differ_elsewhere: float, *, count: int = 2_000, unpaired: int = 0) -> Columns:
    """A live version and its shadow on the same requests."""
    rng = random.Random(7)
    rows: Columns = {name: [] for name in ("served_at", "request_id", "version", "role", "outcome", "latency_ms",
                                           "prediction", "score", "country", "amount", "client")}  # fmt: skip
    for number in range(count):
        country = rng.choice(["DE", "FR", "IT"])
        said = rng.choice(["yes", "no"])
        other = "no" if said == "yes" else "yes"
        differs = rng.random() < (differ_in_fr if country == "FR" else differ_elsewhere)
        for version, role, answer in (("v1", "live", said), ("v2", "shadow", other if differs else said)):
            request = f"lost{number}" if role == "shadow" and number < unpaired else f"r{number}"
            values = (START + timedelta(seconds=2 * number), request, version, role, "ok", rng.lognormvariate(3, 0.3),
                      answer, 0.9 if answer == "yes" else 0.1, country, rng.gauss(50, 9), "web")  # fmt: skip
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
    return rows


def answers(home: Path, rows: Columns, query: str) -> list[dict[str, Value]]:
    """A query about v1 and its shadow v2."""
    log = TinyLog(home)
    log.write("log.parquet", rows)
    with log.opened() as session:
        return ask(session, query, version="v1", other="v2").records()


def test_a_shadow_that_differs_is_not_to_be_promoted(tmp_path: Path) -> None:
    """With the share, its interval, and how many pairs it was."""
    rows = mirrored(0.4, 0.02)
    decided = answers(tmp_path, rows, "version_decision")[0]
    assert decided["verdict"] == "worse"
    assert str(decided["sentence"]).startswith("Do not promote v2: ")
    assert "of 2000 pairs differ from v1" in str(decided["sentence"])
    measures = {str(row["measure"]): row for row in answers(tmp_path, rows, "version_diff")}
    assert measures["pairs"]["b"] == 2_000
    differ = measures["differ_pct"]
    assert cast("float", differ["low"]) < cast("float", differ["b"]) < cast("float", differ["high"])
    assert differ["verdict"] == "worse"


def test_where_they_differ_is_found(tmp_path: Path) -> None:
    """The country whose answers changed stands first, and nothing else is blamed."""
    rows = answers(tmp_path, mirrored(0.4, 0.02), "shadow_pairs")
    assert (rows[0]["column"], rows[0]["pairs"]) == ("all", 2_000)
    blamed = [(row["column"], row["segment"]) for row in rows[1:] if row["verdict"] == "worse"]
    assert blamed == [("country", "FR")]
    assert cast("float", rows[1]["times"]) > 5
    assert {row["segment"] for row in rows if row["column"] == "answer"} == {"yes → no", "no → yes"}


def test_a_shadow_that_agrees_is_let_go_on(tmp_path: Path) -> None:
    """And no part of the traffic is blamed."""
    rows = mirrored(0.01, 0.01)
    decided = answers(tmp_path, rows, "version_decision")[0]
    assert "Do not promote" not in str(decided["sentence"])
    differ = next(row for row in answers(tmp_path, rows, "version_diff") if row["measure"] == "differ_pct")
    assert differ["verdict"] == "not shown worse"
    assert not [row for row in answers(tmp_path, rows, "shadow_pairs") if row["verdict"] == "worse"]


def test_what_could_not_be_paired_is_said(tmp_path: Path) -> None:
    """A copy whose original is in no file that was read with it."""
    rows = answers(tmp_path, mirrored(0.01, 0.01, unpaired=120), "shadow_pairs")
    assert (rows[0]["pairs"], rows[0]["unpaired"]) == (1_880, 120)


@pytest.mark.parametrize("pairs", [10, 40])
def test_few_pairs_decide_nothing(tmp_path: Path, pairs: int) -> None:
    """Fewer than fifty."""
    rows = mirrored(0.5, 0.5, count=pairs)
    differ = next(row for row in answers(tmp_path, rows, "version_diff") if row["measure"] == "differ_pct")
    assert differ["verdict"] == "cannot tell"
    assert answers(tmp_path, rows, "version_decision")[0]["verdict"] == "cannot tell"


def test_two_versions_that_never_answered_the_same_request_have_no_pairs(tmp_path: Path) -> None:
    """Then there is no row about it, and the rest of the diff stands."""
    rows = mirrored(0.2, 0.2)
    rows["role"] = ["live" if role == "live" else "canary" for role in rows["role"]]
    measures = {row["measure"] for row in answers(tmp_path, rows, "version_diff")}
    assert "pairs" not in measures
    assert {"requests", "failed_pct", "p95_ms", "later_pct"} <= measures


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"v1": 90.0, "v2": 10.0}, "Traffic is not split as asked: v2 gets 50 % instead of 10 %."),
        ({"v1": 100.0}, "Traffic is not split as asked: v2 gets 50 % instead of 0.0 %."),
        ({"v1": 50.0, "v2": 50.0}, ""),
    ],
)
def test_traffic_is_compared_with_what_was_asked_for(tmp_path: Path, weights: dict[str, float], words: str) -> None:
    """Half goes to each: said in the row and in the decision, also of a version that should get nothing."""
    rows = mirrored(0.0, 0.0)
    rows["role"] = ["live" if role == "live" else "canary" for role in rows["role"]]
    log = TinyLog(tmp_path)
    log.write("log.parquet", rows)
    asked = [
        {"model": "model", "version": version, "role": "live", "weight_pct": weight, "since_at": None}
        for version, weight in weights.items()
    ]
    with log.opened() as session:
        session.set_routes(asked)
        measures = {row["measure"]: row for row in ask(session, "version_diff", version="v1", other="v2").records()}
        decided = ask(session, "version_decision", version="v1", other="v2").records()[0]
    assert (measures["asked_pct"]["b"], measures["share_pct"]["b"]) == (weights.get("v2", 0.0), 50.0)
    assert measures["share_pct"]["verdict"] == ("worse" if words else "not shown worse")
    assert str(decided["sentence"]).endswith(words)
    assert words or "not split" not in str(decided["sentence"])


def test_every_row_has_one_of_the_three_verdicts(tmp_path: Path) -> None:
    """Never an empty cell, and never a fourth word."""
    rows = mirrored(0.3, 0.3, count=300)
    words = {str(row["verdict"]) for row in answers(tmp_path, rows, "version_diff")}
    assert words <= {"worse", "not shown worse", "cannot tell"}
