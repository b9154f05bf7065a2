"""What a configuration says, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from clawpipe_tui.config.objectives import Objective

CANONICAL = (
    "served_at", "model", "version", "request_id", "role", "outcome", "error", "latency_ms", "client", "prediction",
    "score",
)  # fmt: skip
"""The columns of the canonical log; logs/canonical.py says what they mean."""
ALSO_KNOWN = ("status_code", "sampling_fraction", "label", "labelled_at")
"""What a log may also say, and what canonical columns are derived from."""
FORMATS = ("parquet", "jsonl", "csv")


REGISTRIES = ("reference", "mlflow", "kserve", "deployment", "argo", "sagemaker")
"""Who may know the versions."""
ROUTERS = ("reference", "mlflow", "triton", "kserve", "deployment", "argo", "sagemaker")
"""Who may move the traffic."""
NEED_NO_URL = ("kserve", "deployment", "argo", "sagemaker")
"""A kubeconfig, or the cloud's own configuration, says where these are."""


@dataclass(frozen=True)
class Serving:
    """Where the serving API is, and where its token comes from (never the token itself)."""

    url: str = ""
    """Empty: where the product itself says (a kubeconfig, a region)."""
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
    """Where the registry is, where that is somewhere else than the router: the router's token does not go there."""
    registry_token_env: str = ""
    registry_token_file: str = ""
    registry_token_keyring: str = ""
    registry_token_command: tuple[str, ...] = ()
    endpoint: str = ""
    """What the serving system calls the model, where that is not the model's name; `{model}` stands for that."""
    namespace: str = ""
    kubeconfig: str = ""
    context: str = ""
    """Which context of the kubeconfig; empty: its current one."""
    region: str = ""
    alias: str = ""


@dataclass(frozen=True)
class Objectives:
    """What a version must hold to count as healthy; absent: not asked."""

    failed_pct: float = 5.0
    """Errors, timeouts and fallbacks together."""
    p95_ms: float | None = None
    accuracy_pct: float | None = None
    """The smallest share of right answers; absent: what the baseline's own labels say."""
    rules: tuple[Objective, ...] = ()
    """All that was written down, those above included."""


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
class DeclaredRange:
    """What a column may hold, as it was declared; None: nothing is declared of it."""

    column: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] | None = None
    null_pct: float | None = None
    """Which share may be missing."""


@dataclass(frozen=True)
class DriftLimits:
    """When a column counts as drifted: the effect, and how much noise is allowed for."""

    psi: float = 0.1
    """The smallest PSI that matters; from here on a drift is moderate."""
    psi_large: float = 0.25
    """From this PSI on a drift is large."""
    new_category_pct: float = 1.0
    """A category that only one side has matters from this share of the rows on, in per cent."""
    alpha: float = 1e-9
    """False discovery rate across the columns in one look. A day has 8 640 looks; `make bench-statistics` says what is
    left of it: fewer than one false alarm in 1 000 column-days."""


@dataclass(frozen=True)
class Config:
    """What one console looks at. Paths are absolute; `origin` says which file each `section.key` came from."""

    log_files: tuple[str, ...]
    model: str = ""
    """What the log's rows are called where they name no model; and the model to look at, if the log speaks of it."""
    version: str = ""
    chosen_model: str = ""
    """The model to look at, named on the command line; it changes nothing about how the log is read."""
    now: datetime | Literal["end"] | None = None
    """A fixed clock, `end` for the log's last row, None for the wall clock."""
    layout: str = ""
    """The name of a layout file that says how the log is to be read."""
    format: str = ""
    """parquet, jsonl or csv; empty: what the files' names say."""
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    """Canonical column → SQL expression over the log's own columns."""
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    """Columns (features, client, error, prediction) whose texts are never kept or shown; a digest stands for each."""
    ranges: tuple[DeclaredRange, ...] = ()
    baseline_files: tuple[str, ...] = ()
    accepted_pct: float = 1.0
    """Which share of a column's values may be missing, no number or never seen, beyond what the baseline has."""
    baseline_span: tuple[datetime, datetime] | None = None
    """A span of the log itself that is the baseline."""
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
