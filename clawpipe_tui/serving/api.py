"""What every adapter that speaks HTTP shares: a checked address, a wire opened at the first question, answers read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, TypedDict, TypeVar

from clawpipe_tui.serving.address import address
from clawpipe_tui.serving.errors import Unavailable, Unknown
from clawpipe_tui.serving.payload import MASK, Fields, MalformedError, as_fields, parse
from clawpipe_tui.serving.refusal import CHECK_IDENTITY, Answer, Asked, not_understood, refusal

if TYPE_CHECKING:
    import httpx

    from clawpipe_tui.serving.trust import Trust
    from clawpipe_tui.serving.wire import Wire

T = TypeVar("T")


class Options(TypedDict, total=False):
    """How an API is reached; all of it may be left out."""

    transport: httpx.BaseTransport | None
    timeout_s: float | None
    trust: Trust | None
    plain_http_hosts: Collection[str]


class Api:
    """One API: questions may be asked again, a write is sent exactly once."""

    patience_s: ClassVar[float] = 10.0
    """How long an answer may take, unless the caller says otherwise."""
    hint = CHECK_IDENTITY
    """What to do where it is not accepted who we are."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float | None = None,
        trust: Trust | None = None,
        plain_http_hosts: Collection[str] = (),
    ) -> None:
        self._address = address(url, token, plain_http_hosts)
        self._transport, self._timeout_s, self._trust = transport, timeout_s or self.patience_s, trust
        self._opened: Wire | None = None
        self._opening = Lock()

    @property
    def base(self) -> str:
        """Where it is."""
        return self._address.base

    def close(self) -> None:
        """Drop the connections."""
        if self._opened is not None:
            self._opened.close()

    def identity(self) -> Mapping[str, str]:
        """The headers that say who we are."""
        return self._address.headers

    @property
    def _wire(self) -> Wire:
        with self._opening:
            if self._opened is None:
                from clawpipe_tui.serving.wire import Wire  # here, so that httpx is loaded when something is asked

                self._opened = Wire(self.base, self.identity, self._transport, self._timeout_s, self._trust)
            return self._opened

    def _get(self, path: str, what: str, read: Callable[[Answer], T]) -> T:
        """The answer to a question. Raises NotFound, Denied, Unavailable, ServingError."""
        return understood(self._wire.get(path), Asked(self.base, what, hint=self.hint), read)

    def _ask(self, path: str, body: bytes, what: str, read: Callable[[Answer], T], method: str = "POST") -> T:
        """A question with a body, or a dry run: it changes nothing, so that a lost answer is only a missing one."""
        return self._try(method, path, JSON, body, what, read)

    def _try(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, what: str, read: Callable[[Answer], T]
    ) -> T:
        """What the API would answer. Raises what a write would raise, and Unavailable in the place of Unknown."""
        try:
            answer = self._wire.write(method, path, headers, body)
        except Unknown as lost:
            raise Unavailable(f"{self.base} gave no answer about {what}.", "Nothing was changed.") from lost
        return understood(answer, Asked(self.base, what, hint=self.hint), read)

    def _write(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, what: str, read: Callable[[Answer], T]
    ) -> T:
        """Send once. Raises Conflict, Denied, Invalid, NotFound, Unavailable, or Unknown where the answer is lost."""
        return understood(
            self._wire.write(method, path, headers, body), Asked(self.base, what, write=True, hint=self.hint), read
        )

    def _literal(self, method: str, path: str, headers: Mapping[str, str], body: str) -> str:
        """A request as it will travel, with who we are masked."""
        masked = {name: f"{value.split(' ', 1)[0]} {MASK}" for name, value in self.identity().items()}
        lines = "\n".join(f"{name}: {value}" for name, value in {**masked, **headers}.items())
        return f"{method} {self.base}{path}\n{lines}\n\n{body}"


JSON: Mapping[str, str] = {"Content-Type": "application/json"}


def understood(answer: Answer, asked: Asked, read: Callable[[Answer], T]) -> T:
    """What the answer says. Raises what its status means, or that it cannot be read."""
    if not 200 <= answer.status < 300:
        raise refusal(asked, answer)
    try:
        return read(answer)
    except MalformedError as error:
        raise not_understood(asked, answer, error) from error


def fields_of(answer: Answer) -> Fields:
    """The answer's JSON object. Raises MalformedError."""
    return as_fields(parse(answer.body), "the answer")


def nothing_of(_answer: Answer) -> None:
    """Its status was all that mattered."""
