"""Which column of an unknown log plays which part in the canonical log: by its name and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clawpipe_tui.logs.profile import Facts
from clawpipe_tui.logs.proposal import Choice

_YEAR_2001_S, _YEAR_2096_S, _YEAR_S = 1e9, 4e9, 3.2e7
_UNITS = ((1.0, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds"))
_OUTCOMES = {
    "ok": "ok", "success": "ok", "succeeded": "ok", "completed": "ok", "200": "ok", "fallback": "fallback",
    "error": "error", "failed": "error", "failure": "error", "fail": "error", "exception": "error",
    "timeout": "timeout",
    "timed_out": "timeout", "rejected": "rejected", "invalid": "rejected", "limited": "limited", "throttled": "limited",
    "unauthorised": "unauthorised", "unauthorized": "unauthorised",
}  # fmt: skip
_ROLES = frozenset({"live", "canary", "shadow"})
_NOT_THE_MODEL = frozenset({"api", "app", "schema", "sdk", "client", "os", "protocol", "event", "log", "data"})

Judge = Callable[[Facts], "tuple[float, str, str, bool] | None"]
"""How well a column plays a part, the SQL for it, why, and whether that is sure; None where it cannot play it."""


@dataclass(frozen=True)
class Part:
    """A part to be given, and who judges."""

    name: str
    judge: Judge


def give_parts(columns: Iterable[Facts]) -> list[tuple[Choice, Facts]]:
    """Each part to the column that plays it best; a column plays one part."""
    free = {column.expression: column for column in columns if column.shape not in {"nothing", "nested"}}
    given: list[tuple[Choice, Facts]] = []
    for part in PARTS:
        judged = [(found, column) for column in free.values() if (found := part.judge(column))]
        if not judged:
            continue
        judged.sort(key=lambda pair: -pair[0][0])
        (score, expression, why, sure), column = judged[0]
        rivals = [other.name for (points, *_), other in judged[1:] if points == score]
        if rivals:
            why, sure = f"{why}; {rivals[0]} would do as well", False
        del free[column.expression]
        given.append((Choice(part.name, expression, why, sure, plain=expression == f'"{part.name}"'), column))
    return given


def _named(column: Facts, *words: str) -> float:
    """1 where the name is one of the words, less where they are among its words, 0 where they are not in it."""
    joined = "".join(column.tokens)
    if joined in words or column.name.lower() in words:
        return 1.0
    hits = [word for word in words if word in column.tokens or (len(word) > 5 and word in joined)]
    return 0.5 + 0.1 * len(hits) / len(column.tokens) if hits else 0.0


def _time(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "servedat", "timestamp", "ts", "time", "eventtime", "requesttime", "datetime", "loggedat",
        "createdat", "at",
        "date", "when",
    )  # fmt: skip
    if column.shape == "time":
        if column.kind == "TIME" or (column.kind == "DATE" and not named):
            return None
        zone = "" if column.kind.endswith("ZONE") else ", taken as UTC where it names no zone"
        points = 1 + named - (0.9 if column.kind == "DATE" else 0)
        why = f"{column.name} holds times{zone}"
        if "strptime" in column.expression:
            form = column.expression.split("'")[1]
            return points, column.expression, f"{why}; read as {form}", False
        return points, column.expression, why, bool(named) and column.kind != "DATE"
    if column.shape != "number" or column.low is None or column.high is None:
        return None
    for unit, words in _UNITS:
        if column.low >= _YEAR_2001_S * unit and column.high <= _YEAR_2096_S * unit:
            why = f"{column.name} counts {words} since 1970 (by its magnitude)"
            return 0.8 + named, column.expression, why, bool(named)
    return None


def counts_time(column: Facts) -> bool:
    """Whether a number is a moment: all within a year, nearly all different, of the magnitude of a time."""
    if column.low is None or column.high is None or column.distinct < 0.5 * column.known:
        return False
    low, high = column.low, column.high
    units = (unit for unit, _ in _UNITS)
    return any(
        low >= _YEAR_2001_S * unit and high <= _YEAR_2096_S * unit and high - low < _YEAR_S * unit for unit in units
    )


def _version(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "version", "modelversion", "ver", "mdlver", "revision", "rev", "variant", "modelrevision", "release",
        "modeltag", "v",
    )  # fmt: skip
    guessed = not named and _named(column, "deployment", "model", "modell", "modelid", "tag", "servedmodel") == 1.0
    if guessed and column.shape == "text" and not _many(column) and re.search(r"\d", "".join(column.examples)):
        why = f"{column.name} may name the version: it has {column.distinct} values with numbers in them"
        return 0.2, column.expression, why, False
    if not named or column.shape not in {"text", "number"} or _many(column):
        return None
    model = bool({"model", "mdl", "m"} & set(column.tokens))
    if _NOT_THE_MODEL & set(column.tokens) and not model:
        return None
    why = f"{column.name} is named like a version and has {column.distinct} values"
    return named + 0.5 * model, _as_text(column), why, True


def _as_text(column: Facts) -> str:
    return column.expression if column.shape == "text" else f"cast({column.expression} as varchar)"


def _many(column: Facts) -> bool:
    """Too many values for something that a few things have."""
    return column.distinct > 50 and column.distinct > 0.5 * column.known


def _model(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(column, "model", "modelname", "mdl", "mdlname", "modelid")
    if not named and column.around & {"model", "mdl"} and _named(column, "name", "id") == 1.0:
        named = 0.9
    if named < 0.6 or column.shape != "text" or _many(column):
        return None
    return named, column.expression, f"{column.name} is named like a model and has {column.distinct} values", True


def _role(column: Facts) -> tuple[float, str, str, bool] | None:
    if column.shape != "text" or not {text.lower() for text in column.examples} <= _ROLES:
        return None
    return 1.0, column.expression, f"{column.name} holds live, canary or shadow", True


def _status_code(column: Facts) -> tuple[float, str, str, bool] | None:
    if column.shape != "number" or not column.whole or column.low is None or column.high is None:
        return None
    if column.low < 100 or column.high > 599 or column.distinct > 20:
        return None
    common = {"200", "201", "400", "404", "429", "500", "503"} & set(column.examples)
    named = _named(column, "statuscode", "status", "code", "httpstatus", "response", "resp", "returncode")
    if not named or not common:
        return None
    return named, column.expression, f"{column.name} holds HTTP status codes; the outcome follows from them", True


def _outcome(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "outcome", "status", "result", "success", "succeeded", "iserror", "failed", "resp", "response", "ok",
        "isok", "successful", "hasfailed", "hadserror",
    )  # fmt: skip
    if not named:
        return None
    if column.shape == "flag":
        bad = bool({"error", "failed", "iserror"} & {*column.tokens, "".join(column.tokens)})
        if not bad and not _named(column, "success", "succeeded", "ok", "isok", "successful", "outcome", "status"):
            return None  # a model may answer yes or no
        words = ("error", "ok") if bad else ("ok", "error")
        return (
            named,
            f"case when {column.expression} then '{words[0]}' else '{words[1]}' end",
            f"{column.name} says it",
            True,
        )
    texts = {text.lower() for text in column.examples}
    if column.shape != "text" or not texts or not texts <= _OUTCOMES.keys():
        return None
    if texts <= set(_OUTCOMES.values()) and texts == set(column.examples):
        return named, column.expression, f"{column.name} holds outcomes", True
    cases = " ".join(f"when '{text}' then '{_OUTCOMES[text]}'" for text in sorted(texts))
    expression = f"case lower({column.expression}) {cases} else 'error' end"
    return named, expression, f"{column.name} holds outcomes in other words", True


def _error(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(column, "error", "err", "exception", "errormessage", "errortype", "failurereason")
    if not named or column.shape != "text":
        return None
    return named, f"nullif({column.expression}, '')", f"{column.name} is named like an error and holds text", True


def _latency(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "latency", "latencyms", "took", "duration", "elapsed", "responsetime", "inferencetime",
        "processingtime",
        "executiontime", "runtime", "rt", "dauer", "ms", "tookms", "durationms", "responsetimems",
    )  # fmt: skip
    if not named or column.shape != "number":
        if named and column.kind == "INTERVAL":
            return named, f"1000 * epoch({column.expression})", f"{column.name} is an interval", True
        return None
    by_name = {
        "ms": 1.0, "millis": 1.0, "milliseconds": 1.0, "msec": 1.0, "s": 1e3, "sec": 1e3, "secs": 1e3, "seconds": 1e3,
        "us": 1e-3, "micros": 1e-3, "microseconds": 1e-3, "ns": 1e-6, "nanos": 1e-6, "nanoseconds": 1e-6,
    }  # fmt: skip
    words = {1.0: "milliseconds", 1e3: "seconds", 1e-3: "microseconds", 1e-6: "nanoseconds"}
    factor = next((by_name[token] for token in reversed(column.tokens) if token in by_name), None)
    if factor is None and "".join(column.tokens).endswith("ms"):
        factor = 1.0
    if factor is not None:
        return 0.1 + named, _scaled(column, factor), f"{column.name} counts {words[factor]} (by its name)", True
    middle = column.middle or 0.0
    factor = 1e3 if middle < 5 and not column.whole else 1.0 if middle < 6e4 else 1e-3 if middle < 6e7 else 1e-6
    why = f"{column.name} counts {words[factor]} by its magnitude (the middle is {middle:.3g})"
    return named, _scaled(column, factor), why, middle < 0.5 or 20 < middle < 5e3


def _scaled(column: Facts, factor: float) -> str:
    number = column.expression if column.kind not in {"TEXT", "VARCHAR"} else f"try_cast({column.expression} as double)"
    return number if factor == 1.0 else f"{number} * {factor:g}"


def _request_id(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "requestid", "id", "reqid", "predictionid", "inferenceid", "correlationid", "eventid", "traceid",
        "uuid",
        "callid", "rid",
    )  # fmt: skip
    if (
        not named
        or column.shape not in {"text", "number"}
        or column.distinct < 0.9 * column.known
        or column.known < 0.5 * column.rows
    ):
        return None
    if column.shape == "number" and not column.whole:
        return None
    asked = 0.3 * bool({"request", "req", "prediction", "inference"} & set(column.tokens))
    why = f"{column.name} is named like an id and is different in nearly every row"
    return named + asked, _as_text(column), why, named == 1.0


def _client(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(
        column, "client", "clientid", "caller", "requester", "tenant", "consumer", "clientname", "app", "service"
    )
    if not named or column.shape != "text" or _many(column):
        return None
    return named, column.expression, f"{column.name} is named like a client and has {column.distinct} values", True


def _score(column: Facts) -> tuple[float, str, str, bool] | None:
    if column.shape != "number" or column.distinct < 2:
        return None
    named = _named(
        column, "score", "probability", "proba", "prob", "ypredproba", "predproba", "confidence", "yscore",
        "predictionscore",
    )  # fmt: skip
    answer = _named(column, *_ANSWERS)
    unit = column.low is not None and column.high is not None and column.low >= 0 and column.high <= 1
    if named:
        return 1 + named, _scaled(column, 1.0), f"{column.name} is named like a score", True
    if column.around & _ANSWERED_IN and unit and _named(column, "p", "value") == 1.0:
        return 1, _scaled(column, 1.0), f"{column.name} stands in {column.inside} and is from 0 to 1", False
    if answer and not (column.whole and column.distinct <= 50):
        why = f"{column.name} is named like an answer and holds numbers"
        return answer, _scaled(column, 1.0), why + (" from 0 to 1" if unit else ""), answer == 1.0
    return None


_ANSWERS = (
    "prediction", "pred", "predicted", "ypred", "yhat", "output", "response", "resp", "result", "answer", "decision",
    "predictedlabel", "predictionlabel", "predictedclass",
)  # fmt: skip


_ANSWERED_IN = frozenset({"prediction", "predictions", "output", "outputs", "response", "result", "results", "answer"})
"""Columns whose keys are what was answered."""


def _prediction(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(column, *_ANSWERS)
    if column.around & _ANSWERED_IN and _named(column, "label", "class", "category", "value", "name") == 1.0:
        named = 0.9
    if not named or column.shape not in {"text", "number", "flag"} or _many(column) or column.length > 60:
        return None
    why = f"{column.name} is named like an answer and has {column.distinct} values"
    return named, _as_text(column), why, named == 1.0


def _label(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(column, "label", "target", "ytrue", "actual", "groundtruth", "truth")
    if not named or "pred" in "".join(column.tokens) or column.around & _ANSWERED_IN or _many(column):
        return None
    return named, _as_text(column), f"{column.name} is named like what turned out to be true", named == 1.0


def _sampling(column: Facts) -> tuple[float, str, str, bool] | None:
    named = _named(column, "samplingfraction", "samplerate", "samplingrate", "samplefraction")
    if not named or column.shape != "number" or column.low is None or column.low <= 0 or (column.high or 2) > 1:
        return None
    return (
        named,
        _scaled(column, 1.0),
        f"{column.name} is the share of requests that are logged; counts are weighed by it",
        True,
    )


PARTS: Sequence[Part] = (
    Part("served_at", _time), Part("version", _version), Part("model", _model), Part("role", _role),
    Part("status_code", _status_code), Part("outcome", _outcome), Part("error", _error), Part("latency_ms", _latency),
    Part("request_id", _request_id), Part("client", _client), Part("sampling_fraction", _sampling), Part("score",
    _score),
    Part("prediction", _prediction), Part("label", _label),
)  # fmt: skip
"""In the order in which they choose."""
