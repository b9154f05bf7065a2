"""Fit one version: a logistic regression with a penalty per kind of feature, by Newton's method, and measure it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawpipe_tui.demo.model import LATE, DelayModel, Features, Term, WindChill
from clawpipe_tui.demo.world import Flight

Floats = NDArray[np.float64]

SEASONAL = frozenset({"temperature_f", "wind_speed_mph", "wind_chill_f"})
_FEWEST_ROWS_OF_A_CATEGORY = 30


@dataclass(frozen=True)
class Recipe:
    """What distinguishes one training from another."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    l2: float
    l2_seasonal: float
    """Temperature and wind mostly tell the season, and one year is one of each: these weights are held back."""
    wind_chill: WindChill | None = None
    iterations: int = 12


def fit(recipe: Recipe, flights: Sequence[Flight]) -> dict[str, object]:
    """The parameters of a version document."""
    late = np.array([flight.label == LATE for flight in flights], dtype=np.float64)
    columns = {name: [_numeric(recipe, name, flight.features) for flight in flights] for name in recipe.numeric}
    terms = {name: _scaling(values) for name, values in columns.items()}
    kinds = {name: _common([str(flight.features[name]) for flight in flights]) for name in recipe.categorical}
    design = [np.ones(len(flights))]
    design += [np.array([terms[name].standardised(value) for value in columns[name]]) for name in terms]
    for name, known in kinds.items():
        values = np.array([str(flight.features[name]) for flight in flights])
        design += [(values == category).astype(np.float64) for category in known]
    penalty = [
        1e-9,
        *(_penalty(recipe, name) for name in terms),
        *(recipe.l2 for known in kinds.values() for _ in known),
    ]
    weights = iter(np.round(_newton(np.column_stack(design), late, np.array(penalty), recipe.iterations), 5).tolist())
    return {
        "intercept": next(weights),
        "numeric": {name: {**_plain(term), "weight": next(weights)} for name, term in terms.items()},
        "categorical": {name: {category: next(weights) for category in known} for name, known in kinds.items()},
        "wind_chill": _plain(recipe.wind_chill) if recipe.wind_chill else None,
        "threshold": 0.5,
        "overall_rate": round(float(late.mean()), 4),
    }


def metrics(model: DelayModel, flights: Sequence[Flight]) -> dict[str, float]:
    """How good a version is on rows that it did not see, those aside that its signature rejects."""
    kept = [flight for flight in flights if model.problem(flight.features) is None]
    scores = np.array([model.score(flight.features) for flight in kept])
    late = np.array([flight.label == LATE for flight in kept])
    called = scores >= model.threshold
    bounded = np.clip(scores, 1e-9, 1 - 1e-9)
    values = {
        "accuracy": np.mean(called == late),
        "precision": np.sum(called & late) / np.sum(called),
        "recall": np.sum(called & late) / np.sum(late),
        "roc_auc": _area_under_curve(scores, late),
        "log_loss": -np.mean(np.where(late, np.log(bounded), np.log(1 - bounded))),
        "brier": np.mean((scores - late) ** 2),
    }
    return {name: round(float(value), 4) for name, value in values.items()}


def _newton(design: Floats, late: Floats, penalty: Floats, iterations: int) -> Floats:
    weights = np.zeros(design.shape[1])
    for _ in range(iterations):
        rates = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (late - rates) - penalty * weights
        curvature = (design.T * (rates * (1 - rates))) @ design + np.diag(penalty)
        weights += np.linalg.solve(curvature, slope)
    return weights


def _numeric(recipe: Recipe, name: str, features: Features) -> float | None:
    if name != "wind_chill_f" or recipe.wind_chill is None:
        value = features[name]
        return float(value) if isinstance(value, int | float) else None
    temperature_f, wind_speed_mph = features["temperature_f"], features["wind_speed_mph"]
    if not isinstance(temperature_f, int | float) or not isinstance(wind_speed_mph, int | float):
        return None
    return recipe.wind_chill.felt_f(temperature_f, wind_speed_mph)


def _scaling(values: Sequence[float | None]) -> Term:
    known = np.array([value for value in values if value is not None])
    low, high = np.quantile(known, [0.005, 0.98])
    clipped = np.clip(known, low, high)
    numbers = (clipped.mean(), clipped.std(), low, high)
    return Term(*(round(float(number), 4) for number in numbers))


def _common(values: Sequence[str]) -> list[str]:
    names, counts = np.unique(np.array(values), return_counts=True)
    return [str(name) for name, count in zip(names, counts, strict=True) if count >= _FEWEST_ROWS_OF_A_CATEGORY]


def _penalty(recipe: Recipe, name: str) -> float:
    return recipe.l2_seasonal if name in SEASONAL else recipe.l2


def _plain(part: Term | WindChill) -> Mapping[str, float]:
    return dict(vars(part))


def _area_under_curve(scores: Floats, late: NDArray[np.bool_]) -> float:
    names, ranks = np.unique(scores, return_inverse=True)
    counts = np.bincount(ranks, minlength=len(names))
    middle = np.cumsum(counts) - (counts - 1) / 2
    positive, negative = int(late.sum()), int((~late).sum())
    return (math.fsum(middle[ranks][late]) - positive * (positive + 1) / 2) / (positive * negative)
