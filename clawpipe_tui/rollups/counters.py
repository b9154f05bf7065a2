"""What is counted of requests, their latencies, failures and clients; watched columns are counted in values.py."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.cells import Cells, Who
from clawpipe_tui.rollups.names import MOST_LETTERS, Names, named
from clawpipe_tui.rollups.reduce import keyed
from clawpipe_tui.rollups.schema import COUNT_GRAIN_S, LATENCY_BASE, LATENCY_GRAIN_S, VALUE_GRAIN_S
from clawpipe_tui.rollups.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

_MOST_ERRORS = 200
_MOST_TEXTS = 20_000
"""Different errors that are told apart while they are counted."""
_MOST_CLIENTS = 1_000
OTHER_ERRORS, OTHER_CLIENTS = "(other errors)", "(other clients)"


class Requests:
    """How many requests were answered in which way, and when the first and the last of them."""

    def __init__(self, who: Who) -> None:
        self._who = who
        self._tally = Tally("slot", "file", "who")

    def columns(self) -> Mapping[str, str]:
        """Nothing else."""
        return {}

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:  # noqa: ARG002 - as every counter
        """The cells themselves."""
        self._tally.add(
            file=cells.file, slot=cells.slot, who=cells.who, n=cells.n, first_us=cells.first_us, last_us=cells.last_us
        )

    def table(self) -> pa.Table:
        """The table `requests`."""
        rows = self._tally.rows()
        if rows is None:
            return table_schema("requests").empty_table()
        number = rows["who"].to_numpy()
        table = keyed(_timed(rows), self._who, COUNT_GRAIN_S, number)
        return exact(table.append_column("outcome", self._who.outcome_of(number)), "requests")


class Latencies:
    """Logarithmic buckets; a zero or negative latency is a clock's artefact and counts in the lowest bucket."""

    def __init__(self, who: Who) -> None:
        self._who = who
        self._tally = Tally("slot", "file", "kind", "place")

    def columns(self) -> Mapping[str, str]:
        """The latency, as it is."""
        return {"latency_ms": "latency_ms"}

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:
        """The buckets of those that are numbers."""
        latency_ms: NDArray[np.float64] = rows["latency_ms"].to_numpy(zero_copy_only=False)
        of_row, weight = cells.of_row, cells.weight
        finite = np.isfinite(latency_ms)
        if not finite.all():
            latency_ms, of_row = latency_ms[finite], of_row[finite]
            weight = weight[finite] if weight is not None else None
        if not len(latency_ms):
            return
        bucket = np.floor(np.log(np.maximum(latency_ms, 1e-3)) / math.log(LATENCY_BASE) + 1e-9).astype(np.int64)
        lowest = int(bucket.min())
        bucket -= lowest
        groups = cells.grouped(LATENCY_GRAIN_S, self._who.version * 2 + self._who.answered)
        width = int(bucket.max()) + 1
        counted = groups.count((groups.of_cell * width)[of_row], bucket, width, weight)
        self._tally.add(**counted | {"place": counted["place"] + lowest})

    def table(self) -> pa.Table:
        """The table `latencies`."""
        import pyarrow as pa

        rows = self._tally.rows()
        if rows is None:
            return table_schema("latencies").empty_table()
        number, ok = np.divmod(rows["kind"].to_numpy(), 2)
        table = keyed(rows, self._who, LATENCY_GRAIN_S, number).append_column("ok", pa.array(ok.astype(np.bool_)))
        return exact(table.rename_columns({"place": "bucket"}), "latencies")


def clients_in(connection: duckdb.DuckDBPyConnection, canonical: str) -> Names:
    """The most frequent clients in the rows of a canonical select."""
    frequent = f"""
        select left(client, {MOST_LETTERS}) as client
        from   (select client, count(*) as n from ({canonical}) group by client) where client is not null
        group  by 1 order by sum(n) desc, 1 limit {_MOST_CLIENTS}
    """
    return Names(tuple(str(row[0]) for row in connection.execute(frequent).fetchall()), MOST_LETTERS)


