"""Every test in folders of its own: nothing of the user's is read, nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawpipe_tui.catalog import shipped
from clawpipe_tui.config import load_config
from clawpipe_tui.session import LogSession


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Configuration, cache and state of this test alone."""
    folder = tmp_path_factory.mktemp("xdg")
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """The sample log, read once for all tests that only ask."""
    cache = tmp_path_factory.mktemp("sample")
    session = LogSession(load_config(shipped("sample_data") / "clawpipe.toml"), cache=cache)
    session.read()
    yield session
    session.close()
