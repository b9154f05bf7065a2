"""`init --yes`, then `status`: with nothing in between, on every log that we know and on one that nobody knows."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clawpipe_tui.cli import main
from clawpipe_tui.config import FILE_NAME, load_config
from clawpipe_tui.errors import CANNOT_TELL, OK, USAGE
from tests.layouts.systems import ANSWERED, CALLS, PREDICTIONS, SYSTEMS, System

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own, with caches and settings of its own."""
    (tmp_path / "work").mkdir()
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path / "work")


def health(captured: Captured, *options: str) -> list[dict[str, object]]:
    """The `health` query over a day, in the folder where we are."""
    captured.readouterr()
    assert main(["query", "health", "--format", "json", "--window", "1d", *options]) == OK
    return json.loads(captured.readouterr().out)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_init_then_status_works_with_no_edit(system: System, tmp_path: Path, capsys: Captured) -> None:
    """Every prediction is counted under its version, every failure as one; what is not logged is not 0."""
    assert main(["init", system.write(tmp_path / "logs"), "--yes"]) == OK
    assert main(["status"]) == CANNOT_TELL
    assert not capsys.readouterr().out.startswith("cannot tell")
    (row,) = health(capsys)
    assert (row["version"], row["requests"]) == (system.version, system.requests)
    share = None if system.failures is None else pytest.approx(100 * system.failures / system.requests)
    assert row["error_pct"] == share
    assert (row["p95_ms"] is not None) == system.has_latency


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_inputs_come_out_as_they_were_asked(system: System, tmp_path: Path, capsys: Captured) -> None:
    """Each watched input has a value in every row that could have one."""
    main(["init", system.write(tmp_path / "logs"), "--yes"])
    capsys.readouterr()
    for column in system.features:
        main(["query", "histogram", f"column={column}", "--format", "json", "--window", "1d"])
        rows = json.loads(capsys.readouterr().out)
        present = sum(row["live_pct"] for row in rows if row["mass"] == "bin")
        assert present == pytest.approx(100), column


@pytest.mark.parametrize("name", ["kserve_json", "seldon_v2"])
def test_paired_events_have_the_time_between_them(name: str, tmp_path: Path, capsys: Captured) -> None:
    """The answer's time minus the request's."""
    (system,) = (one for one in SYSTEMS if one.name == name)
    main(["init", system.write(tmp_path / "logs"), "--yes"])
    (row,) = health(capsys)
    assert row["p50_ms"] == pytest.approx({"kserve_json": 25, "seldon_v2": 12}[name], rel=0.01)


def made_up(folder: Path) -> str:
    """A log with column names that somebody made up."""
    columns: dict[str, list[object]] = {
        "ts": [int(call.at.timestamp()) for call in CALLS],
        "mdl_ver": ["1.4"] * PREDICTIONS,
        "took": [0.02 + 0.001 * call.number for call in CALLS],
        "resp": [500 if call.failed else 200 for call in CALLS],
    }
    columns |= {f"x{place}": [call.age * place for call in CALLS] for place in range(1, 10)}
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "part.parquet")
    return str(folder)


def test_a_log_with_made_up_names_works_with_no_edit(tmp_path: Path, capsys: Captured) -> None:
    """ts, mdl_ver, took, resp, x1 … x9."""
    assert main(["init", made_up(tmp_path / "logs"), "--yes"]) == OK
    assert main(["status"]) == CANNOT_TELL
    (row,) = health(capsys)
    assert (row["version"], row["requests"], row["error_pct"]) == ("1.4", 60, 10)
    assert row["p50_ms"] == pytest.approx(49, rel=0.05)
    main(["query", "drift", "--format", "json", "--window", "1d"])
    assert {row["column"] for row in json.loads(capsys.readouterr().out)} == {f"x{place}" for place in range(1, 10)}


def test_an_existing_file_is_never_written_over(tmp_path: Path, capsys: Captured) -> None:
    """Exit code 2, and not a byte is changed."""
    Path(FILE_NAME).write_text("mine", encoding="utf-8")
    assert main(["init", made_up(tmp_path / "logs"), "--yes"]) == USAGE
    assert "left as it is" in capsys.readouterr().err
    assert Path(FILE_NAME).read_text(encoding="utf-8") == "mine"


