"""What hands do besides looking: write commands and filters, copy, export, choose the pace. No drawing here."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard import view as views
from clawpipe_tui.dashboard.commands import Order, candidates, understood
from clawpipe_tui.dashboard.export import default_path, write_frame, write_rows
from clawpipe_tui.dashboard.history import History
from clawpipe_tui.dashboard.prompt import Kind, Prompt, completed, edited
from clawpipe_tui.dashboard.reproduce import command_for, row_text
from clawpipe_tui.dashboard.view import baselines, cursor_row, panel_in
from clawpipe_tui.errors import ClawpipeError, nearest
from clawpipe_tui.panels.cells import cut
from clawpipe_tui.snapshot import drives
from clawpipe_tui.terminal.clipboard import copied
from clawpipe_tui.window import parse_moment, parse_span_s
from clawpipe_tui.wording import seconds

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.console import Console
    from clawpipe_tui.dashboard.view import View
    from clawpipe_tui.result import Result

PACES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_SECONDS = re.compile(r"(\d{1,4}(?:\.\d{1,3})?) ?s?")
_SHOWN = 40
"""So much of what was copied is shown."""
NO_ROWS = "This panel has no rows yet."


class Hands:
    """The prompt and everything that it and its keys lead to."""

    def __init__(self, console: Console, state: Path | None) -> None:
        self.console = console
        self.history = History(state / "history" if state else None)
        self._commands: Mapping[str, Callable[[str], str]] = {
            "window": self._window,
            "until": self._until,
            "baseline": self._baseline,
            "model": self._model,
            "version": self._version,
            "env": self._env,
            "every": self._every,
            "filter": lambda text: self._arrange(filter=text),
            "sort": lambda text: self._arrange(sort=text),
            "columns": lambda text: self._arrange(columns=tuple(filter(None, map(str.strip, text.split(","))))),
            "export": self.export,
            "frame": self.frame,
            "info": lambda _text: self._perform("info"),
        }

    # The prompt

    def write(self, kind: Kind, text: str = "") -> None:
        """Open the line; a filter begins with the one that holds."""
        desk = self.console.desk
        place = desk.view.place
        found = place.arranged.get(place.focus)
        before = found.filter if found and kind == "/" else ""
        text = text or before
        self.console.put(replace(desk, said="", prompt=Prompt(kind, text, len(text), before, self.history.lines(kind))))

    def key(self, pressed: str, prompt: Prompt) -> None:
        """One key in the line; a filter holds while it is being written."""
        desk = self.console.desk
        if pressed in {"escape", "ctrl+c"}:
            self._leave(prompt, keep=False)
        elif pressed == "enter":
            self._leave(prompt, keep=True)
        elif pressed == "backspace" and not prompt.text:
            self._leave(prompt, keep=False)
        else:
            after = completed(prompt, candidates(prompt.text, desk)) if pressed == "tab" else edited(prompt, pressed)
            self.console.put(replace(desk, prompt=after))
            if prompt.kind == "/" and after.text != prompt.text:
                self._arrange(filter=after.text)

    def _leave(self, prompt: Prompt, *, keep: bool) -> None:
        self.console.put(replace(self.console.desk, prompt=None))
        if keep:
            self.history.add(prompt.kind, prompt.text)
        if prompt.kind == "/":
            self._arrange(filter=prompt.text if keep else "")
        elif keep and prompt.text.strip():
            self.run(prompt.text)

    def run(self, line: str) -> None:
        """One line of the command prompt."""
        order = understood(line, self.console.desk)
        try:
            said = self._run(order)
        except (ClawpipeError, OSError) as error:
            said = str(error)
        if said:
            self.console.say(said)

    def _run(self, order: Order) -> str:
        desk = self.console.desk
        if order.kind == "screen":
            self.console.look_at(views.open_screen(desk.view, desk.scene(), order.name))
        elif order.kind == "key":
            self.console.perform(order.name)
        elif order.kind == "command":
            return self._commands[order.name](order.argument)
        return order.name if order.kind == "wrong" else ""

    # Commands

    def _perform(self, key_id: str) -> str:
        self.console.perform(key_id)
        return ""

    def _look(self, view: View) -> str:
        self.console.look_at(view)
        return ""

    def _window(self, text: str) -> str:
        return self._look(replace(self.console.desk.view, width_s=parse_span_s(text)))

    def _until(self, text: str) -> str:
        """The window ends with that moment, or follows the clock again where it is not past."""
        desk = self.console.desk
        now = (desk.snapshot.now if desk.snapshot else None) or datetime.now(UTC)
        newest_at = desk.snapshot.newest_at if desk.snapshot else None
        end = parse_moment(text, now) if text else newest_at or now
        return self._look(replace(desk.view, end=end if end < now else None))

    def _baseline(self, text: str) -> str:
        known = baselines(self.console.desk.scene().versions)
        found = next((name for name in known if text and name.lower().startswith(text.lower())), "")
        if not found:
            return f"There is no baseline {text!r}. {nearest(text, known)}"
        return self._look(replace(self.console.desk.view, baseline=found))

    def _model(self, text: str) -> str:
        desk = self.console.desk
        if text not in desk.models:
            return f"The log does not speak of a model {text!r}. {nearest(text, desk.models)}"
        place = replace(desk.view.place, picks={}, rows={})
        self.console.put(replace(desk, view=replace(desk.view, model=text, place=place), snapshot=None, series=()))
        return f"Looking at {text}."

    def _version(self, text: str) -> str:
        view = self.console.desk.view
        picks = {name: value for name, value in view.place.picks.items() if name != "version"}
        return self._look(replace(view, place=replace(view.place, picks={**picks, "version": text} if text else picks)))

    def _env(self, text: str) -> str:
        contexts = self.console.desk.settings.contexts
        if text in contexts:
            self.console.switch_to(text)
            return ""
        if not contexts:
            return "There are no environments to switch to: put NAME.toml into the folder contexts beside your config."
        return f"Environments: {', '.join(contexts)}." if not text else f"No {text!r}. {nearest(text, contexts)}"

    def _every(self, text: str) -> str:
        found = _SECONDS.fullmatch(text)
        pace_s = float(found[1]) if found else parse_span_s(text)
        return self._pace(max(PACES_S[0], min(pace_s, 3_600.0)))

    def _arrange(self, **wish: str | tuple[str, ...]) -> str:
        desk = self.console.desk
        panel = panel_in(desk.view, desk.scene())
        if panel is None:
            return "This screen has no panel that works."
        state = desk.whole_states.get(panel.name)
        columns = state.result.columns if state and state.result else ()
        asked = wish.get("columns") or (str(wish.get("sort") or "").removeprefix("-"),)
        missing = next((name for name in asked if name and columns and name not in columns), "")
        if missing:
            return f"This panel has no column {missing!r}. {nearest(missing, columns)}"
        self.console.look_at(views.arrange(desk.view, panel.name, **wish))
        if drives(panel):
            # The others follow the row that is now under the cursor.
            after = self.console.desk
            self.console.put(replace(after, view=views.move(after.view, after.scene(), 0)))
        return ""

    # Pace

    def slower(self) -> None:
        """Look less often."""
        self.console.say(
            self._pace(next((pace for pace in PACES_S if pace > self.console.asker.refresh_s), PACES_S[-1]))
        )

    def faster(self) -> None:
        """Look more often."""
        now_s = self.console.asker.refresh_s
        self.console.say(self._pace(next((pace for pace in reversed(PACES_S) if pace < now_s), PACES_S[0])))

    def _pace(self, pace_s: float) -> str:
        self.console.asker.refresh_s = pace_s
        return f"Looks for news every {seconds(pace_s)}."

    # Copy and export

    def _answer(self) -> tuple[Result | None, int | None, str]:
        desk = self.console.desk
        panel = panel_in(desk.view, desk.scene())
        state = desk.states.get(desk.view.place.focus)
        row = cursor_row(panel, state, desk.view.place) if panel else None
        return (state.result if state else None), row, panel.name if panel else ""

    def copy(self) -> None:
        """Copy the row under the cursor, or the panel's rows."""
        result, row, _ = self._answer()
        self._copy(row_text(result, row) if result else "")

    def copy_command(self) -> None:
        """Copy the command that prints this panel's numbers."""
        result, _, _ = self._answer()
        self._copy(command_for(result, self.console.desk.settings.source) if result else "")

    def _copy(self, text: str) -> None:
        if not text:
            self.console.say(NO_ROWS)
            return
        found = copied(text, os.environ)
        sent = found.sequence and self.console.send_sequence(found.sequence)
        first = cut(text.split("\n", 1)[0], _SHOWN)
        self.console.say(f"{found.words} {first}" if sent else found.words)

    def export(self, path: str) -> str:
        """Write the panel's rows; gives the sentence that says where."""
        result, _, _ = self._answer()
        return write_rows(result, Path(path).expanduser()) if result and path else NO_ROWS if path else "Where to?"

    def frame(self, path: str) -> str:
        """Write this frame; gives the sentence that says where."""
        return write_frame(self.console.desk, Path(path).expanduser()) if path else "Where to?"

    def ask_export(self) -> None:
        """Open the line with a path that is ready to be used."""
        _, _, panel = self._answer()
        self.write(":", f"export {default_path(panel or 'panel', self.console.desk)}")
