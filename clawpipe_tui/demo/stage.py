"""The demo's stage, a process of its own: history, a serving API, live traffic. It ends when its stdin does.

`python -m clawpipe_tui.demo.stage SAMPLE_DATA FOLDER INCIDENT_AFTER_S` prints one line when everything runs. The end of
stdin (the console has gone, however it went) ends it all.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from clawpipe_tui.demo.access import Account, Scope, accounts
from clawpipe_tui.demo.deployment import Settings, load_deployment
from clawpipe_tui.demo.model import DelayModel
from clawpipe_tui.demo.parquet_log import log_table
from clawpipe_tui.demo.prediction_log import PredictionLog
from clawpipe_tui.demo.running import Running, serve_settings
from clawpipe_tui.demo.store import Store
from clawpipe_tui.demo.traffic import Endpoint, send_traffic
from clawpipe_tui.demo.world import CLIENTS, Phase, Share, Story, World, backfill
from clawpipe_tui.serving.seam import Route

MODEL = "flight-delay"
REQUESTS_PER_S = 20.0
_HISTORY_MINUTES = 20
_CANARY_PCT = 20.0
_OPERATOR: frozenset[Scope] = frozenset({"read", "operate"})
_CLIENT: frozenset[Scope] = frozenset({"predict"})


def main(sample_data: Path, folder: Path, incident_after_s: float) -> None:
    """Set the stage, say so, play until stdin ends."""
    world = World.load(sample_data / "baseline.parquet")
    _write_history(folder / "logs", world, sample_data)
    operator, clients = secrets.token_urlsafe(24), {name: secrets.token_urlsafe(24) for name in CLIENTS}
    server = _serve(sample_data, folder, operator, clients)
    _write_config(folder, sample_data, server.url, operator)
    incident_at = time.monotonic() + incident_after_s
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        endpoint = Endpoint(server.url, MODEL, clients)
        asyncio.run(_play(endpoint, world, lambda: time.monotonic() >= incident_at, ended))
    finally:
        server.stop()
        # Here too, because a console that was killed can no longer do it.
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _serve(sample_data: Path, folder: Path, operator: str, clients: dict[str, str]) -> Running:
    routes = (Route("v42", 100.0 - _CANARY_PCT, "live"), Route("v43", _CANARY_PCT, "canary"))
    known = {operator: Account("you", _OPERATOR)}
    known |= {token: Account(name, _CLIENT) for name, token in clients.items()}
    settings = Settings(
        deployments=(load_deployment(sample_data / "versions", MODEL, routes, (Route("v42", 100.0, "live"),)),),
        store=Store(folder / "serving.db"),
        accounts=accounts(known),
        log=PredictionLog(folder / "logs", log_table, every_s=0.5),
        time_limit_ms=2_000.0,
    )
    return serve_settings(settings)


def _write_history(logs: Path, world: World, sample_data: Path) -> None:
    """What the console finds when it opens: the same traffic as will come, served a while ago."""
    models = {version: DelayModel.load(sample_data / "versions" / f"{version}.json") for version in ("v42", "v43")}
    shares = (Share("v42", 100.0 - _CANARY_PCT), Share("v43", _CANARY_PCT, "canary"))
    story = Story((Phase(datetime.min.replace(tzinfo=UTC), shares),), REQUESTS_PER_S)
    backfill(logs, world, models, story, datetime.now(UTC), _HISTORY_MINUTES, np.random.default_rng(7))


def _write_config(folder: Path, sample_data: Path, url: str, token: str) -> None:
    """The sample's own configuration, with this server, this window, and a clock that runs."""
    token_file = folder / "token"
    token_file.touch(mode=0o600)
    token_file.write_text(token, encoding="utf-8")
    sample = (sample_data / "clawpipe.toml").read_text(encoding="utf-8")
    replaced = ("now ", "[console]", "environment ")
    kept = [line for line in sample.splitlines() if not line.startswith(replaced)]
    added = [
        "[serving]", f'url = "{url}"', 'token_file = "token"',
        "[console]", 'environment = "demo"', 'window = "5m"',
    ]  # fmt: skip
    (folder / "clawpipe.toml").write_text("\n".join([*kept, *added]) + "\n", encoding="utf-8")
    shutil.copy(sample_data / "baseline.parquet", folder)
    shutil.copytree(sample_data / "versions", folder / "versions")


async def _play(endpoint: Endpoint, world: World, incident: Callable[[], bool], ended: threading.Event) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (ended.wait(), loop.call_soon_threadsafe(stopping.set)), daemon=True).start()
    await send_traffic(
        endpoint,
        world,
        requests_per_s=REQUESTS_PER_S,
        incident=incident,
        stop=stopping,
        rng=np.random.default_rng(11),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
