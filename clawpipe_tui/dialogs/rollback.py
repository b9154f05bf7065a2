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
from clawpipe_tui.operations.sending import Consent
from clawpipe_tui.panels.look import Line, Span

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key, Paste

    from clawpipe_tui.operations.guardrails import Ruling
    from clawpipe_tui.operations.rollback import MovePlan, Observation, Sent


_DIALOG_KEYS = ("escape", "pagedown", "pageup", "up", "down")


class RollbackDialog(Dialog[None]):
    """Plan, reason, one request, its answer, and the watch that follows."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    RollbackDialog #reason-row, RollbackDialog #name-row { height: 1; }
    RollbackDialog #reason-label { width: 10; }
    RollbackDialog #name-label { width: 32; }
    RollbackDialog Input { width: 1fr; background: ansi_default; background-tint: ansi_default 0%; }
    RollbackDialog Button { width: auto; min-width: 8; margin: 0 1 0 1; background: ansi_default; }
    RollbackDialog Button:focus, RollbackDialog Button.standing { text-style: reverse; }
    RollbackDialog #said { height: 1; }
    """

    def __init__(
        self,
        skin: Skin,
        heading: str,
        plan: Callable[[], tuple[MovePlan, Ruling]],
        send: Callable[[MovePlan, Consent], Sent],
        on_sent: Callable[[MovePlan, Sent], None],
        reason: str = "",
    ) -> None:
        super().__init__(skin, heading)
        self.phase: Phase = Planning()
        self._plan, self._send, self._on_sent = plan, send, on_sent
        self._said = ""
        self._prefilled = reason
        self._begun: Input | None = None
        """The input that was given the focus, which arrives there later than the next key."""

    def compose(self) -> ComposeResult:
        """The page, and under it the reason and the two buttons."""
        theme = self.skin.theme
        reason = Input(
            self._prefilled,
            placeholder="why? it is written into the audit log",
            id="reason",
            compact=True,
            select_on_focus=False,
        )
        name = Input(placeholder="type it to confirm", id="name", compact=True)
        reason.cursor_blink = name.cursor_blink = False
        yield Picture(theme, id="title")
        yield Pages(theme, id="body")
        yield Picture(theme, id="said")
        with Horizontal(id="reason-row"):
            yield Picture(theme, id="reason-label")
            yield reason
            yield Button(Content("[ Send ]"), id="send", compact=True)
            yield Button(Content("[ Cancel ]"), id="cancel", compact=True)
        with Horizontal(id="name-row"):
            yield Picture(theme, id="name-label")
            yield name
        yield Picture(theme, id="hints")

    def on_mount(self) -> None:
        """Begin to plan while the user begins to write."""
        self.query_one("#reason-label", Picture).show([(Span(" Reason: ", "strong"),)])
        self.query_one("#name-label", Picture).show([(Span(" The model's name, to confirm: ", "strong"),)])
        self.query_one("#cancel").add_class("standing")
        run_errand(self, "plan", self._plan, self._planned, self._not_planned)

    def on_descendant_focus(self) -> None:
        """Something has the focus by the user's will."""
        self.query_one("#cancel").remove_class("standing")
        self.redraw()

    def body(self, width: int) -> list[Line]:
        """The page of the present phase."""
        return rollback_lines(self.phase, width)

    def redraw(self) -> None:
        """The page, and what may be pressed in this phase."""
        self.hints = _hints(self.phase, standing=self.query_one("#cancel").has_class("standing"))
        self.query_one("#reason-row").display = self.asks
        self.query_one("#name-row").display = self._asks_name
        self.query_one("#said", Picture).show([(Span(" " + self._said, "warn"),)])
        super().redraw()

    def enter_phase(self, phase: Phase) -> None:
        """From here on, this is what the dialog shows and allows."""
        self.phase, self._said = phase, ""
        if not self.asks:
            self.set_focus(self.query_one(Pages))
        self.redraw()

    @property
    def asks(self) -> bool:
        """Whether it still asks: nothing was sent, and nothing refused."""
        return isinstance(self.phase, Planning | Planned)

    @property
    def _asks_name(self) -> bool:
        return isinstance(self.phase, Planned) and self.phase.ruling.type_name

    def _typed(self) -> str:
        return self.query_one("#name", Input).value.strip()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The two buttons."""
        if event.button.id == "send":
            self.submit()
        else:
            self.close()

    def submit(self) -> None:
        """Send, if there is a plan, a reason, and nothing was sent before: the phase is the guard."""
        reason = self.query_one("#reason", Input).value.strip()
        if not isinstance(self.phase, Planned):
            self._say("Nothing was sent: the plan is not there yet." if isinstance(self.phase, Planning) else "")
            return
        plan, ruling = self.phase.plan, self.phase.ruling
        missing = _missing(plan, ruling, reason, self._typed())
        if missing:
            self._say(f"Nothing was sent: {missing}")
            return
        consent = Consent(reason, typed=self._typed(), evidence={"Headline": self._prefilled})
        self.enter_phase(Sending(plan, reason))
        # The answer goes to the app: it outlives this dialog.
        run_errand(
            self.app,
            "send",
            lambda: self._send(plan, consent),
            lambda sent: self._answered(plan, sent),
            lambda error: self.enter_phase(refusal(error, plan)),
        )

    def _answered(self, plan: MovePlan, sent: Sent) -> None:
        self.enter_phase(Answered(plan, sent))
        self._on_sent(plan, sent)

    def _say(self, text: str) -> None:
        self._said = text
        self.redraw()

    def _planned(self, planned: tuple[MovePlan, Ruling]) -> None:
        hasty = bool(self._said)
        self.enter_phase(Planned(*planned))
        if hasty:
            self._say("Nothing was sent: the plan has only come now; enter sends it.")

    def _not_planned(self, error: Exception) -> None:
        self.enter_phase(refusal(error, None))

    def observed(self, observation: Observation) -> None:
        """Another look at the logs."""
        if isinstance(self.phase, Answered):
            self.phase = Answered(self.phase.plan, self.phase.sent, observation)
            self.redraw()

    def on_key(self, event: Key) -> None:
        """What is typed belongs to the input and the buttons; arrows, pages and esc to the dialog.

        Cancel stands at first, so that enter alone sends nothing; who types begins another reason. Keys of a burst come
        here even after the first one has given the input the focus: none of them may be lost or mean something else.
        """
        if self.asks and not isinstance(self.focused, Button) and self._writes(event):
            event.stop()
            event.prevent_default()
        elif isinstance(self.focused, Input | Button) and event.key not in _DIALOG_KEYS:
            event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """As if it were typed."""
        if self.asks and self.focused is None and event.text:
            self._begin_reason(event.text.splitlines()[0])

    def _writes(self, event: Key) -> bool:
        """Let a key write in the input, or enter what is written; whether it was such a key."""
        written = self.focused if isinstance(self.focused, Input) else self._begun
        if event.key == "enter":
            self._enter(written)
        elif event.is_printable and event.character:
            if written:
                written.insert_text_at_cursor(event.character)
            else:
                self._begin_reason(event.character)
        elif event.key == "backspace" and written:
            written.action_delete_left()
        else:
            return False
        return True

    def _enter(self, written: Input | None) -> None:
        """Enter where Cancel stands, in the reason, or in the name that must follow it."""
        if written is None:
            self.close()
        elif written.id == "reason" and self._asks_name and not self._typed():
            self.query_one("#name", Input).focus()
        else:
            self.submit()

    def _begin_reason(self, text: str) -> None:
        reason = self.query_one("#reason", Input)
        reason.value, reason.cursor_position = text, len(text)
        reason.focus()
        self._begun = reason

    def close(self) -> None:
        """Leave; the watch goes on. Not while a request is on its way: its answer would be lost."""
        if isinstance(self.phase, Sending):
            self._say("The request is on its way; wait for its answer.")
        else:
            self.dismiss(None)


def _missing(plan: MovePlan, ruling: Ruling, reason: str, typed: str) -> str:
    """What stands against sending; empty where nothing does."""
    if ruling.denied:
        return ruling.denied
    if not reason:
        return "a reason is needed, it is written into the audit log."
    if ruling.type_name and typed != plan.model:
        return f"the model's name must be typed: {plan.model}."
    return ""


def _hints(phase: Phase, *, standing: bool) -> tuple[tuple[str, str], ...]:
    """The keys of a phase; Cancel stands under enter until something is typed or chosen."""
    if isinstance(phase, Planning | Planned):
        return (
            ("type", "a reason"),
            ("enter", "cancel" if standing else "send once"),
            ("tab", "keep this one" if standing else "move"),
            ("pgup pgdn", "read"),
            ("esc", "cancel"),
        )
    if isinstance(phase, Answered):
        return (("↑↓", "scroll"), ("esc", "back to the console; the watch goes on"))
    return (("↑↓", "scroll"), ("esc", "close"))
