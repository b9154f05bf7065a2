"""What can be written after `:`, as data: names, words, and what may follow; completion is a pure function of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.keys import KEYS
from clawpipe_tui.dashboard.view import baselines, panel_in
from clawpipe_tui.errors import nearest

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.desk import Desk

WIDTHS = ("5m", "15m", "1h", "6h", "1d", "7d")
Choices = Callable[["Desk"], Sequence[str]]


def _none(_desk: Desk) -> Sequence[str]:
    return ()


def _columns(desk: Desk) -> Sequence[str]:
    state = desk.states.get(desk.view.place.focus)
    return state.result.columns if state and state.result else ()


def _versions(desk: Desk) -> Sequence[str]:
    return desk.snapshot.versions if desk.snapshot else ()


def _ends(desk: Desk) -> Sequence[str]:
    newest_at = desk.snapshot.newest_at if desk.snapshot else None
    return (f"{newest_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "now") if newest_at else ("now",)


@dataclass(frozen=True)
class Command:
    """One command that takes a word or a few."""

    name: str
    argument: str
    words: str
    choices: Choices = _none


COMMANDS = (
    Command("window", "SPAN", "the window's width", lambda _desk: WIDTHS),
    Command("until", "TIME", "where the window ends: a time, a span before now; alone: the newest row", _ends),
    Command("baseline", "NAME", "what to compare with", lambda desk: baselines(_versions(desk))),
    Command("model", "NAME", "another model", lambda desk: desk.models),
    Command("version", "NAME", "narrow the screen to a version", _versions),
    Command("env", "NAME", "another environment; alone: which there are", lambda desk: tuple(desk.settings.contexts)),
    Command("every", "SECONDS", "how often to look for news", lambda _desk: ("0.5", "1", "5", "30")),
    Command("filter", "TEXT", "as / does: words, regex, !not, psi>0.1", _columns),
    Command("sort", "COLUMN", "order the table; -COLUMN turns it round; alone: as it comes", _columns),
    Command("columns", "NAMES", "which columns, with commas; alone: as the screen file says", _columns),
    Command("export", "PATH", "the panel's rows, by ending: .csv .json .jsonl .parquet"),
    Command("frame", "PATH", "this frame, by ending: .txt .ansi .svg"),
    Command("info", "", "bytes per second, frame time, round trip; where files are; where settings come from"),
)
_BY_NAME = {command.name: command for command in COMMANDS}
_SHORT = {"q": "quit", "h": "help", "w": "window", "e": "env", "x": "quit"}


@dataclass(frozen=True)
class Order:
    """A line that was understood: a command, a key's id, or a screen, and what follows it."""

    kind: str
    """`command`, `key`, `screen`, or `wrong`."""
    name: str
    argument: str = ""


def names(desk: Desk) -> tuple[str, ...]:
    """Every first word."""
    screens = [screen.name for screen in desk.settings.screens]
    return tuple(dict.fromkeys([*screens, *_BY_NAME, *(key.id for key in KEYS if "." not in key.id)]))


def understood(line: str, desk: Desk) -> Order:
    """What a line means; what it does not mean is said with the nearest name."""
    first, _, argument = line.strip().removeprefix(":").partition(" ")
    first = _SHORT.get(first, first)
    if first in _BY_NAME:
        return Order("command", first, argument.strip())
    for screen in desk.settings.screens:
        if first.lower() in {screen.name, screen.key}:
            return Order("screen", screen.name)
    if any(key.id == first for key in KEYS):
        return Order("key", first)
    return Order("wrong", f"There is no command {first!r}. {nearest(first, names(desk))}")


def candidates(text: str, desk: Desk) -> tuple[str, ...]:
    """What could stand where the cursor is."""
    first, space, rest = text.partition(" ")
    if not space:
        return tuple(name for name in names(desk) if name.startswith(first))
    command = _BY_NAME.get(_SHORT.get(first, first))
    if command is None:
        return ()
    word = rest.rpartition(" ")[2].lstrip("-!")
    return tuple(choice for choice in command.choices(desk) if choice.startswith(word) and choice != rest)


def note_for(kind: str, text: str, desk: Desk) -> str:
    """A word beside what is being written: what could follow, or how many rows a filter keeps."""
    if kind == "/":
        return _filter_note(text, desk)
    first, space, _ = text.partition(" ")
    command = _BY_NAME.get(_SHORT.get(first, first))
    found = candidates(text, desk)
    if command and (space or not found[1:]):
        return f"{command.argument} {command.words}".strip() if not found else "  ".join(found[:8])
    return "  ".join(found[:12]) if found else ""


def _filter_note(text: str, desk: Desk) -> str:
    from clawpipe_tui.panels.filtering import matches

    panel, state = panel_in(desk.view, desk.scene()), desk.whole_states.get(desk.view.place.focus)
    if panel is None or state is None or state.result is None:
        return "this panel has no rows"
    if not text:
        return f"regex, !not, {state.result.columns[0]}=…, joined by &; enter keeps, esc removes"
    count, wrong = matches(state.result, text)
    return f"{count} of {len(state.result.rows)} rows" + (f"; {wrong}" if wrong else "")
