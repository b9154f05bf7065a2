"""The story that sample_data/README.md tells is in the files, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from clawpipe_tui.demo.model import DelayModel
from clawpipe_tui.demo.world import CATEGORICAL, NUMERIC

FOLDER = Path(__file__).resolve().parent.parent / "sample_data"
LOG, LABELS, BASELINE = (f"'{FOLDER / name}'" for name in ("logs/**/*.parquet", "labels/*.parquet", "baseline.parquet"))
INCIDENT = "timestamptz '2026-11-07 13:08:00Z'"
LAST_HOUR = "served_at >= timestamptz '2026-11-07 13:00:00Z'"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
Numbers = NDArray[np.float64]


def ask(sql: str) -> list[tuple[object, ...]]:
    """The rows that DuckDB answers, times in UTC."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return cast("list[tuple[object, ...]]", connection.execute(sql).fetchall())


def psi(baseline: Numbers, live: Numbers) -> float:
    """Statistics S1, written out: counts with half a request added to each bin."""
    total = len(baseline)
    expected = (baseline + 0.5) / (baseline.sum() + 0.5 * total)
    seen = (live + 0.5) / (live.sum() + 0.5 * total)
    return float(((seen - expected) * np.log(seen / expected)).sum())


def numeric_psi(column: str, where: str = LAST_HOUR) -> float:
    """PSI over twenty quantile bins of the baseline, NULLs in a bin of their own."""
    before, after = (
        np.array([row[0] for row in ask(f"select {column}::double from {source}")], dtype=np.float64)
        for source in (BASELINE, f"{LOG} where {where}")
    )
    inner = np.unique(np.quantile(before[~np.isnan(before)], np.linspace(0, 1, 21)[1:-1]))
    edges = np.concatenate([[-np.inf], inner, [np.inf]])
    counts = [
        np.append(np.histogram(x[~np.isnan(x)], edges)[0], np.isnan(x).sum()).astype(np.float64)
        for x in (before, after)
    ]
    return psi(counts[0], counts[1])


def categorical_psi(column: str, where: str = LAST_HOUR) -> float:
    """PSI over all categories that either side has, NULL being one of them."""
    before, after = (
        dict(cast("list[tuple[str | None, int]]", ask(f"select {column}, count(*) from {source} group by 1")))
        for source in (BASELINE, f"{LOG} where {where}")
    )
    names = sorted({*before, *after}, key=str)
    counts = [np.array([side.get(name, 0) for name in names], dtype=np.float64) for side in (before, after)]
    return psi(counts[0], counts[1])


def document(version: str) -> dict[str, object]:
    """One version's document."""
    return json.loads((FOLDER / "versions" / f"{version}.json").read_text(encoding="utf-8"))


