"""From the command line's options to an open log, a window, and the values that queries find bound."""

from __future__ import annotations

import argparse
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.config import Config, Serving, config_folder, find_config
from clawpipe_tui.errors import ClawpipeError, LogError, UsageError, nearest
from clawpipe_tui.result import Result, Value
from clawpipe_tui.terminal.beginning import before_threads
from clawpipe_tui.window import BASELINES, Window, parse_moment, parse_span_s, window_between, window_ending

if TYPE_CHECKING:
    from clawpipe_tui.serving.seam import Registry, Router
    from clawpipe_tui.session import LogSession

_WRITE_WORDS: Mapping[str, bool | None] = {
    "": None, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False,
}  # fmt: skip


def option(given: argparse.Namespace, name: str) -> str:
    """A shared option's value; empty where it was not given."""
    return str(getattr(given, name, "") or "")


def configure(given: argparse.Namespace) -> Config:
    """The configuration with the command line's options over it. Raises UsageError, ConfigError."""
    config = find_config(option(given, "logs") or context_file(given) or None, Path.cwd())
    model = option(given, "model") or str(getattr(given, "model_name", "") or "")
    config = replace(
        config,
        chosen_model=model,
        environment=option(given, "env") or config.environment or option(given, "context"),
        window=option(given, "window") or config.window,
        charts=option(given, "charts") or config.charts,
        theme=option(given, "theme") or config.theme,
        write=may_write(given, config),
    )
    url = option(given, "api")
    return replace(config, serving=replace(config.serving or Serving(url), url=url)) if url else config


def context_file(given: argparse.Namespace) -> str:
    """The file of the named context: --context, else CLAWPIPE_CONTEXT. Raises UsageError for an unknown one."""
    name = option(given, "context") or os.environ.get("CLAWPIPE_CONTEXT", "")
    if not name:
        return ""
    known = known_contexts()
    if name not in known:
        raise UsageError(f"There is no context {name!r} in {config_folder() / CONTEXTS}.", nearest(name, known))
    return known[name]


CONTEXTS = "contexts"


def known_contexts() -> dict[str, str]:
    """Every context file by its name: a clawpipe.toml each, in the folder `contexts` beside the user's own."""
    return {path.stem: str(path) for path in sorted((config_folder() / CONTEXTS).glob("*.toml"))}


def may_write(given: argparse.Namespace, config: Config) -> bool:
    """Whether anything may be changed: the command line says, else CLAWPIPE_WRITE, else the configuration."""
    asked: bool | None = getattr(given, "write", None)
    if asked is not None:
        return asked
    word = os.environ.get("CLAWPIPE_WRITE", "").strip().lower()
    if word not in _WRITE_WORDS:
        raise UsageError(f"CLAWPIPE_WRITE is {word!r}.", "Write 1 or 0.")
    said = _WRITE_WORDS[word]
    return config.write if said is None else said


def clock(given: argparse.Namespace) -> datetime | None:
    """The fixed clock that was asked for."""
    text = option(given, "now")
    return parse_moment(text, datetime.now().astimezone()) if text else None


def baseline_of(given: argparse.Namespace) -> str:
    """What to compare with. Raises UsageError."""
    name = option(given, "baseline") or BASELINES[0]
    if name not in BASELINES and not name.startswith("version "):
        raise UsageError(f"There is no baseline {name!r}.", nearest(name, [*BASELINES, "version …"]))
    return name


@dataclass(frozen=True)
class Opened:
    """An open log, the window that was asked for, and the values that queries find bound."""

    session: LogSession
    config: Config
    window: Window
    context: Mapping[str, Value]

    def ask(self, query: str, **values: Value) -> Result:
        """A named query in this window."""
        return self.session.ask(query, {**self.context, **values})


@contextmanager
def opened(given: argparse.Namespace, *, even_unreadable: bool = False) -> Generator[Opened]:
    """Open the log, read what is new, and close it again. Raises UsageError, ConfigError, LogError.

    With `even_unreadable`, files none of which can be read are no error: the question is about them.
    """
    from clawpipe_tui.session import LogSession

    before_threads()
    config = configure(given)
    baseline, now = baseline_of(given), clock(given)
    parse_span_s(config.window)
    session = LogSession(config, now=now)
    try:
        try:
            session.read()
        except LogError:
            if not (even_unreadable and session.progress().files_known):
                raise
        window = window_of(given, config, session.now())
        yield Opened(session, config, window, context_for(session, window, baseline))
    finally:
        session.close()


def window_of(given: argparse.Namespace, config: Config, now: datetime) -> Window:
    """The window by --since and --until, else the configured width up to now. Raises UsageError."""
    since, until = option(given, "since"), option(given, "until")
    if not since and not until:
        return window_ending(now, parse_span_s(config.window))
    end = parse_moment(until, now) if until else now
    if not since:
        return window_ending(end, parse_span_s(config.window))
    return window_between(parse_moment(since, end), end)


def context_for(session: LogSession, window: Window, baseline: str) -> dict[str, Value]:
    """Every value that a query may use, bound or NULL."""
    return {
        "model": session.model(),
        "version": None,
        "other": None,
        "since": window.since,
        "until": window.until,
        "step": window.step,
        "baseline": baseline,
        "column": None,
        "client": None,
        "now": session.now(),
    }


def known_model(log: Opened, name: str) -> None:
    """Raises UsageError with the nearest name where the log does not speak of that model."""
    models = [str(row[0]) for row in log.session.ask("models", {}).rows]
    if name not in models:
        raise UsageError(f"The log does not speak of a model {name!r}.", nearest(name, models))


def serving_of(config: Config) -> tuple[Registry, Router]:
    """The serving API of the configuration. Raises UsageError where there is none, ServingError."""
    if config.serving is None:
        raise UsageError(
            "No serving API is set, so nothing can be changed from here.",
            "Name it with --api URL, or in clawpipe.toml: [serving] url and token_env.",
        )
    from clawpipe_tui.serving.opening import open_serving

    return open_serving(config.serving)


def has_documents(config: Config) -> bool:
    """Whether version documents can be had at all: from the serving API, or from files."""
    return bool(config.serving or config.version_files)


def registry_of(config: Config) -> Registry:
    """Where version documents are: the serving API, else a folder of JSON files."""
    if config.serving or not config.version_files:
        return serving_of(config)[0]
    from clawpipe_tui.logs.listing import list_files
    from clawpipe_tui.serving.folder import FolderRegistry

    return FolderRegistry([Path(path) for path in sorted(list_files(config.version_files))])


def take_documents(session: LogSession, config: Config) -> str:
    """Hold versions to the objectives of the serving API's documents, too; why not, where those cannot be had."""
    try:
        session.set_documents(registry_of(config).versions(session.model()))
    except ClawpipeError as error:
        return f"Objectives of version documents are unknown. {error}"
    return ""
