"""`clawpipe-tui doctor`: what works here and what does not, each with what to do. Changes nothing."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from clawpipe_tui.commands.opening import configure, serving_of
from clawpipe_tui.commands.output import out
from clawpipe_tui.commands.settings import terminal_here
from clawpipe_tui.config import cache_folder, state_folder
from clawpipe_tui.errors import FAILED, OK, ClawpipeError
from clawpipe_tui.terminal.clipboard import copied
from clawpipe_tui.wording import number, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from clawpipe_tui.config import Config
    from clawpipe_tui.serving.seam import Router

Judgement = Literal["ok", "mind", "bad"]
_MARKS = {"ok": "ok  ", "mind": "mind", "bad": "BAD "}
_PACKAGES = ("textual", "rich", "duckdb", "pyarrow", "numpy", "scipy", "httpx")
_SKEW_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    judgement: Judgement
    about: str
    words: str


def run(given: argparse.Namespace) -> int:
    """Print every finding; 1 where one is bad."""
    findings = [*terminal_findings(), *_folders(), _versions()]
    try:
        config = configure(given)
        findings += [*_log(config, given), *_serving(config, given)]
    except ClawpipeError as error:
        findings.append(Finding("bad", "configuration", str(error)))
    out("\n".join(f"{_MARKS[each.judgement]}  {each.about:<14} {each.words}" for each in findings))
    return FAILED if any(each.judgement == "bad" for each in findings) else OK


def terminal_findings() -> list[Finding]:
    """Colours, glyphs, size, clipboard, multiplexer."""
    found = terminal_here()
    width, height = shutil.get_terminal_size()
    small = width < 60 or height < 20
    sample = "braille ⣀⣤⣶⣿  blocks ▁▃▅█  wide 晚点  arrows ▲▼●◆" if found.charts != "ascii" else "ASCII alone: -|+#*"
    tty = sys.stdout.isatty() and sys.stdin.isatty()
    clipboard = copied("x", os.environ)
    return [
        Finding("ok" if tty else "mind", "terminal", found.why if tty else "no terminal here: frames are printed"),
        Finding("ok" if found.addressed else "mind", "cursor", "can be placed" if found.addressed else "cannot: lines"),
        Finding("ok", "colours", f"{found.depth}; theme {found.theme}"),
        Finding("ok", "glyphs", f"{sample}   (boxes or question marks here: --charts ascii)"),
        Finding("mind" if small else "ok", "size", f"{width}x{height}" + ("; 80x24 shows more" if small else "")),
        Finding(
            "ok" if clipboard.sequence else "mind", "clipboard", clipboard.words.replace("Copied 1 characters", "")
        ),
        Finding(
            "ok", "multiplexer", "tmux" if os.environ.get("TMUX") else "screen" if os.environ.get("STY") else "none"
        ),
    ]


def _folders() -> list[Finding]:
    return [_writable("cache", cache_folder()), _writable("state", state_folder())]


def _writable(about: str, folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    ok = os.access(nearest, os.W_OK)
    return Finding("ok" if ok else "bad", about, f"{folder}" + ("" if ok else ": cannot be written"))


def _versions() -> Finding:
    said: list[str] = [f"python {sys.version.split()[0]}"]
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            said.append(f"{name} {version(name)}")
    return Finding("ok", "versions", ", ".join(said))


def _log(config: Config, given: argparse.Namespace) -> list[Finding]:
    from clawpipe_tui.commands.opening import opened

    try:
        with opened(given) as log:
            progress = log.session.progress()
            lag_s = (datetime.now(UTC) - log.session.now()).total_seconds()
            words = f"{number(progress.rows)} rows in {number(progress.files_read)} files, model {log.session.model()}"
            late = "" if abs(lag_s) < 60 else f"; its clock is {seconds(round(lag_s))} behind this machine's"
            return [Finding("ok", "log", words + late)]
    except ClawpipeError as error:
        return [Finding("bad", "log", f"{', '.join(config.log_files)}: {error}")]


def _serving(config: Config, given: argparse.Namespace) -> list[Finding]:
    if config.serving is None:
        return [Finding("mind", "serving API", "none is set: everything but changing traffic works")]
    started, serving = time.monotonic(), config.serving
    try:
        registry, router = serving_of(config)
        models = registry.models()
        name = config.model or str(getattr(given, "model", "") or "") or next(iter(models), "")
        found = [
            Finding("ok", "registry", f"{serving.registry}: {len(models)} models"),
            *_router(router, serving.router, name),
        ]
    except ClawpipeError as error:
        found = [Finding("bad", "serving API", str(error))]
    found.append(Finding("ok", "answer time", seconds(round(time.monotonic() - started, 3))))
    write = "may change traffic" if config.write else "read-only: --write allows changes"
    return [*found, Finding("ok" if config.write else "mind", "may I?", write)]


def _router(router: Router, product: str, model: str) -> Iterator[Finding]:
    """Where traffic goes, what the product promises, how far the last change has come, what we may do there."""
    from clawpipe_tui.operations.plan import effect_words, guard_words
    from clawpipe_tui.serving.seam import Permissions, Settling

    routing = router.routing(model)
    shares = ", ".join(f"{route.version} {route.weight_pct:g} %" for route in routing.routes)
    yield Finding("ok", "router", f"{product}: {model}: {shares}")
    yield Finding("ok", "guard", guard_words(router.capabilities))
    yield Finding("ok", "effect", effect_words(router.capabilities))
    if isinstance(router, Settling):
        progress = router.progress(model)
        yield Finding("bad" if progress.state == "stuck" else "ok", "last change", progress.words)
    if isinstance(router, Permissions):
        permission = router.permission(model)
        yield Finding("ok" if permission.allowed else "mind", "this identity", permission.words)
