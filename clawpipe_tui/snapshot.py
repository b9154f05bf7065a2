"""The thread that asks: one snapshot of the visible screen per change, made off the event loop, posted as one value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.window import Window, window_ending

if TYPE_CHECKING:
    from clawpipe_tui.result import Result, Value
    from clawpipe_tui.spec import PanelSpec
    from clawpipe_tui.warehouse import Progress, Session

ALWAYS = ("headline", "versions")
"""What the header line and the colours of versions need on every screen."""
_RETRY_S = 5.0
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
    fixed: Mapping[str, Value] = field(default_factory=dict[str, "Value"])
    """What the configuration binds: $psi_limit, $alpha."""


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
    def versions(self) -> tuple[str, ...]:
        """The versions that the log knows in this window."""
        return tuple(str(value) for value in self._always("versions", "version"))

    @property
    def lag_s(self) -> float | None:
        """How far the log's last row is behind the clock."""
        lag_s = next(iter(self._always("headline", "lag_s")), None)
        return float(lag_s) if isinstance(lag_s, int | float) else None

    def _always(self, query: str, column: str) -> tuple[Value, ...]:
        state = self.always.get(query)
        found = state.result if state else None
        return found.column(column) if found and column in found.columns else ()


class OutdatedError(Exception):
    """The user wants something else by now."""


def context_of(wanted: Wanted, window: Window, now: datetime, picks: Mapping[str, Value]) -> dict[str, Value]:
    """The values that every query finds bound."""
    return {
        **wanted.fixed,
        "now": now,
        "model": wanted.model,
        "version": picks.get("version"),
        "other": picks.get("other"),
        "since": window.since,
        "until": window.until,
        "step": cast("Value", window.step),  # an interval in SQL
        "baseline": wanted.baseline,
        "column": picks.get("column"),
        "client": picks.get("client"),
    }


@dataclass
class Answers:
    """Answers that are still true: of one revision, by query and by the values that the query really uses."""

    used: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    kept: dict[tuple[object, ...], PanelState] = field(default_factory=dict[tuple[object, ...], PanelState])
    revision: int = -1

    def renew(self, revision: int) -> None:
        """Forget what was answered before the log grew."""
        if revision != self.revision:
            self.revision = revision
            self.kept.clear()

    def ask(self, session: Session, query: str, context: Mapping[str, Value]) -> PanelState:
        """One query's state; asked only where no answer is kept. The one place where any error becomes a panel's."""
        key = self._key(query, context)
        if key in self.kept:
            return self.kept[key]
        try:
            result = session.ask(query, context)
        except Exception as error:  # noqa: BLE001  the edge of the worker: a panel says it, the others run
            return PanelState("failed", message=sentence(error))
        if result.bound:
            self.used[query] = frozenset(result.bound)
        state = PanelState("fresh" if result.rows else "empty", result)
        self.kept[self._key(query, context)] = state
        return state

    def _key(self, query: str, context: Mapping[str, Value]) -> tuple[object, ...]:
        used = self.used.get(query, frozenset(context))
        return (query, *((name, _rounded(context.get(name))) for name in sorted(used)))


def _rounded(value: Value) -> str:
    """A bound value as part of a key; the clock moves in steps, else nothing that uses it would ever be kept."""
    return str(value)


def sentence(error: BaseException) -> str:
    """What went wrong, for the user: our own errors speak for themselves, others name their kind."""
    if isinstance(error, ClawpipeError):
        return str(error)
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def take_snapshot(session: Session, wanted: Wanted, answers: Answers, outdated: Callable[[], bool]) -> Snapshot:
    """Ask everything the screen shows, each question once. Raises OutdatedError where the user moved on meanwhile."""
    revision = session.revision()
    answers.renew(revision)
    now = session.now()
    window = window_ending(wanted.end or now, wanted.width_s)
    picks = dict(wanted.picks)
    states: dict[str, PanelState] = {}
    for panel in sorted(wanted.panels, key=lambda panel: not panel.picks):
        if outdated():
            raise OutdatedError
        # A panel is never narrowed by what is picked in it: it must go on showing the other rows.
        others = {name: value for name, value in picks.items() if name != panel.picks}
        context = {**context_of(wanted, window, now, others), **panel.bind}
        states[panel.name] = answers.ask(session, panel.query, context)
        if drives(panel):
            _pick_first(panel, states[panel.name], picks)
    base = context_of(wanted, window, now, {})
    always = {query: answers.ask(session, query, base) for query in ALWAYS}
    asked_at, progress = datetime.now(UTC), session.progress()
    return Snapshot(wanted.number, wanted.screen, states, asked_at, window, now, revision, picks, always, progress)


