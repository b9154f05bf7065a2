"""Waits until a file lands in a log's folders: at once where the file system tells, else after a while."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from clawpipe_tui.logs.listing import watched_folders
from clawpipe_tui.logs.tables import is_local

_LOOK_EVERY_S = 5.0
"""How often to look even when nothing was announced: network mounts announce nothing."""
_POLL_S = 0.5
"""How often to look where nothing can be watched: no folder yet, or no watches left on this machine."""


def landings(patterns: Iterable[str], stopping: threading.Event) -> Iterator[frozenset[str]]:
    """Yields each time the log should be looked at again; ends when `stopping` is set.

    What it yields are the folders in which something has changed: none where that was not announced.

    One watch lives as long as its folders do: what lands while a file is being read is not missed.
    """
    patterns = tuple(patterns)
    while not stopping.is_set():
        folders = watched_folders(patterns)
        if folders:
            yield from _watched(folders, patterns, stopping)
        if stopping.wait(_LOOK_EVERY_S if not any(map(is_local, patterns)) else _POLL_S):
            return
        yield frozenset()


def _watched(folders: dict[Path, bool], patterns: Iterable[str], stopping: threading.Event) -> Iterator[frozenset[str]]:
    from watchfiles import watch

    changes_or_silence = watch(
        *folders,
        watch_filter=lambda _, path: not Path(path).name.startswith("."),
        stop_event=stopping,
        debounce=100,
        step=50,
        rust_timeout=int(_POLL_S * 1_000),
        yield_on_timeout=True,
        recursive=any(folders.values()),
        raise_interrupt=False,
    )
    try:
        for turn, changes in enumerate(changes_or_silence):
            # The first silence is a reason to look: something may have landed before the watch began.
            if changes or turn % int(_LOOK_EVERY_S / _POLL_S) == 0:
                yield frozenset(path.rpartition("/")[0] for _, path in changes)
                if watched_folders(patterns) != folders:
                    return
    except (OSError, RuntimeError):
        return  # the folder is gone, or the machine has no watches left
