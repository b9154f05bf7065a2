"""A connection that answers one question at a time, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

    import duckdb

_MOST_READ = 64
"""Texts that are kept as DuckDB reads them: twenty bytes for each of a text's own. Two screens have so many."""


@dataclass
class Lane:
    """A connection, what its views show now, and the texts that it has read."""

    connection: duckdb.DuckDBPyConnection
    views: dict[str, str] = field(default_factory=dict[str, str])
    read: _lru_cache_wrapper[duckdb.Statement] = field(init=False)

    def __post_init__(self) -> None:
        self.read = lru_cache(maxsize=_MOST_READ)(self._read)

    def run(self, sql: str, values: object = None) -> duckdb.DuckDBPyConnection:
        """Execute a text that will come again: reading it is a tenth of answering. Raises duckdb.Error."""
        return self.connection.execute(self.read(sql), values)

    def show(self, seen: Mapping[str, str]) -> None:
        """Put what a question sees in front of the empty tables that macros bind to."""
        for name, source in seen.items():
            if self.views.get(name) != source:
                self.connection.execute(f'create or replace temp view "{name}" as {source}')
                self.views[name] = source

    def interrupt(self) -> None:
        """Stop what runs on it, if anything does."""
        import duckdb

        with suppress(duckdb.ConnectionException):  # closed already
            self.connection.interrupt()

    def _read(self, sql: str) -> duckdb.Statement:
        (statement,) = self.connection.extract_statements(sql)
        return statement
