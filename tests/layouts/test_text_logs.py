"""JSON lines and CSV: whole lines count, once, however the file is cut, grown or broken."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from clawpipe_tui.config import Config
from clawpipe_tui.session import LogSession
from tests.tiny_log import END, START, Counted, counted

ROWS = 50
LINES = [
    json.dumps(
        {"served_at": (START + timedelta(seconds=place)).isoformat(), "latency_ms": 20 + place, "amount": place / 2}
    )
    for place in range(ROWS)
]  # fmt: skip
CSV = [
    "served_at,latency_ms,amount",
    *(f"{START + timedelta(seconds=place)},{20 + place},{place / 2}" for place in range(ROWS)),
]


def read(folder: Path, pattern: str) -> Counted:
    """What a console counts that opens now."""
    session = LogSession(Config((f"{folder}/{pattern}",), now=END), cache=folder / "cache")
    try:
        session.read()
        return counted(session)
    finally:
        session.close()


def requests(seen: Counted) -> int:
    """All of them."""
    return sum(seen.requests.values())


@pytest.mark.parametrize("per_cent", range(10, 100, 6))
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_of_a_file_that_is_cut_anywhere_the_whole_lines_count(tmp_path: Path, per_cent: int, form: str) -> None:
    """And when the rest has come, all of them, each once."""
    whole = "\n".join(LINES if form == "jsonl" else CSV) + "\n"
    path = tmp_path / f"log.{form}"
    cut = whole[: len(whole) * per_cent // 100]
    path.write_text(cut, encoding="utf-8")
    ends = cut.count("\n") - (form == "csv")
    assert requests(read(tmp_path, f"*.{form}")) in {ends, ends + (form == "jsonl" and cut.endswith("}"))}
    path.write_text(whole, encoding="utf-8")
    seen = read(tmp_path, f"*.{form}")
    assert (requests(seen), seen.latencies) == (ROWS, ROWS)


def test_a_last_line_without_an_end_counts_where_it_is_whole_by_itself(tmp_path: Path) -> None:
    """Many writers leave out the last newline."""
    (tmp_path / "log.jsonl").write_text("\n".join(LINES), encoding="utf-8")
    seen = read(tmp_path, "*.jsonl")
    assert requests(seen) == ROWS


def test_a_line_that_is_not_json_is_left_out_and_reported(tmp_path: Path) -> None:
    """The others count."""
    (tmp_path / "log.jsonl").write_text(
        "\n".join([*LINES[:20], "Traceback: oops", *LINES[20:]]) + "\n", encoding="utf-8"
    )
    seen = read(tmp_path, "*.jsonl")
    assert requests(seen) == ROWS
    assert seen.files["log.jsonl"][1].startswith("1 rows left out")


def test_packed_files_are_read(tmp_path: Path) -> None:
    """As rotation leaves them."""
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(("\n".join(LINES) + "\n").encode()))
    assert requests(read(tmp_path, "*.jsonl.gz")) == ROWS


def test_a_number_that_becomes_text_half_way_loses_no_row(tmp_path: Path) -> None:
    """The type is what all the file's lines can be read as."""
    odd = [line.replace('"amount": ', '"amount": "n').replace("}", '"}') for line in LINES[40:]]
    (tmp_path / "log.jsonl").write_text("\n".join([*LINES[:40], *odd]) + "\n", encoding="utf-8")
    seen = read(tmp_path, "*.jsonl")
    assert (requests(seen), seen.latencies) == (ROWS, ROWS)


@pytest.mark.parametrize("content", [b"PAR1\x00\x00", b"hello\n", b"\x00" * 200, b"[1, 2]\n"])
def test_what_is_no_text_log_is_in_the_ledger_with_a_reason(tmp_path: Path, content: bytes) -> None:
    """And does not keep the others from being read."""
    (tmp_path / "good.jsonl").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_bytes(content)
    seen = read(tmp_path, "*.jsonl")
    assert (requests(seen), seen.files["bad.jsonl"][0]) == (ROWS, "corrupt")


def test_the_same_lines_under_two_names_count_once(tmp_path: Path) -> None:
    """As with Parquet."""
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("\n".join(LINES) + "\n", encoding="utf-8")
    seen = read(tmp_path, "*.jsonl")
    assert requests(seen) == ROWS
    assert sorted(state for state, _ in seen.files.values()) == ["duplicate", "read"]
