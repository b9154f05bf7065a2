"""What several questions work out alike: which parts of their SQL those are, and what became of them.

A step is a table macro. Where a question calls one with plain values, the macro's rows are kept as a table until the
log grows, and whoever asks for the same with the same values reads that table. The SQL that users see says it in full.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from clawpipe_tui.result import Value

STEPS = (
    "version_health", "pair_starts", "failing_beside", "slower_than", "compared_bins", "compared_categories",
    "one_sided_categories", "unseen_categories", "drift_measures", "drift_since", "compared_pair",
)  # fmt: skip
"""The macros that more than one panel, or more than one part of a question, asks with the same values."""
_CALL = re.compile(rf"\b({'|'.join(STEPS)})\(([^()]*)\)")
_PLAIN = re.compile(r"\$\w+|null|'[^']*'", re.IGNORECASE)
_MACRO = re.compile(r"\s*\(([^()]*)\)\s+as\s+table\s+(.*?);?\s*", re.IGNORECASE | re.DOTALL)

_MOST = 40
"""Tables that are kept: what three windows need."""
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Call:
    """A step and what it is called with: $parameters, names of a macro's own parameters, texts, null."""

    step: str
    arguments: tuple[str, ...]

    def values(self, known: Values) -> tuple[Value, ...]:
        """The arguments' values."""
        return tuple(_value(argument, known) for argument in self.arguments)


@dataclass(frozen=True)
class Text:
    """SQL, and the calls of steps in it."""

    pieces: tuple[str | Call, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        """Each call once."""
        return tuple(dict.fromkeys(piece for piece in self.pieces if isinstance(piece, Call)))

    @property
    def plain(self) -> str:
        """The text without its calls."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    def sql(self, tables: Mapping[Call, str]) -> str:
        """The text with a table in the place of each call."""
        return "".join(piece if isinstance(piece, str) else tables[piece] for piece in self.pieces)


@dataclass(frozen=True)
class Macro:
    """A table macro: the names of its parameters, and what it selects."""

    parameters: tuple[str, ...]
    text: Text


def text_of(sql: str, names: Collection[str] = ()) -> Text:
    """The calls of steps in a text; one with an argument that is neither plain nor one of the names stays as it is."""
    pieces: list[str | Call] = []
    done = 0
    for found in _CALL.finditer(sql):
        arguments = tuple(argument.strip() for argument in found[2].split(","))
        if all(argument in names or _PLAIN.fullmatch(argument) for argument in arguments):
            pieces += [sql[done : found.start()], Call(found[1], arguments)]
            done = found.end()
    return Text((*pieces, sql[done:]))


def macros_of(texts: Mapping[str, str]) -> dict[str, Macro]:
    """The steps among some macros: name → what follows the name in `create macro name(…) as table …`."""
    found: dict[str, Macro] = {}
    for name in STEPS:
        if one := _MACRO.fullmatch(texts.get(name, "")):
            parameters = tuple(parameter.strip() for parameter in one[1].split(","))
            found[name] = Macro(parameters, text_of(one[2], parameters))
    return found


def _value(argument: str, known: Values) -> Value:
    if argument.startswith("'"):
        return argument[1:-1]
    return None if argument.lower() == "null" else known[argument.removeprefix("$")]


@dataclass
class _Table:
    """One kept step; whoever waits for it is told when it is there, or that it could not be made."""

    name: str
    made: threading.Event = field(default_factory=threading.Event)
    failed: bool = False


class Kept:
    """The tables of the steps of one revision. Several threads ask; each table is made once.

    `drop` returns the tables that it could not drop; they go the next time.
    """

    def __init__(self, drop: Callable[[Sequence[str]], list[str]]) -> None:
        self._drop = drop
        self._lock = threading.Lock()
        self._tables: dict[tuple[object, ...], _Table] = {}
        self._old: list[str] = []
        self._names: set[str] = set()
        """Those that are not free: of tables that somebody may read."""
        self._revision = -1
        self._users = 0

    def begin(self, revision: int) -> None:
        """A question begins that may read kept tables: none is dropped until it ends."""
        with self._lock:
            self._users += 1
            if revision > self._revision:
                self._old += [table.name for table in self._tables.values()]
                self._tables, self._revision = {}, revision
            for key in list(self._tables)[: max(0, len(self._tables) - _MOST)]:  # who pages far asks anew
                self._old.append(self._tables.pop(key).name)
            if self._users == 1:  # nobody else may read them: what is made now takes their places
                self._names.difference_update(self._old)

    def end(self) -> None:
        """It has ended."""
        with self._lock:
            self._users -= 1
            are_many = len(self._old) > _MOST
        if are_many:
            self.tidy()

    def tidy(self) -> None:
        """Drop the tables of older revisions, unless somebody may read them."""
        with self._lock:
            old = [] if self._users else self._old
            if old:
                self._old = []
                self._names.update(old)
        if old:
            left = self._drop(old)
            with self._lock:
                self._old += left
                self._names -= set(old).difference(left)

    def table(self, key: tuple[object, ...], make: Callable[[str], None]) -> str:
        """The table of a step, made now unless it is there; `make` may find an old one under its name.

        What `make` raises is raised for the one who made it.
        """
        while True:
            with self._lock:
                known = self._tables.get(key)
                if known is None:
                    mine = self._tables[key] = _Table(self._free_name(key[0]))
                    break
            known.made.wait()
            if not known.failed:
                return known.name
        try:
            make(mine.name)
        except BaseException:
            with self._lock:
                mine.failed = True
                if (
                    self._tables.get(key) is mine
                ):  # a name is kept or old, never both: who takes an old one's place owns it
                    del self._tables[key]
                    self._old.append(mine.name)  # it may have been made when its making was stopped
            raise
        finally:
            mine.made.set()
        return mine.name

    def _free_name(self, what: object) -> str:
        """The first that is free: questions that come again and again have the same texts, read once."""
        name = next(name for place in count() if (name := f'main."step {what} {place}"') not in self._names)
        self._names.add(name)
        if name in self._old:
            self._old.remove(name)
        return name
