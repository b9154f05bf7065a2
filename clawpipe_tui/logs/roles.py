"""Which column of an unknown log plays which part in the canonical log: by its name and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from clawpipe_tui.logs.answers import judge_label, judge_prediction, judge_score
from clawpipe_tui.logs.clocks import judge_latency, judge_time
from clawpipe_tui.logs.naming import Judge, Judged, as_text, has_many, named_like, scaled
from clawpipe_tui.logs.profile import Facts
from clawpipe_tui.logs.proposal import Choice

_OUTCOMES = {
    "ok": "ok", "success": "ok", "succeeded": "ok", "completed": "ok", "200": "ok", "fallback": "fallback",
    "error": "error", "failed": "error", "failure": "error", "fail": "error", "exception": "error",
    "timeout": "timeout", "timed_out": "timeout",
    "rejected": "rejected", "invalid": "rejected", "limited": "limited", "throttled": "limited",
    "unauthorised": "unauthorised", "unauthorized": "unauthorised",
}  # fmt: skip
_ROLES = frozenset({"live", "canary", "shadow"})
_NOT_THE_MODEL = frozenset({"api", "app", "schema", "sdk", "client", "os", "protocol", "event", "log", "data"})


def give_parts(columns: Iterable[Facts]) -> list[tuple[Choice, Facts]]:
    """Each part to the column that plays it best; a column plays one part."""
    free = {column.expression: column for column in columns if column.shape not in {"nothing", "nested"}}
    given: list[tuple[Choice, Facts]] = []
    for part, judge in PARTS.items():
        judged = [(found, column) for column in free.values() if (found := judge(column))]
        if not judged:
            continue
        judged.sort(key=lambda pair: -pair[0][0])
        (score, expression, why, sure), column = judged[0]
        rivals = [other.name for (points, *_), other in judged[1:] if points == score]
        if rivals:
            why, sure = f"{why}; {rivals[0]} would do as well", False
        del free[column.expression]
        given.append((Choice(part, expression, why, sure, plain=expression == f'"{part}"'), column))
    return given


def _version(column: Facts) -> Judged:
    named = named_like(
        column, "version", "modelversion", "ver", "mdlver", "revision", "rev", "variant", "modelrevision", "release",
        "modeltag", "v",
    )  # fmt: skip
    guessed = not named and named_like(column, "deployment", "model", "modell", "modelid", "tag", "servedmodel") == 1.0
    if guessed and column.shape == "text" and not has_many(column) and re.search(r"\d", "".join(column.examples)):
        why = f"{column.name} may name the version: it has {column.distinct} values with numbers in them"
        return 0.2, column.expression, why, False
    if not named or column.shape not in {"text", "number"} or has_many(column):
        return None
    model = bool({"model", "mdl", "m"} & set(column.tokens))
    if _NOT_THE_MODEL & set(column.tokens) and not model:
        return None
    why = f"{column.name} is named like a version and has {column.distinct} values"
    return named + 0.5 * model, as_text(column), why, True


def _model(column: Facts) -> Judged:
    named = named_like(column, "model", "modelname", "mdl", "mdlname", "modelid")
    if not named and column.around & {"model", "mdl"} and named_like(column, "name", "id") == 1.0:
        named = 0.9
    if named < 0.6 or column.shape != "text" or has_many(column):
        return None
    return named, column.expression, f"{column.name} is named like a model and has {column.distinct} values", True


def _role(column: Facts) -> Judged:
    if column.shape != "text" or not {text.lower() for text in column.examples} <= _ROLES:
        return None
    return 1.0, column.expression, f"{column.name} holds live, canary or shadow", True


def _status_code(column: Facts) -> Judged:
    if column.shape != "number" or not column.whole or column.low is None or column.high is None:
        return None
    if column.low < 100 or column.high > 599 or column.distinct > 20:
        return None
    common = {"200", "201", "400", "404", "429", "500", "503"} & set(column.examples)
    named = named_like(column, "statuscode", "status", "code", "httpstatus", "response", "resp", "returncode")
    if not named or not common:
        return None
    return named, column.expression, f"{column.name} holds HTTP status codes; the outcome follows from them", True


def _outcome(column: Facts) -> Judged:
    named = named_like(
        column, "outcome", "status", "result", "success", "succeeded", "iserror", "failed", "resp", "response", "ok",
        "isok", "successful", "hasfailed", "hadserror",
    )  # fmt: skip
    if not named:
        return None
    if column.shape == "flag":
        bad = bool({"error", "failed", "iserror"} & {*column.tokens, "".join(column.tokens)})
        if not bad and not named_like(column, "success", "succeeded", "ok", "isok", "successful", "outcome", "status"):
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


def _error(column: Facts) -> Judged:
    named = named_like(column, "error", "err", "exception", "errormessage", "errortype", "failurereason")
    if not named or column.shape != "text":
        return None
    return named, f"nullif({column.expression}, '')", f"{column.name} is named like an error and holds text", True


def _request_id(column: Facts) -> Judged:
    named = named_like(
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
    return named + asked, as_text(column), why, named == 1.0


def _client(column: Facts) -> Judged:
    named = named_like(
        column, "client", "clientid", "caller", "requester", "tenant", "consumer", "clientname", "app", "service"
    )
    if not named or column.shape != "text" or has_many(column):
        return None
    return named, column.expression, f"{column.name} is named like a client and has {column.distinct} values", True


def _sampling(column: Facts) -> Judged:
    named = named_like(column, "samplingfraction", "samplerate", "samplingrate", "samplefraction")
    if not named or column.shape != "number" or column.low is None or column.low <= 0 or (column.high or 2) > 1:
        return None
    return (
        named,
        scaled(column, 1.0),
        f"{column.name} is the share of requests that are logged; counts are weighed by it",
        True,
    )


PARTS: Mapping[str, Judge] = {
    "served_at": judge_time,
    "version": _version,
    "model": _model,
    "role": _role,
    "status_code": _status_code,
    "outcome": _outcome,
    "error": _error,
    "latency_ms": judge_latency,
    "request_id": _request_id,
    "client": _client,
    "sampling_fraction": _sampling,
    "score": judge_score,
    "prediction": judge_prediction,
    "label": judge_label,
}
"""In the order in which they choose."""