def mapping(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A part of a document that is a mapping itself."""
    return cast("Mapping[str, object]", record[name])


def told(count: object) -> str:
    """A count as the README writes it."""
    return f"{count:,}".replace(",", " ")


def test_the_folder_is_small() -> None:
    """All of sample_data, the scripts included, is under 5.5 MB."""
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 5_500_000


def test_the_log_has_one_file_a_minute_for_six_hours() -> None:
    """360 files, each with the rows of its own minute, whose number the README tells."""
    files = ask(f"""select parse_filename(filename), strftime(min(served_at), 'part-%H%M.parquet'),
                           strftime(max(served_at), 'part-%H%M.parquet'), count(*)
                    from read_parquet({LOG}, filename = true) group by filename""")
    assert len(files) == 360
    assert all(name == first == last for name, first, last, _ in files)
    assert told(sum(cast("int", rows) for *_, rows in files)) in README


def test_request_ids_are_unique_and_every_label_belongs_to_a_request() -> None:
    """Labels come 20 to 90 minutes after a request that was answered, and none after the log's end."""
    assert ask(f"select count(*) - count(distinct request_id) from {LOG}") == [(0,)]
    [(labels, answered, soonest, latest, known)] = ask(
        f"""select count(*), count(prediction), min(labelled_at - served_at) >= interval 20 minutes,
                   max(labelled_at - served_at) <= interval 90 minutes,
                   max(labelled_at) <= (select max(served_at) from {LOG})
            from {LABELS} join {LOG} using (request_id)"""
    )
    assert (answered, soonest, latest, known) == (labels, True, True, True)
    assert told(labels) in README
    assert ask(f"select count(*) from {LABELS}") == [(labels,)]


def test_versions_take_over_when_the_readme_says() -> None:
    """v41 until 09:30, then v42; v43 is a canary with a fifth of the traffic from 11:00."""
    spans = ask(f"""select version, role, strftime(min(served_at), '%H:%M'), strftime(max(served_at), '%H:%M')
                    from {LOG} group by all order by 1""")
    assert spans == [("v41", "live", "08:00", "09:29"), ("v42", "live", "09:30", "13:59"),
                     ("v43", "canary", "11:00", "13:59")]  # fmt: skip
    [(share,)] = ask(f"select avg((version = 'v43')::int) from {LOG} where served_at >= '2026-11-07 11:00Z'")
    assert share == pytest.approx(0.2, abs=0.01)


def test_the_new_carrier_comes_with_the_incident_and_not_before() -> None:
    """`ZZ` is not in the log before 13:08 and has 12 % of the rows from then on."""
    [(before, after, share)] = ask(
        f"""select count(*) filter (carrier = 'ZZ' and served_at < {INCIDENT}), count(*) filter (carrier = 'ZZ'),
                   avg((carrier = 'ZZ')::int) filter (served_at >= {INCIDENT}) from {LOG}"""
    )
    assert (before, after) == (0, 743)
    assert share == pytest.approx(0.12, abs=0.005)


@pytest.mark.parametrize(("column", "told_psi"), [("temperature_f", 3.75), ("wind_speed_mph", 1.02)])
def test_the_two_metric_columns_drift(column: str, told_psi: float) -> None:
    """Their PSI of the last hour is the README's, and before the incident it was nothing."""
    assert numeric_psi(column) == pytest.approx(told_psi, abs=0.01)
    assert numeric_psi(column, f"served_at < {INCIDENT}") < 0.01


@pytest.mark.parametrize("column", [name for name in (*NUMERIC, "score") if name[:4] not in {"temp", "wind"}])
def test_no_other_number_drifts(column: str) -> None:
    """Neither the other features nor the score move, even where the failures' NULLs are counted."""
    assert numeric_psi(column) < 0.03


def test_the_carrier_drifts_and_no_other_category() -> None:
    """The new category is all that moves among the categories and the predictions."""
    assert categorical_psi("carrier") == pytest.approx(0.87, abs=0.01)
    assert max(categorical_psi(name) for name in (*CATEGORICAL[1:], "prediction")) < 0.03


def test_the_canary_alone_gets_worse() -> None:
    """Errors, timeouts and p95 by version before and from 13:08 are the README's table."""
    rows = ask(f"""select version, served_at >= {INCIDENT}, count(*), 100 * avg((outcome = 'error')::int),
                          100 * avg((outcome = 'timeout')::int),
                          quantile_cont(latency_ms, 0.95) filter (outcome = 'ok')
                   from {LOG} group by all order by 1, 2""")
    lines = {
        (version, after): f"| {told(n)} | {error:.1f} % | {timeout:.1f} % | {p95:.0f} ms |"
        for version, after, n, error, timeout, p95 in rows
    }
    assert all(line in README for line in lines.values()), lines
    assert lines["v43", True] == "| 1 266 | 9.1 % | 3.5 % | 307 ms |"
    assert lines["v42", True] == "| 4 966 | 0.8 % | 0.1 % | 73 ms |"


def test_every_version_is_right_on_nine_flights_of_ten() -> None:
    """The labels are the flights' own, so accuracy in the log is that of the held-out rows."""
    rows = ask(f"""select version, avg((prediction = label)::int) from {LOG} join {LABELS} using (request_id)
                   where served_at < {INCIDENT} group by 1""")
    assert [accuracy for _, accuracy in rows] == pytest.approx([0.9] * 3, abs=0.01)


@pytest.mark.parametrize("version", ["v41", "v42", "v43"])
def test_checksums_in_the_documents_are_true(version: str) -> None:
    """The artifact's over its canonical JSON, the training data's over the baseline file."""
    whole = document(version)
    artifact = json.dumps(whole["parameters"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert mapping(whole, "artifact")["sha256"] == hashlib.sha256(artifact).hexdigest()
    training = mapping(whole, "training_data")
    if version != "v41":
        assert training["sha256"] == hashlib.sha256((FOLDER / str(training["uri"])).read_bytes()).hexdigest()
        assert ask(f"select count(*) from {BASELINE}") == [(training["rows"],)]


def test_versions_are_measured_on_the_same_rows_and_approved_by_somebody_else() -> None:
    """So that their metrics can be compared, and the checklist has something to find."""
    documents = [document(version) for version in ("v41", "v42", "v43")]
    assert len({mapping(whole, "metrics")["test_sha256"] for whole in documents}) == 1
    approvals = [(whole["created_by"], cast("list[dict[str, str]]", whole["approvals"])) for whole in documents]
    assert all(given and author not in {one["by"] for one in given} for author, given in approvals)


def test_the_baseline_is_scored_by_v42() -> None:
    """Its scores are what the document's coefficients give on its own rows, fallbacks aside."""
    model = DelayModel.load(FOLDER / "versions" / "v42.json")
    names = (*NUMERIC, *CATEGORICAL)
    sql = f"select score, {', '.join(names)} from {BASELINE} where score is not null limit 500"
    scores = [
        (row[0], model.score(dict(zip(names, cast("tuple[float | str | None, ...]", row[1:]), strict=True))))
        for row in ask(sql)
    ]
    agreeing = [logged for logged, scored in scores if logged == pytest.approx(scored, abs=0.001)]
    assert len(agreeing) > 0.98 * len(scores)
