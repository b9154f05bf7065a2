"""All that an API, or what stands before it, can answer instead of yes: one sentence each, nothing sent twice."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress

import httpx
import pytest
from served import MODEL, change

from clawpipe_tui.errors import ConfigError, ServingError
from clawpipe_tui.serving.errors import Conflict, Denied, Invalid, NotFound, Unavailable, Unknown
from clawpipe_tui.serving.reference import ReferenceAPI

ROUTING = {"model": MODEL, "routes": [{"version": "v42", "weight_pct": 100}], "previous": None, "change": None}
NASTY = "\x1b[31mred\x07 [bold]x[/] \u202egnol\u202c \ud800" + "k" * 10_000


def answering(*answers: httpx.Response | Exception) -> tuple[ReferenceAPI, list[httpx.Request]]:
    """An API that gives these answers, and what it was asked; the last one is given for ever."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return ReferenceAPI(
        "http://127.0.0.1:1", "secret-token", transport=httpx.MockTransport(answer), timeout_s=0.3
    ), asked


def problem(status: int, detail: str = "because", **headers: str) -> httpx.Response:
    """A refusal."""
    return httpx.Response(status, json={"title": "No", "detail": detail}, headers=headers)


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (400, Invalid, Invalid),
        (401, Denied, Denied),
        (403, Denied, Denied),
        (404, NotFound, NotFound),
        (405, Invalid, Invalid),
        (409, Conflict, Conflict),
        (412, Conflict, Conflict),
        (422, Invalid, Invalid),
        (428, Invalid, Invalid),
        (429, Unavailable, Unavailable),
        (500, Unavailable, Unknown),
        (503, Unavailable, Unknown),
    ],
)
def test_each_refusal_has_its_error_and_says_why(
    status: int, reading: type[ServingError], writing: type[ServingError]
) -> None:
    """A write is sent once, whatever the answer; a 5xx after it is not taken for a no."""
    api, asked = answering(problem(status))
    with closing(api):
        with pytest.raises(reading, match=r"because\."):
            api.routing(MODEL)
        asked.clear()
        with pytest.raises(writing, match="because"):
            api.apply(change('"r1"'))
    assert [request.method for request in asked].count("PUT") == 1


def test_a_busy_api_says_when_to_come_back() -> None:
    """429 carries Retry-After."""
    api, _ = answering(problem(429, **{"Retry-After": "7"}))
    with closing(api), pytest.raises(Unavailable, match="Try again in 7 s") as busy:
        api.routing(MODEL)
    assert (busy.value.retry_after_s, busy.value.exit_code) == (7.0, 3)


