"""The world that the demo's model serves: real flights, three clients, a daily rhythm, and a feed that goes metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow.parquet as pq

from clawpipe_tui.demo.parquet_log import CATEGORICAL, NUMERIC, write_log

if TYPE_CHECKING:
    import numpy as np

    from clawpipe_tui.demo.model import Answer, DelayModel, Features, FeatureValue

CLIENTS: Mapping[str, float] = {"mobile": 0.55, "web": 0.33, "ops-desk": 0.12}
"""Who asks, and their shares of the traffic."""

NEW_CARRIER, NEW_CARRIER_SHARE = "ZZ", 0.12
_BUSIEST_HOUR = 15
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Flight:
    """One real departure: what the model is asked, and what came true."""

    features: Features
    label: str


@dataclass(frozen=True)
class Share:
    """One version's share of the live traffic."""

    version: str
    weight_pct: float
    role: str = "live"


@dataclass(frozen=True)
class Phase:
    """How the traffic is split from one moment on."""

    since: datetime
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Story:
    """What happens to one model: how much traffic, to which versions, and when the feed changes."""

    phases: tuple[Phase, ...]
    requests_per_s: float
    incident_at: datetime | None = None
    model: str = "flight-delay"

    def shares_at(self, moment: datetime) -> tuple[Share, ...]:
        """The split of the traffic at a moment."""
        begun = [phase for phase in self.phases if phase.since <= moment]
        return (begun or self.phases[:1])[-1].shares


@dataclass(frozen=True)
class Served:
    """One request that was served: one row of the log."""

    served_at: datetime
    request_id: str
    model: str
    version: str
    role: str
    client: str
    answer: Answer
    features: Mapping[str, object]
    label: str | None = None
    """What came true; a log never has it, the labels have."""


@dataclass(frozen=True)
class World:
    """The flights that requests ask about. All chance comes from the generator that the caller passes."""

    flights: Sequence[Flight]

    @classmethod
    def load(cls, baseline: Path) -> World:
        """The world whose flights are the rows of a baseline file."""
        names = (*NUMERIC, *CATEGORICAL, "label")
        # Not read_table: it imports pyarrow.dataset, and with it pandas where that is installed, which takes a second.
        with pq.ParquetFile(baseline) as file:
            table = file.read(columns=list(names)).to_pydict()
        columns = [cast("list[FeatureValue]", table[name]) for name in names]
        rows = zip(*columns, strict=True)
        return cls([Flight(dict(zip(names[:-1], map(_short, row[:-1]), strict=True)), str(row[-1])) for row in rows])

    def draw(self, rng: np.random.Generator, *, incident: bool = False) -> Flight:
        """A flight that somebody asks about, as the feed describes it on that day."""
        flight = self.flights[int(rng.integers(len(self.flights)))]
        new_carrier = rng.random() < NEW_CARRIER_SHARE
        return Flight(metric(flight.features, new_carrier=new_carrier), flight.label) if incident else flight

    def client(self, rng: np.random.Generator) -> str:
        """Who asks."""
        return _pick(CLIENTS, rng)


def _short(value: FeatureValue) -> FeatureValue:
    """A number as it was before it became four bytes."""
    return round(value, 2) if isinstance(value, float) else value


def _pick(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    left = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return list(weights)[-1]


def metric(features: Features, *, new_carrier: bool) -> Features:
    """The incident: the feed sends °C and km/h under the old names, and a carrier code that nobody has seen."""
    temperature_f, wind_speed_mph = features["temperature_f"], features["wind_speed_mph"]
    changed: dict[str, FeatureValue] = {}
    if isinstance(temperature_f, int | float):
        changed["temperature_f"] = round((temperature_f - 32) / 1.8, 1)
    if isinstance(wind_speed_mph, int | float):
        changed["wind_speed_mph"] = round(wind_speed_mph * 1.609344, 1)
    if new_carrier:
        changed["carrier"] = NEW_CARRIER
    return {**features, **changed}


def rhythm(moment: datetime) -> float:
    """How busy this time of the day is, 1 being the day's mean."""
    hour = moment.hour + moment.minute / 60
    return 1 + 0.2 * math.cos(2 * math.pi * (hour - _BUSIEST_HOUR) / 24)


def request_id(moment: datetime, rng: np.random.Generator) -> str:
    """An identifier that sorts by time."""
    return f"{int(moment.timestamp() * 1000):011x}{int(rng.integers(1 << 20)):05x}"


def simulate(
    world: World,
    models: Mapping[str, DelayModel],
    story: Story,
    since: datetime,
    until: datetime,
    rng: np.random.Generator,
) -> Iterator[Served]:
    """The requests of a story between two moments, in order."""
    begin = since
    while begin < until:
        end = min(begin + _MINUTE, until)
        span_us = int((end - begin).total_seconds() * 1e6)
        expected = story.requests_per_s * rhythm(begin) * span_us / 1e6
        for offset_us in sorted(rng.integers(span_us, size=rng.poisson(expected)).tolist()):
            yield _serve(world, models, story, begin + timedelta(microseconds=offset_us), rng)
        begin = end


def _serve(
    world: World, models: Mapping[str, DelayModel], story: Story, moment: datetime, rng: np.random.Generator
) -> Served:
    incident = story.incident_at is not None and moment >= story.incident_at
    flight = world.draw(rng, incident=incident)
    shares = {share.version: share for share in story.shares_at(moment)}
    share = shares[_pick({name: share.weight_pct for name, share in shares.items()}, rng)]
    return Served(
        served_at=moment,
        request_id=request_id(moment, rng),
        model=story.model,
        version=share.version,
        role=share.role,
        client=world.client(rng),
        answer=models[share.version].answer(flight.features, rng),
        features=flight.features,
        label=flight.label,
    )


def backfill(
    folder: Path,
    world: World,
    models: Mapping[str, DelayModel],
    story: Story,
    until: datetime,
    minutes: int,
    rng: np.random.Generator,
) -> list[Path]:
    """Write the history of a demo that has been running for a while: the minutes before `until`, one file each."""
    return write_log(folder, simulate(world, models, story, until - minutes * _MINUTE, until, rng))
