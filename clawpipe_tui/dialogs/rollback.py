"""`B`: what will be sent, to whom and why; sent once, on enter in the reason; then what the logs say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.errand import run_errand
from clawpipe_tui.dialogs.picture import Pages, Picture
from clawpipe_tui.dialogs.rollback_page import Answered, Phase, Planned, Planning, Sending, refusal, rollback_lines
from clawpipe_tui.panels.look import Line, Span

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key

    from clawpipe_tui.operations.rollback import Observation, RollbackPlan, Sent


class RollbackDialog(Dialog[None]):
    """Plan, reason, one request, its answer, and the watch that follows."""

    DEFAULT_CSS = """
    RollbackDialog #reason-row { height: 1; }
    RollbackDialog #reason-label { width: 10; }
    RollbackDialog Input { width: 1fr; background: ansi_default; background-tint: ansi_default 0%; }
    RollbackDialog Button { width: auto; min-width: 8; margin: 0 1 0 1; background: ansi_default; }
    RollbackDialog Button:focus { text-style: reverse; }
    RollbackDialog #said { height: 1; }
    """

    def __init__(
        self,
        skin: Skin,
        heading: str,
        plan: Callable[[], RollbackPlan],
        send: Callable[[RollbackPlan, str], Sent],
        on_sent: Callable[[RollbackPlan, Sent], None],
    ) -> None:
        super().__init__(skin, heading)
        self.phase: Phase = Planning()
        self._plan, self._send, self._on_sent = plan, send, on_sent
        self._said = ""

    def compose(self) -> ComposeResult:
        """The page, and under it the reason and the two buttons."""
        theme = self.skin.theme
        reason = Input(placeholder="why? it is written into the audit log", id="reason", compact=True)
        reason.cursor_blink = False
        yield Picture(theme, id="title")
        yield Pages(theme, id="body")
        yield Picture(theme, id="said")
        with Horizontal(id="reason-row"):
            yield Picture(theme, id="reason-label")
            yield reason
            yield Button(Content("[ Send ]"), id="send", compact=True)
            yield Button(Content("[ Cancel ]"), id="cancel", compact=True)
        yield Picture(theme, id="hints")

    def on_mount(self) -> None:
        """Begin to plan while the user begins to write."""
        self.query_one("#reason-label", Picture).show([(Span(" Reason: ", "strong"),)])
        self.query_one(Input).focus()
        run_errand(self, "plan", self._plan, self._planned, self._not_planned)

    def body(self, width: int) -> list[Line]:
        """The page of the present phase."""
        return rollback_lines(self.phase, width)

    def redraw(self) -> None:
        """The page, and what may be pressed in this phase."""
        asks = isinstance(self.phase, Planning | Planned)
        self.hints = _hints(self.phase)
        self.query_one("#reason-row").display = asks
        self.query_one("#said", Picture).show([(Span(" " + self._said, "warn"),)])
        super().redraw()

    def enter_phase(self, phase: Phase) -> None:
        """From here on, this is what the dialog shows and allows."""
        self.phase, self._said = phase, ""
        if not isinstance(phase, Planning | Planned):
            self.set_focus(self.query_one(Pages))
        self.redraw()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter in the reason."""
        self.submit()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The two buttons."""
        if event.button.id == "send":
            self.submit()
        else:
            self.close()

    def submit(self) -> None:
        """Send, if there is a plan, a reason, and nothing was sent before: the phase is the guard."""
        reason = self.query_one(Input).value.strip()
        if not isinstance(self.phase, Planned):
            self._say("Nothing was sent: the plan is not there yet." if isinstance(self.phase, Planning) else "")
            return
        if not reason:
            self._say("Nothing was sent: a reason is needed, it is written into the audit log.")
            return
        plan = self.phase.plan
        self.enter_phase(Sending(plan, reason))
        # The answer goes to the app: it outlives this dialog.
        run_errand(
            self.app,
            "send",
            lambda: self._send(plan, reason),
            lambda sent: self._answered(plan, sent),
            lambda error: self.enter_phase(refusal(error, plan)),
        )

    def _answered(self, plan: RollbackPlan, sent: Sent) -> None:
        self.enter_phase(Answered(plan, sent))
        self._on_sent(plan, sent)

    def _say(self, text: str) -> None:
        self._said = text
        self.redraw()

    def _planned(self, plan: RollbackPlan) -> None:
        self.enter_phase(Planned(plan))

    def _not_planned(self, error: Exception) -> None:
        self.enter_phase(refusal(error, None))

    def observed(self, observation: Observation) -> None:
        """Another look at the logs."""
        if isinstance(self.phase, Answered):
            self.phase = Answered(self.phase.plan, self.phase.sent, observation)
            self.redraw()

    def on_key(self, event: Key) -> None:
        """What is typed belongs to the input and the buttons; arrows, pages and esc to the dialog."""
        if isinstance(self.focused, Input | Button) and event.key not in ("escape", "pagedown", "pageup", "up", "down"):
            event.prevent_default()

    def close(self) -> None:
        """Leave; the watch goes on. Not while a request is on its way: its answer would be lost."""
        if isinstance(self.phase, Sending):
            self._say("The request is on its way; wait for its answer.")
        else:
            self.dismiss(None)


def _hints(phase: Phase) -> tuple[tuple[str, str], ...]:
    if isinstance(phase, Planning | Planned):
        return (("enter", "send once"), ("tab", "buttons"), ("pgup pgdn", "read"), ("esc", "cancel: nothing is sent"))
    if isinstance(phase, Answered):
        return (("↑↓", "scroll"), ("esc", "back to the console; the watch goes on"))
    return (("↑↓", "scroll"), ("esc", "close"))