def test_a_redirect_is_not_followed() -> None:
    """The token would travel to somewhere that nobody configured."""
    api, asked = answering(httpx.Response(307, headers={"Location": "http://elsewhere.example/"}))
    with closing(api), pytest.raises(ServingError, match=r"points to http://elsewhere.example/"):
        api.routing(MODEL)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>Sign in</html>", b"{", b"[" * 100_000, b'{"model": 3}', b"null", b'"x"', b"\xff\xfe"),
        *(json.dumps({**ROUTING, "routes": routes}).encode() for routes in (None, {}, [3], [{"version": "v"}])),
        b'{"model": "m", "routes": [{"version": "v", "weight_pct": NaN}]}',
        b'{"model": "m", "routes": [{"version": "v", "weight_pct": 1' + b"0" * 400 + b"}]}",
        b'{"model": "m", "routes": [{"version": "v", "weight_pct": 1' + b"0" * 5_000 + b"}]}",
        b'{"model": "m", "routes": [], "change": {"at": "soon"}}',
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_with_advice(body: bytes) -> None:
    """HTML, torn JSON, wrong shapes and absurd numbers; after a write the outcome is unknown."""
    api, _ = answering(httpx.Response(200, content=body, headers={"Content-Type": "text/html", "ETag": '"r1"'}))
    with closing(api):
        with pytest.raises(ServingError, match="cannot be read"):
            api.routing(MODEL)
        with pytest.raises(Unknown, match="cannot be read"):
            api.apply(change('"r1"'))


def test_strings_from_the_api_do_no_harm() -> None:
    """Escapes, direction changes, lone surrogates and ten thousand characters, in values and in refusals."""
    nasty = {**ROUTING, "change": {"reason": NASTY, "by": NASTY, "id": NASTY, "key": NASTY}}
    api, _ = answering(httpx.Response(200, content=json.dumps(nasty).encode()))
    with closing(api):
        routing = api.routing(MODEL)
    for text in (routing.reason, routing.changed_by, routing.change_id):
        assert text.isprintable()
        assert len(text) <= 2_000
    refusing, _ = answering(httpx.Response(422, content=json.dumps({"detail": NASTY}).encode()))
    with closing(refusing), pytest.raises(Invalid) as refused:
        refusing.routing(MODEL)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


def test_a_get_survives_two_broken_connections_and_a_write_none() -> None:
    """Only reads are repeated."""
    broken = httpx.ReadError("reset")
    api, asked = answering(broken, broken, httpx.Response(200, json=ROUTING))
    with closing(api):
        assert api.routing(MODEL).routes[0].version == "v42"
    api, asked = answering(broken)
    with closing(api), pytest.raises(Unknown, match="its answer was lost"):
        api.apply(change('"r1"'))
    assert len(asked) == 1


def test_an_oversized_answer_is_cut_off() -> None:
    """A body of any size cannot fill the memory."""
    api, _ = answering(httpx.Response(200, content=b" " * 6_000_000))
    with closing(api), pytest.raises(Unavailable, match="larger than 5 MB"):
        api.routing(MODEL)


def test_a_server_that_is_not_there_is_named_with_what_to_check() -> None:
    """Connection refused: exit code 3, and a write was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with closing(ReferenceAPI(f"http://127.0.0.1:{port}", "token")) as api:
        for ask in (lambda: api.routing(MODEL), lambda: api.apply(change('"r1"'))):
            with pytest.raises(Unavailable, match=f"Cannot reach the serving API at http://127.0.0.1:{port}") as error:
                ask()
            assert error.value.exit_code == 3


@contextmanager
def talking(say: Callable[[socket.socket], None]) -> Generator[str]:
    """A server that takes one connection at a time and does what it is told with it."""
    done = threading.Event()

    def run(listening: socket.socket) -> None:
        while not done.is_set():
            try:
                near, _ = listening.accept()
            except OSError:
                return
            with near, suppress(OSError):
                near.recv(65_536)
                say(near)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=run, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    """A read becomes Unavailable; a write becomes Unknown, for it was sent."""
    hung = threading.Event()

    def hang(_near: socket.socket) -> None:
        hung.wait(1.0)

    with (
        talking(hang) as url,
        closing(ReferenceAPI(url, "token", timeout_s=0.15)) as api,
    ):
        with pytest.raises(Unavailable, match="no answer in time"):
            api.routing(MODEL)
        with pytest.raises(Unknown, match="no answer in time"):
            api.apply(change('"r1"'))
        hung.set()


def test_a_server_that_trickles_is_given_up_in_time() -> None:
    """Each byte comes in time, the whole never would."""

    def trickle(near: socket.socket) -> None:
        near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        stop = threading.Event()
        while not stop.wait(0.05):
            near.sendall(b" ")

    with (
        talking(trickle) as url,
        closing(ReferenceAPI(url, timeout_s=0.15)) as api,
        pytest.raises(Unavailable, match="no answer in time"),
    ):
        api.routing(MODEL)


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_connection_that_breaks_after_the_write_leaves_it_unknown(said: bytes) -> None:
    """Dropped, cut, or not HTTP at all."""
    with (
        talking(lambda near: near.sendall(said)) as url,
        closing(ReferenceAPI(url, "token", timeout_s=0.5)) as api,
        pytest.raises(Unknown, match="Do not send it again") as lost,
    ):
        api.apply(change('"r1"'))
    assert lost.value.exit_code == 5


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://serving.example:8080", "plain http to serving.example"),
        ("http://10.0.0.7", "plain http to 10.0.0.7"),
        ("ftp://127.0.0.1", "not an http"),
        ("127.0.0.1:8321", "not an http"),
        ("http://[::1", "not a URL"),
        ("http://127.0.0.1:notaport", "not a URL"),
        ("https://user:secret@serving.example", "carries a user"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_travels(url: str, words: str) -> None:
    """A usage error, which does not repeat the secret."""
    with pytest.raises(ConfigError, match=words) as refused:
        ReferenceAPI(url, "secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1/", "http://127.9.9.9/v1", "https://a.example/x"])
def test_loopback_and_https_may_carry_a_token(url: str) -> None:
    """What stays here, or is encrypted."""
    ReferenceAPI(url, "secret").close()


def test_a_token_with_control_characters_is_refused_and_not_shown() -> None:
    """It would split the header."""
    with pytest.raises(ConfigError, match="no header may carry") as refused:
        ReferenceAPI("http://127.0.0.1:1", "abc\r\nX-Evil: 1")
    assert "abc" not in str(refused.value)
