"""A large text file is read in pieces: what was appended is read, not the whole again, and each line counts once."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from clawpipe_tui.config import Config
from clawpipe_tui.logs import pieces
from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.form import Form
from clawpipe_tui.logs.listing import LogFile, list_files
from clawpipe_tui.logs.pieces import Cutter
from clawpipe_tui.session import LogSession
from tests.tiny_log import END, START, counted


@pytest.fixture(autouse=True)
def pieces_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test needs no megabytes."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", 900)
    monkeypatch.setattr(pieces, "_SAMPLE_BYTES", 64)


def line(number: int, form: str) -> str:
    """One row; of CSV sometimes with a line end in quotes."""
    at = (START + timedelta(seconds=number % 5_000)).isoformat()
    if form == "csv":
        return f'{at},{20 + number},"{"a" * (number % 7)}\n""b"\n' if number % 3 == 0 else f"{at},{20 + number},x\n"
    return (
        json.dumps(
            {
                "request_id": f"request-{number}",
                "served_at": at,
                "latency_ms": 20 + number,
                "client": "a" * (number % 7),
            }
        )
        + "\n"
    )


HEADS = {"csv": "served_at,latency_ms,client\n", "jsonl": ""}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_whatever_is_appended_cut_rotated_or_rewritten_each_line_counts_once(
    tmp_path: Path, form: Form, seed: int
) -> None:
    """By seed; a console that runs and one that opens anew agree with the lines themselves."""
    rng = random.Random(seed)
    live, number = tmp_path / f"app.{form}", 0
    lines: dict[Path, list[str]] = {live: []}
    session = LogSession(Config((f"{tmp_path}/*.{form}",), now=END), cache=tmp_path / "cache")
    for step in range(12):
        act = rng.choice(["append"] * 6 + ["rewrite", "cut", "rotate", "copytruncate"]) if step else "append"
        if act in {"rotate", "copytruncate"}:
            old = tmp_path / f"app-{step}.{form}"
            if act == "rotate":
                live.rename(old)
            else:
                old.write_bytes(live.read_bytes())
            lines[old], lines[live] = lines[live], []
        elif act in {"cut", "rewrite"}:
            lines[live] = lines[live][: rng.randrange(len(lines[live]) + 1)] if act == "cut" else []
        for _ in range(rng.choice([1, 5, 40])):
            number += 1
            lines[live].append(line(number, form))
        if act == "append" and live.exists():
            done = live.read_text(encoding="utf-8")
            with live.open("a", encoding="utf-8") as stream:
                stream.write((HEADS[form] + "".join(lines[live]))[len(done) :])
        else:
            live.write_text(HEADS[form] + "".join(lines[live]), encoding="utf-8")
        session.read()
        assert counted(session).rows == sum(map(len, lines.values())), (step, act)
        assert counted(session).latencies == sum(map(len, lines.values()))
    assert any(" from byte " in entry.path for entry in session._reader.files())
    session.close()
    again = LogSession(Config((f"{tmp_path}/*.{form}",), now=END), cache=tmp_path / "cache")
    again.read()
    assert counted(again).rows == sum(map(len, lines.values()))
    again.close()


def cut(cutter: Cutter, folder: Path) -> dict[str, LogFile]:
    """The pieces of all files there."""
    return cutter.cut(list_files([f"{folder}/*.jsonl"]))


def test_what_was_read_of_a_growing_file_stays_read(tmp_path: Path) -> None:
    """Only the last piece changes, whoever cuts."""
    path = tmp_path / "app.jsonl"
    path.write_text("".join(line(number, "jsonl") for number in range(200)))
    cutter = Cutter(Layout({}, form="jsonl"))
    before = cut(cutter, tmp_path)
    with path.open("a") as stream:
        stream.write("".join(line(number, "jsonl") for number in range(100)))
    after = cut(cutter, tmp_path)
    assert list(after)[: len(before)] == list(before)
    assert [name for name in before if before[name] != after[name]] == [list(before)[-1]]
    assert cut(Cutter(Layout({}, form="jsonl")), tmp_path) == after
    assert sum(file.size_bytes for file in after.values()) == path.stat().st_size


def test_a_file_that_is_written_anew_at_the_same_length_is_read_again(tmp_path: Path) -> None:
    """All of it."""
    path = tmp_path / "app.jsonl"
    path.write_text("".join(line(number, "jsonl") for number in range(7, 7_000, 70)))
    cutter = Cutter(Layout({}, form="jsonl"))
    before = cut(cutter, tmp_path)
    path.write_text(path.read_text().replace(str(START.year), "2025"))
    after = cut(cutter, tmp_path)
    assert before.keys() == after.keys()
    assert not [name for name in before if before[name] == after[name]]


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("app.jsonl.gz", Layout({}, form="jsonl")),
        ("app.jsonl", Layout({}, form="jsonl", select="select * from {lines} a join {lines} b using (id)")),
        ("app.jsonl", Layout({}, form="parquet")),
    ],
)
def test_what_must_stay_together_is_not_cut(tmp_path: Path, name: str, layout: Layout) -> None:
    """Packed files; requests and answers that are paired within a file; Parquet."""
    (tmp_path / name).write_text("x" * 5_000)
    listing = list_files([f"{tmp_path}/*"])
    assert Cutter(layout).cut(listing) == listing
