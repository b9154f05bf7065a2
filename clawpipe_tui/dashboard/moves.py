"""Moves of traffic from the console: the dialog, and the watch over what was sent."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from clawpipe_tui.dashboard.asked import AskedRoutes
from clawpipe_tui.dashboard.rollback import Rollback, Wish, firing, unresolved_sentences, wishes
from clawpipe_tui.dashboard.watch import Watch, Watched
from clawpipe_tui.dialogs.errand import run_errand
from clawpipe_tui.dialogs.pick import Pick
from clawpipe_tui.dialogs.rollback import RollbackDialog

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.console import Console
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent


class Moves:
    """One move at a time is watched; a new one takes its place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._watch: Watch | None = None
        self._watched: Watched | None = None
        self._asked: AskedRoutes | None = None

    def start(self) -> None:
        """Tell what an earlier console left open, and keep in mind what traffic is asked for."""
        console = self.console
        self.tell_unresolved()
        if console.settings.serving and console.settings.reads_routes:
            self._asked = AskedRoutes(
                console.settings.serving, lambda: console.asker.session, lambda: console.desk.model
            )

    def stop(self) -> None:
        """Look no more."""
        for looking in filter(None, (self._watch, self._asked)):
            looking.stop()

    def plan(self, wish: Wish) -> None:
        """Show what would be sent, and send it where the user agrees."""
        console = self.console
        settings, snapshot = console.settings, console.desk.snapshot
        if not console.desk.model:
            console.say("Which model is meant is not known yet: the log is being read.")
        elif settings.serving:
            move = Rollback(settings, settings.serving, console.desk.model, wish, console.asker.session)
            heading = " · ".join(filter(None, (f"{wish.heading} {console.desk.model}", settings.environment)))
            reason = firing(snapshot.headline if snapshot else None) if wish.action == "rollback" else ""
            dialog = RollbackDialog(console.skin, heading, move.plan, move.send, partial(self._watch_it, move), reason)
            console.push_screen(dialog, lambda _: console.say("Nothing was sent.") if dialog.asks else None)

    def pick(self) -> None:
        """Promote, give a canary its share, stop a shadow: which?"""
        console = self.console
        snapshot = console.desk.snapshot
        found = wishes(snapshot.version_rows if snapshot else ())

        def picked(name: str | None) -> None:
            if name is not None:
                self.plan(found[name][1])

        if found:
            choices = [(name, words) for name, (words, _) in found.items()]
            heading = f"Move traffic of {console.desk.model}"
            console.push_screen(Pick(console.skin, heading, choices, choices[0][0]), picked)

    def tell_unresolved(self) -> None:
        """An earlier console may have been killed between a request and its answer."""
        say = self.console.say
        look = partial(unresolved_sentences, self.console.settings)
        run_errand(
            self.console,
            "unresolved",
            look,
            lambda told: say(" ".join(told)) if told else None,
            lambda error: say(f"Unresolved: {error}"),
        )

    def _watch_it(self, move: Rollback, plan: MovePlan, sent: Sent) -> None:
        console = self.console
        session = console.asker.session
        if session is None or sent.state == "not applied":
            return
        if self._watch:
            self._watch.stop()
        self._watched = Watched(plan, sent)
        console.put(replace(console.desk, watched=self._watched))
        look = partial(move.observe, session, plan, sent)
        self._watch = Watch(look, lambda seen: console.post_message(console.Observed(seen)))

    def observed(self, seen: Observation) -> None:
        """Another look at the logs: on the dashboard's line, and in the dialog where it is still open.

        What was dismissed comes back where it is an alarm.
        """
        console = self.console
        if self._watched and (console.desk.watched or seen.state in {"overdue", "reverted"}):
            console.put(replace(console.desk, watched=replace(self._watched, observation=seen)))
        if isinstance(console.screen, RollbackDialog):
            console.screen.observed(seen)
