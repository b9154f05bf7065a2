"""Quality from labels: what is counted, when it counts, and what is estimated before."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
import pytest
from test_drift import between, last_hour
from tiny_log import START, Columns, TinyLog, ask, write

from clawpipe_tui.catalog import shipped
from clawpipe_tui.config import load_config
from clawpipe_tui.session import LogSession
from clawpipe_tui.window import window_between

SAMPLE = shipped("sample_data")


def answered(count: int, score: float = 0.8) -> Columns:
    """Requests, a second apart, that all predict the same."""
    return {
        "served_at": [START + timedelta(seconds=k) for k in range(count)],
        "request_id": [f"r{k}" for k in range(count)],
        "version": ["v1"] * count, "outcome": ["ok"] * count, "prediction": ["yes"] * count, "score": [score] * count,
    }  # fmt: skip


def labels(first: int, last: int, label: str, after_s: int = 60) -> Columns:
    """What turned out to be true for some of these requests."""
    return {
        "request_id": [f"r{k}" for k in range(first, last)],
        "label": [label] * (last - first),
        "labelled_at": [START + timedelta(seconds=k + after_s) for k in range(first, last)],
    }


def opened(log: TinyLog) -> LogSession:
    """A console on the log that knows where labels land."""
    config = replace(log.config(), label_files=(str(log.home / "labels" / "*.parquet"),))
    return LogSession(config, cache=log.cache)


def test_accuracy_by_version_is_that_of_the_raw_rows(sample: LogSession) -> None:
    """Counted anew by joining the log with its labels over the same cohorts."""
    found = ask(sample, "quality", **last_hour(sample)).records()
    span = [cast("datetime", found[0][name]) for name in ("from_at", "to_at")]
    rows = duckdb.execute(
        f"""select version, 100 * avg((prediction = label)::int), count(*),
                   100 * sum((prediction = 'late' and label = 'late')::int) / sum((prediction = 'late')::int)
            from '{SAMPLE}/logs/**/*.parquet' join '{SAMPLE}/labels/*.parquet' using (request_id)
            where served_at >= '{span[0].isoformat()}'::timestamptz and served_at < '{span[1].isoformat()}'::timestamptz
            group by version order by version"""
    ).fetchall()
    told = {row["version"]: [row["accuracy_pct"], row["labelled"], row["precision_pct"]] for row in found}
    assert set(told) == {"v42", "v43"}
    for version, *raw in rows:
        assert told[version] == pytest.approx(raw)


def test_only_cohorts_whose_labels_are_in_count(sample: LogSession) -> None:
    """Labels take up to 90 minutes, so the last hour that counts ended then; nearly all of its labels are in."""
    rows = ask(sample, "quality", **last_hour(sample)).records()
    assert all(cast("float", row["labelled_pct"]) > 97 for row in rows)
    waited = {sample.now() - cast("datetime", row["to_at"]) for row in rows}
    assert timedelta(minutes=80) < max(waited) < timedelta(minutes=91)
    assert {row["verdict"] for row in rows} == {"not shown worse"}


def test_the_interval_holds_the_accuracy(sample: LogSession) -> None:
    """Each version's own."""
    for row in ask(sample, "quality", **last_hour(sample)).records():
        low, middle, high = (cast("float", row[f"accuracy{part}_pct"]) for part in ("_low", "", "_high"))
        assert low < middle < high


def test_an_objective_above_the_interval_is_missed(sample: LogSession) -> None:
    """The configured minimum goes before what the baseline says."""
    rows = ask(sample, "quality", accuracy_limit_pct=99.0, **last_hour(sample)).records()
    assert {row["verdict"] for row in rows} == {"worse"}
    assert {row["objective_pct"] for row in rows} == {99.0}


def test_before_labels_quality_is_estimated_with_a_band_and_a_warning(sample: LogSession) -> None:
    """The last hour has no labels yet; calibrated scores say about 90 %."""
    for row in ask(sample, "quality_estimate", **last_hour(sample)).records():
        low, middle, high = (cast("float", row[name]) for name in ("low_pct", "estimated_pct", "high_pct"))
        assert low < middle < high
        assert middle == pytest.approx(90, abs=2)
        assert "cannot see" in str(row["warning"])


