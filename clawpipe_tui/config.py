"""clawpipe.toml → a frozen Config. A wrong value is told with its file, line, key and the nearest known key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

import platformdirs

from clawpipe_tui.errors import ConfigError, UsageError, nearest

APP = "clawpipe-tui"
FILE_NAME = "clawpipe.toml"
T = TypeVar("T")

KEYS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "log": {"files": (str, list), "model": str, "version": str, "now": (str, datetime), "columns": dict},
    "features": {"numeric": list, "categorical": list},
    "baseline": {"files": (str, list)},
    "labels": {"files": (str, list)},
    "versions": {"files": (str, list)},
    "serving": {
        "url": str,
        "registry": str,
        "router": str,
        "token_env": str,
        "token_file": str,
        "token_keyring": str,
        "token_command": list,
        "ca_file": str,
        "client_cert": str,
        "client_key": str,
        "plain_http_hosts": list,
        "endpoint": str,
        "namespace": str,
        "region": str,
        "alias": str,
        "registry_url": str,
    },
    "objectives": {"failed_pct": (int, float), "p95_ms": (int, float)},
    "guardrails": {"rule": list},
    "drift": {"psi": (int, float), "alpha": float},
    "console": {
        "environment": str,
        "write": bool,
        "window": str,
        "refresh_s": (int, float),
        "theme": str,
        "charts": str,
    },
}
"""Every key that a clawpipe.toml may have, with its type."""


@dataclass(frozen=True)
class Serving:
    """Where the serving API is, and where its token comes from (never the token itself)."""

    url: str
    token_env: str = ""
    token_file: str = ""
    token_keyring: str = ""
    """`service/user` in the system's keyring."""
    token_command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell; the first line that it prints is the token."""
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    plain_http_hosts: tuple[str, ...] = ()
    """Hosts, by name, to which a token may travel over plain http although they are not this machine."""
    registry: str = "reference"
    router: str = "reference"
    registry_url: str = ""
    """Where the registry is, where that is somewhere else than the router."""
    endpoint: str = ""
    namespace: str = ""
    region: str = ""
    alias: str = ""


@dataclass(frozen=True)
class Objectives:
    """What a version must hold to count as healthy; absent: not asked."""

    failed_pct: float = 5.0
    """Errors, timeouts and fallbacks together."""
    p95_ms: float | None = None


RuleKind = Literal["deny", "type the name", "second person", "limit"]


@dataclass(frozen=True)
class Guardrail:
    """One rule over what may be changed from here; globs choose what it is about."""

    do: RuleKind
    reason: str
    environment: str = "*"
    model: str = "*"
    action: str = "*"
    per_hour: int = 0
    """With `limit`: how many attempts an hour are allowed."""


@dataclass(frozen=True)
class DriftLimits:
    """When a column counts as drifted: the effect, and the chance of seeing it by noise alone in one look."""

    psi: float = 0.1
    alpha: float = 1e-5


@dataclass(frozen=True)
class Config:
    """What one console looks at. Paths are absolute; `origin` says which file each `section.key` came from."""

    log_files: tuple[str, ...]
    model: str = ""
    version: str = ""
    now: datetime | Literal["end"] | None = None
    """A fixed clock, `end` for the log's last row, None for the wall clock."""
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    """Canonical column → SQL expression over the log's own columns."""
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    baseline_files: tuple[str, ...] = ()
    label_files: tuple[str, ...] = ()
    version_files: tuple[str, ...] = ()
    serving: Serving | None = None
    drift: DriftLimits = DriftLimits()
    objectives: Objectives = Objectives()
    guardrails: tuple[Guardrail, ...] = ()
    environment: str = ""
    write: bool = False
    """Whether the console may change anything."""
    window: str = "1h"
    refresh_s: float = 1.0
    theme: str = ""
    charts: str = ""
    origin: Mapping[str, str] = field(default_factory=dict[str, str])


def config_folder() -> Path:
    """Where the user's own screens, queries and clawpipe.toml live."""
    return platformdirs.user_config_path(APP)


def cache_folder() -> Path:
    """Where rollups are kept; deleting it costs one more reading of the log."""
    return platformdirs.user_cache_path(APP)


