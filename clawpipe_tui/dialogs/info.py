"""`i`: what goes up the line, how fast frames are, where files are, where each setting came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clawpipe_tui.dialogs.dialog import Dialog, Skin
from clawpipe_tui.dialogs.text import heading, pairs
from clawpipe_tui.panels.look import Line
from clawpipe_tui.terminal.line import Traffic
from clawpipe_tui.wording import number, seconds, size


def info_lines(traffic: Traffic | None, settings: Mapping[str, Mapping[str, str]], width: int) -> list[Line]:
    """Traffic first, then everything else by its heading."""
    lines: list[Line] = [*heading("The line")]
    if traffic is None:
        lines += pairs([("terminal", "none: this console runs without one")], width)
    else:
        trip = "the terminal has not answered" if traffic.round_trip_s is None else seconds(traffic.round_trip_s)
        lines += pairs(
            [
                ("bytes per second", f"{size(traffic.bytes_per_s)}/s, mean of the last 10 s"),
                ("sent", f"{size(traffic.sent_bytes)} in {_frames(traffic.frames)}"),
                ("dropped", f"{_frames(traffic.dropped)}, because the line was still busy"),
                ("frame time", seconds(round(traffic.frame_s, 4))),
                ("round trip", trip),
                ("pace", f"no oftener than every {seconds(traffic.pace_s)}" if traffic.pace_s else "as chosen"),
            ],
            width,
        )
    for name, rows in settings.items():
        lines += [*heading(name), *pairs(list(rows.items()), width)]
    return lines


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{number(count)} frames"


class InfoPage(Dialog[None]):
    """The numbers, renewed while one looks at them."""

    def __init__(
        self, skin: Skin, traffic: Callable[[], Traffic | None], settings: Mapping[str, Mapping[str, str]]
    ) -> None:
        super().__init__(skin, "Info")
        self._traffic, self._settings = traffic, settings

    def body(self, width: int) -> list[Line]:
        """As of now."""
        return info_lines(self._traffic(), self._settings, width)

    def on_mount(self) -> None:
        """Look again every two seconds."""
        self.set_interval(2.0, self.redraw)
