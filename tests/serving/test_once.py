"""Never two writes, never a wrong claim: whatever is cut, killed or restarted, and whenever."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cutting import Cutter, server_process
from served import MODEL, OPERATOR, WRITE, Served, Stage, settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clawpipe_tui.demo.access import SCOPES
from clawpipe_tui.demo.running import Running
from clawpipe_tui.demo.server import reference_app
from clawpipe_tui.demo.store import Store
from clawpipe_tui.operations.journal import Journal, unresolved, uptime_now
from clawpipe_tui.operations.resolving import resolve
from clawpipe_tui.operations.rollback import Sent, plan_rollback, send
from clawpipe_tui.serving.reference import ReferenceAPI


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Where changes are written."""
    return Store(tmp_path / "serving.db")


@pytest.fixture
def tireless(tmp_path: Path, store: Store, stage: tuple[Stage, Running]) -> Served:
    """An API without quotas."""
    where, running = stage
    quotas = dict.fromkeys(SCOPES, "1000000/second")
    where.app = reference_app(replace(settings(tmp_path, audit=store), quotas=quotas))
    return Served(running, store)


def attempted(served: Served, line: Cutter, key: str) -> Sent:
    """A rollback to the version that does not serve, over this line; nothing is waited for between the looks."""
    with closing(served.api(url=line.url)) as api:
        serving = api.routing(MODEL).routes[0].version
        plan = plan_rollback(api, api, MODEL, to="v41" if serving == "v42" else "v42", key=key)
        return send(api, plan, "errors rose", safety=WRITE, pause=lambda _s: None)


@pytest.fixture
def line(tireless: Served) -> Iterator[Cutter]:
    """To the API."""
    found = Cutter(int(tireless.url.rsplit(":", 1)[1]))
    yield found
    found.close()


def bytes_of(length: int) -> list[int]:
    """Where to cut: at the ends and here and there between; at every byte where there is time for it."""
    step = 1 if os.environ.get("CLAWPIPE_EVERY_BYTE") else 13
    return sorted({*range(0, length, step), length - 1})


def judged(served: Served, sent: Sent, key: str) -> None:
    """What was claimed is what is so."""
    written = [entry["key"] for entry in served.written()].count(key)
    assert written <= 1
    assert sent.state == ("applied" if written else "not applied"), (sent.sentence, written)


def test_a_request_that_is_cut_at_any_byte_is_not_applied(tireless: Served, line: Cutter) -> None:
    """Each of its bytes; one write on the line, none in the audit, and the sentence says so."""
    attempted(tireless, line, "whole")
    for place in bytes_of(line.seen_request):
        line.request_bytes, line.writes = place, 0
        judged(tireless, attempted(tireless, line, f"cut-{place}"), f"cut-{place}")
        assert line.writes == 1
    assert len(tireless.written()) == 1


def test_an_answer_that_is_cut_at_any_byte_is_looked_up(tireless: Served, line: Cutter) -> None:
    """The change was made; it is found by its key and not made again."""
    attempted(tireless, line, "whole")
    places = bytes_of(line.seen_answer)
    for place in places:
        line.answer_bytes, line.writes = place, 0
        judged(tireless, attempted(tireless, line, f"cut-{place}"), f"cut-{place}")
        assert line.writes == 1
    assert len(tireless.written()) == 1 + len(places)


def failing_after(app: ASGIApp) -> ASGIApp:
    """The same application behind a proxy that answers 502 to every write that went through."""

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        async def instead(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "status": 502}
            await send(message)

        await app(scope, receive, instead if scope.get("method") == "PUT" else send)

    return behind


def test_a_5xx_after_the_write_is_looked_up_and_not_repeated(tireless: Served, stage: tuple[Stage, Running]) -> None:
    """A gateway's 502 says nothing about what the server did."""
    stage[0].app = failing_after(stage[0].app)
    with closing(tireless.api()) as api:
        plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
        sent = send(api, plan, "errors rose", safety=WRITE, pause=lambda _s: None)
    judged(tireless, sent, "key-1")
    assert sent.sentence.startswith("The answer was lost, but it took effect as change chg-")


def minutes_later(journal: Journal) -> Journal:
    """The same journal when nothing can be on its way any more."""
    later = replace(uptime_now(), up_s=uptime_now().up_s + 180)
    return Journal(journal.path.parent, lambda: later)


@pytest.mark.parametrize(
    ("dies", "words"),
    [("before the write", "it did not take effect"), ("after the write", "it took effect as change chg-")],
)
def test_a_server_that_is_killed_in_the_middle_is_asked_again_when_it_is_back(
    tmp_path: Path, dies: str, words: str
) -> None:
    """Until then nobody can tell, and says so; afterwards the next start says which."""
    journal = Journal(tmp_path / "state")
    with server_process(tmp_path, dies=dies) as (_, url), closing(ReferenceAPI(url, OPERATOR)) as api:
        plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
        sent = send(api, plan, "errors rose", safety=WRITE, journal=journal, pause=lambda _s: None)
        assert (sent.state, "Do not repeat it" in sent.sentence) == ("cannot tell", True)
        assert "cannot" in resolve(api, journal)[0].lower()
    with server_process(tmp_path) as (_, url), closing(ReferenceAPI(url, OPERATOR)) as api:
        if dies == "before the write":
            assert "It has not taken effect so far, and it still could" in resolve(api, journal)[0]
        assert words in resolve(api, minutes_later(journal))[0]
        assert unresolved(journal) == ()


_CONSOLE = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from served import MODEL, OPERATOR, WRITE
from clawpipe_tui.operations.journal import Journal
from clawpipe_tui.operations.rollback import plan_rollback, send
from clawpipe_tui.serving.reference import ReferenceAPI
api = ReferenceAPI(sys.argv[1], OPERATOR, timeout_s=30)
plan = plan_rollback(api, api, MODEL, to=None, key="key-1")
print("sending", flush=True)
send(api, plan, "errors rose", safety=WRITE, journal=Journal(Path(sys.argv[2])))
"""


def test_a_console_that_is_killed_between_send_and_answer_says_so_at_its_next_start(
    tireless: Served, tmp_path: Path, stage: tuple[Stage, Running]
) -> None:
    """The journal has the attempt; the API is asked for it; nothing is sent again."""
    app = stage[0].app
    sent_on = tmp_path / "the-server-has-answered"

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        async def kept(_message: Message) -> None:
            sent_on.touch()

        write = scope.get("method") == "PUT" and b"dry_run" not in scope["query_string"]
        await app(scope, receive, kept if write else send)
        await asyncio.sleep(2 if write else 0)

    stage[0].app = held
    words = [sys.executable, "-c", _CONSOLE, tireless.url, str(tmp_path / "state"), str(Path(__file__).parent)]
    console = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    while not sent_on.exists():
        assert console.poll() is None
        time.sleep(0.005)
    os.kill(console.pid, signal.SIGKILL)
    console.wait()
    stage[0].app = app
    journal = Journal(tmp_path / "state")
    with closing(tireless.api()) as api:
        assert "it took effect as change chg-" in resolve(api, journal)[0]
    assert (len(tireless.written()), unresolved(journal), journal.verify().entries) == (1, (), 2)