def state_folder() -> Path:
    """Where the journal of actions is kept; it is never deleted by the console."""
    return platformdirs.user_state_path(APP)


def find_config(logs: str | None, cwd: Path) -> Config:
    """The configuration for `--logs` (a clawpipe.toml, its folder, a folder of Parquet, or a glob), else for here.

    Raises UsageError where there is nothing to read, ConfigError where a clawpipe.toml is wrong.
    """
    if logs is None:
        for folder in (cwd, config_folder()):
            if (folder / FILE_NAME).is_file():
                return load_config(folder / FILE_NAME)
        raise UsageError(
            f"No log was named, and there is no {FILE_NAME} here.",
            "Name one with --logs FOLDER, or see it work first: clawpipe-tui demo.",
        )
    path = Path(logs).expanduser()
    if path.is_file() and path.suffix == ".toml":
        return load_config(path)
    if (path / FILE_NAME).is_file():
        return load_config(path / FILE_NAME)
    return Config(log_files=(_files_under(logs, cwd),), origin={"log.files": "--logs"})


def _files_under(logs: str, cwd: Path) -> str:
    """A glob for what `--logs` names. Raises UsageError where nothing is there."""
    path = (cwd / Path(logs).expanduser()).absolute()
    if path.is_dir():
        return str(path / "**" / "*.parquet")
    if path.is_file() or any(mark in logs for mark in "*?["):
        return str(path)
    known = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    raise UsageError(f"There is no log at {logs}.", nearest(path.name, known) if known else "Check the path.")


def load_config(path: Path) -> Config:
    """Read one clawpipe.toml. Raises ConfigError naming file, line, key and the nearest known name."""
    try:
        text = path.read_text(encoding="utf-8")
        table: Mapping[str, object] = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    return _Reader(path.absolute(), text, table).config()


