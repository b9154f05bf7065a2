"""One line to be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.picture import Pages, Picture
from clawpipe_tui.dialogs.text import told
from clawpipe_tui.panels.look import Line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key


class Typed(Dialog[str | None]):
    """A question, and a line for its answer; an empty answer is one, too."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    Typed Input { margin: 0 2; background: ansi_default; background-tint: ansi_default 0%; }
    """
    hints = (("enter", "take it"), ("esc", "leave"))

    def __init__(self, skin: Skin, heading: str, question: str, value: str = "") -> None:
        super().__init__(skin, heading)
        self.question, self.value = question, value

    def compose(self) -> ComposeResult:
        """The question, the line, the keys."""
        theme = self.skin.theme
        line = Input(self.value, compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield Picture(theme, id="title")
        yield Pages(theme, id="body")
        yield line
        yield Picture(theme, id="hints")

    def body(self, width: int) -> list[Line]:
        """The question."""
        return [(), *told(self.question, width)]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed."""
        self.dismiss(event.value.strip())

    def on_key(self, event: Key) -> None:
        """Everything but leaving belongs to the line."""
        if event.key == "escape":
            event.stop()
            self.close()
        event.prevent_default()
