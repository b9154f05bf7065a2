"""Stand-ins at the two seams of the console, the session and the serving API, with answers that can be told to fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clawpipe_tui.catalog import PARAMETERS
from clawpipe_tui.errors import QueryError
from clawpipe_tui.opened import Progress
from clawpipe_tui.result import Result, Value
from clawpipe_tui.serving.errors import Conflict
from clawpipe_tui.serving.seam import Applied, Capabilities, Change, Route, Routing, VersionDocument
from clawpipe_tui.spec import BrokenScreen, Grid, PanelSpec, ScreenSpec

NOW = datetime(2026, 11, 7, 2, 55, tzinfo=UTC)
MODEL = "flight-delay"
_MINUTES = [NOW - timedelta(minutes=60 - minute) for minute in range(60)]
SENTENCE = "v43 worse: errors 9.1 % (v42 1.0 %), p95 840 ms since 02:41 · drift: temperature_f, carrier (new: ZZ)"

_SEEN = (NOW - timedelta(hours=6), NOW)


def _drifting(
    column: str, psi: float, ks_low: float | None, unseen: str, trend: list[float | None]
) -> tuple[Value, ...]:
    """One row of the drift query."""
    drifted = psi > 0.1
    kind, verdict = "numeric" if ks_low else "categorical", "drifted" if drifted else "inside noise"
    ks_high = ks_low + 0.03 if ks_low else None
    since_at = NOW - timedelta(minutes=14) if drifted else None
    return (column, kind, verdict, psi, 0.02, ks_low, ks_high, psi / 4, 0.0, 0.0, unseen, since_at, trend)


ANSWERS: dict[str, tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]] = {
    "headline": (
        ("verdict", "version", "sentence", "columns_drifted", "since_at", "requests", "error_pct", "lag_s"),
        (("worse", "v43", SENTENCE, 2, NOW - timedelta(minutes=14), 21_400, 9.1, 2.0),),
    ),
    "health": (
        (
            *("model", "version", "role", "requests", "error_pct", "timeout_pct", "fallback_pct"),
            *("p50_ms", "p95_ms", "p99_ms", "verdict"),
        ),
        (
            (MODEL, "v42", "live", 19_300, 1.0, 0.1, 0.4, 21.0, 88.0, 140.0, "not shown worse"),
            (MODEL, "v43", "canary", 2_100, 9.1, 3.0, 0.5, 44.0, 840.0, 1_900.0, "worse"),
        ),
    ),
    "versions": (
        ("model", "version", "role", "weight_pct", "requests", "first_at", "last_at"),
        (
            (MODEL, "v42", "live", 90.0, 19_300, *_SEEN),
            (MODEL, "v43", "canary", 10.0, 2_100, *_SEEN),
            (MODEL, "v41", "live", 0.0, 0, *_SEEN),
        ),
    ),
    "errors_over_time": (
        ("at", "version", "error_pct", "requests"),
        tuple(
            (at, version, 1.0 + (8.0 if version == "v43" and minute > 45 else 0.0) + minute % 5 / 5, 300)
            for minute, at in enumerate(_MINUTES)
            for version in ("v42", "v43")
        ),
    ),
    "traffic_over_time": (
        ("at", "version", "requests", "requests_per_s"),
        tuple(
            (at, version, 330 if version == "v42" else 36, 5.5 if version == "v42" else 0.6)
            for at in _MINUTES
            for version in ("v42", "v43")
        ),
    ),
    "latency_over_time": (
        ("at", "p50_ms", "p95_ms", "p99_ms"),
        tuple((at, 21.0 + minute % 3, 88.0 + minute * 2, 140.0 + minute * 9) for minute, at in enumerate(_MINUTES)),
    ),
    "latency_by_version": (
        ("at", "version", "p95_ms"),
        tuple((at, version, 88.0 if version == "v42" else 840.0) for at in _MINUTES for version in ("v42", "v43")),
    ),
    "latency_failed_over_time": (
        ("at", "p50_ms", "p95_ms"),
        tuple((at, 900.0, 2_000.0) for at in _MINUTES[45:]),
    ),
    "latency_heat": (
        ("at", "low_ms", "high_ms", "requests"),
        tuple(
            (at, 2.0**low, 2.0 ** (low + 1), (low * 7 + minute) % 40)
            for minute, at in enumerate(_MINUTES)
            for low in range(3, 11)
        ),
    ),
    "outcomes_over_time": (
        ("at", "outcome", "requests"),
        tuple((at, outcome, 3 + minute % 4) for minute, at in enumerate(_MINUTES) for outcome in ("error", "timeout")),
    ),
    "drift": (
        (
            *("column", "kind", "verdict", "psi", "psi_critical", "ks_low", "ks_high", "js_distance", "null_pct"),
            *("baseline_null_pct", "unseen", "since_at", "trend"),
        ),
        (
            _drifting("temperature_f", 2.31, 0.71, "", [0.01, 0.02, 1.1, 2.3]),
            _drifting("carrier", 0.4, None, "ZZ 12 %", [0.0, 0.0, 0.2, 0.4]),
            _drifting("distance", 0.004, 0.01, "", [0.0, 0.01, 0.0, 0.0]),
        ),
    ),
    "histogram": (
        ("column", "bin_low", "bin_high", "category", "baseline_pct", "live_pct", "contribution", "mass"),
        tuple(
            ("temperature_f", float(low), float(low + 10), None, 10.0, float(low / 5), 0.1, "bin")
            for low in range(0, 100, 10)
        ),
    ),
    "error_types": (
        ("error", "version", "outcome", "requests", "share_pct", "first_at", "last_at"),
        (
            ("unit out of range", "v43", "error", 120, 61.0, *_SEEN),
            ("deadline exceeded", "v43", "timeout", 63, 32.0, *_SEEN),
        ),
    ),
    "errors_by_client": (
        ("client", "version", "requests", "error_pct", "timeout_pct"),
        (("mobile", "v43", 900, 11.0, 3.0), ("web", "v43", 700, 8.0, 2.0), ("batch", "v42", 9_000, 1.0, 0.1)),
    ),
    "version_diff": (
        ("measure", "unit", "a", "b", "difference", "verdict", "low", "high", "detectable"),
        (
            ("error_pct", "%", 1.0, 9.1, 8.1, "worse", 6.9, 9.4, 1.1),
            ("p95_ms", "ms", 88.0, 840.0, 752.0, "worse", 640.0, 810.0, 40.0),
        ),
    ),
    "version_decision": (
        ("a_version", "b_version", "verdict", "sentence"),
        (("v42", "v43", "worse", "Roll back v43: 9.1 % of its requests fail, v42 1.0 % (+6.9 to +9.4 points)."),),
    ),
    "silence": (
        ("version", "role", "requests", "first_at", "last_at", "silent_s"),
        (("v42", "live", 900, *_SEEN), ("v43", "canary", 0, None, None))[:0],
    ),
    "candidates": (
        (
            *("version", "verdict", "last_failed_pct", "met_from_at", "met_until_at", "met_requests", "met_failed_pct"),
            *("met_p95_ms", "met_age_s"),
        ),
        (
            ("v42", "met", 1.2, *_SEEN, 19_300, 1.1, 88.0, 0.0),
            ("v43", "missed", 9.1, None, None, None, None, None, None),
            ("v41", "met", 1.0, *_SEEN, 8_000, 1.0, 80.0, 16_000.0),
        ),
    ),
    "shadow_pairs": (
        ("column", "segment", "pairs", "differ_pct", "low_pct", "high_pct", "times", "verdict", "unpaired"),
        (("country", "FR", 700, 40.0, 36.0, 44.0, 20.0, "worse", None),),
    ),
    "will_it_help": (
        ("version", "other", "verdict", "sentence"),
        (("v43", "v42", "helps", "It should help: v43 fails 8.0 points more than it would have (6.9 to 9.1)."),),
    ),
    "models": (("model", "requests", "last_at"), ((MODEL, 21_400, NOW), ("churn", 900, NOW))),
    "events": (
        ("since_at", "kind", "mark", "text"),
        ((NOW - timedelta(minutes=14), "version", "V", "v43 first seen"),),
    ),
    "files": (("path", "state", "reason", "rows", "first_at", "last_at"), ()),
}


@dataclass
class FakeSession:
    """Canned answers; every question is written down, and each query can be made to fail or to take long."""

    answers: dict[str, tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]] = field(
        default_factory=lambda: dict(ANSWERS)
    )
    asked: list[tuple[str, Mapping[str, Value]]] = field(default_factory=list[tuple[str, Mapping[str, Value]]])
    failing: dict[str, str] = field(default_factory=dict[str, str])
    slow: dict[str, threading.Event] = field(default_factory=dict[str, threading.Event])
    """Query → the event that lets it go on."""
    uses: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Query → the parameters in it."""
    number: int = 1
    progress_now: Progress = field(default_factory=lambda: Progress(360, 360, 100_000, whole=True))
    closed: bool = False
    given_back: int = 0
    given_up: list[int] = field(default_factory=list[int])
    """The threads whose questions were to be stopped."""
    routes: list[list[tuple[object, object]]] = field(default_factory=list[list[tuple[object, object]]])

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The canned answer, after writing the question down."""
        self.asked.append((query, dict(context)))
        if query in self.slow:
            self.slow[query].wait(20)
        if query in self.failing:
            raise QueryError(self.failing[query])
        columns, rows = self.answers[query]
        return Result(query, columns, rows, f"-- the SQL of {query}\nselect *\nfrom   {query}", context, 0.004)

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Remember what was asked of traffic."""
        self.routes.append([(row["version"], row["weight_pct"]) for row in rows])

    def question(self, query: str) -> str:
        """The first comment."""
        return f"What does {query} say?"

    def parameters(self, query: str) -> frozenset[str]:
        """Everything, unless the test says otherwise."""
        return self.uses.get(query, PARAMETERS)

    def give_up(self, thread: int) -> None:
        """Only written down: what is slow here ends when the test says so."""
        self.given_up.append(thread)

    def revision(self) -> int:
        """Grows when the test says so."""
        return self.number

    def now(self) -> datetime:
        """A clock that stands still."""
        return NOW

    def progress(self) -> Progress:
        """As far as the test says."""
        return self.progress_now

    def tidy(self) -> None:
        """Nothing was worked out."""

    def give_back(self) -> None:
        """Only counted."""
        self.given_back += 1

    def close(self) -> None:
        """Let go of everything that waits."""
        self.closed = True
        for event in self.slow.values():
            event.set()

    def asked_for(self, query: str) -> list[Mapping[str, Value]]:
        """The contexts in which a query was asked."""
        return [context for name, context in list(self.asked) if name == query]


