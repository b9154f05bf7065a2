"""The command line: what goes to stdout, what to stderr, and the exit code; never a traceback."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq
import pytest

from clawpipe_tui.catalog import shipped
from clawpipe_tui.cli import main

SAMPLE = str(shipped("sample_data"))


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """Runs commands in this process."""

    capture: pytest.CaptureFixture[str]

    def run(self, *words: str) -> Said:
        """One command."""
        try:
            code = main(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = self.capture.readouterr()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], sample_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose cache already knows the sample log."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(sample_cache))
    return Shell(capsys)


@pytest.fixture(scope="module")
def sample_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rollups of the sample log, made once."""
    return tmp_path_factory.mktemp("cache")


def test_a_wrong_path_is_usage(shell: Shell) -> None:
    """Exit 2, and what to do."""
    said = shell.run("status", "--logs", "sample_dta")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("clawpipe-tui: There is no log at sample_dta.\n  ")


def test_an_empty_folder_is_told(shell: Shell, tmp_path: Path) -> None:
    """Exit 1: it may be filled in a minute."""
    said = shell.run("status", "--logs", str(tmp_path))
    assert said.code == 1
    assert "There are no log files at" in said.err


def test_a_folder_of_broken_files_is_told_and_can_be_asked_about(shell: Shell, tmp_path: Path) -> None:
    """The hint names a command, and that command works."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.parquet").write_bytes(b"time,version")
    said = shell.run("status", "--logs", str(tmp_path))
    assert said.code == 1
    assert "None of the 2 log files can be read" in said.err
    assert "clawpipe-tui query files" in said.err
    files = shell.run("query", "files", "--logs", str(tmp_path), "--format", "json")
    assert files.code == 0
    assert {row["state"] for row in json.loads(files.out)} == {"corrupt"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("query", "drfit"), "Did you mean 'drift'?"),
        (("query", "drift", "colum=x"), "This query has no parameter $colum."),
        (("query", "drift", "carrier"), "'carrier' is not a value to bind."),
        (("query",), "Which query?"),
        (("query", "drift", "--baseline", "yesterday"), "There is no baseline 'yesterday'"),
        (("query", "drift", "--window", "soon"), "'soon' is not a span of time."),
        (("query", "drift", "--since", "now", "--until", "2h"), "The window is empty"),
        (("query", "drift", "--now", "0001-01-01"), "lies outside of every log"),
        (("show", "ovrview"), "Did you mean 'overview'?"),
        (("show", "overview", "--size", "huge"), "'huge' is not a size."),
        (("show", "overview", "--size", "2x2"), "'2x2' is not a size."),
        (("show", "overview", "--theme", "drak"), "Did you mean 'dark'?"),
        (("status", "flight-dely"), "Did you mean 'flight-delay'?"),
        (("diff", "flight-delay", "v42", "v4"), "the registry speaks of a version 'v4'"),
        (("rollback", "flight-delay", "--yes"), "reason"),
        (("rollback", "flight-delay", "--plan"), "No serving API is set"),
        (("rollback", "flight-delay"), "--plan"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_wrong_word_is_usage(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """Exit 2, nothing on stdout, and the nearest right word."""
    answer = shell.run(*words, "--logs", SAMPLE)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_broken_configuration_is_told(shell: Shell, tmp_path: Path) -> None:
    """With file, line and key."""
    (tmp_path / "clawpipe.toml").write_text("[log]\nfile = 'x'", encoding="utf-8")
    said = shell.run("status", "--logs", str(tmp_path))
    assert said.code == 2
    assert f"{tmp_path}/clawpipe.toml, line 2: [log] has no key 'file'" in said.err


def test_status_alarms_on_the_sample(shell: Shell) -> None:
    """Exit 4, and why."""
    said = shell.run("status", "--logs", SAMPLE)
    assert said.code == 4
    assert said.out.startswith("WORSE · v43 worse")
    assert "drifted: carrier" in said.out


def test_status_is_silent_about_a_quiet_hour(shell: Shell) -> None:
    """Exit 0 before the incident."""
    said = shell.run("status", "flight-delay", "--logs", SAMPLE, "--until", "2026-11-07T13:00:00Z")
    assert said.code == 0
    assert "no drift shown" in said.out


def test_status_cannot_tell_where_nothing_was_served(shell: Shell) -> None:
    """Exit 5."""
    said = shell.run("status", "--logs", SAMPLE, "--until", "2026-11-06T13:00:00Z")
    assert said.code == 5
    assert said.out.startswith("cannot tell")


def test_status_as_json_is_one_object(shell: Shell) -> None:
    """With the same exit code."""
    said = shell.run("status", "--logs", SAMPLE, "--format", "json")
    answer = json.loads(said.out)
    assert said.code == 4
    assert answer["verdict"] == "worse"
    assert {row["column"] for row in answer["drifted"]} == {"temperature_f", "wind_speed_mph", "carrier"}


def test_the_formats_say_the_same(shell: Shell) -> None:
    """JSON, JSON lines, CSV: each parses back to the same rows; times are RFC 3339 in UTC."""
    asked = ("query", "versions", "--logs", SAMPLE, "--format")
    rows = json.loads(shell.run(*asked, "json").out)
    assert [json.loads(line) for line in shell.run(*asked, "jsonl").out.splitlines()] == rows
    lines = list(csv.DictReader(io.StringIO(shell.run(*asked, "csv").out)))
    assert [line["version"] for line in lines] == [row["version"] for row in rows]
    assert all(row["first_at"].endswith("Z") for row in rows)


@pytest.mark.parametrize("name", ["drift", "health", "outcomes_over_time"])
@pytest.mark.parametrize("until", ["2026-11-07T14:00:00Z", "2026-11-01T00:00:00Z"], ids=["rows", "no rows"])
def test_parquet_and_csv_keep_their_columns_even_without_rows(
    name: str,
    until: str,
    sample_cache: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that reads them finds what it expects."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(sample_cache))
    words = ["query", name, "--logs", SAMPLE, "--until", until, "--format"]
    assert main([*words, "parquet"]) == 0
    table = pq.read_table(io.BytesIO(capsysbinary.readouterr().out))
    assert main([*words, "csv"]) == 0
    header = capsysbinary.readouterr().out.decode().splitlines()[0]
    assert ",".join(table.column_names) == header


def test_values_are_bound_by_what_they_are(shell: Shell, tmp_path: Path) -> None:
    """A version 43 is a text; a time is a time, a step a span."""
    from tiny_log import START, TinyLog

    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 3, "version": ["43", "43", "v44"], "x": [1.0, 2.0, 3.0]})
    where = ("--logs", str(log.folder), "--now", "2026-11-07T12:10:00Z", "--format", "json")
    rows = json.loads(shell.run("query", "outcomes_over_time", "version=43", *where).out)
    assert rows == []
    traffic = shell.run("query", "traffic_over_time", "step=1h", "since=2026-11-07T12:00:00Z", *where)
    assert [(row["version"], row["requests"]) for row in json.loads(traffic.out)] == [("43", 2), ("v44", 1)]


def test_the_list_has_every_query_with_its_question(shell: Shell) -> None:
    """And says which are the user's own."""
    listed = shell.run("query", "--list").out
    assert "health" in listed
    assert all("  " in line for line in listed.splitlines())


