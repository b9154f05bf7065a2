"""A log that is open: reads what is new in a thread of its own, and answers queries meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.catalog import Catalog, find_query, load_catalog
from clawpipe_tui.config import Config, cache_folder
from clawpipe_tui.errors import ClawpipeError, LogError
from clawpipe_tui.logs.canonical import Layout
from clawpipe_tui.logs.listing import watched_folders
from clawpipe_tui.result import Result, Value
from clawpipe_tui.rollups.reader import LogReader, LogSettings, connect
from clawpipe_tui.warehouse import Progress, Warehouse

if TYPE_CHECKING:
    from clawpipe_tui.rollups.reader import Change

_LOOK_EVERY_S = 5.0
"""How often the log is listed even when the file system announced nothing (network mounts announce nothing)."""
_STOP_WITHIN_S = 2.0


class LogSession:
    """One open log. Made whole by the constructor; `follow` keeps it up to date until `close`."""

    def __init__(
        self, config: Config, *, now: datetime | None = None, cache: Path | None = None, catalog: Catalog | None = None
    ) -> None:
        self.config = config
        self._clock = now or config.now
        self._warehouse = Warehouse(connect(), catalog if catalog is not None else load_catalog())
        self._reader = LogReader(_settings(config), (cache or cache_folder()) / "rollups")
        self._progress = Progress()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._load(self._reader.catch_up())

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Blocks; may be called from any thread.

        Where no model is named, the one with the most requests is meant.
        """
        return self._warehouse.ask(query, context if context.get("model") else {**context, "model": self.model()})

    def model(self) -> str:
        """The configured model, else the one with the most requests in this log; empty where there is none yet."""
        if not self.config.model:
            rows = self._warehouse.ask("models", {}).rows
            return str(rows[0][0]) if rows else ""
        return self.config.model

    def question(self, query: str) -> str:
        """What that query answers, in words."""
        return find_query(self._warehouse.catalog, query).question

    @property
    def catalog(self) -> Catalog:
        """The queries that can be asked."""
        return self._warehouse.catalog

    def revision(self) -> int:
        """A number that grows whenever answers may have changed."""
        return self._warehouse.revision

    def now(self) -> datetime:
        """The fixed clock; the log's last row where the clock stands at its end; else the wall clock."""
        fixed = self._warehouse.last_at if self._clock == "end" else self._clock
        return fixed if isinstance(fixed, datetime) else datetime.now(UTC)

    def progress(self) -> Progress:
        """How much of the log has been read."""
        return self._progress

    def interrupt(self) -> None:
        """Stop the query that runs now: its answer is no longer wanted."""
        self._warehouse.interrupt()

    def read(self) -> Progress:
        """Read all that is new and return. Raises LogError where there is no file at all, or none can be read."""
        self._read_new()
        if not self._reader.listing:
            raise LogError(
                f"There are no log files at {', '.join(self.config.log_files)}.",
                "Name the folder that holds the Parquet files: --logs FOLDER.",
            )
        entries = self._reader.ledger.latest.values()
        if not any(entry.file is not None for entry in entries) and not self._reader.ledger.counted:
            example = next(iter(entries))
            raise LogError(
                f"None of the {len(entries)} log files can be read. {Path(example.path).name}: {example.reason}.",
                "All of them with their reasons: clawpipe-tui query files --logs …",
            )
        return self._progress

    def follow(self) -> None:
        """Start reading new files as they land, in a thread of its own."""
        self._thread = threading.Thread(target=self._follow, name="log-reader", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading and let go of everything, within two seconds."""
        self._stopping.set()
        self._reader.interrupt()
        if self._thread:
            self._thread.join(_STOP_WITHIN_S)
        self._reader.close()
        self._warehouse.close()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self._read_new()
            except ClawpipeError as error:
                self._progress = Progress(message=str(error))
            except Exception as error:  # noqa: BLE001 - the edge of a worker: what went wrong is shown, reading goes on
                self._progress = Progress(message=f"Reading the log failed: {error}")
            self._wait_for_files()

    def _wait_for_files(self) -> None:
        """Return when a file landed, or after a while: network mounts announce nothing."""
        from watchfiles import watch

        folders = [folder for folder in watched_folders(self.config.log_files) if folder.is_dir()]
        if not folders:
            self._stopping.wait(1.0)
            return
        waiting = watch(
            *folders, stop_event=self._stopping, debounce=100, step=50, rust_timeout=int(_LOOK_EVERY_S * 1_000),
            yield_on_timeout=True,
        )  # fmt: skip
        next(waiting, None)

    def _read_new(self) -> None:
        started = time.monotonic()
        self._load(self._reader.catch_up())
        backlog = self._reader.look()
        self._say(backlog.files_known, backlog.files_pending)
        pending = backlog.files_pending
        for change in self._reader.read_new():
            self._load(iter([change]))
            pending -= len(change.part.ledger)
            self._say(backlog.files_known, pending)
            if self._stopping.is_set():
                return
        if backlog.files_pending or time.monotonic() - started > _LOOK_EVERY_S or not self._progress.files_read:
            self._warehouse.set_files(self._reader.ledger.shown(self._reader.listing))

    def _say(self, known: int, pending: int) -> None:
        self._progress = Progress(known - pending, known, self._warehouse.rows, reading=pending > 0)

    def _load(self, changes: Iterator[Change]) -> None:
        for change in changes:
            self._warehouse.load(change)
        if self._reader.baseline and not self._warehouse.has_bins:
            self._warehouse.set_bins(self._reader.baseline.rows)


def _settings(config: Config) -> LogSettings:
    layout = Layout(config.columns, config.model, config.version, config.numeric, config.categorical)
    return LogSettings(config.log_files, layout, config.baseline_files)