BEFORE = (Route("v42", 90.0), Route("v43", 10.0, "canary"))


@dataclass
class FakeServing:
    """A registry and a router in one; keeps every change it was sent."""

    sent: list[Change] = field(default_factory=list[Change])
    routes: tuple[Route, ...] = BEFORE
    token: str = '"7"'
    refuse: Exception | None = None
    unreachable: Exception | None = None
    hold: threading.Event | None = None
    """What the answer to a change waits for."""

    @property
    def capabilities(self) -> Capabilities:
        """A server that guards, and moves traffic at once."""
        return Capabilities("server", "traffic")

    def routing(self, model: str) -> Routing:
        """As it is now."""
        if self.unreachable:
            raise self.unreachable
        key = self.sent[-1].key if self.sent else ""
        return Routing(model, self.routes, self.token, changed_at=NOW, changed_by="ada", change_key=key)

    def describe(self, change: Change) -> str:
        """Looks like a request."""
        return f"PUT /models/{change.model}/routing\nIf-Match: {change.expected}\nAuthorization: Bearer ****\n\n{{}}"

    def apply(self, change: Change) -> Applied:
        """Once."""
        self.sent.append(change)
        if self.hold:
            self.hold.wait(20)
        if self.refuse:
            raise self.refuse
        if change.expected != self.token:
            raise Conflict("The routing has changed since.")
        self.routes, self.token = change.routes, '"8"'
        return Applied(replace(self.routing(change.model), change_id="c-8"), "c-8")

    def models(self) -> tuple[str, ...]:
        """One."""
        return (MODEL,)

    def versions(self, model: str) -> tuple[VersionDocument, ...]:
        """Three."""
        return tuple(self.version(model, name) for name in ("v41", "v42", "v43"))

    def version(self, model: str, version: str) -> VersionDocument:
        """A document that differs by version."""
        document = {
            "runtime": {"python": "3.11"},
            "dependencies": {"scikit-learn": "1.4.0" if version == "v42" else "1.5.1"},
        }
        return VersionDocument(model, version, NOW, "ada", f"retrained for {version}", document)


