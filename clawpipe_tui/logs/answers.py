"""Which columns say what was answered, and what turned out to be true."""

from __future__ import annotations

from clawpipe_tui.logs.naming import Judged, as_text, has_many, named_like, scaled
from clawpipe_tui.logs.profile import Facts

_ANSWERS = (
    "prediction", "pred", "predicted", "ypred", "yhat", "output", "response", "resp", "result", "answer", "decision",
    "predictedlabel", "predictionlabel", "predictedclass",
)  # fmt: skip
_ANSWERED_IN = frozenset({"prediction", "predictions", "output", "outputs", "response", "result", "results", "answer"})
"""Columns whose keys are what was answered."""


def judge_score(column: Facts) -> Judged:
    """A number that a model answers: named so, or standing where answers stand."""
    if column.shape != "number" or column.distinct < 2:
        return None
    named = named_like(
        column, "score", "probability", "proba", "prob", "ypredproba", "predproba", "confidence", "yscore",
        "predictionscore",
    )  # fmt: skip
    answer = named_like(column, *_ANSWERS)
    unit = column.low is not None and column.high is not None and column.low >= 0 and column.high <= 1
    if named:
        return 1 + named, scaled(column, 1.0), f"{column.name} is named like a score", True
    if column.around & _ANSWERED_IN and unit and named_like(column, "p", "value") == 1.0:
        return 1, scaled(column, 1.0), f"{column.name} stands in {column.inside} and is from 0 to 1", False
    if answer and not (column.whole and column.distinct <= 50):
        why = f"{column.name} is named like an answer and holds numbers"
        return answer, scaled(column, 1.0), why + (" from 0 to 1" if unit else ""), answer == 1.0
    return None


def judge_prediction(column: Facts) -> Judged:
    """One of a few answers."""
    named = named_like(column, *_ANSWERS)
    if column.around & _ANSWERED_IN and named_like(column, "label", "class", "category", "value", "name") == 1.0:
        named = 0.9
    if not named or column.shape not in {"text", "number", "flag"} or has_many(column) or column.length > 60:
        return None
    why = f"{column.name} is named like an answer and has {column.distinct} values"
    return named, as_text(column), why, named == 1.0


def judge_label(column: Facts) -> Judged:
    """What turned out to be true; not what a model predicted."""
    named = named_like(column, "label", "target", "ytrue", "actual", "groundtruth", "truth")
    if not named or "pred" in "".join(column.tokens) or column.around & _ANSWERED_IN or has_many(column):
        return None
    return named, as_text(column), f"{column.name} is named like what turned out to be true", named == 1.0
