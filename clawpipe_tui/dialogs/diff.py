"""`d`: two versions on the same window. How they behave, and in what their documents differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.errand import run_errand
from clawpipe_tui.dialogs.pick import Choice, Pick
from clawpipe_tui.dialogs.text import told
from clawpipe_tui.dialogs.typed import Typed
from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.comparing import Compared
from clawpipe_tui.operations.diff import telling
from clawpipe_tui.panels.draw import draw_panel
from clawpipe_tui.panels.look import Line, Look, Span
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.result import Result
from clawpipe_tui.spec import PanelSpec

if TYPE_CHECKING:
    from textual.events import Key

_MEASURES = PanelSpec(
    *("measures", "version_diff", "table", "Behaviour in this window"),
    columns=("measure", "a", "b", "difference", "verdict", "low", "high", "detectable"),
)
_PAIRS = PanelSpec(
    *("pairs", "shadow_pairs", "table", "Where a version and its shadow differ"),
    columns=("column", "segment", "pairs", "differ_pct", "low_pct", "high_pct", "times", "verdict", "unpaired"),
)
_DOCUMENTS = PanelSpec("documents", "", "table", "Documents")
_VERDICT_STYLES = {"worse": "bad", "not shown worse": "good", "cannot tell": "warn"}
_VERDICT_MARKS = {"worse": "▲", "not shown worse": "●", "cannot tell": "?"}


@dataclass(frozen=True)
class Pair:
    """Two versions: b is judged against a; in a part of the traffic, where one is named."""

    a: str
    b: str
    where: str = ""


def comparison_lines(compared: Compared | None, pair: Pair, width: int, look: Look, *, everything: bool) -> list[Line]:
    """What to do and why, behaviour, pairs, notes, documents."""
    part = (Span("   only where "), Span(pair.where, "strong")) if pair.where else ()
    head: Line = (Span("  a "), Span(pair.a, "strong"), Span("   b "), Span(pair.b, "strong"), *part)
    if compared is None:
        reading = "reading the files of this window again" if pair.where else "counting this window"
        return [(), head, (), *told(f"Comparing: {reading}, reading the documents…", width, "muted")]
    lines: list[Line] = [()]
    if compared.decision:
        said = f"{_VERDICT_MARKS.get(compared.verdict, '')} {compared.verdict}: {compared.decision}"
        lines += [*told(said, width, _VERDICT_STYLES.get(compared.verdict, "")), ()]
    lines += [head, ()]
    lines += _table(_MEASURES, _state(compared.measures, compared.no_measures), width, look)
    if compared.pairs:
        lines += [(), *_table(_PAIRS, _state(compared.pairs), width, look)]
    lines += [(), *(line for note in compared.notes for line in told(note, width, "muted"))]
    if compared.no_documents:
        return [*lines, *told(compared.no_documents, width, "warn")]
    return [*lines, *_document_lines(compared, width, look, everything=everything)]


def _state(result: Result | None, why_not: str = "") -> PanelState:
    if result is None:
        return PanelState("failed", message=why_not)
    return PanelState("fresh" if result.rows else "empty", result)


def _document_lines(compared: Compared, width: int, look: Look, *, everything: bool) -> list[Line]:
    rows = compared.documents if everything else telling(compared.documents)
    same = len(compared.documents) - len(rows)
    cells = tuple((row.key, row.a, row.b, row.change) for row in rows)
    result = Result("documents", ("key", compared.a, compared.b, "change"), cells)
    state = PanelState("fresh" if rows else "empty", result, "" if rows else "the documents are the same")
    lines = _table(_DOCUMENTS, state, width, look)
    return [*lines, *(told(f"the same in both: {same}; u shows them", width, "muted") if same else [])]


def _table(panel: PanelSpec, state: PanelState, width: int, look: Look) -> list[Line]:
    """All rows of a table, however many: the page scrolls, not the panel."""
    rows = len(state.result.rows) + 1 if state.result and state.result.rows else 2
    height = rows + (2 if look.border == "box" else 1)
    return draw_panel(panel, state, width, height, look)


class DiffPage(Dialog[None]):
    """Two versions side by side; a and b choose others."""

    hints = (
        ("↑↓", "scroll"),
        ("a b", "versions"),
        ("x", "swap"),
        ("/", "part of the traffic"),
        ("u", "unchanged too"),
        ("esc", "close"),
    )

    def __init__(
        self,
        skin: Skin,
        heading: str,
        choices: Sequence[Choice],
        pair: Pair,
        compare: Callable[[Pair], Compared],
    ) -> None:
        super().__init__(skin, heading)
        self.choices = choices
        self.pair = pair
        self.compared: Compared | None = None
        self.everything = False
        self._compare = compare

    def on_mount(self) -> None:
        """Ask at once."""
        self._ask(self.pair)

    def body(self, width: int) -> list[Line]:
        """What is known by now."""
        look = self.skin.look.fitted(*self.app.size)
        return comparison_lines(self.compared, self.pair, width, look, everything=self.everything)

    def _ask(self, pair: Pair) -> None:
        self.pair, self.compared = pair, None
        self.redraw()
        run_errand(self, "compare", lambda: self._compare(pair), self._answered, self._failed)

    def _answered(self, compared: Compared) -> None:
        """An answer about a pair that is no longer looked at is dropped."""
        if Pair(compared.a, compared.b, compared.segment) == self.pair:
            self.compared = compared
            self.redraw()

    def _failed(self, error: Exception) -> None:
        message = str(error) if isinstance(error, ClawpipeError) else f"{type(error).__name__}: {error}"
        self.compared = Compared(self.pair.a, self.pair.b, no_measures=message)
        self.redraw()

    def on_key(self, event: Key) -> None:
        """Choose, swap, show more; else what every dialog does."""
        pair = self.pair
        match event.key:
            case "a":
                self._choose("a", pair.a, lambda name: replace(pair, a=name))
            case "b":
                self._choose("b", pair.b, lambda name: replace(pair, b=name))
            case "x":
                self._ask(Pair(pair.b, pair.a, pair.where))
            case "slash":
                self._narrow()
            case "u":
                self.everything = not self.everything
                self.redraw()
            case _:
                return
        event.stop()
        event.prevent_default()

    def _choose(self, side: str, chosen: str, changed: Callable[[str], Pair]) -> None:
        def picked(name: str | None) -> None:
            if name is not None:
                self._ask(changed(name))

        self.app.push_screen(Pick(self.skin, f"Version {side}", self.choices, chosen), picked)

    def _narrow(self) -> None:
        def typed(where: str | None) -> None:
            if where is not None and where != self.pair.where:
                self._ask(replace(self.pair, where=where))

        question = "Which part of the traffic? COLUMN=VALUE, or COLUMN>NUMBER; nothing for all of it."
        self.app.push_screen(Typed(self.skin, "A part of the traffic", question, self.pair.where), typed)
