"""What one screen wants to know, and the one frozen value that answers it. Blocks; the asker runs it in a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.abreast import Abreast
from clawpipe_tui.errors import ClawpipeError, GivenUpError
from clawpipe_tui.panels.look import Mark
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.panels.values import epoch_s
from clawpipe_tui.window import Window, window_ending
from clawpipe_tui.wording import clean, day_and_moment

if TYPE_CHECKING:
    from clawpipe_tui.opened import Progress, Session
    from clawpipe_tui.result import Value
    from clawpipe_tui.spec import PanelSpec

ALWAYS = ("headline", "versions", "models", "events")
"""What the header line, the colours of versions and the marks on charts need on every screen."""
CLOCK_STANDS_S = 300.0
CLOCK_S = 10.0
"""How often a quiet log is asked how far it is behind the clock."""
_MOST_ANSWERS = 400
"""So many are kept: a silent log has one revision for ever, and its window moves on."""
_ABREAST = 3
"""Two questions can be answered at a time; a third may wait for what one of them works out."""
_JUDGED = ("version_diff", "version_decision", "shadow_pairs")
"""Queries that judge $other beside $version."""
LATE_S = 2.0
"""How long an answer may take before the rows on screen are called stale."""


@dataclass(frozen=True)
class Wanted:
    """What the user looks at: the panels to fill and the values to bind."""

    number: int
    """Grows with every change that the user makes; an answer to an older one is dropped."""
    screen: str
    panels: tuple[PanelSpec, ...]
    model: str
    width_s: int
    baseline: str
    end: datetime | None = None
    picks: Mapping[str, Value] = field(default_factory=dict[str, "Value"])
    paused: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Everything that one screen shows, at one revision of the log."""

    number: int
    screen: str
    states: Mapping[str, PanelState]
    asked_at: datetime
    window: Window | None = None
    now: datetime | None = None
    """The console's clock, which may stand still."""
    revision: int = -1
    picks: Mapping[str, Value] = field(default_factory=dict[str, "Value"])
    """The user's picks, and the first row of every panel that drives its screen."""
    always: Mapping[str, PanelState] = field(default_factory=dict[str, PanelState])
    progress: Progress | None = None

    @property
    def clock_stands(self) -> bool:
        """Whether the console's clock is not the time of day: a log of the past."""
        return self.now is not None and abs((self.asked_at - self.now).total_seconds()) > CLOCK_STANDS_S

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that the log knows in this window."""
        return tuple(str(value) for value in self._always("versions", "version"))

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that the log speaks of."""
        return tuple(str(value) for value in self._always("models", "model"))

    @property
    def newest_at(self) -> datetime | None:
        """The last row of the model that is looked at, in this window or outside of it."""
        return _newest_at(self.always.get("models"), self.model)

    @property
    def model(self) -> str:
        """The model that was asked about, where none was named."""
        answered = (state.result for state in (*self.always.values(), *self.states.values()) if state.result)
        return next((str(result.bound["model"]) for result in answered if result.bound.get("model")), "")

    @property
    def headline(self) -> dict[str, Value] | None:
        """The verdict of the moment; None where it has not been answered."""
        state = self.always.get("headline")
        rows = state.result.records() if state and state.result else []
        return rows[0] if rows else None

    @property
    def version_rows(self) -> list[dict[str, Value]]:
        """The same, with role and share."""
        return _records(self.always.get("versions"))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What changed in this window, for charts over time: the rows of `events`.

        Where a version begins is known when all older files have been read.
        """
        rows = _records(self.always.get("events"))
        whole = self.progress is not None and self.progress.whole
        found = ((epoch_s(row.get("since_at")), row) for row in rows if whole or row.get("kind") != "version")
        return tuple(
            Mark(at_s, str(row.get("mark") or "")[:1] or "▼", clean(str(row.get("text") or ""), 60))
            for at_s, row in found
            if at_s is not None
        )

    def _always(self, query: str, column: str) -> tuple[Value, ...]:
        state = self.always.get(query)
        found = state.result if state else None
        return found.column(column) if found and column in found.columns else ()


def _records(state: PanelState | None) -> list[dict[str, Value]]:
    return state.result.records() if state and state.result else []


def partner(versions: Sequence[Mapping[str, Value]], version: Value) -> Value:
    """What a version is compared with unless the user says otherwise: of the others, the one with most traffic."""
    others = [row["version"] for row in versions if row["version"] != version] if version is not None else []
    return next(iter(others), None)


def judged(versions: Sequence[Mapping[str, Value]], picks: Mapping[str, Value]) -> dict[str, Value]:
    """A picked canary or shadow is what is judged, by the live version beside it."""
    picked, beside = picks.get("version"), picks.get("other")
    role = {row["version"]: row.get("role") for row in versions}
    turned = role.get(beside) == "live" and role.get(picked, "live") != "live"
    return {"version": beside, "other": picked} if turned else {}


class OutdatedError(Exception):
    """The user wants something else by now."""


def context_of(wanted: Wanted, window: Window, now: datetime, picks: Mapping[str, Value]) -> dict[str, Value]:
    """The values that every query finds bound."""
    return {
        "now": now,
        "model": picks.get("model") or wanted.model,
        "version": picks.get("version"),
        "other": picks.get("other"),
        "since": window.since,
        "until": window.until,
        "step": window.step,
        "baseline": wanted.baseline,
        "column": picks.get("column"),
        "client": picks.get("client"),
    }


class Answers:
    """Answers that are still true: of one revision, by query and by the values that the query really uses."""

    def __init__(self) -> None:
        self.revision = -1
        self._abreast = Abreast(_ABREAST)
        self._kept: dict[tuple[object, ...], Future[PanelState]] = {}

    def renew(self, revision: int) -> None:
        """Forget what was answered before the log grew."""
        if revision != self.revision:
            self.revision = revision
            self._kept.clear()

    def give_up(self, session: Session) -> None:
        """Stop what is being asked: nobody wants it any more."""
        for thread in self._abreast.threads:
            session.give_up(thread)

    def begin(
        self, session: Session, query: str, context: Mapping[str, Value], outdated: Callable[[], bool]
    ) -> Future[PanelState]:
        """Ask for one query's state, beside others; asked only where no answer is kept or on its way."""
        key = _key(query, context, session.parameters(query))
        for oldest in list(self._kept)[: max(0, len(self._kept) - _MOST_ANSWERS)]:
            del self._kept[oldest]
        known = self._kept.get(key)
        if known is None or (known.done() and (known.exception() or known.result().kind == "failed")):
            known = self._kept[key] = self._abreast.begin(lambda: state_of(session, query, context, outdated))
        return known


