"""Before and beside the console: the first run, dumb terminals, doctor, info, completion, changes as sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clawpipe_tui.commands.completion import words_after
from clawpipe_tui.commands.standing import read_keymap
from clawpipe_tui.commands.watch import Moment, sentences
from clawpipe_tui.dashboard.reproduce import command_for
from clawpipe_tui.errors import ConfigError
from clawpipe_tui.options import command_words
from clawpipe_tui.result import Result
from tests.app.fakes import NOW
from tests.terminal.pseudo import Pseudo, console_words

ROOT = Path(__file__).parents[2]


def told(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in an empty home."""
    here = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    run = [sys.executable, "-m", "clawpipe_tui", *words]
    return subprocess.run(run, capture_output=True, text=True, env=here, cwd=tmp_path, timeout=60, check=False)


def test_the_first_run_explains_itself_and_offers_the_demo(tmp_path: Path) -> None:
    """With nothing configured; enter alone starts nothing."""
    words = [sys.executable, "-m", "clawpipe_tui"]
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with Pseudo(["sh", "-c", f"cd {tmp_path} && exec {' '.join(words)}"], environment=home) as terminal:
        terminal.until(lambda text: "Open the demo now?" in text)
        assert "--logs FOLDER" in terminal.text
        terminal.send("\n")
        assert terminal.ends() == 2


def test_a_dumb_terminal_is_told_lines(tmp_path: Path) -> None:
    """No escape code at all; ctrl+c ends."""
    state = {"TERM": "dumb", "XDG_CACHE_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with Pseudo(console_words(), environment=state) as terminal:
        terminal.until(lambda text: "worse: v43" in text)
        assert b"\x1b" not in terminal.received
        terminal.send("\x03")
        assert terminal.ends(6.0) == 130


def test_doctor_and_info_say_what_is_there(tmp_path: Path) -> None:
    """Also where there is nothing to look at yet; what is wrong makes the exit code 1."""
    doctor = told(tmp_path, "doctor")
    assert doctor.returncode == 1
    assert "BAD   configuration" in doctor.stdout
    info = told(tmp_path, "info", "--format", "json", "--theme", "light")
    facts = json.loads(info.stdout)
    assert str(tmp_path) in facts["Paths"]["config"]
    seen = told(tmp_path, "info", "--format", "json", "--theme", "light", "--logs", str(ROOT / "sample_data"))
    assert json.loads(seen.stdout)["Settings"]["console.theme"] == "light   [command line]"


def test_completion_knows_commands_options_screens_and_queries() -> None:
    """By what stands before the word."""
    commands = command_words()
    assert words_after(["sho"], commands) == ["show"]
    assert "--size" in words_after(["show", "--s"], commands)
    assert words_after(["show", "dri"], commands) == ["drift"]
    assert words_after(["query", "drift", "--format", "js"], commands) == ["json", "jsonl"]
    assert words_after(["--theme", "d"], commands) == ["dark"]
    assert "errors_by_client" in words_after(["query", "errors"], commands)
    assert words_after(["show", "drift", "--theme", "co"], commands) == ["contrast"]


CALM = Moment(
    "not shown worse", "v43 fine", {"v42": ("live", 90.0), "v43": ("canary", 10.0)}, {"v43": "not shown worse"}
)
TROUBLE = replace(CALM, verdict="worse", sentence="v43 worse", judged={"v43": "worse"}, drifted=frozenset({"age"}))


def test_changes_are_sentences_and_nothing_is_said_twice() -> None:
    """The worst first; where nothing changed nothing is said."""
    assert sentences(None, CALM) == ["not shown worse: v43 fine."]
    assert sentences(CALM, CALM) == []
    assert sentences(CALM, TROUBLE) == [
        "Verdict not shown worse became worse: v43 worse.",
        "v43 is now worse.",
        "age has drifted.",
    ]
    assert sentences(TROUBLE, replace(TROUBLE, drifted=frozenset())) == ["age no longer counts as drifted."]


def test_versions_that_come_go_and_move_are_said() -> None:
    """Role and share of the traffic."""
    after = replace(CALM, versions={"v42": ("live", 100.0), "v44": ("shadow", 0.0)})
    assert sentences(CALM, after) == [
        "v44 appeared.",
        "v43 is gone.",
        "v42 now takes 100 % of the traffic, it was 90 %.",
    ]


def test_a_copied_command_prints_the_same_numbers() -> None:
    """What was bound is said again; what the console alone needs is left out."""
    bound = {
        "model": "m",
        "version": "v 43",
        "since": NOW,
        "until": NOW,
        "step": None,
        "baseline": "training",
        "now": NOW,
    }
    words = command_for(Result("drift", (), (), bound=bound), ("--logs", "/logs"), fixed_now=False)
    assert words == (
        "clawpipe-tui query drift 'version=v 43' --logs /logs --model m --since 2026-11-07T02:55:00Z"
        " --until 2026-11-07T02:55:00Z --baseline training"
    )


@pytest.mark.parametrize("text", ["rollback = 3", "rollback = [1]", "rollback ="])
def test_a_keymap_file_that_is_wrong_is_told(tmp_path: Path, text: str) -> None:
    """With its name."""
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"keys\.toml"):
        read_keymap(path)
