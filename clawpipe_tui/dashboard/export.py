"""A panel's rows and a whole frame as files: CSV, JSON, JSON lines, Parquet; text, ANSI, SVG."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.errors import UsageError, nearest

if TYPE_CHECKING:
    from clawpipe_tui.dashboard.desk import Desk
    from clawpipe_tui.panels.look import Line
    from clawpipe_tui.result import Result

ROWS = (".csv", ".json", ".jsonl", ".parquet")
FRAMES = (".txt", ".ansi", ".svg")


def default_path(panel: str, desk: Desk) -> str:
    """A name that says what it is and of when."""
    snapshot = desk.snapshot
    at = (snapshot.now if snapshot and snapshot.now else datetime.now(UTC)).astimezone(UTC)
    return f"{desk.model or 'model'}-{panel}-{at:%Y%m%dT%H%M}.csv"


def write_rows(result: Result, path: Path) -> str:
    """Write the rows by the file's ending. Raises UsageError for an ending that is not known, and where it exists."""
    from clawpipe_tui.formats import result_bytes

    _check(path, ROWS)
    path.write_bytes(result_bytes(result, path.suffix.removeprefix(".")))
    return f"{len(result.rows)} rows are in {path.absolute()}."


def write_frame(desk: Desk, path: Path) -> str:
    """Write what is on screen by the file's ending. Raises UsageError."""
    from clawpipe_tui.panels.frame import to_ansi, to_text
    from clawpipe_tui.panels.look import PALETTES
    from clawpipe_tui.terminal.picture import to_svg

    _check(path, FRAMES)
    lines, palette = frame_lines(desk), PALETTES[desk.settings.theme]
    written = {
        ".txt": lambda: to_text(lines),
        ".ansi": lambda: to_ansi(lines, palette),
        ".svg": lambda: to_svg(lines, palette, desk.view.place.screen),
    }
    path.write_text(written[path.suffix](), encoding="utf-8")
    return f"The frame is in {path.absolute()}."


def _check(path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix not in endings:
        raise UsageError(f"{path.name}: the ending says how it is written.", nearest(path.suffix, endings))
    if path.exists():
        raise UsageError(f"{path} is there already.", "Nothing is overwritten: choose another name.")


def frame_lines(desk: Desk) -> list[Line]:
    """The frame as the console draws it."""
    from clawpipe_tui.dashboard.view import cursor_row
    from clawpipe_tui.panels.frame import draw_frame
    from clawpipe_tui.spec import ScreenSpec

    screen, place, scene = desk.screen, desk.view.place, desk.scene()
    if screen is None:
        return []
    panels = desk.shown_panels
    rows = {name: cursor_row(panel, desk.states.get(name), place) for name, panel in panels.items()}
    if isinstance(screen, ScreenSpec):
        from dataclasses import replace

        screen = replace(screen, panels=panels)
    return draw_frame(
        screen,
        desk.states,
        desk.header(scene),
        desk.footer(scene),
        desk.width,
        desk.height,
        desk.look,
        focus=place.focus,
        cursors={name: row for name, row in rows.items() if row is not None},
        zoom=place.focus if place.zoomed else None,
    )