def state_of(
    session: Session, query: str, context: Mapping[str, Value], outdated: Callable[[], bool] = lambda: False
) -> PanelState:
    """One query's state. The one place where any error becomes a panel's."""
    if outdated():
        raise OutdatedError
    try:
        result = session.ask(query, context)
    except GivenUpError as error:
        raise OutdatedError from error
    except Exception as error:  # noqa: BLE001  the edge of the worker: a panel says it, the others run
        return PanelState("failed", message=sentence(error))
    empty = not result.rows or (bool(result.note) and result.says_nothing())
    return PanelState("empty" if empty else "fresh", result, result.note)


def _key(query: str, context: Mapping[str, Value], used: Collection[str]) -> tuple[object, ...]:
    # The clock counts in steps: else nothing that uses it would ever be kept.
    now = context.get("now")
    clock = int(now.timestamp() // CLOCK_S) if isinstance(now, datetime) else 0
    return (query, *((name, clock if name == "now" else str(context.get(name))) for name in sorted(used)))


def sentence(error: BaseException) -> str:
    """What went wrong, for the user: our own errors speak for themselves, others name their kind."""
    if isinstance(error, ClawpipeError):
        return str(error)
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def take_snapshot(session: Session, wanted: Wanted, answers: Answers, outdated: Callable[[], bool]) -> Snapshot:
    """Ask everything the screen shows, each question once, two at a time.

    Raises OutdatedError where the user moved on meanwhile.
    """
    revision = session.revision()
    answers.renew(revision)
    # Both clocks at one moment: one that jumps while questions are answered does not stand still.
    now, asked_at = session.now(), datetime.now(UTC)
    window = window_ending(wanted.end or now, wanted.width_s)
    base = context_of(wanted, window, now, {})
    always = {query: answers.begin(session, query, base, outdated) for query in ALWAYS}
    picks = dict(wanted.picks)
    states: dict[str, Future[PanelState]] = {}
    versions = _records(always["versions"].result())
    for panel in sorted(wanted.panels, key=lambda panel: not panel.picks):
        # A panel is never narrowed by what is picked in it: it must go on showing the other rows.
        others = {name: value for name, value in picks.items() if name not in {panel.picks, *panel.ignores}}
        others.setdefault("other", partner(versions, others.get("version")))
        if panel.query in _JUDGED and "other" not in picks:
            others |= judged(versions, others)
        context = {**context_of(wanted, window, now, others), **panel.bind}
        states[panel.name] = answers.begin(session, panel.query, context, outdated)
        if drives(panel) or _is_followed(panel, wanted, session):
            _pick_first(panel, states[panel.name].result(), picks)
    found, known = ({name: one.result() for name, one in each.items()} for each in (states, always))
    newest_at = _newest_at(known["models"], str(picks.get("model") or wanted.model))
    found = {name: _explained(state, window, newest_at) for name, state in found.items()}
    progress = session.progress()
    return Snapshot(wanted.number, wanted.screen, found, asked_at, window, now, revision, picks, known, progress)


def _newest_at(models: PanelState | None, model: str) -> datetime | None:
    """Of one model; where none is named, of the one with most requests, which stands first."""
    last = next((row.get("last_at") for row in _records(models) if not model or row["model"] == model), None)
    return last if isinstance(last, datetime) else None


def _explained(state: PanelState, window: Window, newest_at: datetime | None) -> PanelState:
    """An empty panel says where the log ends, where that is before its window."""
    if state.kind != "empty" or state.message or newest_at is None or newest_at >= window.since:
        return state
    return replace(state, message=f"the newest row is from {day_and_moment(newest_at)} UTC; :until goes there")


def _is_followed(panel: PanelSpec, wanted: Wanted, session: Session) -> bool:
    """Whether another panel in sight shows one column, and would show none without this one's pick."""
    others = (other.query for other in wanted.panels if other is not panel)
    return panel.picks == "column" and any("column" in session.parameters(query) for query in others)


def drives(panel: PanelSpec) -> bool:
    """Whether the others on its screen show the row under the panel's cursor from the beginning on."""
    return panel.picks == "model" or (bool(panel.picks) and not panel.opens)


def _pick_first(panel: PanelSpec, state: PanelState, picks: dict[str, Value]) -> None:
    values = state.result.column(panel.picks) if state.result and panel.picks in state.result.columns else ()
    if values and picks.get(panel.picks) not in values:
        picks[panel.picks] = values[0]


def aged(
    states: Mapping[str, PanelState], panels: tuple[PanelSpec, ...], waited_s: float, age_s: float
) -> dict[str, PanelState]:
    """What the panels show while an answer is late: loading says for how long, old rows say that they are old."""
    loading = PanelState("loading", age_s=float(int(waited_s)))
    late = waited_s >= LATE_S
    return {
        panel.name: replace(state, kind="stale", age_s=float(int(age_s)))
        if (state := states.get(panel.name, loading)).kind == "fresh" and late
        else state
        for panel in panels
    }


def failed_snapshot(wanted: Wanted, error: BaseException) -> Snapshot:
    """Every panel of the screen with the same sentence: nothing could be asked at all."""
    state = PanelState("failed", message=sentence(error))
    return Snapshot(wanted.number, wanted.screen, {panel.name: state for panel in wanted.panels}, datetime.now(UTC))
