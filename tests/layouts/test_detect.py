"""What is proposed for logs that nobody has described."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from clawpipe_tui.errors import LogError
from tests.layouts.proposing import expressions, of_columns, proposed
from tests.layouts.systems import SYSTEMS, System

ROWS = 100
DRAW = random.Random(7)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_each_systems_log_is_known_by_its_columns(system: System, tmp_path: Path) -> None:
    """Down to its inputs."""
    proposal = proposed(system.write(tmp_path))
    assert proposal.layout == system.name
    assert {choice.name for choice in proposal.features} >= set(system.features)


@pytest.mark.parametrize(("factor", "unit"), [(1, "seconds"), (1e3, "milli"), (1e6, "micro"), (1e9, "nano")])
def test_the_unit_of_a_time_is_told_by_its_magnitude(tmp_path: Path, factor: float, unit: str) -> None:
    """Seconds, milliseconds, microseconds, nanoseconds since 1970."""
    proposal = of_columns(tmp_path, {"ts": [int((1_763_640_000 + place) * factor) for place in range(ROWS)]})
    assert unit in proposal.columns[0].why
    assert proposal.first_at is not None
    assert proposal.first_at.isoformat() == "2025-11-20T12:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "low", "high", "factor"),
    [
        ("took", 0.01, 0.2, " * 1000"),
        ("took", 20, 300, ""),
        ("latency_us", 20, 300, " * 0.001"),
        ("duration_s", 20, 30, " * 1000"),
    ],
)
def test_the_unit_of_a_latency_is_told_by_its_name_else_by_its_magnitude(
    tmp_path: Path, name: str, low: float, high: float, factor: str
) -> None:
    """All become milliseconds."""
    proposal = of_columns(tmp_path, {name: [DRAW.uniform(low, high) for _ in range(ROWS)]})
    assert expressions(proposal)["latency_ms"] == f'"{name}"{factor}'


def test_a_latency_that_could_be_seconds_or_milliseconds_is_marked_unsure(tmp_path: Path) -> None:
    """Three of what?"""
    proposal = of_columns(tmp_path, {"took": [DRAW.uniform(2, 4) for _ in range(ROWS)]})
    assert [choice.name for choice in proposal.unsure()] == ["latency_ms"]


@pytest.mark.parametrize(
    ("values", "name", "expression"),
    [
        ([200] * 90 + [500] * 10, "status_code", '"resp"'),
        (["success"] * 90 + ["failed"] * 10, "outcome", "case lower"),
        ([0.01 * place for place in range(ROWS)], "score", '"resp"'),
        (["yes", "no"] * 50, "prediction", '"resp"'),
    ],
)
def test_a_response_is_a_status_an_outcome_a_score_or_a_prediction_by_what_it_holds(
    tmp_path: Path, values: Sequence[object], name: str, expression: str
) -> None:
    """The name `resp` alone says nothing."""
    assert expressions(of_columns(tmp_path, {"resp": values}))[name].startswith(expression)


def test_ids_constants_free_text_and_other_times_are_not_watched(tmp_path: Path) -> None:
    """Each with its reason."""
    columns: dict[str, Sequence[object]] = {
        "session": [f"s{place:08x}" for place in range(ROWS)],
        "zone": ["eu-1"] * ROWS,
        "note": [f"{place} " + "word " * 20 for place in range(ROWS)],
        "paid_on": ["2026-11-0" + str(1 + place % 9) for place in range(ROWS)],
        "nothing": [None] * ROWS,
        "tags": [["a"] * (1 + place % 2) for place in range(ROWS)],
        "x": [DRAW.random() for _ in range(ROWS)],
    }
    proposal = of_columns(tmp_path, columns)
    assert {choice.name for choice in proposal.features} == {"x"}
    reasons = {name: reason.split(":")[0].split(" ")[0] for name, reason in proposal.left_out.items()}
    assert reasons == {
        "session": "an", "zone": "always", "note": "free", "paid_on": "another", "nothing": "always", "tags": "nested",
    }  # fmt: skip


def test_a_whole_number_that_is_named_like_a_code_is_a_category_and_marked(tmp_path: Path) -> None:
    """Store 17 is not between store 16 and store 18."""
    proposal = of_columns(tmp_path, {"store_id": [place % 7 for place in range(ROWS)]})
    ((choice, kind),) = proposal.features.items()
    assert (kind, choice.sure) == ("categorical", False)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("contact", [f"user{place}@example.org" for place in range(ROWS)]),
        ("number", [f"+49 170 55{place:05d}" for place in range(ROWS)]),
        ("paid_with", ["4111 1111 1111 1111", "5500005555555559"] * 50),
        ("firstName", ["Ada", "Grace"] * 50),
    ],
)
def test_probably_personal_columns_are_warned_about_and_left_out(
    tmp_path: Path, name: str, values: Sequence[object]
) -> None:
    """E-mail addresses, phone and card numbers, names."""
    proposal = of_columns(tmp_path, {name: values})
    assert name in proposal.personal
    assert name in proposal.left_out


def test_numbers_that_only_look_like_cards_are_no_cards(tmp_path: Path) -> None:
    """Their check digit is wrong."""
    assert not of_columns(tmp_path, {"order": ["4111111111111112"] * 50 + ["5500005555555558"] * 50}).personal


def test_structs_are_taken_apart(tmp_path: Path) -> None:
    """A feature may lie inside another column."""
    proposal = of_columns(
        tmp_path, {"inputs": [{"age": place, "deep": {"size": 0.5 * place}} for place in range(ROWS)]}
    )
    assert {choice.name: choice.expression for choice in proposal.features} == {
        "age": '"inputs"."age"', "size": '"inputs"."deep"."size"',
    }  # fmt: skip


def test_two_columns_that_would_do_as_well_are_marked(tmp_path: Path) -> None:
    """One is taken, the other is named."""
    proposal = of_columns(tmp_path, {"created_at": [1_763_640_000 + place for place in range(ROWS)],
                                     "logged_at": [1_763_640_001 + place for place in range(ROWS)]})  # fmt: skip
    assert not proposal.columns[0].sure or proposal.columns[0].expression == '"ts"'


def test_a_log_without_a_time_is_told_with_its_columns(tmp_path: Path) -> None:
    """Nothing can be shown over time."""
    with pytest.raises(LogError, match=r"No column of this log holds a time[.] Its columns are ts, x"):
        of_columns(tmp_path, {"ts": ["a", "b"], "x": [1, 2]})


def test_a_log_in_which_nothing_can_be_read_is_told_with_a_reason(tmp_path: Path) -> None:
    """With the file's name."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(LogError, match=r"Nothing here can be read: .*a[.]parquet"):
        proposed(f"{tmp_path}/*.parquet")


def test_json_lines_are_known_by_their_first_byte(tmp_path: Path) -> None:
    """Whatever the file is called."""
    lines = [f'{{"when": "2026-11-20T12:00:{place:02d}Z", "x": {place}, "deep": {{"y": "a"}}}}' for place in range(50)]
    (tmp_path / "predictions.txt").write_text("\n".join(lines) + '\n{"when": "2026', encoding="utf-8")
    proposal = proposed(f"{tmp_path}/*.txt")
    assert proposal.form == "jsonl"
    assert expressions(proposal)["served_at"] == '"when"'
