"""What an HTTP status means to the one who asked: every answer that is not a yes becomes one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clawpipe_tui.errors import ServingError
from clawpipe_tui.serving.errors import Conflict, Denied, Invalid, NotFound, Unavailable, Unknown
from clawpipe_tui.serving.payload import MalformedError, as_fields, parse, plain

_DETAIL_LIMIT = 300
CHECK_IDENTITY = "Check the token that [serving] names, or CLAWPIPE_TOKEN."


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers with names in lower case, and the body as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Asked:
    """What was asked, for the sentence."""

    base: str
    what: str
    write: bool = False
    hint: str = CHECK_IDENTITY
    """What to do where it is not accepted who we are."""


def refusal(asked: Asked, answer: Answer) -> ServingError:
    """The error for an answer that is not a 2xx."""
    status, said = answer.status, _detail(answer)
    if status >= 500 or status == 408:
        return _failed(asked, status, said)
    match status:
        case 401 | 403:
            return _denied(asked, answer, said)
        case 404:
            return NotFound(f"The serving API at {asked.base} does not know {asked.what}{said}.", "Check the name.")
        case 409 | 412:
            return Conflict(f"Someone else is changing {asked.what}, or was first{said}.", "Nothing was changed.")
        case 429:
            return _busy(asked, answer, said)
        case _:
            return _invalid(asked, answer, said)


def not_understood(asked: Asked, answer: Answer, error: MalformedError) -> ServingError:
    """The error for a 2xx whose body is not what the contract says."""
    form = "HTML" if "html" in answer.headers.get("content-type", "").lower() else plain(str(error), 100)
    if asked.write:
        return Unknown(
            f"The change was sent and {asked.base} answered {answer.status}, but the answer cannot be read ({form}).",
            "It may or may not have taken effect. Do not send it again.",
        )
    return ServingError(
        f"The serving API at {asked.base} gave an answer for {asked.what} that cannot be read ({form}).",
        "Check that [serving] url points to the API and not to a web page or a proxy.",
    )


def _failed(asked: Asked, status: int, said: str) -> ServingError:
    if asked.write:
        return Unknown(
            f"The change was sent to {asked.base}, which failed while handling it ({status}){said}.",
            "It may or may not have taken effect. Do not send it again.",
        )
    return Unavailable(f"The serving API at {asked.base} failed on {asked.what} ({status}){said}.", "Try again.")


def _invalid(asked: Asked, answer: Answer, said: str) -> ServingError:
    if answer.status >= 400:
        message = f"The serving API at {asked.base} refuses {asked.what} ({answer.status}){said}."
        return Invalid(message, "Nothing was changed.")
    return ServingError(
        f"The serving API at {asked.base} redirects {asked.what} elsewhere ({answer.status}); that is not followed.",
        f"It points to {plain(answer.headers.get('location', 'nowhere'), 200)}: put that in [serving] url.",
    )


def _denied(asked: Asked, answer: Answer, said: str) -> Denied:
    if answer.status == 401:
        return Denied(f"The serving API at {asked.base} does not accept the token{said}.", asked.hint)
    return Denied(
        f"The token may not do this: {asked.what}{said}.",
        "Ask for a token with the scope that it names." if "scope" in said else "",
    )


def _busy(asked: Asked, answer: Answer, said: str) -> Unavailable:
    wait_s = _seconds(answer.headers.get("retry-after", ""))
    hint = "Try again later." if wait_s is None else f"Try again in {wait_s:.0f} s."
    return Unavailable(f"The serving API at {asked.base} asks for patience (429){said}.", hint, retry_after_s=wait_s)


def _seconds(text: str) -> float | None:
    """A Retry-After in seconds; its date form is not worth the trouble."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _detail(answer: Answer) -> str:
    """What the API itself says, from problem+json, ready to stand behind a clause; empty for anything else."""
    try:
        fields = as_fields(parse(answer.body), "the problem")
    except MalformedError:
        return ""
    for name in ("detail", "title", "message"):
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return f": {plain(value, _DETAIL_LIMIT).strip().rstrip('.')}"
    return ""
