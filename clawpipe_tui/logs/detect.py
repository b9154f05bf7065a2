"""Proposes how an unknown log maps to the canonical log, from a sample of its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.errors import LogError
from clawpipe_tui.logs.canonical import Kind, Layout, canonical_select, quoted
from clawpipe_tui.logs.clocks import counts_time
from clawpipe_tui.logs.form import Form, first_form, form_of
from clawpipe_tui.logs.layouts import LayoutFile
from clawpipe_tui.logs.listing import LogFile, newest_first
from clawpipe_tui.logs.personal import personal_kind
from clawpipe_tui.logs.profile import Facts, profile
from clawpipe_tui.logs.proposal import Choice, Proposal
from clawpipe_tui.logs.roles import give_parts
from clawpipe_tui.logs.rows import layout_rows, macros, plain_rows

if TYPE_CHECKING:
    import duckdb

SAMPLE_FILES, MOST_FILES = 16, 400
SAMPLE_BYTES = 4_000_000
SAMPLE_ROWS = 20_000
_FREE_TEXT = 60.0
_FEW_ROWS = 20
"""Below so many rows nothing can be said of ids."""
_ANSWER = frozenset({"prediction", "score"})
_PARTITION = frozenset({"dt", "date", "day", "hour", "hr", "minute", "month", "year", "ds"})
_IDENTITY = frozenset({"id", "uuid", "guid", "key", "hash", "token", "session", "trace", "span"})


def sample_of(files: Iterable[LogFile]) -> list[LogFile]:
    """Some of the newest files and some of the oldest, both its ends; more where they are small."""
    ordered = [file for file in newest_first(files) if file.size_bytes]
    sample: list[LogFile] = []
    for place in range(min(len(ordered), MOST_FILES)):
        if place >= SAMPLE_FILES and sum(file.size_bytes for file in sample) > SAMPLE_BYTES:
            break
        sample.append(ordered[-(place // 2) - 1] if place % 2 else ordered[place // 2])
    return sample


def common_form(files: Sequence[LogFile]) -> Form:
    """The form of most files, by their first bytes where the name is common to several forms."""
    forms = Counter[Form](first_form(file.path) for file in files)
    return forms.most_common(1)[0][0] if forms else form_of([])


def propose(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LogFile], layouts: Mapping[str, LayoutFile]
) -> Proposal:
    """How these files should be read. Raises LogError where they cannot, or hold no time."""
    connection.execute(macros())
    form = common_form(files)
    files = _readable(connection, files, form)
    columns = _described(connection, plain_rows([file.path for file in files], form))
    layout = choose_layout(layouts.values(), form, columns)
    _sample(connection, files, form, layout)
    facts = profile(connection, "looked_at")
    chosen = _by_layout(facts, layout) if layout else []
    named = {choice.name for choice, _ in chosen}
    rest = _free(facts, chosen, layout)
    chosen += [(choice, column) for choice, column in give_parts(rest) if choice.name not in named]
    return _proposal(connection, form, layout, facts, chosen)


def _free(facts: Sequence[Facts], chosen: Sequence[tuple[Choice, Facts]], layout: LayoutFile | None) -> list[Facts]:
    """The columns that may play any part: not those that the layout speaks of, nor what stands inside its inputs."""
    taken = {column.expression for _, column in chosen}
    free = [column for column in facts if column.expression not in taken]
    if layout is None:
        return free
    named = [layout.names[kind] for kind in ("numeric", "categorical") if kind in layout.names]
    return [
        column
        for column in free
        if not any(re.search(pattern, column.name) for pattern in named)
        and (not layout.source or column.expression == quoted(column.name))
    ]


def _readable(connection: duckdb.DuckDBPyConnection, files: Sequence[LogFile], form: Form) -> list[LogFile]:
    """The files that can be read at all. Raises LogError where there is none."""
    import duckdb

    good: list[LogFile] = []
    reason = "there is no file with anything in it"
    for file in files:
        try:
            connection.execute(f"select 1 from {plain_rows([file.path], form)} limit 1").fetchall()
            good.append(file)
        except duckdb.Error as error:
            reason = f"{file.path}: {str(error).splitlines()[0]}"
    if not good:
        raise LogError(f"Nothing here can be read: {reason}.", "Name the folder, glob or file that holds the log.")
    return good


def _described(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {source}").fetchall()}


def choose_layout(layouts: Iterable[LayoutFile], form: Form, columns: Mapping[str, str]) -> LayoutFile | None:
    """The layout whose signature these columns have; of several, the one that asks for most."""
    fitting = [layout for layout in layouts if form in layout.formats and _fits(layout, columns)]
    return max(fitting, key=lambda layout: (len(layout.signature), bool(layout.companion)), default=None)


def _fits(layout: LayoutFile, columns: Mapping[str, str]) -> bool:
    if layout.signature:
        return layout.signature <= columns.keys()
    return all(_matching(layout.names.get(name, "^$"), columns) for name in ("served_at",)) and any(
        _matching(layout.names.get(name, "^$"), columns) for name in ("numeric", "categorical", "prediction", "score")
    )


def _matching(pattern: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if re.search(pattern, name)]


def _sample(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LogFile], form: Form, layout: LayoutFile | None
) -> None:
    import duckdb

    source = plain_rows([file.path for file in files], form)
    if layout and layout.source:
        mapping = Layout({}, form=form, select=layout.source, companion=layout.companion)
        source = f"(select * exclude (file_index) from ({layout_rows(files, mapping)}))"
    try:
        connection.execute(f"create or replace temp table looked_at as select * from {source} limit {SAMPLE_ROWS}")
    except duckdb.Error as error:
        raise LogError(f"The log cannot be read as {layout.name if layout else form}: {error}.") from error


def _by_layout(facts: Sequence[Facts], layout: LayoutFile) -> list[tuple[Choice, Facts]]:
    """What the layout itself says: by column names, by its expressions, by the names that its select gives."""
    found: list[tuple[Choice, Facts]] = []
    for column in facts:
        if layout.source and column.name in _CANONICAL and column.expression == quoted(column.name):
            found.append((Choice(column.name, column.expression, f"as {layout.name} logs it", plain=True), column))
        for name, pattern in layout.names.items():
            if name not in {"numeric", "categorical"} and re.search(pattern, column.name):
                found.append((Choice(name, column.expression, f"{column.name}, as {layout.name} names it"), column))
    for name, expression in layout.columns.items():
        using = next((column for column in facts if column.expression in expression or column.name == expression), None)
        if using:
            found.append((Choice(name, expression, f"as {layout.name} names it", plain=True), using))
    return [pair for place, pair in enumerate(found) if pair[0].name not in {one.name for one, _ in found[:place]}]


_CANONICAL = frozenset(
    {"served_at", "model", "version", "request_id", "role", "outcome", "status_code", "error", "latency_ms", "client",
     "prediction", "score", "label", "sampling_fraction"}
)  # fmt: skip


def _proposal(
    connection: duckdb.DuckDBPyConnection,
    form: Form,
    layout: LayoutFile | None,
    facts: Sequence[Facts],
    chosen: Sequence[tuple[Choice, Facts]],
) -> Proposal:
    timed = next((column for choice, column in chosen if choice.name == "served_at"), None)
    if (timed is None or timed.kind == "DATE") and (both := _day_and_clock(facts)):
        chosen = [both, *(pair for pair in chosen if pair[0].name != "served_at")]
    choices = [choice for choice, column in chosen if column.shape != "nothing" or choice.plain]
    if not any(choice.name == "served_at" for choice in choices) and not (layout and layout.source):
        names = ", ".join(column.name for column in facts[:12])
        raise LogError("No column of this log holds a time.", f"Its columns are {names}.")
    taken = {column.expression for _, column in chosen}
    rest = [column for column in facts if column.expression not in taken]
    personal = {column.name: kind for column in facts if (kind := personal_kind(column.tokens, column.examples))}
    features, left_out = sorted_features(rest, personal, layout)
    left_out |= _unused(chosen, choices)
    first_at, last_at = _span(connection, choices)
    words = {**layout.says, **layout.lacks} if layout else {}
    return Proposal(
        form, layout.name if layout else "", layout.about if layout else "", tuple(choices), features, left_out,
        personal, words, first_at, last_at,
    )  # fmt: skip


def _day_and_clock(facts: Sequence[Facts]) -> tuple[Choice, Facts] | None:
    """A day in one column and a time of day in another."""
    days = [column for column in facts if column.kind == "DATE"]
    clocks = [column for column in facts if column.kind == "TIME"]
    if len(days) != 1 or len(clocks) != 1:
        return None
    why = f"{days[0].name} is the day, {clocks[0].name} the time of day, taken as UTC"
    return Choice("served_at", f"{days[0].expression} + {clocks[0].expression}", why, sure=False), days[0]


def _unused(chosen: Sequence[tuple[Choice, Facts]], choices: Sequence[Choice]) -> dict[str, str]:
    return {column.name: "always empty" for choice, column in chosen if choice not in choices}


def sorted_features(
    columns: Sequence[Facts], personal: Mapping[str, str], layout: LayoutFile | None = None
) -> tuple[dict[Choice, Kind], dict[str, str]]:
    """Columns whose distribution is worth watching, and why the others are not."""
    features: dict[Choice, Kind] = {}
    left_out: dict[str, str] = {}
    for column in columns:
        reason = personal.get(column.name, "") and f"probably {personal[column.name]}"
        reason = reason or why_not(column)
        if reason:
            left_out[column.name] = reason
            continue
        kind, why, sure = _feature(column, layout)
        features[Choice(column.name, column.expression, why, sure, column.expression == quoted(column.name))] = kind
    return features, left_out


def _feature(column: Facts, layout: LayoutFile | None) -> tuple[Kind, str, bool]:
    for kind in ("numeric", "categorical"):
        if layout and kind in layout.names and re.search(layout.names[kind], column.name):
            return kind, f"as {layout.name} names it", True
    if column.shape != "number":
        return "categorical", f"{column.distinct} values", True
    codes = column.whole and bool(
        _IDENTITY & set(column.tokens) or {"code", "zip", "class", "type"} & set(column.tokens)
    )
    if codes:
        return "categorical", f"{column.distinct} whole numbers that are named like codes", False
    low, high = column.low or 0.0, column.high or 0.0
    return "numeric", f"numbers from {low:.4g} to {high:.4g}", True


def why_not(column: Facts) -> str:
    """Why a column is not watched; empty where it is."""
    if column.shape == "nothing":
        return "always empty"
    if column.shape == "nested":
        return f"nested ({column.kind.split('(')[0].lower()})"
    if column.shape == "time" or (column.tokens[:1] == column.tokens and _PARTITION & set(column.tokens)):
        return "another time"
    if column.shape == "number" and counts_time(column):
        return "another time, as a number"
    if column.distinct == 1 and column.known == column.rows and column.rows > 1:
        return f"always {column.examples[0][:40] if column.examples else 'the same'}"
    return _why_id(column) if column.rows >= _FEW_ROWS else ""


def _why_id(column: Facts) -> str:
    many = column.distinct > 0.5 * column.known
    if column.shape == "text" and column.length > _FREE_TEXT:
        return "free text"
    if column.shape == "text" and many:
        return "an id: nearly every row has its own"
    if column.shape == "number" and column.whole and many and _IDENTITY & set(column.tokens):
        return "an id: named like one, and nearly every row has its own"
    return ""


def _span(connection: duckdb.DuckDBPyConnection, choices: Sequence[Choice]) -> tuple[datetime | None, datetime | None]:
    time = next((choice.expression for choice in choices if choice.name == "served_at"), None)
    columns = {row[0]: row[1] for row in connection.execute("describe looked_at").fetchall()}
    layout = Layout({"served_at": time} if time else {})
    rows = canonical_select("looked_at", columns, layout, {}, key="0")
    ends = connection.execute(f"select epoch(min(served_at)), epoch(max(served_at)) from ({rows})").fetchall()[0]
    first, last = (datetime.fromtimestamp(end, UTC) if end is not None else None for end in ends)
    return first, last
