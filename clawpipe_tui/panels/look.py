"""How things look: styled text by meaning, what a terminal can show, and the palettes that turn meaning into paint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from clawpipe_tui.panels.axis import Axis

Charts = Literal["braille", "block", "ascii"]
Border = Literal["box", "rule"]

STYLES = (
    *("", "good", "bad", "warn", "muted", "title", "header", "strong", "border", "focus", "axis", "grid", "mark"),
    *("live", "baseline", "cursor", "picked", "good_badge", "bad_badge", "warn_badge"),
    *(f"series{place}" for place in range(8)),
    *(f"heat{step}" for step in range(8)),
)
"""Every style that a drawing may use, alone or as `a on b`; every palette has them all."""

VERDICT_STYLES = {
    "worse": "bad",
    "drifted": "bad",
    "missed": "bad",
    "not accepted": "bad",
    "differs": "warn",
    "not shown worse": "good",
    "better": "good",
    "met": "good",
    "accepted": "good",
    "inside noise": "good",
    "cannot tell": "warn",
}
SERIES = 8
HEATS = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; the style says what it means ("bad", "axis"), never a colour."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paint:
    """How one style is painted: `#rrggbb`, or the name of one of the terminal's own colours, or nothing."""

    fg: str | None = None
    bg: str | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False


@dataclass(frozen=True)
class Mark:
    """A change that charts over time mark: a deployment, a rollback, a column that came or went."""

    at_s: float
    glyph: str
    text: str


@dataclass(frozen=True)
class Look:
    """What drawings may rely on: the glyphs that the terminal can show, whether colour tells things apart."""

    charts: Charts = "braille"
    colour: bool = True
    """False in mono: series are then told apart by glyphs alone."""
    border: Border = "box"
    series: tuple[str, ...] = ()
    """Names (versions) that keep their colour in every panel, in this order."""
    marks: tuple[Mark, ...] = ()
    """What changed and when: every chart over time marks it."""
    held: Axis | None = None
    """The value axis of this panel's last drawing, which is kept while the values stand well on it."""

    @property
    def ascii(self) -> bool:
        """Whether every byte must stay below 0x80."""
        return self.charts == "ascii"

    def fitted(self, width: int, height: int) -> Look:
        """The look for a terminal of this size: below 100x34 a rule above each panel, else a box around it."""
        return replace(self, border="box" if width >= _BOX_WIDTH and height >= _BOX_HEIGHT else "rule")


_BOX_WIDTH, _BOX_HEIGHT = 100, 34
_PLAIN = Paint()

Palette = Mapping[str, Paint]


def paint(palette: Palette, style: str) -> Paint:
    """The paint of a style; `a on b` is a's foreground over b's, for cells that two things share."""
    if style in palette:
        return palette[style]
    front, _, back = style.partition(" on ")
    if not back:
        return _PLAIN
    over = palette.get(front, _PLAIN)
    return replace(over, bg=palette.get(back, _PLAIN).fg or over.bg)


# Orange and blue mean bad and good, so series have other colours; light and dark alternate for those who see few hues.
def _palette(roles: dict[str, Paint], series: tuple[str, ...] = (), heat: tuple[str, ...] = ()) -> dict[str, Paint]:
    """A full palette: the roles, plus numbered series and heat steps from two runs of colours."""
    numbered = {f"series{i}": Paint(colour) for i, colour in enumerate(series)}
    return roles | numbered | {f"heat{i}": Paint(colour) for i, colour in enumerate(heat)}


