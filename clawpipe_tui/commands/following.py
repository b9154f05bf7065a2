"""Opening a log for the console, which goes on reading it, and follows what the serving API says of it."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from clawpipe_tui.commands.opening import serving_of, take_documents
from clawpipe_tui.errors import ClawpipeError

if TYPE_CHECKING:
    from clawpipe_tui.config import Config
    from clawpipe_tui.opened import Session
    from clawpipe_tui.serving.seam import Routing
    from clawpipe_tui.session import LogSession
    from clawpipe_tui.warehouse import Warehouse


def follow(config: Config, now: datetime | None, first: Collection[str]) -> Session:
    """Open the log and keep reading it. DuckDB begins while our own modules are still being imported.

    `first` are the queries that are asked first. Raises ConfigError, LogError.
    """
    with ThreadPoolExecutor(1, "warehouse") as aside:
        making = aside.submit(_warehouse, first)
        from clawpipe_tui.session import LogSession

        try:
            session = LogSession(config, now=now, warehouse=making.result)
        except BaseException:
            making.result().close()
            raise
    session.follow()
    if config.serving and now is None and config.now is None:
        _follow_routes(config, session)
    return session


def _warehouse(first: Collection[str]) -> Warehouse:
    """An empty one, which goes on to define what the first questions use."""
    from clawpipe_tui.warehouse import empty_warehouse

    warehouse = empty_warehouse()
    warehouse.prepare(first)
    return warehouse


def _follow_routes(config: Config, session: LogSession) -> None:
    """What is asked of traffic and of versions, for a log of now. Where there is no API, the dialogs say so."""
    from clawpipe_tui.operations.comparing import asked_routes
    from clawpipe_tui.serving.following import follow_routing
    from clawpipe_tui.serving.seam import News

    try:
        _, router = serving_of(config)
    except ClawpipeError:
        return

    def heard(routing: Routing) -> None:
        session.set_routes(asked_routes(routing))
        take_documents(session, config)  # a version that is new to the traffic may ask for something

    session.follow_routes(
        lambda stopping: follow_routing(router, session.model, heard, stopping),
        lambda: router.close() if isinstance(router, News) else None,
    )
