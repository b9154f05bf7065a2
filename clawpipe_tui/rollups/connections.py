"""The connections that a log is read with: one DuckDB, and each is made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.lanes import MOST_LANES, side_by_side
from clawpipe_tui.rollups.source import alongside, apart, connect

if TYPE_CHECKING:
    import duckdb


class Connections:
    """Made by the thread that reads; any other may `interrupt`."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._connecting: Future[duckdb.DuckDBPyConnection] | None = None
        self._landed: duckdb.DuckDBPyConnection | None = None
        self._choosing: duckdb.DuckDBPyConnection | None = None
        self._lanes: tuple[duckdb.DuckDBPyConnection, ...] = ()

    def prepare(self) -> Future[duckdb.DuckDBPyConnection]:
        """Connect in a thread of its own: there is going to be something to read."""
        if self._connecting is None:
            self._connecting = side_by_side().submit(connect, self._threads)
            self._connecting.add_done_callback(lambda _: import_module("pyarrow.compute"))  # 60 ms, and soon wanted
        return self._connecting

    @property
    def own(self) -> duckdb.DuckDBPyConnection:
        """The reader's own. A log that was read before is shown without it."""
        return self.prepare().result()

    @property
    def made(self) -> duckdb.DuckDBPyConnection | None:
        """The same, where it has been made."""
        made = self._connecting
        return made.result() if made and made.done() and not made.exception() else None

    def landed(self) -> duckdb.DuckDBPyConnection:
        """For what lands while the others are busy."""
        self._landed = self._landed or apart(self.own, "landed")
        return self._landed

    def choosing(self) -> duckdb.DuckDBPyConnection:
        """For the bins, which are fixed meanwhile."""
        self._choosing = self._choosing or alongside(self.own)
        return self._choosing

    def lanes(self, files: int) -> Sequence[duckdb.DuckDBPyConnection]:
        """Those to count so many files with, side by side; none where they are better counted one after the other."""
        if files > 1 and MOST_LANES > 1 and not self._lanes:
            self._lanes = tuple(alongside(self.own) for _ in range(MOST_LANES))
        return self._lanes

    def interrupt(self) -> None:
        """Stop whatever they are at."""
        for connection in self._all():
            connection.interrupt()

    def close(self) -> None:
        """Let go of them; one that is still at work, on a busy machine, ends with the process."""
        import duckdb

        wait([self._connecting] if self._connecting else [])
        for connection in self._all():
            with suppress(duckdb.Error):
                connection.close()

    def _all(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield from filter(None, (self.made, self._landed, self._choosing, *self._lanes))
