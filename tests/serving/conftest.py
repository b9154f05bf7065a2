"""A reference API for the length of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served, Stage, settings

from clawpipe_tui.demo.running import Running, serve_in_thread
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.serving.reference import ReferenceAPI


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, Running]]:
    """A server that serves whatever is put on."""
    empty = Stage()
    running = serve_in_thread(empty)
    yield empty, running
    running.stop()


@pytest.fixture
def served(tmp_path: Path, stage: tuple[Stage, Running]) -> Served:
    """A reference API that has just started."""
    where, running = stage
    audit = Store(tmp_path / "audit.jsonl")
    where.app = reference_app(settings(tmp_path, audit=audit))
    return Served(running, audit)


@pytest.fixture
def api(served: Served) -> Iterator[ReferenceAPI]:
    """Its client, as an operator."""
    client = served.api()
    yield client
    client.close()
