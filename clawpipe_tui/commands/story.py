"""The demo without a terminal: the same story, told in frames and sentences, by the same code as the console's."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from clawpipe_tui.commands.opening import Opened, configure, context_for, serving_of, window_of
from clawpipe_tui.commands.output import out, talk
from clawpipe_tui.commands.settings import console_settings
from clawpipe_tui.commands.show import frame
from clawpipe_tui.dashboard.desk import Desk
from clawpipe_tui.errors import FAILED, OK
from clawpipe_tui.operations.rollback import Logs, Safety, observe, plan_rollback, send
from clawpipe_tui.panels.frame import to_text

if TYPE_CHECKING:
    from clawpipe_tui.commands.demo import Stage
    from clawpipe_tui.session import LogSession

_REASON = "v43 fails since the weather feed went metric"
_ALARM_WITHIN_S, _VERIFIED_WITHIN_S = 120.0, 60.0


def tell(given: argparse.Namespace, stage: Stage) -> int:
    """Healthy, incident, diff, rollback, recovery; 0 where all of it happened."""
    from clawpipe_tui.session import LogSession

    config = configure(given)
    session = LogSession(config, cache=stage.folder / "cache")
    try:
        session.read()
        session.follow()
        return _Story(given, session).tell(stage)
    finally:
        session.close()


class _Story:
    def __init__(self, given: argparse.Namespace, session: LogSession) -> None:
        self.given = given
        self.session = session
        self.settings = replace(console_settings(given), model=session.model())

    def opened(self) -> Opened:
        """The log in the window up to now."""
        window = window_of(self.given, self.session.config, self.session.now())
        return Opened(self.session, self.session.config, window, context_for(self.session, window, "training"))

    def say(self, text: str) -> None:
        """A line of the story, with its time."""
        out(f"\n[{datetime.now(UTC):%H:%M:%S}] {text}")

    def picture(self, screen: str) -> None:
        """One frame."""
        view = self.settings.first_view()
        named = replace(view, place=replace(view.place, screen=screen, focus=""))
        out(to_text(frame(Desk(self.settings, named, 80, 24), self.session)))

    def verdict(self) -> tuple[str, str]:
        """The headline: its verdict and its sentence."""
        headline = self.opened().ask("headline")
        if not headline.rows:
            return "cannot tell", "no requests yet"
        return str(headline.column("verdict")[0]), str(headline.column("sentence")[0])

    def tell(self, stage: Stage) -> int:
        """The story itself."""
        self.say("All is well: v42 is live, v43 takes a fifth of the traffic as a canary.")
        self.picture("overview")
        self.say(f"In {max(0.0, stage.incident_at - time.monotonic()):.0f} s the weather feed will go metric ...")
        if not _until(self._in_trouble, _ALARM_WITHIN_S):
            talk(f"The console saw no trouble within {_ALARM_WITHIN_S:.0f} s: {self.verdict()[1]}")
            return FAILED
        self.say(f"Alarm. {self.verdict()[1]}")
        self.picture("overview")
        self.say("Why? The inputs have moved away from what the model was trained on:")
        self.picture("drift")
        self.say("Which version? Both, in the same window:")
        self._diff()
        return self._roll_back()

    def _in_trouble(self) -> bool:
        headline = self.opened().ask("headline").records()
        return bool(headline) and headline[0]["verdict"] == "worse" and headline[0]["columns_drifted"] == 3

    def _diff(self) -> None:
        from clawpipe_tui.commands.diff import compared_by, diff_text

        opened = self.opened()
        out(diff_text(replace(compared_by(opened, self.session.model(), "v42", "v43"), documents=(), notes=())) + "\n")

    def _roll_back(self) -> int:
        registry, router = serving_of(self.session.config)
        logs = Logs(self.session.ask, self.session.now())
        plan = plan_rollback(registry, router, self.session.model(), to=None, key=uuid4().hex, logs=logs)
        self.say(f"Rolling back. {plan.sentence}")
        out("\n".join(f"{remark.about}: {remark.text}" for remark in plan.remarks) + "\n")
        out(plan.request)
        sent = send(router, plan, _REASON, safety=Safety(write=True, environment="demo"))
        self.say(sent.sentence)
        deadline = time.monotonic() + _VERIFIED_WITHIN_S
        observation = observe(self.session.ask, router, plan, sent, self.session.now(), _VERIFIED_WITHIN_S)
        while observation.state == "waiting" and time.monotonic() < deadline:
            time.sleep(0.5)
            observation = observe(self.session.ask, router, plan, sent, self.session.now(), _VERIFIED_WITHIN_S)
        self.say(observation.sentence)
        if observation.state != "done" or not _until(lambda: self.verdict()[0] != "worse", _VERIFIED_WITHIN_S):
            return FAILED
        self.say(f"Recovered, though the feed is still metric. {self.verdict()[1]}")
        self.picture("overview")
        return OK


def _until(holds: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
