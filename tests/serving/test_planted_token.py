"""A token that was planted is found nowhere: in no output, no file that is kept, no crash report, no sentence."""

from __future__ import annotations

import base64
import gc
import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from served import MODEL, Stage, settings

from clawpipe_tui.catalog import shipped
from clawpipe_tui.cli import main
from clawpipe_tui.demo.access import Account, accounts
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.serving.mlflow import Mlflow
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.terminal.crash import report

PLANTED = "planted-5f0c1e-token"
ENCODED = base64.b64encode(PLANTED.encode()).decode().rstrip("=")


def planted(folder: Path, stage: tuple[Stage, Running], source: str) -> Path:
    """A folder whose configuration takes the planted token from that source."""
    where, running = stage
    app = settings(folder, audit=Store(folder / "serving.db"))
    who = Account("alice", frozenset({"read", "operate"}))
    where.app = reference_app(replace(app, accounts=accounts({PLANTED: who})))
    secret = folder / "token"
    secret.write_text(PLANTED)
    secret.chmod(0o600)
    program = json.dumps([sys.executable, "-c", f"print(open({str(secret)!r}).read())"])
    lines = {"token_file": '"token"', "token_command": program, "token_env": '"PLANTED"'}
    path = folder / "clawpipe.toml"
    serving = f'[serving]\nurl = "{running.url}"\n{source} = {lines[source]}\n'
    path.write_text(f'[log]\nfiles = "{shipped("sample_data")}/logs"\n{serving}')
    return path


# A command leaves its connections to the end of its process, which this one is not.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("source", ["token_file", "token_command", "token_env"])
def test_no_command_and_no_file_says_it(
    source: str,
    tmp_path: Path,
    stage: tuple[Stage, Running],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plan, move, look at both records, compare, ask what works here."""
    path = planted(tmp_path, stage, source)
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("PLANTED", PLANTED)
    logs = ("--logs", str(path))
    moved = main(["rollback", MODEL, "--yes", "--deadline", "0", "--reason", "errors rose", "--confirm", MODEL, *logs])
    for words in (["rollback", MODEL, "--to", "v41", "--plan"], ["doctor"], ["info"], ["diff", MODEL, "v42", "v43"]):
        main([*words, *logs])
    main(["audit", "show", *logs])
    said = "".join(capfd.readouterr())
    assert "alice" in said or moved == 0, said
    assert "••••••••" in said
    gc.collect()
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each.name != "token"]
    everything = said.encode() + b"".join(each.read_bytes() for each in kept)
    assert PLANTED.encode() not in everything
    assert ENCODED.encode() not in everything


@pytest.mark.parametrize("make", [ReferenceAPI, Mlflow])
@pytest.mark.parametrize("token", [PLANTED, f"ada:{PLANTED}"])
def test_an_api_that_says_it_back_is_not_quoted(make: Callable[..., ReferenceAPI | Mlflow], token: str) -> None:
    """As some proxies do in their errors."""

    def echo(request: httpx.Request) -> httpx.Response:
        said = request.headers["authorization"]
        return httpx.Response(403, json={"message": f"{said} ({token}) may not do this"})

    with closing(make("http://127.0.0.1:1", token, transport=httpx.MockTransport(echo))) as api:
        with pytest.raises(ClawpipeError, match="may not do this") as refused:
            api.models()
        assert PLANTED not in str(refused.value)
        assert PLANTED not in report(refused.value, datetime(2026, 11, 7, tzinfo=UTC), "screen overview")
