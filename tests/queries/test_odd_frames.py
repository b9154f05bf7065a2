"""Odd logs, with labels, objectives and baselines that come and go: every answer is sound, and so is every frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from test_degenerate import is_sound, limits_of
from test_drift import between
from tiny_log import END, START, Columns, TinyLog, ask, write

from clawpipe_tui.catalog import load_catalog, shipped
from clawpipe_tui.commands.show import frame
from clawpipe_tui.config import Objectives
from clawpipe_tui.config.objectives import METRICS, OF_A_COLUMN, Objective
from clawpipe_tui.dashboard.desk import ConsoleSettings, Desk
from clawpipe_tui.dashboard.view import Place, View, first_focus
from clawpipe_tui.panels.frame import to_text
from clawpipe_tui.session import LogSession
from clawpipe_tui.spec.reading import load_screens
from clawpipe_tui.window import window_between

NAN = float("nan")
CATALOG = load_catalog()
SCREENS = load_screens([shipped("screens")], CATALOG)
RULES = tuple(Objective(name, 0.1, 90.0, column="x" if name in OF_A_COLUMN else "") for name in METRICS)
WINDOWS = (
    window_between(START - timedelta(hours=1), END),
    window_between(START - timedelta(days=9), START - timedelta(days=8)),
)


def rows(count: int, version: str = "v1", at_s: float = 0, **columns: Sequence[object]) -> Columns:
    """Requests, a second apart; the values of a column follow each other, again and again."""
    made: Columns = {
        "served_at": [START + timedelta(seconds=at_s + k) for k in range(count)],
        "request_id": [f"{version}-{k}" for k in range(count)],
        "version": [version] * count,
        "outcome": ["ok"] * count,
        "latency_ms": [5.0] * count,
    }
    return made | {name: [values[k % len(values)] for k in range(count)] for name, values in columns.items()}


def labels(count: int, *said: object) -> Columns:
    """A label for each of the first requests of v1, two minutes later."""
    return {
        "request_id": [f"v1-{k}" for k in range(count)],
        "label": [said[k % len(said)] for k in range(count)],
        "labelled_at": [START + timedelta(seconds=k + 120) for k in range(count)],
    }


@dataclass(frozen=True)
class Odd:
    """A log, its labels and its baseline."""

    parts: list[Columns]
    labels: Columns = field(default_factory=lambda: labels(1, "yes"))
    baseline: Mapping[str, Sequence[object]] = field(default_factory=dict[str, "Sequence[object]"])


def scored(score: Sequence[object], prediction: Sequence[object] = ("yes",), count: int = 120) -> list[Columns]:
    """A classifier's answers."""
    return [rows(count, score=score, prediction=prediction, x=[1.0])]


YES = labels(120, "yes")
BASELINE: Columns = {
    "x": [1.0, 2.0] * 40,
    "score": [0.2, 0.9] * 40,
    "prediction": ["no", "yes"] * 40,
    "label": ["no", "yes"] * 40,
}
EXTREMES: list[object] = [1.7e308, -1.7e308, 5e-324, 2.0**60 + 1]
LOGS: dict[str, Odd] = {
    "one row with a label": Odd(scored([0.5], count=1)),
    "one class": Odd(scored([0.5]), YES, BASELINE | {"label": ["yes"] * 80}),
    "always wrong": Odd(scored([0.0, 1.0]), labels(120, "yes", "no"), BASELINE),
    "labels of nobody": Odd(scored([0.5]), {**labels(9, "yes"), "request_id": [f"none-{k}" for k in range(9)]}),
    "scores that are no number": Odd(scored([NAN]), labels(120, "no", "yes", "yes"), BASELINE),
    "scores beyond 1": Odd(scored([float("inf"), -3.0, 7.0, None]), YES, BASELINE),
    "amounts": Odd(
        scored([None], [str(k * 1e150) for k in range(120)]), labels(120, *(str(-k * 1e150) for k in range(120)))
    ),
    "one amount": Odd(scored([None], ["5"]), labels(120, *map(str, range(120)))),
    "versions that vanish": Odd([rows(60, "v1", x=[1.0]), rows(60, "v2", 60, x=[2.0]), rows(1, "v3", 7_100, x=[NAN])]),
    "another column in the baseline": Odd([rows(60, y=[1.0])], baseline={"x": [1.0] * 60}),
    "an empty column": Odd([rows(60, x=[None])], baseline={"x": [None, *[1.0] * 59]}),
    "beyond every measure": Odd([rows(90, x=EXTREMES)], baseline={"x": [0.0, 1e-300] * 40}),
}


@pytest.fixture(scope="module", params=LOGS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """An open console on one of these logs, which is asked for everything."""
    folder, odd = tmp_path_factory.mktemp("odd"), LOGS[request.param]
    log = TinyLog(folder, baseline=str(write(folder / "baseline.parquet", odd.baseline)) if odd.baseline else "")
    for number, part in enumerate(odd.parts):
        log.write(f"{number}.parquet", part)
    label_files = (str(write(folder / "labels.parquet", odd.labels)),)
    config = replace(log.config(), label_files=label_files, objectives=Objectives(rules=RULES))
    opened = LogSession(config, cache=log.cache)
    try:
        opened.read()
        yield opened
    finally:
        opened.close()


ABOUT_LABELS = ("quality", "quality_estimate", "quality_over_time", "label_lag", "calibration", "objectives")


@pytest.mark.parametrize("query", ABOUT_LABELS)
def test_every_question_about_labels_is_answered(session: LogSession, query: str) -> None:
    """In a window with rows, and in an empty one."""
    for window in WINDOWS:
        assert is_sound(ask(session, query, **limits_of(query), **between(window), version="v1"))


@pytest.mark.parametrize("name", ["overview", "drift", "versions", "quality"])
def test_every_frame_shows_numbers_or_says_that_there_are_none(session: LogSession, name: str) -> None:
    """No NaN, no infinity, and no panel that failed; against the training data and against a version."""
    spec = next(screen for screen in SCREENS if screen.name == name)
    settings = ConsoleSettings(SCREENS, lambda: session, session.model())
    baseline = "version v1" if name == "drift" else "training"
    view = View(Place(spec.name, first_focus(spec)), width_s=7_200, baseline=baseline)
    text = to_text(frame(Desk(settings, view, 160, 50), session))
    assert not re.search(r"\b(nan|inf)\b|The query", text), text  # a mass is called NaN
