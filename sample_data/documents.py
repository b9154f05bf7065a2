"""The version documents: what a registry knows about each version. People, times, hardware and costs are invented."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from training import Recipe

from clawpipe_tui.demo.world import CATEGORICAL, NUMERIC

UNITS = {
    "dep_delay_min": "min",
    "distance_mi": "mi",
    "sched_hour": "h",
    "temperature_f": "°F",
    "wind_speed_mph": "mph",
    "humidity_pct": "%",
    "visibility_mi": "mi",
    "pressure_hpa": "hPa",
}
RANGES = {
    "dep_delay_min": (-60, 1440),
    "distance_mi": (50, 6000),
    "sched_hour": (0, 23),
    "temperature_f": (-40, 120),
    "wind_speed_mph": (0, 100),
    "humidity_pct": (0, 100),
    "visibility_mi": (0, 10),
    "pressure_hpa": (940, 1060),
}
OPTIONAL = frozenset({"humidity_pct", "visibility_mi", "pressure_hpa"})


@dataclass(frozen=True)
class Release:
    """Who made a version, when, why, and on what it runs."""

    version: str
    created_at: str
    created_by: str
    change_note: str
    dependencies: tuple[str, ...]
    median_ms: float
    approvals: tuple[tuple[str, str], ...]
    spread: float = 0.4
    time_limit_ms: float = 2000.0


@dataclass(frozen=True)
class DataFacts:
    """Which rows, how many, and their checksum."""

    uri: str
    sha256: str
    rows: int


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: what the artifact's checksum is taken over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def document(
    release: Release,
    recipe: Recipe,
    parameters: Mapping[str, object],
    training: DataFacts,
    evaluation: Mapping[str, object],
) -> dict[str, object]:
    """The whole document of one version, its artifact (the parameters) included."""
    artifact = canonical(parameters)
    return {
        "model": "flight-delay",
        "version": release.version,
        "created_at": release.created_at,
        "created_by": release.created_by,
        "change_note": release.change_note,
        "approvals": [{"by": by, "at": at} for by, at in release.approvals],
        "artifact": {
            "uri": f"versions/{release.version}.json#/parameters",
            "format": "canonical JSON: sorted keys, no spaces, UTF-8",
            "bytes": len(artifact),
            "sha256": hashlib.sha256(artifact).hexdigest(),
        },
        "training_data": asdict(training),
        "hyperparameters": _hyperparameters(recipe),
        "metrics": evaluation,
        "signature": {"inputs": _inputs(recipe), "outputs": _outputs()},
        "dependencies": list(release.dependencies),
        "runtime": {"python": "3.11.14", "image": "python:3.11.14-slim-bookworm"},
        "hardware": {"cpu": "2 vCPU", "memory_mib": 512, "accelerator": None, "replicas": 3},
        "serving": {
            "median_ms": release.median_ms,
            "spread": release.spread,
            "time_limit_ms": release.time_limit_ms,
        },
        "parameters": parameters,
    }


def inputs_of(recipe: Recipe) -> tuple[str, ...]:
    """The inputs that a version reads, in the order of the log's columns."""
    used = {*recipe.numeric, *recipe.categorical}
    return tuple(name for name in (*NUMERIC, *CATEGORICAL) if name in used)


def _hyperparameters(recipe: Recipe) -> dict[str, object]:
    return {
        "algorithm": "logistic regression, Newton's method",
        "l2": recipe.l2,
        "l2_seasonal": recipe.l2_seasonal,
        "iterations": recipe.iterations,
        "features": [*recipe.numeric, *recipe.categorical],
        "decision_threshold": 0.5,
    }


def _inputs(recipe: Recipe) -> list[dict[str, object]]:
    return [_number(name) if name in UNITS else _string(name) for name in inputs_of(recipe)]


def _number(name: str) -> dict[str, object]:
    low, high = RANGES[name]
    required = name not in OPTIONAL
    return {
        "name": name, "datatype": "FP32", "shape": [-1, 1], "required": required,
        "unit": UNITS[name], "low": low, "high": high,
    }  # fmt: skip


def _string(name: str) -> dict[str, object]:
    return {"name": name, "datatype": "BYTES", "shape": [-1, 1], "required": True}


def _outputs() -> list[dict[str, object]]:
    return [
        {"name": "prediction", "datatype": "BYTES", "shape": [-1, 1], "values": ["late", "on_time"]},
        {"name": "score", "datatype": "FP32", "shape": [-1, 1], "low": 0, "high": 1, "unit": "probability of late"},
    ]