def drives(panel: PanelSpec) -> bool:
    """Whether the panel's only purpose is to steer the others on its screen."""
    return bool(panel.picks) and not panel.opens


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


class Asker:
    """One long-lived thread that opens the session and asks when something changed; it never touches a widget.

    A thread of our own and not a Textual worker: quitting waits for those, however long a query takes.
    """

    def __init__(
        self, open_session: Callable[[], Session], wanted: Wanted, post: Callable[[Snapshot], object], refresh_s: float
    ) -> None:
        self.session: Session | None = None
        self.refresh_s = refresh_s
        self._open_session = open_session
        self._wanted = wanted
        self._post = post
        self._answers = Answers()
        self._last: Snapshot | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self.asking_since: float | None = None
        """When the present question was put, by the monotonic clock; None while there is none."""
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    def start(self) -> None:
        """Open the session and begin to ask."""
        self._thread.start()

    def want(self, wanted: Wanted, *, again: bool = False) -> None:
        """Ask for this now; `again` also asks what was answered before."""
        with self._changed:
            self._wanted = wanted
            if again:
                self._answers.revision = -1
            self._changed.notify_all()

    def lateness(self, snapshot: Snapshot | None) -> tuple[float, float]:
        """How long the present question has been waiting, and how old the last answers are."""
        since = self.asking_since
        waited_s = time.monotonic() - since if since is not None else 0.0
        age_s = (datetime.now(UTC) - snapshot.asked_at).total_seconds() if snapshot else 0.0
        return waited_s, age_s

    def stop(self, within_s: float = 1.5) -> None:
        """Stop asking and close the session; a query that is still running is given up."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + within_s
        if self.session is not None:
            closing = threading.Thread(target=self.session.close, name="closing", daemon=True)
            closing.start()
            closing.join(within_s)
        if self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopped:
            wanted = self._wanted
            self.asking_since = time.monotonic()
            try:
                self._ask(wanted)
            except OutdatedError:
                continue
            except Exception as error:  # noqa: BLE001  the edge of the worker: every panel says it, and r tries again
                self._tell(failed_snapshot(wanted, error))
            self.asking_since = None
            with self._changed:
                if self._wanted is wanted and not self._stopped:
                    self._changed.wait(self.refresh_s)

    def _ask(self, wanted: Wanted) -> None:
        if self.session is None:
            if self._last is not None and self._last.number == wanted.number:
                return
            self.session = self._open_session()
            if self._stopped:
                self.session.close()
                return
        if self._has_news(self.session, wanted):
            self._tell(take_snapshot(self.session, wanted, self._answers, lambda: self._wanted is not wanted))
        elif self._last is not None and self._last.progress != (progress := self.session.progress()):
            self._tell(replace(self._last, progress=progress))

    def _has_news(self, session: Session, wanted: Wanted) -> bool:
        last = self._last
        if last is None or last.number != wanted.number or last.window is None:
            return True
        if wanted.paused:
            return False
        if session.revision() != last.revision:
            return True
        if any(state.kind == "failed" for state in last.states.values()):
            return (datetime.now(UTC) - last.asked_at).total_seconds() >= _RETRY_S
        return window_ending(wanted.end or session.now(), wanted.width_s) != last.window

    def _tell(self, snapshot: Snapshot) -> None:
        self._last = snapshot
        if not self._stopped:
            self._post(snapshot)


def failed_snapshot(wanted: Wanted, error: BaseException) -> Snapshot:
    """Every panel of the screen with the same sentence: nothing could be asked at all."""
    state = PanelState("failed", message=sentence(error))
    return Snapshot(wanted.number, wanted.screen, {panel.name: state for panel in wanted.panels}, datetime.now(UTC))
