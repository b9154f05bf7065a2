"""The line at the bottom in which `:` commands and `/` filters are written, as a frozen value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clawpipe_tui.panels.canvas import Canvas
from clawpipe_tui.panels.cells import cut
from clawpipe_tui.panels.look import Line, Look

Kind = Literal[":", "/"]
_MOST = 500


@dataclass(frozen=True)
class Prompt:
    """What has been written so far, and where the cursor stands in it."""

    kind: Kind
    text: str = ""
    at: int = 0
    before: str = ""
    """What holds again where the prompt is left: the filter that was there."""
    history: tuple[str, ...] = ()
    """What was written earlier, oldest first."""
    back: int = 0
    """How many steps up the history; 0 is what is being written."""
    written: str = ""
    """What was being written when the history was entered."""


def edited(prompt: Prompt, key: str) -> Prompt:
    """The prompt after a key that edits; a key that means nothing here changes nothing."""
    if key in _EDITS:
        text, at = _EDITS[key](prompt.text, prompt.at)
        return replace(prompt, text=text, at=max(0, min(at, len(text))))
    if key in {"up", "down"}:
        return _recalled(prompt, 1 if key == "up" else -1)
    return typed(prompt, key) if len(key) == 1 and key.isprintable() else prompt


def _without_word(text: str, at: int) -> tuple[str, int]:
    head, space, _ = text[:at].rstrip().rpartition(" ")
    return head + space + text[at:], len(head + space)


_EDITS: Mapping[str, Callable[[str, int], tuple[str, int]]] = {
    "backspace": lambda text, at: (text[: max(0, at - 1)] + text[at:], at - 1),
    "ctrl+h": lambda text, at: (text[: max(0, at - 1)] + text[at:], at - 1),
    "delete": lambda text, at: (text[:at] + text[at + 1 :], at),
    "left": lambda text, at: (text, at - 1),
    "right": lambda text, at: (text, at + 1),
    "home": lambda text, _at: (text, 0),
    "ctrl+a": lambda text, _at: (text, 0),
    "end": lambda text, _at: (text, len(text)),
    "ctrl+e": lambda text, _at: (text, len(text)),
    "ctrl+u": lambda text, at: (text[at:], 0),
    "ctrl+w": _without_word,
}


def typed(prompt: Prompt, text: str) -> Prompt:
    """The prompt with text put in, one line of it, as a paste may bring more."""
    room = max(0, _MOST - len(prompt.text))
    line = "".join(character for character in text if character.isprintable())[:room]
    return replace(prompt, text=prompt.text[: prompt.at] + line + prompt.text[prompt.at :], at=prompt.at + len(line))


def _recalled(prompt: Prompt, by: int) -> Prompt:
    back = max(0, min(prompt.back + by, len(prompt.history)))
    written = prompt.text if prompt.back == 0 else prompt.written
    text = prompt.history[-back] if back else written
    return replace(prompt, text=text, at=len(text), back=back, written=written)


def completed(prompt: Prompt, candidates: Sequence[str]) -> Prompt:
    """As far as the candidates agree on the word before the cursor; all the way and a space where there is but one."""
    if not candidates:
        return prompt
    head = prompt.text[: prompt.at].rpartition(" ")
    start = head[0] + head[1]
    word = candidates[0] + " " if len(candidates) == 1 else _common(candidates)
    if len(word) < len(head[2]):
        return prompt
    return replace(prompt, text=start + word + prompt.text[prompt.at :].lstrip(), at=len(start + word))


def _common(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:length]


def remembered(history: Sequence[str], text: str, most: int = 200) -> tuple[str, ...]:
    """The history after this; what is written again moves to its end."""
    text = text.strip()
    return tuple([line for line in history if line != text] + [text])[-most:] if text else tuple(history)


def prompt_line(prompt: Prompt, note: str, width: int, look: Look) -> Line:
    """The line: what was written, its cursor, and a word about it where there is room."""
    canvas = Canvas(width, 1, look)
    shift = max(0, prompt.at - (width - 4))
    x = canvas.put(0, 0, prompt.kind, "strong")
    text = prompt.text[shift:] + " "
    at = prompt.at - shift
    x = canvas.put(x, 0, text[:at], "strong")
    x = canvas.put(x, 0, text[at : at + 1], "cursor")
    x = canvas.put(x, 0, text[at + 1 :], "strong")
    canvas.put(x + 1, 0, cut(note, width - x - 1), "muted")
    return canvas.line(0)
