"""What a terminal can show, read from the environment: colours, glyphs, or nothing but lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from clawpipe_tui.panels.look import Charts

Depth = Literal["none", "16", "256", "truecolor"]

_MANY = ("kitty", "alacritty", "foot", "wezterm", "ghostty", "direct", "iterm", "contour")
_TITLED = ("xterm", "screen", "tmux", "rxvt", "st-", "konsole", "vte", "gnome", *_MANY)
_FEW_GLYPHS = ("linux", "vt", "ansi", "cons", "sun")


@dataclass(frozen=True)
class Ability:
    """What may be sent to this terminal."""

    depth: Depth
    theme: str
    charts: Charts
    titled: bool
    """Whether it has a title that we may set."""
    addressed: bool = True
    """False where the cursor cannot be moved: then only lines can be printed."""
    why: str = ""
    """What was found, for `doctor`."""


def ability(environment: Mapping[str, str], encoding: str) -> Ability:
    """What the terminal of this environment can show; NO_COLOR is obeyed where it is not empty."""
    term = environment.get("TERM", "")
    plain = term in {"", "dumb", "unknown"}
    depth: Depth = "none" if environment.get("NO_COLOR") or plain else colour_depth(environment)
    theme = {"none": "mono", "16": "ansi"}.get(depth, "dark")
    utf8 = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    few = term.startswith(_FEW_GLYPHS)
    charts: Charts = "ascii" if plain or few or not utf8 else "braille"
    why = f"TERM={term or '(empty)'}, COLORTERM={environment.get('COLORTERM', '')}, {encoding}"
    return Ability(depth, theme, charts, titled=term.startswith(_TITLED), addressed=not plain, why=why)


def colour_depth(environment: Mapping[str, str]) -> Depth:
    """How many colours: by COLORTERM, else by the terminal's name; nothing is asked of the terminal itself."""
    term = environment.get("TERM", "")
    if term.startswith(("vt1", "vt2", "vt5")) or term.endswith("-m"):
        return "none"
    if environment.get("COLORTERM") in {"truecolor", "24bit"} and not term.startswith(("linux", "screen.")):
        return "truecolor" if "16color" not in term else "16"
    if any(name in term for name in _MANY):
        return "truecolor"
    return "256" if "256color" in term else "16"


def encoding_in(environment: Mapping[str, str], said: str) -> str:
    """How the terminal reads bytes: as the locale says. Python alone would say UTF-8 for the C locale too."""
    name = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or ""
    if name == "C.UTF-8" and not environment.get("LC_ALL"):
        # Python itself has set LC_CTYPE where the locale was C, or is not installed here: LANG says what was meant.
        name = environment.get("LANG") or name
    if name in {"C", "POSIX"}:
        return "ascii"
    _, _, charset = name.partition(".")
    return charset.partition("@")[0] or said
