"""One HTTP exchange with a serving API, bounded in time and size; knows what was sent when it breaks.

Imported lazily by the adapters: httpx is not paid for before the console's first paint.
"""

from __future__ import annotations

import base64
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from clawpipe_tui.serving.errors import Unavailable, Unknown
from clawpipe_tui.serving.payload import MASK, plain
from clawpipe_tui.serving.refusal import Answer
from clawpipe_tui.serving.trust import Trust, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

BODY_LIMIT_BYTES = 5_000_000
_RETRY_AFTER_S = (0.1, 0.3)
_BODY_DEADLINES = 3  # a body may take this many timeouts in all: each read alone has a timeout, their sum would not
_SILENCE_S = 40.0  # a stream of events says now and then that it is still there
_SECRET_BYTES = 6  # what is shorter is a word that may stand in any answer
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_WORTH_RETRYING = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)


class TooLargeError(httpx.TransportError):
    """The body is larger than any answer of this API should be."""


class Wire:
    """Talks to one API: a GET may be repeated, a write is sent exactly once."""

    def __init__(
        self,
        base: str,
        identity: Callable[[], Mapping[str, str]],
        transport: httpx.BaseTransport | None,
        timeout_s: float,
        trust: Trust | None = None,
    ) -> None:
        self._base = base
        self._identity = identity
        self._transport = transport
        self._timeout_s = timeout_s
        self._streaming: socket.socket | None = None
        # Without https no certificate is ever checked, and loading the system's takes tens of milliseconds.
        secure = base.startswith("https:")
        self._tls = tls_context(trust or Trust()) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._readers = self._client(secure=secure)

    def _client(self, *, secure: bool) -> httpx.Client:
        return httpx.Client(
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            transport=self._transport,
            timeout=httpx.Timeout(self._timeout_s),
            verify=self._tls,
            follow_redirects=False,
            trust_env=secure,  # proxies are for https: plain http is loopback, or carries no token
        )

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask; a broken connection is tried twice more. Raises Unavailable."""
        for pause_s in _RETRY_AFTER_S:
            try:
                return self._exchange(self._readers, "GET", path, headers or {}, b"")
            except _WORTH_RETRYING:
                time.sleep(pause_s)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise self._unreachable(error) from error
        try:
            return self._exchange(self._readers, "GET", path, headers or {}, b"")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    def write(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send once. Raises Unavailable where nothing was sent, Unknown where the answer was lost."""
        # A connection of its own: a kept one may have been closed by the server, which would look like a lost answer.
        with self._client(secure=self._base.startswith("https:")) as client:
            try:
                return self._exchange(client, method, path, headers, body)
            except (*_NOT_SENT, httpx.InvalidURL) as error:
                raise self._unreachable(error) from error
            except httpx.HTTPError as error:
                message = f"The change was sent to {self._base} and its answer was lost: {_worded(error)}."
                raise Unknown(message, "It may or may not have taken effect. Do not send it again.") from error

    def stream(self, path: str) -> Generator[bytes]:
        """What an answer that does not end says, as it comes; `close` ends it. Raises Unavailable."""
        patience = httpx.Timeout(self._timeout_s, read=_SILENCE_S)
        with self._client(secure=self._base.startswith("https:")) as client:
            try:
                with client.stream("GET", self._base + path, headers=self._identity(), timeout=patience) as response:
                    if response.status_code != 200:
                        raise Unavailable(f"{self._base} gives no stream of events ({response.status_code}).")
                    self._streaming = response.extensions["network_stream"].get_extra_info("socket")
                    yield from response.iter_raw()
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise self._unreachable(error) from error
            finally:
                self._streaming = None

    def _exchange(
        self, client: httpx.Client, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        sent = {**self._identity(), **headers}  # asked anew each time: some tokens live for minutes
        with client.stream(method, self._base + path, headers=sent, content=body or None) as response:
            content = self._bounded(response)
            for secret in _secrets(sent.get("Authorization", "")):
                content = content.replace(secret, MASK.encode())  # some APIs and proxies say it back in their errors
            return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)

    def _bounded(self, response: httpx.Response) -> bytes:
        """The body as sent; identity was asked for, so nothing is ever unpacked here: a small answer stays small."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx.DecodingError("the answer is compressed, which was not asked for")
        deadline = time.monotonic() + _BODY_DEADLINES * self._timeout_s
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > BODY_LIMIT_BYTES:
                raise TooLargeError(f"the answer is larger than {BODY_LIMIT_BYTES // 1_000_000} MB")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer trickles")
        return bytes(content)

    def _unreachable(self, error: Exception) -> Unavailable:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Unavailable(
                f"Cannot reach the serving API at {self._base}: {_worded(error)}.",
                "Check that it runs and that [serving] url is right.",
            )
        return Unavailable(f"The serving API at {self._base} gave no answer: {_worded(error)}.", "Try again.")

    def close(self) -> None:
        """Drop the kept connections, also one that a stream waits on in another thread."""
        streaming = self._streaming
        if streaming is not None:
            with suppress(OSError):
                streaming.shutdown(socket.SHUT_RDWR)
        self._readers.close()


def _secrets(authorisation: str) -> list[bytes]:
    """What of the header must be shown nowhere: its value, and the password inside a Basic one."""
    scheme, _, value = authorisation.partition(" ")
    found = [value.encode()]
    if scheme == "Basic":
        found.append(base64.b64decode(value).partition(b":")[2])
    return [secret for secret in found if len(secret) >= _SECRET_BYTES]


def _worded(error: Exception) -> str:
    """What broke, in a few words."""
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError) and "refused" in str(error).lower():
        return "connection refused"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError) and not str(error):
        return "the connection was dropped"
    return plain(str(error), 200) or type(error).__name__
