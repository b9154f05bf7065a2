"""Strings with escapes, markup, right-to-left text or 10 kB harm no dialog, plan, diff or title."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from clawpipe_tui.commands.diff import diff_text
from clawpipe_tui.dashboard.band import window_title
from clawpipe_tui.dialogs.diff import Pair, comparison_lines
from clawpipe_tui.dialogs.rollback_page import Planned, rollback_lines
from clawpipe_tui.dialogs.text import shown
from clawpipe_tui.operations.comparing import Compared, metric_words, package_words, same_words
from clawpipe_tui.operations.diff import diff_documents
from clawpipe_tui.operations.guardrails import Ruling
from clawpipe_tui.operations.plan import moved
from clawpipe_tui.panels.cells import cell_width
from clawpipe_tui.panels.look import Line, Look
from clawpipe_tui.result import Result
from clawpipe_tui.serving.payload import read_routing, read_version
from clawpipe_tui.serving.reference import ReferenceAPI
from clawpipe_tui.serving.seam import VersionDocument

EVIL = [
    "\x1b[31mred\x1b]0;owned\x07", "[bold]x[/bold][@click=app.quit]y[/]", "א" * 50 + "\u202eabc\u2066", "x" * 10_000,
    "e\u0301" * 3_000, "\ud800lone", "a\nb\r\nc\td", "👩\u200d👩\u200d👧" * 200, "\x9b31m",
    "'; drop table requests; --",
]  # fmt: skip
WIDTHS = (20, 60, 80, 120)


def harmful(text: str) -> list[str]:
    """What a terminal would act on."""
    hidden = {*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A)}
    return [hex(ord(c)) for c in text if (ord(c) in hidden and c != "\n") or 0xD800 <= ord(c) < 0xE000]


def written(lines: Iterable[Line]) -> str:
    """What goes to the terminal."""
    return "".join(span.text for line in shown(list(lines), Look()) for span in line)


def document(version: str, evil: str) -> VersionDocument:
    """A version whose every field is hostile."""
    fields = {"change_note": evil, "lock": [evil, f"{evil}==1"], "metrics": {evil: 1.0, "test_sha256": evil}}
    return read_version({"model": "m", "version": version, **fields, evil: {evil: [evil] * 50}})


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_plan_of_hostile_names_is_harmless(evil: str) -> None:
    """In the dialog, at every width, and in the terminal's title."""
    change = {"id": evil, "by": evil, "reason": evil, "key": evil, "at": "2026-11-07T12:00:00Z"}
    routes = [{"version": evil, "weight_pct": 80}, {"version": "v43", "weight_pct": 20, "role": "canary"}]
    routing = read_routing({"model": evil, "routes": routes, "previous": routes, "change": change}, '"t"')
    router = ReferenceAPI("http://127.0.0.1:1", "token")
    plan = moved(router, routing, routing.routes[:1], action="rollback", why=routing.reason, key="k")
    for width in WIDTHS:
        assert harmful(written(rollback_lines(Planned(plan, Ruling()), width))) == []
    assert harmful(plan.request) == []
    title = window_title(evil, evil)
    assert title.isascii()
    assert title.isprintable()


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_diff_of_hostile_documents_and_errors_is_harmless(evil: str) -> None:
    """On the page and on the command line; nothing is wider than the page."""
    rows = diff_documents(document("a", evil), document("b", evil))
    columns = ("measure", "unit", "a", "b", "difference", "verdict", "low", "high", "detectable")
    measures = Result("version_diff", columns, ((f"error: {evil}_pct", "%", 1.0, 2.0, 1.0, "worse", 0.5, 1.5, 0.4),))
    notes = (package_words(rows), metric_words(rows), same_words(rows))
    compared = Compared("a", "b", "worse", "Roll back b.", measures, notes=notes, documents=rows)
    for width in WIDTHS:
        lines = comparison_lines(compared, Pair("a", "b"), width, Look(), everything=True)
        assert harmful(written(lines)) == []
        assert max(cell_width("".join(span.text for span in line)) for line in shown(lines, Look())) <= width
    assert harmful(diff_text(compared)) == []
