"""What a log cannot say is said in the panel concerned, and is nowhere drawn as 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clawpipe_tui.config import Config
from clawpipe_tui.panels.draw import draw_panel
from clawpipe_tui.panels.frame import to_text
from clawpipe_tui.panels.look import Look
from clawpipe_tui.result import Result
from clawpipe_tui.session import LogSession
from clawpipe_tui.snapshot import state_of
from clawpipe_tui.spec import PanelSpec

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = 100
Ask = Callable[..., Result]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[Mapping[str, Sequence[object]]], LogSession]:
    """Opens a log of one file with these columns beside served_at."""

    def write(columns: Mapping[str, Sequence[object]]) -> LogSession:
        times = [BEGIN + timedelta(seconds=place) for place in range(ROWS)]
        pq.write_table(pa.table({"served_at": times, **columns}), tmp_path / "a.parquet")
        session = LogSession(Config((f"{tmp_path}/*.parquet",), now="end"), cache=tmp_path / "cache")
        session.read()
        return session

    return write


def asked(session: LogSession, query: str) -> Result:
    """A query over the whole log."""
    values = dict.fromkeys(("version", "other", "column", "client"))
    window = {"since": BEGIN - timedelta(hours=1), "until": BEGIN + timedelta(hours=1), "step": timedelta(minutes=1)}
    return session.ask(query, {**values, **window, "model": None, "baseline": "training", "now": session.now()})  # pyright: ignore[reportArgumentType]


def drawn(session: LogSession, query: str, draw: str = "line") -> str:
    """A panel over that query as text."""
    result = asked(session, query)
    state = state_of(Fixed(result), query, {})  # pyright: ignore[reportArgumentType]
    return to_text(draw_panel(PanelSpec("p", query, draw), state, 100, 8, Look()))


class Fixed:
    """A session that gives one answer."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def ask(self, query: str, context: Mapping[str, object]) -> Result:
        """That answer."""
        assert query == self.result.query
        assert context == {}
        return self.result


Opened = Callable[[Mapping[str, Sequence[object]]], LogSession]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("latency_over_time", "latency: not in this log"),
        ("latency_heat", "latency: not in this log"),
        ("errors_over_time", "errors: not in this log"),
        ("errors_by_client", "clients: not in this log"),
    ],
)
def test_a_panel_says_what_the_log_cannot(opened: Opened, query: str, words: str) -> None:
    """Instead of an empty chart, or one of zeros."""
    session = opened({"x": [0.5] * ROWS})
    assert words in drawn(session, query, "table" if query == "errors_by_client" else "line")
    session.close()


def test_a_rate_of_errors_that_nobody_logs_is_unknown_and_not_zero(opened: Opened) -> None:
    """Latency and errors are null, requests are counted."""
    session = opened({"x": [0.5] * ROWS})
    (row,) = asked(session, "health").records()
    assert (row["requests"], row["error_pct"], row["p95_ms"]) == (ROWS, None, None)
    session.close()


def test_the_headline_says_what_it_cannot_say(opened: Opened) -> None:
    """No rate of errors in the sentence that everybody reads."""
    session = opened({"x": [0.5] * ROWS})
    (row,) = asked(session, "headline").records()
    assert "errors not in this log" in str(row["sentence"])
    assert row["error_pct"] is None
    session.close()


def test_what_is_logged_is_shown_without_a_word(opened: Opened) -> None:
    """A log with status and latency has no notes on them."""
    session = opened({"status_code": [200] * ROWS, "latency_ms": [20.0] * ROWS})
    health = asked(session, "health")
    assert (health.note, health.records()[0]["error_pct"]) == ("", 0)
    session.close()


def test_what_a_log_can_tell_can_be_asked(opened: Opened) -> None:
    """For the checklist: predictions logged with context."""
    session = opened({"score": [0.5] * ROWS, "version": ["v1"] * ROWS})
    given = {row["column"]: row["given"] for row in asked(session, "capabilities").records()}
    assert given["score"]
    assert given["version"]
    assert not given["latency_ms"]
    session.close()


def test_outcomes_in_other_words_are_told(opened: Opened) -> None:
    """They count as requests, and as neither answered nor failed."""
    session = opened({"outcome": ["success"] * 90 + ["failed"] * 10})
    words = [str(row["words"]) for row in asked(session, "capabilities").records() if not row["given"]]
    session.close()
    assert any("100 requests have one that says nothing here" in one and "success" in one for one in words)
