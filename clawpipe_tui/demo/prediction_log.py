"""The live prediction log: rows wait in memory for at most a second, then lie in a Parquet file of their own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from clawpipe_tui.demo.parquet_log import Table

T = TypeVar("T")
_MOST_ROWS = 50_000
_JOIN_S = 10.0


class PredictionLog(Generic[T]):
    """Takes rows from any thread and writes them in a thread of its own, beside and renamed.

    A disk that refuses costs no request: rows wait, bounded, and the oldest are given up and counted in `lost`.
    """

    def __init__(
        self,
        folder: Path,
        table: Callable[[Sequence[T]], Table],
        *,
        every_s: float = 1.0,
        most_rows: int = _MOST_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.lost = 0
        self.failure = ""
        self._table = table
        self._every_s = every_s
        self._now = now
        self._waiting: deque[T] = deque(maxlen=most_rows)
        self._adding, self._writing = threading.Lock(), threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._written = 0

    def add(self, row: T) -> None:
        """One more prediction."""
        with self._adding:
            self.lost += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(row)

    def flush(self) -> Path | None:
        """Write what waits, and return the file; None where nothing waited or the disk refused."""
        with self._writing:
            with self._adding:
                rows = list(self._waiting)
                self._waiting.clear()
            if not rows:
                return None
            try:
                path = self._write(rows)
            except OSError as error:
                self.failure = str(error)
                self._give_back(rows)
                return None
            self.failure = ""
            return path

    def _give_back(self, rows: Sequence[T]) -> None:
        with self._adding:
            both = [*rows, *self._waiting]
            kept = both[-(self._waiting.maxlen or 0) :]
            self.lost += len(both) - len(kept)
            self._waiting.clear()
            self._waiting.extend(kept)

    def _write(self, rows: Sequence[T]) -> Path:
        import pyarrow.parquet as pq

        at = self._now().astimezone(UTC)
        self._written += 1
        # The process is in the name: a server that was started again in the same second must not replace a file.
        name = f"live-{at:%H%M%S}-{os.getpid()}-{self._written:06d}.parquet"
        path = self.folder / f"{at:%Y-%m-%d}" / f"{at:%H}" / name
        beside = path.with_name(f".{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(self._table(rows), beside, compression="zstd")
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return path

    def start(self) -> None:
        """Begin to write once per period."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self.flush()

    def stop(self) -> None:
        """Write what is left, and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None
        self.flush()
