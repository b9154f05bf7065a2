"""Logs of shapes that nobody announced: what `init` makes of each, and what it is not sure of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clawpipe_tui.cli import main
from clawpipe_tui.config import FILE_NAME, load_config
from clawpipe_tui.errors import OK

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = 60
TIMES = [BEGIN + timedelta(seconds=10 * row) for row in range(ROWS)]
FAILS = [row % 10 == 9 for row in range(ROWS)]
NUMBERS = [20.5 + row % 40 for row in range(ROWS)]
CITIES = [("Oslo", "Rome", "Cairo")[row % 3] for row in range(ROWS)]
Columns = Mapping[str, Sequence[object]]


@dataclass(frozen=True)
class Log:
    """A made-up log, and what is to come out of it."""

    name: str
    write: Callable[[Path], None]
    version: str = "unknown"
    error_pct: float | None = None
    p50_ms: float | None = None
    watched: frozenset[str] = field(default_factory=frozenset[str])
    prediction: bool = False
    unsure: frozenset[str] = field(default_factory=frozenset[str])


def table(columns: Columns) -> Callable[[Path], None]:
    """One Parquet file."""
    return lambda folder: pq.write_table(pa.table(dict(columns)), folder / "part.parquet")


def german(folder: Path) -> None:
    """CSV with semicolons and decimal commas."""
    lines = [
        f"{at:%Y-%m-%d %H:%M:%S};kredit-2;{20 + row % 5},25;{('ja', 'nein')[row % 2]};{number}".replace(".", ",")
        for row, (at, number) in enumerate(zip(TIMES, NUMBERS, strict=True))
    ]
    (folder / "log.csv").write_text("\n".join(["zeit;modell;dauer_ms;ergebnis;betrag", *lines, ""]), encoding="utf-8")


def nested_lines(folder: Path) -> None:
    """JSON lines, everything two levels down."""
    records = [
        {
            "@timestamp": at.isoformat(),
            "attributes": {"model": {"id": "rec", "rev": "2026.11"}, "latency": 20.0 + row % 3,
                           "status": 503 if FAILS[row] else 200},
            "input": {"age": NUMBERS[row], "city": CITIES[row]},
            "output": {"class": ("x", "y")[row % 2], "p": (row % 20) / 20},
        }
        for row, at in enumerate(TIMES)
    ]  # fmt: skip
    (folder / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


LOGS = (
    Log(
        "json_prediction",
        table({
            "event_time": [int(at.timestamp() * 1000) for at in TIMES], "model_tag": ["churn:v3"] * ROWS,
            "duration_us": [25_000] * ROWS, "http_code": [500 if fails else 200 for fails in FAILS],
            "prediction": [json.dumps({"label": ("yes", "no")[row % 2], "proba": row / ROWS}) for row in range(ROWS)],
            "amt": NUMBERS, "country": CITIES,
        }),
        "churn:v3", 10, 25, frozenset({"amt", "country", "prediction", "score"}), unsure=frozenset({"prediction"}),
    ),
    Log(
        "one_hot_and_ok",
        table({
            "time": TIMES, "version": ["v1"] * ROWS, "ok": [not fails for fails in FAILS],
            **{f"city_{name}": [int(city == name) for city in CITIES] for name in ("Oslo", "Rome")},
        }),
        "v1", 10, None, frozenset({"city_Oslo", "city_Rome"}),
    ),
    Log("german_csv", german, "kredit-2", None, 22, frozenset({"betrag", "ergebnis"}),
        unsure=frozenset({"served_at", "version"})),
    Log(
        "structs",
        table({
            "ts": [at.isoformat() for at in TIMES], "model": [{"name": "fraud", "version": "3"}] * ROWS,
            "features": [{"age": age, "city": city} for age, city in zip(NUMBERS, CITIES, strict=True)],
            "result": [{"label": ("a", "b")[row % 2], "score": row / ROWS} for row in range(ROWS)],
            "took": [0.05] * ROWS,
        }),
        "3", None, 50, frozenset({"age", "city", "prediction", "score"}), unsure=frozenset({"prediction"}),
    ),
    Log("nested_lines", nested_lines, "2026.11", 10, 21, frozenset({"age", "city", "prediction", "score"}),
        unsure=frozenset({"prediction", "score"})),
    Log(
        "day_and_clock",
        table({
            "day": [at.date() for at in TIMES], "clock": [at.time() for at in TIMES], "rev": [7] * ROWS,
            "status": ["FAILURE" if fails else "SUCCESS" for fails in FAILS], "yhat": NUMBERS, "f0": NUMBERS,
        }),
        "7", 10, None, frozenset({"f0", "score"}), unsure=frozenset({"served_at"}),
    ),
    Log(
        "two_times",
        table({
            "received": [at.timestamp() for at in TIMES], "finished": [at.timestamp() + 0.03 for at in TIMES],
            "error_message": ["boom 12" if fails else None for fails in FAILS], "income": NUMBERS,
        }),
        "unknown", 10, None, frozenset({"income"}), unsure=frozenset({"served_at"}),
    ),
    Log(
        "lists",
        table({
            "t": [int(at.timestamp() * 1e9) for at in TIMES], "elapsed_s": [0.2] * ROWS,
            "features": [[number, 2 * number] for number in NUMBERS],
        }),
        "unknown", None, 200, frozenset({"x1", "x2"}), unsure=frozenset({"served_at"}),
    ),
    Log(
        "all_texts",
        table({
            "Date Time": [f"{at:%d/%m/%Y %H:%M:%S}" for at in TIMES], "Model Version": ["A"] * ROWS,
            "Response Time (ms)": ["12.5"] * ROWS, "HTTP Status": ["500" if fails else "200" for fails in FAILS],
            "Age": [str(number) for number in NUMBERS],
        }),
        "A", 10, 12.5, frozenset({"Age"}), unsure=frozenset({"served_at"}),
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own, with caches and settings of its own."""
    for name in ("work", "logs"):
        (tmp_path / name).mkdir()
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
def test_a_made_up_log_is_read_right_with_no_edit(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Version, failures, latency and what is watched; and what was only guessed is marked."""
    log.write(tmp_path / "logs")
    assert main(["init", str(tmp_path / "logs"), "--yes"]) == OK
    text = Path(FILE_NAME).read_text(encoding="utf-8")
    marked = {line.split("=")[0].strip(' "') for line in text.splitlines() if "# UNSURE" in line}
    assert marked == log.unsure
    capsys.readouterr()
    main(["query", "health", "--format", "json", "--window", "1d"])
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["version"], row["requests"], row["error_pct"]) == (log.version, ROWS, log.error_pct)
    assert row["p50_ms"] == (pytest.approx(log.p50_ms, rel=0.02) if log.p50_ms else None)
    main(["query", "data_columns", "--format", "json", "--window", "1d"])
    columns = {row["column"]: row["invalid_pct"] for row in json.loads(capsys.readouterr().out)}
    assert columns.keys() == log.watched
    assert set(columns.values()) == {0}


def test_likely_personal_columns_are_told_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses, accounts whose check digits are right, cards, phones; a number of the same length is none."""
    columns: Columns = {
        "ts": TIMES, "to": [f"u{row}@example.org" for row in range(ROWS)],
        "account": ["DE89370400440532013000", "GB82WEST12345698765432"] * (ROWS // 2),
        "paid_with": ["4111 1111 1111 1111", "5500-0055-5555-5559"] * (ROWS // 2), "host": ["10.0.0.7"] * ROWS,
        "call": ["+49 30 901820", "+1 202 555 0143"] * (ROWS // 2),
        "order": ["4111 1111 1111 1112", "5500-0055-5555-5550"] * (ROWS // 2),
    }  # fmt: skip
    table(columns)(tmp_path / "logs")
    assert main(["init", str(tmp_path / "logs"), "--yes"]) == OK
    said = capsys.readouterr().err
    assert {name for name in columns if f"{name} probably holds" in said} == {
        "to", "account", "paid_with", "host", "call",
    }  # fmt: skip
    assert load_config(Path(FILE_NAME)).categorical == ("order",)