_DARK = _palette(
    {
        "": Paint("#d6dae2", "#0f131a"),
        "good": Paint("#5bb8f0"),
        "bad": Paint("#ff9142", bold=True),
        "warn": Paint("#ecd06f"),
        "muted": Paint("#7d8799"),
        "title": Paint("#eef1f6", bold=True),
        "header": Paint("#9aa5b8", bold=True),
        "border": Paint("#465064"),
        "focus": Paint("#8fd0ff", bold=True),
        "axis": Paint("#6d788c"),
        "grid": Paint("#323a49"),
        "mark": Paint("#aab4c6"),
        "live": Paint("#ff9142"),
        "baseline": Paint("#5bb8f0", bold=True),
        "strong": Paint("#ffffff", bold=True),
        "cursor": Paint("#ffffff", "#2b4a6f", bold=True),
        "picked": Paint("#ffffff", "#2b3242"),
        "good_badge": Paint("#0b1622", "#5bb8f0", bold=True),
        "bad_badge": Paint("#1d0f04", "#ff9142", bold=True),
        "warn_badge": Paint("#1d1904", "#ecd06f", bold=True),
    },
    ("#45d0bd", "#b8a1ff", "#f2dc6b", "#f08fb0", "#6aa8ff", "#c8cdd6", "#9bd35a", "#d0966a"),
    ("#2c4280", "#3a5294", "#4b5b86", "#6f7689", "#979186", "#bfae78", "#e3cc5f", "#fff04a"),
)
_LIGHT = _palette(
    {
        "": Paint("#20242c", "#fbfcfd"),
        "good": Paint("#00629c"),
        "bad": Paint("#b84300", bold=True),
        "warn": Paint("#7a5c00"),
        "muted": Paint("#69707d"),
        "title": Paint("#0d1117", bold=True),
        "header": Paint("#4b5360", bold=True),
        "border": Paint("#b3bac6"),
        "focus": Paint("#0061a8", bold=True),
        "axis": Paint("#737b88"),
        "grid": Paint("#d5dae2"),
        "mark": Paint("#3b4350"),
        "live": Paint("#c95a10"),
        "baseline": Paint("#00508a", bold=True),
        "strong": Paint("#000000", bold=True),
        "cursor": Paint("#08233f", "#c4dff7", bold=True),
        "picked": Paint("#08233f", "#e3e7ee"),
        "good_badge": Paint("#ffffff", "#00629c", bold=True),
        "bad_badge": Paint("#ffffff", "#b84300", bold=True),
        "warn_badge": Paint("#ffffff", "#7a5c00", bold=True),
    },
    ("#007a6c", "#6a3fd0", "#8a6d00", "#b0305e", "#0a5bc4", "#5a616d", "#4a7a00", "#8a4a16"),
    ("#d9e2f2", "#c3cce0", "#aab2c8", "#8e95ad", "#6f7794", "#525b80", "#34406f", "#14265f"),
)
_ANSI = _palette(
    {
        "": _PLAIN,
        "good": Paint("bright_blue"),
        "bad": Paint("bright_yellow", bold=True),
        "warn": Paint("bright_magenta"),
        "muted": Paint("bright_black"),
        "title": Paint(bold=True),
        "header": Paint("cyan"),
        "border": Paint("bright_black"),
        "focus": Paint("bright_cyan", bold=True),
        "axis": Paint("bright_black"),
        "grid": Paint("bright_black", dim=True),
        "mark": Paint("white"),
        "live": Paint("yellow"),
        "baseline": Paint("bright_blue", bold=True),
        "strong": Paint(bold=True),
        "cursor": Paint(reverse=True),
        "picked": Paint(bold=True),
        "good_badge": Paint("black", "bright_blue"),
        "bad_badge": Paint("black", "bright_yellow"),
        "warn_badge": Paint("black", "bright_magenta"),
    },
    ("bright_cyan", "magenta", "bright_white", "green", "cyan", "white", "blue", "bright_black"),
    ("blue", "blue", "blue", "cyan", "cyan", "yellow", "yellow", "bright_yellow"),
)
_CONTRAST = _palette(
    {
        "": Paint("#ffffff", "#000000"),
        "good": Paint("#7fd4ff", "#000000", bold=True),
        "bad": Paint("#ffb000", "#000000", bold=True),
        "warn": Paint("#ffff66", "#000000", bold=True),
        "muted": Paint("#d0d0d0", "#000000"),
        "title": Paint("#ffffff", "#000000", bold=True),
        "header": Paint("#ffffff", "#000000", bold=True),
        "border": Paint("#ffffff", "#000000"),
        "focus": Paint("#00ffff", "#000000", bold=True),
        "axis": Paint("#e0e0e0", "#000000"),
        "grid": Paint("#606060", "#000000"),
        "mark": Paint("#ffffff", "#000000"),
        "live": Paint("#ffb000", "#000000"),
        "baseline": Paint("#7fd4ff", "#000000", bold=True),
        "strong": Paint("#ffffff", "#000000", bold=True),
        "cursor": Paint("#000000", "#ffff00", bold=True),
        "picked": Paint("#000000", "#d0d0d0"),
        "good_badge": Paint("#000000", "#7fd4ff", bold=True),
        "bad_badge": Paint("#000000", "#ffb000", bold=True),
        "warn_badge": Paint("#000000", "#ffff66", bold=True),
    },
    ("#5cffe4", "#cbb8ff", "#fff27a", "#ff9fc4", "#8fc0ff", "#ffffff", "#b8ff70", "#ffc08f"),
    ("#35569f", "#466cb8", "#5b7bc0", "#8593b8", "#b3a890", "#d6c26b", "#f0dc4f", "#ffff33"),
)
_MONO: dict[str, Paint] = {
    "": _PLAIN,
    **dict.fromkeys(("good", "live", "warn", "mark"), _PLAIN),
    **dict.fromkeys(("bad", "title", "header", "strong", "baseline", "picked"), Paint(bold=True)),
    **dict.fromkeys(("muted", "border", "axis", "grid"), Paint(dim=True)),
    "focus": Paint(bold=True),
    **dict.fromkeys(("cursor", "good_badge", "bad_badge", "warn_badge"), Paint(reverse=True)),
    **{f"series{i}": _PLAIN for i in range(SERIES)},
    **{f"heat{i}": _PLAIN for i in range(HEATS)},
}

PALETTES: Mapping[str, Palette] = {
    "dark": _DARK,
    "light": _LIGHT,
    "ansi": _ANSI,
    "contrast": _CONTRAST,
    "mono": _MONO,
}
