"""The demo's model: will this flight arrive more than fifteen minutes late? A version document in, answers out.

What goes wrong goes wrong because of the inputs and of what the document says, so a log made by a script and a log
made by the live server fail alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np

Outcome = Literal["ok", "fallback", "error", "timeout", "rejected", "limited", "unauthorised"]
FeatureValue = float | str | None
Features = Mapping[str, FeatureValue]
T = TypeVar("T")

LATE, ON_TIME = "late", "on_time"

CONNECTION_SHARE, RESTART_SHARE, FALLBACK_SHARE, STALL_SHARE = 0.007, 0.002, 0.005, 0.001
"""The misfortunes that every service has, whatever its version and its inputs."""

_STALL_MS, _COLD_ROW_MS, _BEYOND_TABLE_MS = 2_500.0, 140.0, 2_400.0
_TABLE_STEP_F, _TABLE_STEP_MPH = 1, 5


@dataclass(frozen=True)
class Answer:
    """What one request got back: how it ended, what went wrong, how long it took, and what was predicted."""

    outcome: Outcome
    error: str | None
    latency_ms: float
    prediction: str | None = None
    score: float | None = None


@dataclass(frozen=True)
class Input:
    """One input of the model's signature."""

    name: str
    datatype: Literal["FP32", "BYTES"]
    required: bool

    def problem(self, value: object) -> str | None:
        """Why this value cannot be used, or None."""
        if value is None:
            return f"missing input: {self.name}" if self.required else None
        if self.datatype == "BYTES":
            return None if isinstance(value, str) else f"{self.name} is not a string"
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"{self.name} is not a number"
        return None


@dataclass(frozen=True)
class Term:
    """A numeric feature in the sum: clipped to its training range, standardised, weighted. A missing value adds 0."""

    mean: float
    scale: float
    low: float
    high: float
    weight: float = 0.0

    def standardised(self, value: float | None) -> float:
        """The value in training standard deviations; a missing one stands at the mean."""
        return 0.0 if value is None else (min(max(value, self.low), self.high) - self.mean) / self.scale


@dataclass(frozen=True)
class WindChill:
    """v43's preprocessing: how cold the wind makes it, looked up in a table in Fahrenheit and miles per hour."""

    first_row_f: float
    last_row_f: float
    preloaded_from_f: float
    """Rows colder than this are read from the object store when they are asked for."""
    last_column_mph: float
    """Stronger wind is extrapolated, which is slow."""

    def felt_f(self, temperature_f: float, wind_speed_mph: float) -> float:
        """The temperature as it is felt. Raises ValueError where the table has no row for it."""
        if temperature_f > self.last_row_f or wind_speed_mph < 3:
            return temperature_f
        if temperature_f < self.first_row_f:
            message = f"wind chill table has no row for {temperature_f:.0f} °F"
            raise ValueError(message)
        return _national_weather_service(_grid(temperature_f, _TABLE_STEP_F), _grid(wind_speed_mph, _TABLE_STEP_MPH))

    def cost_ms(self, temperature_f: float, wind_speed_mph: float) -> float:
        """How much longer the look-up takes than a row and a column that are at hand."""
        if temperature_f > self.last_row_f:
            return 0.0
        if wind_speed_mph > self.last_column_mph:
            return _BEYOND_TABLE_MS
        return _COLD_ROW_MS if temperature_f < self.preloaded_from_f else 0.0


def _grid(value: float, step: int) -> float:
    return max(float(step), round(value / step) * float(step))


def _national_weather_service(temperature_f: float, wind_speed_mph: float) -> float:
    blown = wind_speed_mph**0.16
    return 35.74 + 0.6215 * temperature_f - 35.75 * blown + 0.4275 * temperature_f * blown


@dataclass(frozen=True)
class Serving:
    """What serving one version costs, and when it gives up."""

    median_ms: float
    spread: float
    time_limit_ms: float


