"""Where a query looks: which tables, and which spans of them at which level."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from clawpipe_tui.catalog import Query, is_shipped
from clawpipe_tui.result import Value
from clawpipe_tui.rollups.cover import DAYS, FINE, Cover, Looks, cover, looks_back, looks_of
from clawpipe_tui.rollups.levels import ASKED

_MACRO = re.compile(r"create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:macro|function)\s+\"?(\w+)", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_BACK = {"same hour yesterday": timedelta(days=1), "same hour last week": timedelta(days=7)}
_TO_THEIR_ENDS = "version_spans"
"""The macro of which a query looks at each version's own last time."""
_DAY = timedelta(days=1)
_ENDS = {"since", "until"}
_LABELS_OF = timedelta(days=14)
_LAST_MINUTES = timedelta(minutes=10)
"""The split of traffic is that of the last minute that was served."""


@dataclass(frozen=True)
class Served:
    """When each version served last, before the window's end; how far back objectives look; whether labels are in."""

    ends: tuple[datetime, ...] = ()
    widths: tuple[timedelta, ...] = ()
    estimated: tuple[timedelta, ...] = ()
    """How far back those look that need no labels, but every answer."""
    labelled: bool = True


@dataclass(frozen=True)
class Sources:
    """The tables that each macro reads, so that a query's tables are known from its text."""

    macros: Mapping[str, str]
    _known: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], compare=False)

    @staticmethod
    def of(texts: Iterable[str]) -> Sources:
        """The macros of some files."""
        macros: dict[str, str] = {}
        for text in texts:
            plain = _COMMENT.sub(" ", text)
            found = list(_MACRO.finditer(plain))
            ends = [one.start() for one in found[1:]] + [len(plain)]
            macros |= {one[1].lower(): plain[one.end() : end] for one, end in zip(found, ends, strict=True)}
        return Sources(macros)

    def words(self, sql: str) -> frozenset[str]:
        """The words of a text and of the macros that it may use: tables among them, rather one too many."""
        if sql not in self._known:
            self._known[sql] = self._find_words(sql)
        return self._known[sql]

    def _find_words(self, sql: str) -> frozenset[str]:
        words, open_texts = set[str](), [_COMMENT.sub(" ", sql)]
        while open_texts:
            new = {word.lower() for word in re.findall(r"\w+", open_texts.pop())} - words
            words |= new
            open_texts += [self.macros[word] for word in new if word in self.macros]
        return frozenset(words)

    def covers(self, query: Query, context: Mapping[str, Value], served: Served) -> dict[str, Cover]:
        """What must be in memory for a query, by table.

        `requests` is covered whole, and so are all tables of a query of the user's own or without a window.
        """
        words, last_at = self.words(query.sql), max(served.ends, default=None)
        tables = words & set(ASKED)
        whole = not is_shipped(query) or not _ENDS & query.parameters
        looks = window = _looks(query.parameters, context, last_at)
        if _TO_THEIR_ENDS in words:
            looks = _with_ends(window, context, served.ends, served.widths)
        covers = {name: cover(looks, whole=whole) for name in tables - {"answers", "requests", "values"}}
        if "values" in tables:
            covers["values"] = cover(_with_rhythm(looks), whole=whole)
        if "answers" in tables:
            if not served.labelled and _TO_THEIR_ENDS in words:
                looks = _with_ends(window, context, served.ends, served.estimated)
            known = _with_labels(looks, context, last_at) if served.labelled else _fine(looks)
            covers["answers"] = cover(known, whole=whole)
        if "requests" in tables:
            parameters = parameters_for_requests(query, context)
            if parameters != query.parameters:
                looks = _looks(parameters, context, last_at)
            covers["requests"] = cover(_with_last_minutes(looks, parameters, last_at), whole=True)
        return covers


def parameters_for_requests(query: Query, context: Mapping[str, Value]) -> frozenset[str]:
    """What says which requests a query sees.

    `requests` is covered whole: a query that names no time sees it as others on its screen do, and shares their copy.
    """
    has_window = all(isinstance(context.get(name), datetime) for name in _ENDS)
    names_time = not query.parameters.isdisjoint({*_ENDS, "now"})
    return query.parameters if names_time or not has_window or not is_shipped(query) else query.parameters | _ENDS


def _looks(parameters: Collection[str], context: Mapping[str, Value], last_at: datetime | None) -> Looks:
    """The window of a query; one with a single end reaches from there to the other end of the log."""
    since, until, step, now = (context.get(name) for name in ("since", "until", "step", "now"))
    if _ENDS.isdisjoint(parameters):
        return looks_back(now) if isinstance(now, datetime) and "now" in parameters else Looks()
    last = last_at or datetime.now(UTC)
    until = until if isinstance(until, datetime) and "until" in parameters else last + _LAST_MINUTES
    since = since if isinstance(since, datetime) and "since" in parameters else until - _LAST_MINUTES
    back = _BACK.get(str(context.get("baseline")))
    return looks_of(since, max(since, until), step if isinstance(step, timedelta) else timedelta(0), back)


def _with_ends(
    looks: Looks, context: Mapping[str, Value], served: Iterable[datetime], widths: Iterable[timedelta]
) -> Looks:
    """Objectives are measured up to when each version last served, in windows of their own."""
    since, until = context.get("since"), context.get("until")
    if not isinstance(since, datetime) or not isinstance(until, datetime):
        return looks
    ends = {min(until, end.replace(second=0, microsecond=0) + timedelta(minutes=1)) for end in served}
    spans = [(end - width, end, DAYS) for end in ends | {until} for width in (until - since, *widths)]
    edges = (edge for start, end, _ in spans for edge in (start, end))
    return Looks((*looks.spans, *spans), (*looks.edges, *edges))


def _with_rhythm(looks: Looks) -> Looks:
    """Whether a column only keeps its daily rhythm is told by the same hours yesterday, and by the whole day."""
    if not looks.spans or looks.spans[0][1] - looks.spans[0][0] >= 2 * _DAY:
        return looks
    start, end, _ = looks.spans[0]
    return Looks((*looks.spans, (start - _DAY, end, 3_600)), (*looks.edges, *(edge - _DAY for edge in looks.edges)))


def _with_last_minutes(looks: Looks, parameters: Collection[str], last_at: datetime | None) -> Looks:
    """Versions share the traffic of the last minute; and without an end, a query counts who served a day ago."""
    spans, edges = looks.spans, looks.edges
    if last_at and spans:
        spans = (*spans, (last_at - _LAST_MINUTES, last_at, FINE))
    if spans and "until" not in parameters:
        edges = (*edges, *(edge - _DAY for edge in edges))
    return Looks(spans, edges)


def _with_labels(looks: Looks, context: Mapping[str, Value], last_at: datetime | None) -> Looks:
    """How long labels take is told by two weeks; which answer means yes, by the last day."""
    ends = [end for end in (context.get("until"), context.get("now"), last_at) if isinstance(end, datetime)]
    spans = [*looks.spans, *((end, end + _DAY, FINE) for end in ends)]
    return Looks(tuple((start - _LABELS_OF, end, FINE) for start, end, _ in spans), looks.edges)


def _fine(looks: Looks) -> Looks:
    """Without labels nothing is learnt from answers before a window."""
    return Looks(tuple((start, end, FINE) for start, end, _ in looks.spans), looks.edges)