def panel(name: str, query: str, draw: str, *, picks: str = "", opens: str = "") -> PanelSpec:
    """A panel in one line."""
    return PanelSpec(name, query, draw, title=name.capitalize(), picks=picks, opens=opens)


def screen(key: str, name: str, rows: tuple[tuple[str, ...], ...], *panels: PanelSpec) -> ScreenSpec:
    """A screen in one line."""
    path = Path(f"{name}.toml")
    return ScreenSpec(name, name.capitalize(), key, path, (Grid(80, 24, rows),), {each.name: each for each in panels})


OVERVIEW = screen(
    "1",
    "overview",
    (("headline", "headline"), ("health", "health"), ("errors", "drift")),
    PanelSpec("headline", "headline", "status", title="Now", height=3),
    panel("health", "health", "table", picks="version", opens="versions"),
    panel("errors", "errors_over_time", "line"),
    panel("drift", "drift", "table", picks="column", opens="drift"),
)
DRIFT = screen(
    "2",
    "drift",
    (("drift", "histogram"),),
    panel("drift", "drift", "table", picks="column"),
    panel("histogram", "histogram", "histogram"),
)
VERSIONS = screen(
    "5",
    "versions",
    (("versions",), ("diff",)),
    panel("versions", "versions", "table", picks="version"),
    panel("diff", "version_diff", "table"),
)
BROKEN = BrokenScreen("mine", Path("mine.toml"), "6", "mine.toml, line 3: unknown key 'qurey'. Did you mean 'query'?")
SCREENS = (OVERVIEW, DRIFT, VERSIONS, BROKEN)
