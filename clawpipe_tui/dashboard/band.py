"""Where am I, and may I? The environment as name, word, glyph and colour; what is not known counts as production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clawpipe_tui.config import EnvironmentKind, environment_kind
from clawpipe_tui.panels.look import Span
from clawpipe_tui.wording import clean

_LOOKS: Mapping[EnvironmentKind, tuple[str, str]] = {
    "production": ("▲", "bad_badge"),
    "staging": ("◆", "warn_badge"),
    "practice": ("●", "good_badge"),
}

_TIGHT = 5
"""From this brevity on, every cell counts."""


@dataclass(frozen=True)
class Band:
    """How one environment is shown, on every screen."""

    name: str
    word: str
    glyph: str
    style: str

    @property
    def production(self) -> bool:
        """Whether one must be careful here."""
        return self.style == "bad_badge"


def band_of(environment: str) -> Band:
    """The band of an environment's name."""
    name, kind = clean(environment, 24).strip(), environment_kind(environment)
    if kind in _LOOKS:
        return Band(name, kind, *_LOOKS[kind])
    return Band(name or "no environment named", "counts as production", *_LOOKS["production"])


def band_spans(environment: str, *, write: bool | None, brevity: int, write_from: str = "") -> list[Span]:
    """The band at the head of a line: in full where there is room, glyph and name at the least."""
    band = band_of(environment)
    name = band.name if environment else "unnamed"
    if brevity == 0 and band.word not in band.name:
        name = f"{band.name}, {band.word}"
    spans = [Span(f" {band.glyph} {name if brevity < 5 else name[:8]} ", band.style)]
    if write is None:
        return [*spans, Span(" ")]
    origin = f" ({write_from})" if write_from else ""
    words = (f" can write{origin} ", f" read-only{origin} ")
    if brevity:
        words = (" can write ", " read-only ") if brevity < _TIGHT else (" rw ", " ro ")
    return [*spans, Span(words[not write], "warn" if write else "muted")]


def badge(environment: str) -> Span:
    """The band in one word, for titles."""
    band = band_of(environment)
    return Span(f" {band.glyph} {band.name} ", band.style)


def window_title(environment: str, model: str) -> str:
    """For the terminal's own title: ASCII, without anything that a terminal could take for a command."""
    band = band_of(environment)
    words = f"{'PRODUCTION ' if band.production else ''}{band.name} - {model or 'clawpipe-tui'} - clawpipe-tui"
    return "".join(c for c in words if c.isascii() and c.isprintable())[:120]
