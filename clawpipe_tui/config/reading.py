"""clawpipe.toml → Config. A wrong value is told with its file, line, key and the nearest known key."""

from __future__ import annotations

import glob
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar, cast

from clawpipe_tui.config.guardrails import read_guardrail
from clawpipe_tui.config.keys import KEYS, LIMITS, is_a, type_words
from clawpipe_tui.config.objectives import Objective, ObjectiveError, read_objective
from clawpipe_tui.config.ranges import declared_ranges
from clawpipe_tui.config.values import (
    ALSO_KNOWN,
    CANONICAL,
    NEED_NO_URL,
    REGISTRIES,
    ROUTERS,
    Config,
    DriftLimits,
    Objectives,
    Serving,
)
from clawpipe_tui.errors import ConfigError, UsageError, nearest

T = TypeVar("T")


def load_config(path: Path) -> Config:
    """Read one clawpipe.toml. Raises ConfigError naming file, line, key and the nearest known name."""
    config = load_habits(path)
    if not config.log_files:
        raise ConfigError(f"{path.absolute()} names no log.", 'Add [log] with files = "logs/**/*.parquet".')
    return config


def load_habits(path: Path) -> Config:
    """The same of the user's own file, which need not name a log: how the console is to be, whatever it looks at."""
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
        self._check_values()
        return Config(
            log_files=self._paths("log", "files"),
            model=self._get("log", "model", ""),
            version=self._get("log", "version", ""),
            now=self._now(),
            layout=self._get("log", "layout", ""),
            format=self._get("log", "format", ""),
            columns=self._get("log", "columns", dict[str, str]()),
            numeric=self._names("numeric"),
            categorical=self._names("categorical"),
            sensitive=self._names("sensitive"),
            ranges=declared_ranges(
                self._get("features", "ranges", dict[str, object]()),
                (*self._names("numeric"), *self._names("categorical")),
                self._names("sensitive"),
                self._wrong,
            ),
            baseline_files=self._paths("baseline", "files"),
            baseline_span=self._baseline_span(),
            accepted_pct=float(self._get("data", "accepted_pct", Config.accepted_pct)),
            label_files=self._paths("labels", "files"),
            version_files=self._paths("versions", "files", "json"),
            serving=self._serving(),
            drift=self._drift(),
            objectives=self._objectives(),
            guardrails=tuple(
                read_guardrail(rule, self._wrong) for rule in self._get("guardrails", "rule", list[object]())
            ),
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
                raise self._wrong(section, "", f"[{section}] is not a known section", nearest(section, KEYS))
            if not isinstance(content, dict):
                raise self._wrong("", section, f"{section} must be a section", f"Write [{section}].")
            for key, value in cast("dict[str, object]", content).items():
                wanted = KEYS[section].get(key)
                if wanted is None:
                    raise self._wrong(section, key, f"[{section}] has no key {key!r}", nearest(key, KEYS[section]))
                if not is_a(value, wanted):
                    hint = f"Wanted: {type_words(wanted)}."
                    raise self._wrong(section, key, f"[{section}] {key} has the wrong type", hint)

    def _check_values(self) -> None:
        """What has the right type and still cannot be meant."""
        for section, key, fits, hint in LIMITS:
            value = self._section(section).get(key)
            if value is not None and not fits(value):
                raise self._wrong(section, key, f"[{section}] {key} cannot be {value!r}", hint)
        known = {*CANONICAL, *ALSO_KNOWN, *self._names("numeric"), *self._names("categorical")}
        for name, sql in self._get("log", "columns", dict[str, object]()).items():
            if name not in known:
                raise self._wrong("log.columns", name, f"[log.columns] has no column {name!r}", nearest(name, known))
            if not isinstance(sql, str):
                raise self._wrong("log.columns", name, f"[log.columns] {name} must be an SQL expression in quotes", "")

    def _wrong(self, section: str, key: str, message: str, hint: str, place: int = 0) -> ConfigError:
        """The error, with the line of the key in its own section, or in the one at this place of several."""
        pattern = re.compile(rf"^\s*\[+\s*{re.escape(section)}\b", re.MULTILINE)
        heads = list(pattern.finditer(self.text)) if section else []
        head = heads[min(place, len(heads) - 1)] if heads else None
        begin = head.end() if head else 0
        found = re.compile(rf"^\s*[\"']?{re.escape(key)}\b", re.MULTILINE).search(self.text, begin) if key else None
        line = self.text.count("\n", 0, found.end() if found else begin) + 1
        return ConfigError(f"{self.path}, line {line}: {message}.", hint)

    def _names(self, key: str) -> tuple[str, ...]:
        return self._texts("features", key, self._get("features", key, list[object]()))

    def _texts(self, section: str, key: str, given: list[object]) -> tuple[str, ...]:
        if not all(isinstance(name, str) for name in given):
            raise self._wrong(section, key, f"[{section}] {key} must be a list of texts", "")
        return tuple(cast("list[str]", given))

    def _paths(self, section: str, key: str, suffix: str = "parquet") -> tuple[str, ...]:
        """One path or a list of them, as globs, relative to the file; a folder means all such files below it."""
        given = self._get(section, key, cast("str | list[object]", []))
        listed = (given,) if isinstance(given, str) else self._texts(section, key, given)
        return tuple(self._glob(item, suffix) for item in listed)

    def _glob(self, item: str, suffix: str) -> str:
        if table := table_address(item, self.path.parent):
            return table
        if "://" in item:
            return item if glob.has_magic(item) else f"{item.rstrip('/')}/**/*.{suffix}"
        path = self.path.parent / expanded(item)
        if path.is_dir():
            return f"{glob.escape(str(path))}/**/*.{suffix}"
        if path.is_file():
            return glob.escape(str(path))
        here = expanded(item)
        return str(here) if here.is_absolute() else f"{glob.escape(str(self.path.parent))}/{here}"

    def _now(self) -> datetime | Literal["end"] | None:
        return "end" if self._section("log").get("now") == "end" else self._moment("log", "now", '"end", or ')

    def _moment(self, section: str, key: str, other: str = "") -> datetime | None:
        value = cast("str | datetime | None", self._section(section).get(key))
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise self._wrong(
                section, key, f"[{section}] {key} is {value!r}", f"Write {other}a time such as 2026-11-07T14:00:00Z."
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _baseline_span(self) -> tuple[datetime, datetime] | None:
        since, until = self._moment("baseline", "since"), self._moment("baseline", "until")
        if since is None and until is None:
            return None
        if since is None or until is None or since >= until:
            raise self._wrong("baseline", "since", "[baseline] since must be before until", "Give both.")
        if self._section("baseline").get("files"):
            raise self._wrong("baseline", "files", "[baseline] has files and a span", "Give one of them.")
        return since, until

    def _objectives(self) -> Objectives:
        def number(key: str) -> float | None:
            given = self._get("objectives", key, cast("float | None", None))
            return None if given is None else float(given)

        failed_pct, p95_ms, accuracy_pct = number("failed_pct"), number("p95_ms"), number("accuracy_pct")
        written = (
            Objective("failed_pct", maximum=failed_pct),
            Objective("p95_ms", maximum=p95_ms),
            Objective("accuracy_pct", minimum=accuracy_pct),
        )
        listed = [
            self._objective(place, one) for place, one in enumerate(self._get("objectives", "rule", list[object]()))
        ]
        rules = (*(one for one in written if one.minimum is not None or one.maximum is not None), *listed)
        return Objectives(Objectives.failed_pct if failed_pct is None else failed_pct, p95_ms, accuracy_pct, rules)

    def _objective(self, place: int, given: object) -> Objective:
        try:
            return read_objective(given)
        except ObjectiveError as error:
            raise self._wrong("objectives.rule", error.key, error.message, error.hint, place) from None

    def _drift(self) -> DriftLimits:
        def limit(key: str, default: float) -> float:
            return float(self._get("drift", key, default))

        psi = limit("psi", DriftLimits.psi)
        large = limit("psi_large", 2.5 * psi)
        if large < psi:
            raise self._wrong("drift", "psi_large", "[drift] psi_large is below psi", f"At least {psi:g}.")
        new_pct = limit("new_category_pct", DriftLimits.new_category_pct)
        return DriftLimits(psi, large, new_pct, limit("alpha", DriftLimits.alpha))

    def _serving(self) -> Serving | None:
        if not {"url", "registry", "router"} & set(self._section("serving")):
            return None  # the command line may say where it is
        router = self._get("serving", "router", Serving.router)
        words = ("url", "registry_url", "endpoint", "namespace", "context", "region", "alias")
        tokens = ("token_env", "token_keyring", "registry_token_env", "registry_token_keyring")
        files = ("token_file", "registry_token_file", "ca_file", "client_cert", "client_key", "kubeconfig")
        serving = Serving(
            **{name: self._get("serving", name, "") for name in (*words, *tokens)},
            **{name: self._file("serving", name) for name in files},
            token_command=self._listed("token_command"),
            registry_token_command=self._listed("registry_token_command"),
            plain_http_hosts=self._listed("plain_http_hosts"),
            registry=self._get("serving", "registry", router if router in REGISTRIES else Serving.registry),
            router=router,
        )
        self._check_adapters(serving)
        return serving

    def _listed(self, key: str) -> tuple[str, ...]:
        return self._texts("serving", key, self._get("serving", key, list[object]()))

    def _check_adapters(self, serving: Serving) -> None:
        """Both are known, and each says or knows where it is."""
        for key, name, known in (("registry", serving.registry, REGISTRIES), ("router", serving.router, ROUTERS)):
            if name not in known:
                raise self._wrong("serving", key, f"[serving] {key} cannot be {name!r}", nearest(name, known))
        places = {"registry": serving.registry_url or serving.url, "router": serving.url}
        for key, name in (("registry", serving.registry), ("router", serving.router)):
            if not places[key] and name not in NEED_NO_URL:
                raise self._wrong(
                    "serving", key, f"[serving] has no url, and {name} needs one", 'Add url = "https://…".'
                )

    def _file(self, section: str, key: str) -> str:
        """A path relative to the file, or empty."""
        given = self._get(section, key, "")
        return str(self.path.parent / expanded(given)) if given else ""


def table_address(item: str, folder: Path) -> str:
    """The address of a Delta or Iceberg table, a path seen from this folder; empty where no table is named."""
    kind, _, address = item.partition(":")
    if kind not in {"delta", "iceberg"} or address.startswith("//") or not address:
        return ""
    path = (folder / expanded(address)).absolute()
    in_catalog = kind == "iceberg" and "/" not in address and not path.exists()
    return item if "://" in address or in_catalog else f"{kind}:{path}"


def expanded(path: str) -> Path:
    """A path as it was written, `~` included. Raises UsageError where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UsageError(f"There is no home for {path}.", "Write the path without ~.") from error
