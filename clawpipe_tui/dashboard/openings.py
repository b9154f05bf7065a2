"""The pages that keys open over the dashboard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.keys import all_keys
from clawpipe_tui.dashboard.view import panel_in
from clawpipe_tui.dialogs.diff import DiffPage, Pair
from clawpipe_tui.dialogs.help import LEGEND, HelpLine, HelpPage
from clawpipe_tui.dialogs.info import InfoPage
from clawpipe_tui.dialogs.sql import SqlPage
from clawpipe_tui.snapshot import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clawpipe_tui.dashboard.console import Console
    from clawpipe_tui.dashboard.desk import ConsoleSettings
    from clawpipe_tui.opened import Session
    from clawpipe_tui.operations.comparing import Compared
    from clawpipe_tui.result import Value
    from clawpipe_tui.window import Window


def show_help(console: Console) -> None:
    """What works here and now; enter does it."""
    desk, scene = console.desk, console.desk.scene()
    keys = [HelpLine(key.label, key.words, key.blocked(desk.view, scene), key.id) for key in all_keys(scene)]
    page = HelpPage(console.skin, keys, LEGEND)
    console.push_screen(page, lambda key_id: console.perform(key_id) if key_id else None)


def show_info(console: Console) -> None:
    """What the line carries, and what decided each setting."""
    console.ask_round_trip()
    console.push_screen(InfoPage(console.skin, console.traffic, console.settings.about))


def show_sql(console: Console) -> None:
    """The very query of the panel in focus, with what was bound."""
    desk, session = console.desk, console.asker.session
    panel = panel_in(desk.view, desk.scene())
    if panel and session:
        question = session.question(panel.query)
        console.push_screen(SqlPage(console.skin, panel.query, question, desk.states[panel.name]))


def show_diff(console: Console) -> None:
    """Two versions, on the window that is on screen."""
    desk, session, settings = console.desk, console.asker.session, console.settings
    rows = desk.snapshot.version_rows if desk.snapshot else ()
    if desk.model and desk.snapshot and desk.snapshot.window and session and len(rows) > 1:
        pair = Pair(desk.snapshot.versions[0], desk.snapshot.versions[1])
        context = context_of(console.wanted, desk.snapshot.window, session.now(), {})
        compared = partial(_compared, session, settings, desk.snapshot.window, context, desk.model)
        choices = [(str(row["version"]), str(row.get("role") or "")) for row in rows]
        heading = f"{desk.model}: two versions on this window"
        console.push_screen(DiffPage(console.skin, heading, choices, pair, compared))


def _compared(
    session: Session, settings: ConsoleSettings, window: Window, context: Mapping[str, Value], model: str, pair: Pair
) -> Compared:
    """Blocks: asks the API what traffic was asked for, the log how both behave, and the documents."""
    from clawpipe_tui.operations.comparing import asked_of, compare

    serving = settings.serving
    routes = asked_of(lambda: serving()[1], model) if serving else []
    if not pair.where or settings.part is None:
        session.set_routes(routes)
        return compare(session.ask, context, settings.documents, model, pair.a, pair.b)
    with settings.part(session, pair.where, window.since, window.until) as part:
        part.set_routes(routes)
        compared = compare(part.ask, context, settings.documents, model, pair.a, pair.b)
        return replace(compared, segment=pair.where)


def toggle_mouse(console: Console) -> None:
    """Whether the terminal or the console has the mouse."""
    if console.terminal:
        console.terminal.set_mouse(on=not console.terminal.mouse)
        console.say(
            "The mouse is on: a click focuses a panel; hold shift to select text."
            if console.terminal.mouse
            else "The mouse is off: the terminal selects text."
        )