@dataclass(frozen=True)
class DelayModel:
    """One version of `flight-delay`: a logistic regression with its signature and its serving costs."""

    version: str
    inputs: tuple[Input, ...]
    intercept: float
    terms: Mapping[str, Term]
    categories: Mapping[str, Mapping[str, float]]
    wind_chill: WindChill | None
    threshold: float
    overall_rate: float
    serving: Serving

    @classmethod
    def load(cls, document: Path | str | Mapping[str, object]) -> DelayModel:
        """The model of a version document, given as its path or as its content."""
        whole = document if isinstance(document, Mapping) else _read(Path(document))
        parameters = _mapping(whole, "parameters")
        chill = parameters.get("wind_chill")
        return cls(
            version=_get(whole, "version", str),
            inputs=tuple(_input(item) for item in _sequence(_mapping(whole, "signature"), "inputs")),
            intercept=_get(parameters, "intercept", float),
            terms={name: Term(**_floats(item)) for name, item in _mapping(parameters, "numeric").items()},
            categories={name: _floats(item) for name, item in _mapping(parameters, "categorical").items()},
            wind_chill=None if chill is None else WindChill(**_floats(chill)),
            threshold=_get(parameters, "threshold", float),
            overall_rate=_get(parameters, "overall_rate", float),
            serving=Serving(**_floats(_mapping(whole, "serving"))),
        )

    def problem(self, features: Mapping[str, object]) -> str | None:
        """Why the signature rejects these features, or None."""
        return next(filter(None, (item.problem(features.get(item.name)) for item in self.inputs)), None)

    def score(self, features: Features) -> float:
        """The probability of a late arrival. Raises ValueError where preprocessing cannot handle the features."""
        numbers, total = self._numbers(features), self.intercept
        for name, term in self.terms.items():
            total += term.weight * term.standardised(numbers.get(name))
        for name, weights in self.categories.items():
            total += weights.get(str(features.get(name)), 0.0)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def answer(self, features: Features, rng: np.random.Generator) -> Answer:
        """Serve one request. The generator decides only how long it takes and the misfortunes of any service."""
        luck, stalled, haste = rng.random(), rng.random() < STALL_SHARE, rng.standard_normal()
        pace = math.exp(self.serving.spread * haste)
        problem = self.problem(features)
        if problem:
            return Answer("rejected", problem, round(3.0 * pace, 1))
        cost_ms = (self.serving.median_ms + self._extra_ms(features)) * pace + stalled * _STALL_MS
        if cost_ms > self.serving.time_limit_ms:
            limit_ms = self.serving.time_limit_ms
            return Answer("timeout", f"TimeoutError: no answer within {limit_ms:.0f} ms", round(limit_ms + pace, 1))
        return self._end(features, luck, round(cost_ms, 1))

    def _end(self, features: Features, luck: float, latency_ms: float) -> Answer:
        if luck < CONNECTION_SHARE:
            return Answer("error", "ConnectionError: the feature store closed the connection", latency_ms)
        if luck < CONNECTION_SHARE + RESTART_SHARE:
            return Answer("error", "RuntimeError: the worker was restarted", latency_ms)
        try:
            score = self.score(features)
        except ValueError as error:
            return Answer("error", f"ValueError: {error}", latency_ms)
        if luck > 1 - FALLBACK_SHARE:
            return Answer("fallback", None, latency_ms, *self._decided(self.overall_rate))
        return Answer("ok", None, latency_ms, *self._decided(score))

    def _decided(self, score: float) -> tuple[str, float]:
        return LATE if score >= self.threshold else ON_TIME, round(score, 4)

    def _numbers(self, features: Features) -> dict[str, float | None]:
        numbers = {name: _number(features.get(name)) for name in self.terms}
        weather = _weather(features) if self.wind_chill else None
        if self.wind_chill and weather:
            numbers["wind_chill_f"] = self.wind_chill.felt_f(*weather)
        return numbers

    def _extra_ms(self, features: Features) -> float:
        weather = _weather(features) if self.wind_chill else None
        return self.wind_chill.cost_ms(*weather) if self.wind_chill and weather else 0.0


def _number(value: FeatureValue) -> float | None:
    return value if isinstance(value, int | float) else None


def _weather(features: Features) -> tuple[float, float] | None:
    temperature_f, wind_speed_mph = _number(features.get("temperature_f")), _number(features.get("wind_speed_mph"))
    return None if temperature_f is None or wind_speed_mph is None else (temperature_f, wind_speed_mph)


def _read(path: Path) -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(path.read_text(encoding="utf-8")))


def _get(record: Mapping[str, object], name: str, kind: type[T]) -> T:
    value = record[name]
    if not isinstance(value, kind):
        message = f"{name} of the version document is not a {kind.__name__}"
        raise TypeError(message)
    return value


def _mapping(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", _get(record, name, cast("type[object]", Mapping)))


def _sequence(record: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", _get(record, name, list))


def _floats(record: object) -> dict[str, float]:
    return {name: float(value) for name, value in cast("Mapping[str, float]", record).items()}


def _input(record: Mapping[str, object]) -> Input:
    datatype = cast("Literal['FP32', 'BYTES']", _get(record, "datatype", str))
    return Input(_get(record, "name", str), datatype, _get(record, "required", bool))
