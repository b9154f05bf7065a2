"""`clawpipe-tui serve`, `canary`, `rollback` and `audit` as a user runs them, each in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from clawpipe_tui.catalog import shipped


@dataclass(frozen=True)
class Served:
    """A running `serve`, and how to run commands against it."""

    url: str
    token: str
    folder: Path

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One command, with the token in its environment."""
        return clawpipe(*words, "--api", self.url, home=self.folder, CLAWPIPE_TOKEN=self.token, **environment)


def _environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), **more}


def clawpipe(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command."""
    command = [sys.executable, "-m", "clawpipe_tui", *words]
    return subprocess.run(
        command, env=_environment(home, **environment), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def serving(home: Path, *words: str) -> Generator[Served]:
    """A server on a free port."""
    command = [sys.executable, "-m", "clawpipe_tui", "serve", "--port", "0", "--state", str(home / "serving"), *words]
    with (home / "said").open("w") as said:
        started = subprocess.Popen(command, env=_environment(home), stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            assert started.stdout
            url = started.stdout.readline().strip()
            found = re.search(r"this once: (\S+)", (home / "said").read_text())
            assert found, (home / "said").read_text()
            yield Served(url, found[1], home)
        finally:
            started.kill()
            started.communicate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """One server for all stories of this file; they follow one another."""
    with serving(tmp_path_factory.mktemp("home")) as found:
        yield found


LOGS = ("--logs", str(shipped("sample_data")))


def test_a_plan_from_the_command_line_says_all_that_the_dialog_says(served: Served) -> None:
    """Target, others, will it help, inputs, dry run, the literal request; and sends nothing."""
    done = served.run("rollback", "flight-delay", "--plan", *LOGS)
    assert done.returncode == 0, done.stderr
    for words in (
        "Target: v42 met its objectives",
        "Not chosen: v41",
        "Will it help: It should help",
        "Inputs: v42 takes",
    ):
        assert words in done.stdout
    assert "Dry run: The API would accept" in done.stdout
    assert served.token not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("--read-only",), {}, "read-only"),
        (("--env", "production"), {}, "name must be typed"),
        (("--env", "production", "--confirm", "flight-dely"), {}, "name must be typed"),
    ],
)
def test_a_rule_stops_the_command_line_as_it_stops_the_key(
    served: Served, words: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    """Exit code 1, a sentence, nothing sent."""
    done = served.run("rollback", "flight-delay", "--yes", "--reason", "errors", *words, *LOGS, **environment)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_what_was_sent_is_in_both_audits(served: Served) -> None:
    """The journal and the API's own; both chains hold. The sample's log stands still, so nothing is verified in it."""
    sent = served.run(
        "rollback", "flight-delay", "--yes", "--reason", "errors", "--deadline", "1",
        "--env", "production", "--confirm", "flight-delay", *LOGS,
    )  # fmt: skip
    assert "Sent and accepted as change chg-" in sent.stdout, sent.stderr
    assert sent.returncode == 5
    verified = served.run("audit", "verify", *LOGS)
    assert verified.returncode == 0, verified.stderr
    assert len(re.findall(r"the chain holds", verified.stdout)) == 2
    shown = served.run("audit", "show")
    assert "answered" in shown.stdout
    assert served.token not in shown.stdout


def test_an_open_address_without_a_certificate_is_refused(tmp_path: Path) -> None:
    """Tokens would travel in the open."""
    done = clawpipe("serve", "--host", "0.0.0.0", "--port", "0", home=tmp_path)
    assert (done.returncode, "Give --cert" in done.stderr) == (2, True)
