"""A log that is open: reads what is new in a thread of its own, and answers queries meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.catalog import Catalog, Query, find_query
from clawpipe_tui.config import Config, cache_folder
from clawpipe_tui.errors import ClawpipeError, LogError
from clawpipe_tui.logs.landing import landings
from clawpipe_tui.logs.layouts import layout_of
from clawpipe_tui.logs.listing import is_table
from clawpipe_tui.logs.tables import resolved
from clawpipe_tui.opened import Progress
from clawpipe_tui.result import Result, Value
from clawpipe_tui.rollups.reader import LogReader
from clawpipe_tui.rollups.settings import LogSettings, store_name
from clawpipe_tui.told import Told
from clawpipe_tui.warehouse import Warehouse, empty_warehouse
from clawpipe_tui.window import step_for

if TYPE_CHECKING:
    import pyarrow as pa

    from clawpipe_tui.rollups.taken import Change
    from clawpipe_tui.serving.seam import VersionDocument

_INDEX_EVERY_S = 60.0
_ANSWERS_WITHIN_S, _QUIET_S = 1.0, 0.05
"""How long reading waits for what is asked about the first counts, and after how long a silence nothing more is."""
_STOP_WITHIN_S = 2.0
_STOP_AGAIN_S = 0.05


class LogSession:
    """One open log. Made whole by the constructor; `follow` keeps it up to date until `close`."""

    def __init__(
        self,
        config: Config,
        *,
        now: datetime | None = None,
        cache: Path | None = None,
        warehouse: Callable[[], Warehouse] = empty_warehouse,
    ) -> None:
        config = replace(
            config,
            log_files=resolved(config.log_files),
            baseline_files=resolved(config.baseline_files),
            label_files=resolved(config.label_files),
        )
        self.config = config
        self._clock = now or config.now
        self._progress = Progress()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._hang_up: Callable[[], None] = lambda: None
        self._asking = 0
        """How many questions are being answered."""
        self._asked_at = 0.0
        """When the last one was answered, by the monotonic clock."""
        self._indexed: set[str] = set()
        """The parts that the index on disk names."""
        self._indexed_at = 0.0
        self._reader = LogReader(_settings(config), (cache or cache_folder()) / "rollups")
        self._reader.on_landed = self._take_landed
        self._taken = self._reader.taken
        self._warehouse = warehouse()
        try:
            self._told = Told(config, self._warehouse)
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        """Show at once what was known last; the ledger, and parts that have come since, are read with the log."""
        index = self._taken.open_index()
        if index is None:
            self._reader.connections.prepare()
            self._load(self._taken.catch_up())
            self._warehouse.set_logged(self._taken.ledger.logged())
            return
        self._warehouse.open(index)
        self._indexed = set(index.parts)
        self._set_bins()
        self._told.know_columns(index.columns, self._reader.settings.layout)

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Blocks; may be called from any thread.

        Where no model is named, the one with the most requests is meant; limits come from the configuration; what else
        a query may use has the value that leaves its answer whole.
        """
        unasked = {**self._limits(), **_unasked(context), "now": self.now()}
        context = {**unasked, **context, "model": context.get("model") or self.model()}
        self._asking += 1
        try:
            return self._told.honest(self._warehouse.ask(query, context))
        finally:
            self._asking -= 1
            self._asked_at = time.monotonic()

    def _limits(self) -> dict[str, Value]:
        """What the configuration calls bad."""
        drift, objectives = self.config.drift, self.config.objectives
        return {
            "psi_limit": drift.psi,
            "alpha": drift.alpha,
            "failed_limit_pct": objectives.failed_pct,
            "p95_limit_ms": objectives.p95_ms,
            "accuracy_limit_pct": objectives.accuracy_pct,
            "accepted_pct": self.config.accepted_pct,
        }

    def model(self) -> str:
        """The model that was asked for; else the configured one; else, or where the log does not know that one, the one
        with the most requests. Empty where there is none yet.
        """
        if self.config.chosen_model:
            return self.config.chosen_model
        known = self._warehouse.models
        return self.config.model if self.config.model in known or not known else known[0]

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API was asked to do with traffic: model, version, role, weight_pct, since_at."""
        if not self._stopping.is_set():
            self._warehouse.set_routes(rows)

    def question(self, query: str) -> str:
        """What that query answers, in words."""
        return find_query(self._warehouse.catalog, query).question

    def parameters(self, query: str) -> frozenset[str]:
        """The names of the values that a query uses; none where there is no such query."""
        found = self.catalog.get(query)
        return found.parameters if isinstance(found, Query) else frozenset()

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

    def days(self) -> pa.Table:
        """The requests of every day by model, version, role and outcome."""
        return self._warehouse.days()

    def progress(self) -> Progress:
        """How much of the log has been read."""
        return self._progress

    def give_up(self, thread: int) -> None:
        """Stop what that thread is asking: its answer is no longer wanted."""
        self._warehouse.give_up(thread)

    def tidy(self) -> None:
        """Drop what was worked out for what the log was before, where nobody waits for an answer."""
        if not self._stopping.is_set():
            self._warehouse.asking.tidy()

    def give_back(self) -> None:
        """Let go of memory that was used for answers and for reading."""
        if not self._stopping.is_set():
            self._warehouse.give_back()

    def read(self) -> Progress:
        """Read all that is new and return. Raises LogError where there is no file at all, or none can be read."""
        self._read_new()
        trouble = self._trouble()
        if trouble:
            raise trouble
        return self._progress

    def follow(self) -> None:
        """Start reading new files as they land, in a thread of its own."""
        self._progress = Progress(rows=self._warehouse.rows, reading=True)
        self._reader.is_watched = True
        self._thread = threading.Thread(target=self._follow, name="log-reader", daemon=True)
        self._thread.start()

    def follow_routes(self, follow: Callable[[threading.Event], None], hang_up: Callable[[], None]) -> None:
        """Let that run in a thread of its own until this closes; hanging up ends what it waits for."""
        self._hang_up = hang_up
        threading.Thread(target=follow, args=(self._stopping,), name="routes", daemon=True).start()

    def close(self) -> None:
        """Stop reading and let go of everything, within two seconds."""
        self._stopping.set()
        self._hang_up()
        deadline = time.monotonic() + _STOP_WITHIN_S
        while self._thread and self._thread.is_alive() and time.monotonic() < deadline:
            self._reader.connections.interrupt()  # again and again: a reduction is several queries
            self._thread.join(_STOP_AGAIN_S)
        self._save_index()
        self._reader.connections.close()
        self._warehouse.close()

    def _follow(self) -> None:
        if self._indexed:
            self._let_answers_through()
        self._look_again()
        for announced in landings(self.config.log_files, self._stopping):
            self._look_again(announced)

    def _look_again(self, announced: Collection[str] = ()) -> None:
        if self._stopping.is_set():
            return
        try:
            self._read_new(announced)
            self._progress = replace(self._progress, message=str(self._trouble() or ""))
            merged = self._reader.tidy()
            if merged:
                self._load(iter([merged]))
        except ClawpipeError as error:
            self._progress = replace(self._progress, reading=False, message=str(error))
        except Exception as error:  # noqa: BLE001 - the edge of a worker: what went wrong is shown, reading goes on
            self._progress = replace(self._progress, reading=False, message=f"Reading the log failed: {error}")

    def _read_new(self, announced: Collection[str] = ()) -> None:
        self._taken.forget(*self._warehouse.missing())
        self._load(self._taken.catch_up())
        self._warehouse.lose(self._warehouse.part_ids - self._taken.parts.keys())
        backlog = self._reader.look(announced)
        pending = backlog.files_pending
        self._say(backlog.files_known, pending)
        self._warehouse.set_files(self._reader.files())
        for change in self._reader.read_new():
            is_first = not self._warehouse.rows
            self._load(iter([change]))
            pending = max(0, pending - len(change.part.ledger))
            self._say(backlog.files_known, pending)
            if is_first and pending and self._reader.is_watched:
                self._let_answers_through()
            if self._stopping.is_set():
                return
        self._say(backlog.files_known, 0)
        self._warehouse.set_files(self._reader.files())
        self._warehouse.set_logged(self._taken.ledger.logged())
        newest = self._taken.ledger.newest
        self._told.know_columns(newest.columns if newest else "", self._reader.settings.layout)
        self._told.read_labels()
        self._told.read_objectives()
        if time.monotonic() - self._indexed_at > _INDEX_EVERY_S:
            self._save_index()

    def _let_answers_through(self) -> None:
        """There are counts to show: what is asked about them is answered before more is read."""
        began = time.monotonic()
        while time.monotonic() < began + _ANSWERS_WITHIN_S and not self._stopping.is_set():
            if not self._asking and time.monotonic() > max(self._asked_at, began) + _QUIET_S:
                return
            time.sleep(_QUIET_S / 10)

    def _save_index(self) -> None:
        """Note for the next opening what is known, where that has changed."""
        known = set(self._taken.parts)
        if known != self._indexed and self._warehouse.part_ids == known:
            with suppress(ClawpipeError, OSError):  # it is only quicker with it
                self._taken.save_index(self._warehouse.days())
                self._indexed, self._indexed_at = known, time.monotonic()

    def set_documents(self, documents: Sequence[VersionDocument]) -> None:
        """The version documents of the serving API, whose objectives hold beside those of the configuration."""
        if not self._stopping.is_set():
            self._told.set_documents(documents)

    def _say(self, known: int, pending: int) -> None:
        said, whole = self._progress, self._progress.whole or not pending
        rows = self._warehouse.rows
        self._progress = Progress(known - pending, known, rows, reading=pending > 0, message=said.message, whole=whole)

    def _trouble(self) -> LogError | None:
        """Why there is nothing to show: no file at all, or none that can be read."""
        if self._warehouse.rows:
            return None
        where = ", ".join(self.config.log_files)
        if not self._reader.listing and all(map(is_table, self.config.log_files)):
            return LogError(f"{where} has no rows.")
        if not self._reader.listing:
            return LogError(
                f"There are no log files at {where}.", "Name the folder that holds the Parquet files: --logs FOLDER."
            )
        bad = [entry for entry in self._reader.files() if entry.path in self._reader.listing]
        if not bad:
            return LogError(f"The log files at {where} change while they are read.", "Try again.")
        return LogError(
            f"None of the {len(bad)} log files can be read. {Path(bad[0].path).name}: {bad[0].reason}.",
            "The others, and why: clawpipe-tui query files --logs …",
        )

    def _take_landed(self, change: Change) -> None:
        """Show at once what landed while older files are being read."""
        self._load(iter([change]))
        self._progress = replace(self._progress, rows=self._warehouse.rows)

    def _load(self, changes: Iterator[Change]) -> None:
        import duckdb

        for change in changes:
            try:
                self._warehouse.load(change)
            except (duckdb.IOException, duckdb.InvalidInputException):
                # Somebody removed the part, or the whole store, under us: its files are read anew.
                self._taken.forget(change.part.id)
        self._set_bins()

    def _set_bins(self) -> None:
        if self._reader.baseline and not self._warehouse.has_bins:
            self._warehouse.set_bins(self._reader.baseline.rows)


def store_folder(config: Config, cache: Path) -> Path:
    """Where the counts of a log are kept."""
    config = replace(config, log_files=resolved(config.log_files), baseline_files=resolved(config.baseline_files))
    return cache / "rollups" / store_name(_settings(config))


def _settings(config: Config) -> LogSettings:
    return LogSettings(
        config.log_files,
        layout_of(config),
        config.baseline_files,
        config.baseline_span,
        by_wall_clock=config.now is None,
        labelled=bool(config.label_files),
    )


def _unasked(context: Mapping[str, Value]) -> dict[str, Value]:
    """Values that leave an answer whole, for those that the asker does not name."""
    since, until, width_s = context.get("since"), context.get("until"), 0.0
    if isinstance(since, datetime) and isinstance(until, datetime):
        width_s = (until - since).total_seconds()
    nothing: dict[str, Value] = dict.fromkeys(("version", "other", "column", "client"))
    return {**nothing, "baseline": "training", "step": step_for(width_s)}
