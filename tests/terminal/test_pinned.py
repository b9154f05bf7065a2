"""Textual's private parts that the terminal floor relies on: a new Textual fails here first, not on a user's screen."""

from __future__ import annotations

import hashlib
import inspect
from importlib.metadata import version

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

KNOWN = {
    "App._display": (App._display, "4b78dff6669a"),
    "App._begin_update": (App._begin_update, "74b869c65286"),
    "App._handle_exception": (App._handle_exception, "baea2e7f88e7"),
    "App._shutdown": (App._shutdown, "c264035bcb62"),
    "Screen._compositor_refresh": (Screen._compositor_refresh, "7a40efe56381"),
    "Compositor.render_strips": (Compositor.render_strips, "061fb81ef37c"),
    "LinuxDriver.__init__": (LinuxDriver.__init__, "671887bbf938"),
    "LinuxDriver.start_application_mode": (LinuxDriver.start_application_mode, "7c41f5ba11a8"),
    "LinuxDriver.stop_application_mode": (LinuxDriver.stop_application_mode, "9a7e99c8d4bd"),
    "LinuxDriver.run_input_thread": (LinuxDriver.run_input_thread, "d796af6d69db"),
    "LinuxDriver.close": (LinuxDriver.close, "c32293a24c1a"),
    "WriterThread.run": (WriterThread.run, "314021aab4f5"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_we_override_is_what_we_read(name: str) -> None:
    """After a change: read the new source, adapt clawpipe_tui/terminal, then write the new sum here."""
    subject, known = KNOWN[name]
    assert hashlib.sha256(inspect.getsource(subject).encode()).hexdigest()[:12] == known


def test_textual_is_the_release_that_was_read() -> None:
    """Pinned exactly."""
    assert version("textual") == "8.2.8"
