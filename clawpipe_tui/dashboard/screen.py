"""The one screen that draws any screen file: a header, a picture per panel where the grid puts it, a footer."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen

from clawpipe_tui.dashboard.desk import CHROME
from clawpipe_tui.dashboard.view import cursor_row
from clawpipe_tui.dialogs.picture import Picture
from clawpipe_tui.panels.canvas import words
from clawpipe_tui.panels.draw import axis_of, draw_panel
from clawpipe_tui.panels.state import PanelState
from clawpipe_tui.spec import Rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.events import Click, Key, Paste, Resize

    from clawpipe_tui.dashboard.desk import Desk
    from clawpipe_tui.dashboard.view import Place, Scene
    from clawpipe_tui.dialogs.dialog import Skin
    from clawpipe_tui.panels.axis import Axis
    from clawpipe_tui.panels.look import Look
    from clawpipe_tui.spec import PanelSpec

LOADING = PanelState("loading")


class PanelView(Picture):
    """A place on the screen that shows one panel after another; it is never mounted again."""

    DEFAULT_CSS = "PanelView { position: absolute; display: none; }"

    def __init__(self, theme: str) -> None:
        super().__init__(theme)
        self.panel = ""
        self.room = (0, 0)
        self._drawn: tuple[object, ...] = ()
        self._axis: Axis | None = None

    def place(self, panel: str, rect: Rect) -> None:
        """Stand here and be this panel."""
        self.panel, self._axis = panel, None
        self.display = True
        self.styles.offset = (rect.x, rect.y + 1)
        self.room = (rect.width, rect.height)
        self.styles.width, self.styles.height = self.room

    def leave(self) -> None:
        """Stand nowhere."""
        self.panel, self.display = "", False

    def draw(self, panel: PanelSpec, state: PanelState, place: Place, look: Look) -> None:
        """Draw, unless everything that the drawing depends on is what it was."""
        focused, row = panel.name == place.focus, cursor_row(panel, state, place)
        inputs = (panel, state, self.room, look, focused, row)
        if inputs != self._drawn:
            self._drawn = inputs
            look = replace(look, held=self._axis)
            self._axis = axis_of(panel, state, *self.room, look)
            self.show(draw_panel(panel, state, *self.room, look, focused=focused, cursor=row))


class Dashboard(Screen[None]):
    """Draws what it is told and says which key was pressed; it decides nothing."""

    DEFAULT_CSS = """
    Dashboard { background: ansi_default; overflow: hidden; }
    Dashboard > Picture { position: absolute; height: 1; width: 100%; }
    """

    class Pressed(Message):
        """A key, as the user sees it on the keyboard."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Pasted(Message):
        """Text that was pasted; its lines are no keys."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Clicked(Message):
        """A panel was clicked."""

        def __init__(self, panel: str) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, skin: Skin, most_panels: int, fit: Callable[[], None]) -> None:
        super().__init__()
        self._fit = fit
        self.skin = skin
        # Kept, and not looked up: a tick may come when Textual has taken everything off the screen, at the end.
        self.top, self.bottom, self.watched = (Picture(skin.theme) for _ in range(3))
        self.views = [PanelView(skin.theme) for _ in range(max(1, most_panels))]
        self._layout: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """As many places as the largest screen has panels; then nothing is ever mounted again."""
        yield self.top
        yield from self.views
        yield self.watched
        yield self.bottom

    def draw(self, desk: Desk) -> None:
        """Show this moment; what did not change is not repainted."""
        scene, look = desk.scene(), desk.look
        self._lay_out(desk, scene)
        self.top.show([desk.header(scene)])
        self.bottom.show([desk.footer(scene)])
        self.watched.show(desk.watch())
        if not scene.rects:
            self._say_broken(desk)
        panels = desk.shown_panels
        for view in self.views:
            if view.panel:
                view.draw(panels[view.panel], scene.states.get(view.panel, LOADING), desk.view.place, look)

    def _lay_out(self, desk: Desk, scene: Scene) -> None:
        """Stand where the grid says; only where something about it changed."""
        layout = (desk.view.place.screen, dict(scene.rects), desk.width, desk.height, desk.watch_rows)
        if layout == self._layout:
            return
        self._layout = layout
        _stand(self.top, 0, visible=True)
        _stand(self.bottom, desk.height - 1, visible=True)
        _stand(self.watched, desk.height - 1 - desk.watch_rows, visible=desk.watch_rows > 0)
        self.watched.styles.height = desk.watch_rows
        for view, name in zip_longest(self.views, scene.rects, fillvalue=""):
            if isinstance(view, PanelView):
                view.place(name, scene.rects[name]) if name else view.leave()

    def _say_broken(self, desk: Desk) -> None:
        """A file that cannot be used shows its error in its own place; the other screens run."""
        error = getattr(desk.screen, "error", "") or "There is no screen to show: no file was found in screens/."
        rect = Rect(0, 0, desk.width, desk.height - CHROME)
        self.views[0].place("", rect)
        self.views[0].show(words(error, rect.width, rect.height, desk.look, "bad").lines())

    def on_key(self, event: Key) -> None:
        """Every key goes to the table of keys; what is not in it goes on to Textual."""
        pressed = event.character if event.is_printable and event.character else event.key
        if pressed != "ctrl+p":
            event.stop()
            self.post_message(self.Pressed(pressed))

    def on_paste(self, event: Paste) -> None:
        """Pasted text goes to whoever is being written in."""
        event.stop()
        self.post_message(self.Pasted(event.text))

    def on_click(self, event: Click) -> None:
        """A click focuses the panel under it."""
        clicked, _ = self.get_widget_at(*event.screen_offset)
        if isinstance(clicked, PanelView) and clicked.panel:
            self.post_message(self.Clicked(clicked.panel))

    def on_mount(self) -> None:
        """Stand in the right places before anything is painted."""
        self._fit()

    def on_resize(self, _event: Resize) -> None:
        """Everything stands elsewhere."""
        self._fit()


def _stand(picture: Picture, y: int, *, visible: bool) -> None:
    picture.styles.offset = (0, y)
    picture.display = visible
