"""What the reference API must not forget: routing, changes, answers to idempotency keys, a hash-chained audit.

One SQLite file; a change and everything that goes with it is one transaction, on disk before it is answered.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from clawpipe_tui.demo.state import Desired, Move, State
from clawpipe_tui.serving.canonical import GENESIS, canonical, link
from clawpipe_tui.serving.payload import as_fields, as_list, parse, read_routes, route_fields

Place = tuple[str, str, str, str]
"""Actor, method, path, idempotency key."""

_TABLES = """
create table if not exists desired (model text primary key, routes text, previous text, revision integer, move text);
create table if not exists moves (id text primary key, place integer unique, body text not null);
create table if not exists replays (
    actor text, method text, path text, key text,
    fingerprint text, born_s real, status integer, answer text, headers text,
    primary key (actor, method, path, key)
);
create table if not exists audit (
    seq integer primary key, entry text not null, previous text not null, sha256 text not null
);
"""


@dataclass(frozen=True)
class Replay:
    """What was answered to an idempotency key."""

    place: Place
    fingerprint: str
    born_s: float
    status: int
    answer: Mapping[str, object]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Head:
    """The end of the audit chain: export it, for a chain alone does not show that its tail was cut."""

    seq: int
    sha256: str


@dataclass(frozen=True)
class Step:
    """One transaction: the state after it, the moves that it wrote, its line in the audit, the answer to its key."""

    state: State
    moves: tuple[Move, ...]
    entry: Mapping[str, object]
    replay: Replay | None
    """None where the answer is a refusal: those are not final."""


class Store:
    """The file; one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(_TABLES)

    def load(self, first: Mapping[str, Desired]) -> State:
        """The state as it was left; a model that the file does not know starts with its first routing."""
        with self._lock:
            moves = [_read_move(body) for (body,) in self._connection.execute("select body from moves order by place")]
            known = {move.id: move for move in moves}
            desired = {
                model: _read_desired(routes, previous, revision, known.get(move))
                for model, routes, previous, revision, move in self._connection.execute("select * from desired")
            }
        return State({**first, **{model: found for model, found in desired.items() if model in first}}, tuple(moves))

    def commit(self, step: Step) -> None:
        """Write one step and wait until the disk has it."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                self._write(step)
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def _write(self, step: Step) -> None:
        write = self._connection.execute
        for model, desired in step.state.desired.items():
            previous = None if desired.previous is None else json.dumps(route_fields(desired.previous))
            move = desired.move.id if desired.move else None
            row = (model, json.dumps(route_fields(desired.routes)), previous, desired.revision, move)
            write("insert or replace into desired values (?, ?, ?, ?, ?)", row)
        for move in step.moves:
            place = next(at for at, known in enumerate(step.state.moves) if known.id == move.id)
            write("insert or replace into moves values (?, ?, ?)", (move.id, place, json.dumps(move.as_json())))
        head = self._head()
        entry = {"seq": head.seq + 1, **step.entry}
        write(
            "insert into audit values (?, ?, ?, ?)",
            (head.seq + 1, canonical(entry), head.sha256, link(head.sha256, entry)),
        )
        given = step.replay
        if given is None:
            return
        answered = (given.status, json.dumps(given.answer), json.dumps(dict(given.headers)))
        write(
            "insert or replace into replays values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*given.place, given.fingerprint, given.born_s, *answered),
        )

    def replay(self, place: Place) -> Replay | None:
        """What was answered to this key."""
        query = "select * from replays where actor = ? and method = ? and path = ? and key = ?"
        with self._lock:
            row = self._connection.execute(query, place).fetchone()
        if row is None:
            return None
        fingerprint, born_s, status, answer, headers = row[4:]
        kept = dict(as_fields(parse(headers), "headers"))
        return Replay(
            place, fingerprint, born_s, status, as_fields(parse(answer), "the answer"), cast("dict[str, str]", kept)
        )

    def forget_replays(self, before_s: float) -> None:
        """Drop answers that are too old to be asked for again."""
        with self._lock:
            self._connection.execute("delete from replays where born_s < ?", (before_s,))

    def entries(self, after: int = 0, most: int = 1_000) -> list[dict[str, object]]:
        """Lines of the audit, oldest first, each with its link."""
        query = "select entry, previous, sha256 from audit where seq > ? order by seq limit ?"
        with self._lock:
            rows = self._connection.execute(query, (after, most)).fetchall()
        return [
            {**as_fields(parse(entry), "an entry"), "previous": previous, "sha256": digest}
            for entry, previous, digest in rows
        ]

    def head(self) -> Head:
        """The end of the chain."""
        with self._lock:
            return self._head()

    def _head(self) -> Head:
        row = self._connection.execute("select seq, sha256 from audit order by seq desc limit 1").fetchone()
        return Head(*row) if row else Head(0, GENESIS)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def _read_desired(routes: str, previous: str | None, revision: int, move: Move | None) -> Desired:
    return Desired(
        read_routes(parse(routes)), None if previous is None else read_routes(parse(previous)), revision, move
    )


def _read_move(body: str) -> Move:
    fields = as_fields(parse(body), "a change")
    texts = {name: str(fields[name]) for name in ("id", "model", "by", "reason", "reference", "key", "state", "base")}
    approvals = tuple(str(name) for name in cast("Sequence[object]", as_list(fields["approved_by"], "approvals")))
    return Move(
        **texts,
        at=datetime.fromisoformat(str(fields["at"])),
        before=read_routes(fields["before"]),
        after=read_routes(fields["after"]),
        approved_by=approvals,
    )