def test_an_estimate_waits_for_no_label_and_what_does_says_so(tmp_path: Path) -> None:
    """The baseline's labels are enough for it; beside it, no panel looks as if there were no requests."""
    shutil.copytree(SAMPLE, tmp_path / "log", ignore=shutil.ignore_patterns("labels", "*.py"))
    config = load_config(tmp_path / "log" / "clawpipe.toml")
    with contextlib.closing(LogSession(config, cache=tmp_path / "cache")) as session:
        session.read()
        estimated = ask(session, "quality_estimate", **last_hour(session)).records()
        assert [row["estimated_pct"] for row in estimated] == pytest.approx([90, 90], abs=2)
        for query in ("quality", "calibration"):
            assert "no file matches" in ask(session, query, **last_hour(session)).note
        assert ask(session, "quality_over_time", **last_hour(session)).note == ""


def test_labels_arrive_later_and_find_their_requests_without_the_log(tmp_path: Path) -> None:
    """The log's file is gone by then; what it said is kept."""
    log = TinyLog(tmp_path)
    part = log.write("a.parquet", answered(200))
    session = opened(log)
    try:
        session.read()
        assert {row["labelled"] for row in ask(session, "quality").records()} <= {0}
        part.rename(tmp_path / "elsewhere.parquet")
        log.write("b.parquet", {name: values[:1] for name, values in answered(1).items()} | {"request_id": ["other"]})
        write(tmp_path / "labels" / "1.parquet", labels(0, 150, "yes"))
        write(tmp_path / "labels" / "2.parquet", labels(150, 200, "no"))
        session.read()
        [row] = ask(session, "quality").records()
        assert [row["labelled"], row["accuracy_pct"]] == [200, 75.0]
        write(tmp_path / "labels" / "2.parquet", labels(150, 200, "yes"))
        session.read()
        assert ask(session, "quality").records()[0]["accuracy_pct"] == 100.0
    finally:
        session.close()


def test_amounts_are_measured_by_their_errors(tmp_path: Path) -> None:
    """Mean absolute error, its root of squares and the bias, against numpy."""
    rng = np.random.default_rng(1)
    truth, error = np.round(rng.normal(100, 20, 300), 3), np.round(rng.normal(2, 5, 300), 3)
    log = TinyLog(tmp_path)
    log.write("a.parquet", answered(300) | {"prediction": [float(x) for x in truth + error]})
    write(tmp_path / "labels" / "1.parquet", labels(0, 300, "") | {"label": [float(x) for x in truth]})
    session = opened(log)
    try:
        session.read()
        [row] = ask(session, "quality").records()
    finally:
        session.close()
    wanted = [np.abs(error).mean(), np.sqrt((error**2).mean()), error.mean()]
    assert [row["mae"], row["rmse"], row["bias"]] == pytest.approx(wanted, abs=1e-6)
    assert [row["accuracy_pct"], row["verdict"]] == [None, "cannot tell"]


def test_a_log_without_labels_cannot_tell(tmp_path: Path) -> None:
    """No rows, and nothing that looks like a number."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", answered(100))
    with log.opened() as session:
        window = between(window_between(START, START + timedelta(hours=1)))
        for query in ("quality", "quality_estimate", "calibration", "label_lag", "quality_over_time"):
            answer = ask(session, query, **window)
            assert answer.rows == ()
            assert ("[labels]" in answer.note) == (query in {"quality", "calibration", "quality_over_time"})


def test_whole_numbers_that_came_as_fractions_still_find_their_requests(tmp_path: Path) -> None:
    """A table with one missing id turns 7 into 7.0."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {**answered(60), "request_id": list(range(60))})
    given = labels(0, 60, "yes")
    write(log.home / "labels" / "a.parquet", {**given, "request_id": [float(number) for number in range(60)]})
    session = opened(log)
    session.read()
    rows = ask(session, "quality_over_time").records()
    session.close()
    assert sum(cast("int", row["labelled"]) for row in rows) == 60


def test_a_label_file_without_labels_is_told(tmp_path: Path) -> None:
    """By its name and what it lacks; when it is mended nothing is said any more."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", answered(60))
    path = write(log.home / "labels" / "a.parquet", {"request_id": ["r1"], "y_true": ["yes"]})
    session = opened(log)
    session.read()
    words = [row["words"] for row in ask(session, "capabilities").records() if row["column"] == "label"]
    write(path, labels(0, 60, "yes"))
    session.read()
    after = [row["words"] for row in ask(session, "capabilities").records() if row["column"] == "label"]
    session.close()
    assert (words, after) == ([f"labels: {path} has no column label"], [])