def test_without_yes_and_without_a_terminal_the_proposal_is_only_printed(tmp_path: Path, capsys: Captured) -> None:
    """What is printed is the file that would be written."""
    assert main(["init", made_up(tmp_path / "logs")]) == OK
    assert not Path(FILE_NAME).exists()
    assert tomllib.loads(capsys.readouterr().out)["log"]["columns"]["served_at"] == '"ts"'


def test_every_line_of_the_proposal_says_why(tmp_path: Path) -> None:
    """A reason follows each column, each feature and each column left out."""
    main(["init", made_up(tmp_path / "logs"), "--yes"])
    lines = Path(FILE_NAME).read_text(encoding="utf-8").splitlines()
    assert all("  # " in line for line in lines if line.startswith(("served_at", "latency_ms", "version", "    ")))


def test_a_baseline_file_and_label_files_are_taken(tmp_path: Path, capsys: Captured) -> None:
    """As they were named."""
    logs = made_up(tmp_path / "logs")
    (tmp_path / "labels").mkdir()
    training, labels = str(tmp_path / "logs" / "part.parquet"), f"{tmp_path}/labels/*.parquet"
    assert main(["init", logs, "--yes", "--baseline", training, "--labels", labels]) == OK
    config = load_config(Path(FILE_NAME))
    assert (config.baseline_files, config.label_files) == ((training,), (labels,))
    assert health(capsys)[0]["requests"] == PREDICTIONS


def test_a_span_of_the_log_can_be_the_baseline(tmp_path: Path, capsys: Captured) -> None:
    """Only the rows served in it make the bins."""
    main(["init", made_up(tmp_path / "logs"), "--yes", "--baseline", "2026-11-20T12:00Z/2026-11-20T12:05Z"])
    capsys.readouterr()
    main(["query", "histogram", "column=x1", "--format", "json", "--window", "1d"])
    rows = json.loads(capsys.readouterr().out)
    highest = max(row["bin_high"] for row in rows if row["mass"] == "bin" and row["bin_high"] is not None)
    assert highest == max(call.age for call in CALLS[:30])


def test_unsure_choices_are_told(tmp_path: Path, capsys: Captured) -> None:
    """On stderr and in the file."""
    columns = {"ts": [int(call.at.timestamp()) for call in ANSWERED], "took": [2.0 + call.score for call in ANSWERED]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    main(["init", f"{tmp_path}/*.parquet", "--yes"])
    assert "Not sure about latency_ms" in capsys.readouterr().err
    assert "UNSURE" in Path(FILE_NAME).read_text(encoding="utf-8")


def test_odd_types_and_odd_names_go_through_init_and_come_out_right(tmp_path: Path, capsys: Captured) -> None:
    """Nested, dictionary, decimal, date; quotes, spaces, emoji, SQL; partitions in the path; hundreds of columns."""
    numbers = [float(call.number) for call in CALLS]
    columns: dict[str, object] = {
        "event time": pa.array([call.at.replace(tzinfo=None) for call in CALLS]),
        'a "quoted" one': numbers,
        "🙂; drop table files; --": numbers,
        "kind": pa.array([call.city for call in CALLS]).dictionary_encode(),
        "price": pa.array(numbers).cast(pa.decimal128(12, 2)),
        "born": pa.array([call.at.date() for call in CALLS]),
        "deep": pa.array([{"size": call.age, "tags": ["a"]} for call in CALLS]),
    }
    columns |= {f"wide_{place}": numbers for place in range(300)}
    folder = tmp_path / "logs" / "model_version=v9"
    folder.mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "a.parquet")
    assert main(["init", str(tmp_path / "logs"), "--yes"]) == OK
    (row,) = health(capsys)
    assert (row["version"], row["requests"]) == ("v9", PREDICTIONS)
    main(["query", "data_columns", "--format", "json", "--window", "1d"])
    watched = {row["column"]: row["invalid_pct"] for row in json.loads(capsys.readouterr().out)}
    assert {'a "quoted" one', "🙂; drop table files; --", "kind", "price", "size"} <= watched.keys()
    assert len(watched) == 305
    assert set(watched.values()) == {0}