@dataclass(frozen=True)
class _Reader:
    path: Path
    text: str
    table: Mapping[str, object]

    def config(self) -> Config:
        self._check_keys()
        files = self._paths("log", "files")
        if not files:
            raise ConfigError(f"{self.path} names no log.", 'Add [log] with files = "logs/**/*.parquet".')
        return Config(
            log_files=files,
            model=self._get("log", "model", ""),
            version=self._get("log", "version", ""),
            now=self._now(),
            columns=self._get("log", "columns", dict[str, str]()),
            numeric=self._names("numeric"),
            categorical=self._names("categorical"),
            baseline_files=self._paths("baseline", "files"),
            label_files=self._paths("labels", "files"),
            version_files=self._paths("versions", "files"),
            serving=self._serving(),
            drift=DriftLimits(
                psi=float(self._get("drift", "psi", DriftLimits.psi)),
                alpha=float(self._get("drift", "alpha", DriftLimits.alpha)),
            ),
            objectives=self._objectives(),
            guardrails=tuple(self._guardrail(rule) for rule in self._get("guardrails", "rule", list[object]())),
            environment=self._get("console", "environment", ""),
            write=self._get("console", "write", Config.write),
            window=self._get("console", "window", Config.window),
            refresh_s=float(self._get("console", "refresh_s", Config.refresh_s)),
            theme=self._get("console", "theme", ""),
            charts=self._get("console", "charts", ""),
            origin={f"{section}.{key}": str(self.path) for section, key in self._present()},
        )

    def _section(self, name: str) -> Mapping[str, object]:
        return cast("Mapping[str, object]", self.table.get(name, {}))

    def _present(self) -> list[tuple[str, str]]:
        return [(section, key) for section in self.table for key in self._section(section)]

    def _get(self, section: str, key: str, default: T) -> T:
        return cast("T", self._section(section).get(key, default))

    def _check_keys(self) -> None:
        for section, content in self.table.items():
            if section not in KEYS:
                raise self._wrong(section, f"[{section}] is not a known section", nearest(section, KEYS))
            if not isinstance(content, dict):
                raise self._wrong(section, f"{section} must be a section", f"Write [{section}].")
            for key, value in cast("dict[str, object]", content).items():
                wanted = KEYS[section].get(key)
                if wanted is None:
                    raise self._wrong(key, f"[{section}] has no key {key!r}", nearest(key, KEYS[section]))
                if not isinstance(value, wanted):
                    raise self._wrong(key, f"[{section}] {key} has the wrong type", f"Wanted: {_type_words(wanted)}.")

    def _wrong(self, key: str, message: str, hint: str) -> ConfigError:
        found = re.search(rf"^\s*\[?\s*[\"']?{re.escape(key)}\b", self.text, re.MULTILINE)
        line = self.text.count("\n", 0, found.end()) + 1 if found else 1
        return ConfigError(f"{self.path}, line {line}: {message}.", hint)

    def _names(self, key: str) -> tuple[str, ...]:
        names = self._get("features", key, list[object]())
        if not all(isinstance(name, str) for name in names):
            raise self._wrong(key, f"[features] {key} must be a list of column names", "")
        return tuple(cast("list[str]", names))

    def _paths(self, section: str, key: str) -> tuple[str, ...]:
        """One path or a list of them, relative to the file; a folder means all Parquet files below it."""
        given = self._get(section, key, cast("str | list[str]", []))
        listed = [given] if isinstance(given, str) else given
        absolute = [str(self.path.parent / Path(item).expanduser()) for item in listed]
        return tuple(str(Path(item) / "**" / "*.parquet") if Path(item).is_dir() else item for item in absolute)

    def _now(self) -> datetime | Literal["end"] | None:
        value = cast("str | datetime | None", self._section("log").get("now"))
        if value is None:
            return None
        if value == "end":
            return "end"
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise self._wrong(
                "now", f"[log] now is {value!r}", 'Write "end", or a time such as 2026-11-07T14:00:00Z.'
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _objectives(self) -> Objectives:
        failed_pct = self._get("objectives", "failed_pct", Objectives.failed_pct)
        p95_ms = self._get("objectives", "p95_ms", Objectives.p95_ms)
        return Objectives(float(failed_pct), None if p95_ms is None else float(p95_ms))

    def _guardrail(self, rule: object) -> Guardrail:
        kinds = get_args(RuleKind)
        given = cast("dict[str, object]", rule) if isinstance(rule, dict) else {}
        known = {"do", "reason", "environment", "model", "action", "per_hour"}
        for key in given:
            if key not in known:
                raise self._wrong(key, f"[[guardrails.rule]] has no key {key!r}", nearest(key, known))
        if given.get("do") not in kinds:
            raise self._wrong("do", "A guardrail needs do", f"One of: {', '.join(kinds)}.")
        if not all(isinstance(value, int if key == "per_hour" else str) for key, value in given.items()):
            raise self._wrong("rule", "A guardrail has a value of the wrong type", "Texts, and a number in per_hour.")
        if not given.get("reason"):
            raise self._wrong("rule", "A guardrail needs a reason", "It is shown to whom the rule stops.")
        texts = {key: str(given[key]) for key in ("reason", "environment", "model", "action") if key in given}
        return Guardrail(cast("RuleKind", given["do"]), **texts, per_hour=cast("int", given.get("per_hour", 0)))

    def _serving(self) -> Serving | None:
        if "url" not in self._section("serving"):
            return None
        words = ("url", "token_env", "token_keyring", "registry_url", "endpoint", "namespace", "region", "alias")
        files = ("token_file", "ca_file", "client_cert", "client_key")
        return Serving(
            **{name: self._get("serving", name, "") for name in words},
            **{name: self._file("serving", name) for name in files},
            token_command=tuple(map(str, self._get("serving", "token_command", list[object]()))),
            plain_http_hosts=tuple(map(str, self._get("serving", "plain_http_hosts", list[object]()))),
            registry=self._get("serving", "registry", Serving.registry),
            router=self._get("serving", "router", Serving.router),
        )

    def _file(self, section: str, key: str) -> str:
        """A path relative to the file, or empty."""
        given = self._get(section, key, "")
        return str(self.path.parent / Path(given).expanduser()) if given else ""


def _type_words(wanted: type | tuple[type, ...]) -> str:
    words = {str: "text", list: "a list", dict: "a table", bool: "true or false", int: "a number", float: "a number"}
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return " or ".join(dict.fromkeys(words.get(kind, "a time") for kind in kinds))