class Clients:
    """Who asked, and how it went; beyond the most frequent ones they count together."""

    def __init__(self, who: Who, names: Names) -> None:
        self._who = who
        self._names = names
        self._tally = Tally("slot", "file", "kind", "place")

    def columns(self) -> Mapping[str, str]:
        """The client, where the log has any."""
        return {"client": self._names.sql("client")} if self._names.known else {}

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:
        """By minute, version and outcome."""
        if not self._names.known:
            return
        groups = cells.grouped(VALUE_GRAIN_S, np.arange(len(self._who.codes)))
        place = self._names.numbers(rows["client"]) + 1
        width = len(self._names.known) + 2
        self._tally.add(**groups.count((groups.of_cell * width)[cells.of_row], place, width, cells.weight))

    def table(self) -> pa.Table:
        """The table `clients`."""
        import pyarrow as pa

        rows = self._tally.rows()
        if rows is None:
            return table_schema("clients").empty_table()
        rows = rows.filter(pa.array(rows["place"].to_numpy() > 0))  # 0 is no client
        number = rows["kind"].to_numpy()
        table = keyed(rows, self._who, VALUE_GRAIN_S, number)
        table = table.append_column("client", named(rows["place"].to_numpy() - 1, (OTHER_CLIENTS, *self._names.known)))
        return exact(table.append_column("outcome", self._who.outcome_of(number)), "clients")


class Errors:
    """What went wrong, by its text, or by the outcome where the log has none; beyond the most frequent together."""

    def __init__(self, who: Who) -> None:
        self._who = who
        self._texts = {OTHER_ERRORS: 0}
        self._numbering = Lock()
        self._tally = Tally("slot", "file", "who", "text")

    def columns(self) -> Mapping[str, str]:
        """The error's text, worked out only where there was one."""
        return {"error": "case when outcome <> 'ok' then nullif(trim(error), '') end"}

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:
        """The rows that went wrong."""
        import pyarrow as pa

        failed = np.flatnonzero(~self._who.ok[cells.who][cells.of_row])
        if not len(failed):
            return
        of_row = cells.of_row[failed]
        text = rows["error"].take(pa.array(failed)).dictionary_encode()
        with self._numbering:
            numbers = np.array([self._number(one) for one in text.dictionary.to_pylist()] or [0], np.int64)
            outcomes = np.array([self._number(name) for name in self._who.names[-1].known], np.int64)
            width = len(self._texts)
        of_outcome = outcomes[self._who.parts[-1][cells.who[of_row]]]
        missing = text.indices.is_null().to_numpy(zero_copy_only=False)
        number = np.where(missing, of_outcome, numbers[text.indices.fill_null(0).to_numpy()])
        key, place = np.unique(of_row * width + number, return_inverse=True)
        first = np.full(len(key), np.iinfo(np.int64).max)
        last = np.zeros(len(key), np.int64)
        times = rows["served_us"].to_numpy()[failed]
        np.minimum.at(first, place, times)
        np.maximum.at(last, place, times)
        weight = cells.weight[failed] if cells.weight is not None else None
        cell, text_number = np.divmod(key, width)
        self._tally.add(
            file=cells.file[cell],
            slot=cells.slot[cell],
            who=cells.who[cell],
            text=text_number,
            n=np.bincount(place, weight),
            first_us=first,
            last_us=last,
        )

    def _number(self, text: str) -> int:
        if len(self._texts) > _MOST_TEXTS:
            return self._texts.get(text, 0)
        return self._texts.setdefault(text, len(self._texts))

    def table(self) -> pa.Table:
        """The table `errors`."""
        rows = self._tally.rows()
        if rows is None:
            return table_schema("errors").empty_table()
        who, text = rows["who"].to_numpy(), rows["text"].to_numpy()
        table = keyed(_timed(rows), self._who, COUNT_GRAIN_S, who)
        table = table.append_column("outcome", self._who.outcome_of(who))
        texts = _most_frequent(list(self._texts), text, rows["n"].to_numpy())
        return exact(table.append_column("error", named(text, texts)), "errors")


def _most_frequent(texts: Sequence[str], number: NDArray[np.int64], n: NDArray[np.int64]) -> list[str]:
    """The texts, those beyond the most frequent ones replaced."""
    total = np.bincount(number, n, len(texts))
    ranked = sorted(range(len(texts)), key=lambda one: (-total[one], texts[one]))
    frequent = set(ranked[:_MOST_ERRORS])
    return [text if one in frequent else OTHER_ERRORS for one, text in enumerate(texts)]


def _timed(rows: pa.Table) -> pa.Table:
    """Rows with first_at and last_at as times."""
    import pyarrow as pa

    for name in ("first", "last"):
        rows = rows.append_column(f"{name}_at", rows[f"{name}_us"].cast(pa.timestamp("us", "UTC")))
    return rows