def test_sql_prints_the_query_itself(shell: Shell) -> None:
    """Without opening any log."""
    said = shell.run("query", "health", "--sql")
    assert said.out.startswith("-- How is each version doing")


@pytest.mark.parametrize("screen", ["overview", "drift", "latency", "errors", "versions"])
def test_show_draws_a_frame_in_a_pipe(shell: Shell, screen: str) -> None:
    """As wide and as high as asked."""
    said = shell.run("show", screen, "--logs", SAMPLE, "--size", "80x24")
    assert said.code == 0
    assert len(said.out.splitlines()) == 24
    assert "\x1b" not in said.out


def test_without_a_terminal_the_console_prints_one_frame(shell: Shell) -> None:
    """The same as show with the first screen."""
    assert shell.run("--logs", SAMPLE).out == shell.run("show", "1", "--logs", SAMPLE).out


def test_an_api_that_is_down_is_unreachable(shell: Shell) -> None:
    """Exit 3: try again."""
    said = shell.run("rollback", "flight-delay", "--plan", "--logs", SAMPLE, "--api", "http://127.0.0.1:9")
    assert said.code == 3
    assert "127.0.0.1:9" in said.err


@pytest.mark.parametrize(("status", "code"), [(401, 1), (403, 1), (404, 2), (503, 3)])
def test_an_api_that_refuses_is_told(shell: Shell, status: int, code: int) -> None:
    """Exit 1 or 2 where asking again changes nothing, 3 where it may."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_address[1]}"
        said = shell.run("rollback", "flight-delay", "--plan", "--logs", SAMPLE, "--api", where)
        server.shutdown()
    assert said.code == code
    assert said.err.startswith("clawpipe-tui: ")


def test_a_defect_of_ours_is_told_in_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, and no traceback."""
    from clawpipe_tui.commands import status

    def broken(_: object) -> int:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(status, "run", broken)
    said = shell.run("status", "--logs", SAMPLE)
    assert said.code == 1
    assert "This should not happen: ZeroDivisionError: division by zero (test_cli.py, line " in said.err


def test_ctrl_c_is_an_exit_code(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, without a word."""
    from clawpipe_tui.commands import status

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "run", interrupted)
    assert shell.run("status", "--logs", SAMPLE) == Said(130, "", "")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


HEAVY = ("textual", "duckdb", "httpx", "pyarrow", "scipy", "numpy", "watchfiles")


@pytest.mark.parametrize("words", ["--help", "--version", "query --help"])
def test_help_loads_nothing_heavy(words: str) -> None:
    """So that it is there at once."""
    code = (
        "import sys\nfrom clawpipe_tui.cli import main\n"
        f"try: main({words.split()!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    assert _python(code).stderr.strip() == "[]"


def test_the_lower_floors_load_no_textual() -> None:
    """Commands, the guard and their tests run without it."""
    code = (
        "import sys, pkgutil, importlib, clawpipe_tui\n"
        "above = ('app', 'terminal', 'dashboard', 'dialogs', 'commands', 'demo', '__main__', 'cli')\n"
        "for found in pkgutil.walk_packages(clawpipe_tui.__path__, 'clawpipe_tui.'):\n"
        "    if found.name.split('.')[1] not in above: importlib.import_module(found.name)\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'textual'][:3])"
    )
    done = _python(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_reader_that_stops_reading_is_no_error(sample_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`| head -1` leaves nothing on stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(sample_cache))
    for words in (f"query traffic_over_time --window 6h --format jsonl --logs {SAMPLE}", "query --list", "--help"):
        line = f"{sys.executable} -m clawpipe_tui {words} | head -1"
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False, timeout=60)
        assert done.stderr == ""
        assert len(done.stdout.splitlines()) == 1


def test_a_terminal_without_unicode_still_gets_its_answer(sample_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be shown becomes a question mark."""
    for name, value in (("XDG_CACHE_HOME", str(sample_cache)), ("PYTHONIOENCODING", "ascii"), ("PYTHONUTF8", "0")):
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-m", "clawpipe_tui", "status", "--logs", SAMPLE]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4
    assert done.stdout.startswith("WORSE ? v43")
