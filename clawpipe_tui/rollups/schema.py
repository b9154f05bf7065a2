"""The tables of a rollup store, as DuckDB types. They are Parquet files with this schema, whoever writes them.

Every table is additive: two parts merge by adding `n`, taking the earliest `first_at` and the latest `last_at`.
`file` is the position of the source file in the part's own ledger, so that one file's counts can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping

SCHEMA_VERSION = 6
COUNT_GRAIN_S = 5
LATENCY_GRAIN_S = 10
VALUE_GRAIN_S = 60
LATENCY_BASE = 1.02
"""Latency bucket i holds [base^i, base^(i+1)) ms; its geometric middle is within 1 % of every value in it."""

_KEYS = {"file": "INTEGER", "bucket_start": "TIMESTAMPTZ", "model": "VARCHAR", "version": "VARCHAR", "role": "VARCHAR"}

TABLES: Mapping[str, Mapping[str, str]] = {
    "requests": _KEYS | {"outcome": "VARCHAR", "n": "BIGINT", "first_at": "TIMESTAMPTZ", "last_at": "TIMESTAMPTZ"},
    "latencies": _KEYS | {"ok": "BOOLEAN", "bucket": "INTEGER", "n": "BIGINT"},
    "values": _KEYS | {"column": "VARCHAR", "bin": "INTEGER", "category": "VARCHAR", "n": "BIGINT"},
    "errors": _KEYS
    | {
        "outcome": "VARCHAR",
        "error": "VARCHAR",
        "n": "BIGINT",
        "first_at": "TIMESTAMPTZ",
        "last_at": "TIMESTAMPTZ",
    },
    "clients": _KEYS | {"client": "VARCHAR", "outcome": "VARCHAR", "n": "BIGINT"},
    "answers": _KEYS | {"request": "BIGINT", "prediction": "VARCHAR", "score": "DOUBLE"},
    "pairs": _KEYS
    | {
        "shadow": "VARCHAR",
        "column": "VARCHAR",
        "bin": "INTEGER",
        "category": "VARCHAR",
        **dict.fromkeys(("n", "agree", "unanswered", "unpaired", "scored"), "BIGINT"),
        "gap": "DOUBLE",
    },
    "violations": _KEYS | {"client": "VARCHAR", "column": "VARCHAR", "n": "BIGINT"},
    "repeats": {"file": "INTEGER", "request": "BIGINT"},
}

LEDGER: Mapping[str, str] = {
    "path": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "size_bytes": "BIGINT",
    "mtime_ns": "BIGINT",
    "fingerprint": "VARCHAR",
    "rows": "BIGINT",
    "first_at": "TIMESTAMPTZ",
    "last_at": "TIMESTAMPTZ",
    "file": "INTEGER",
    "looked_ns": "BIGINT",
    "columns": "VARCHAR",
}
"""One row for each file that a part speaks of; `file` is NULL where it adds no counts (torn, duplicate, renamed).

Counts belong to the `fingerprint`, the content; of several rows about one path the one with the last `looked_ns` holds.
"""

BINS: Mapping[str, str] = {
    "column": "VARCHAR",
    "kind": "VARCHAR",
    "bin": "INTEGER",
    "mass": "VARCHAR",
    "bin_low": "DOUBLE",
    "bin_high": "DOUBLE",
    "category": "VARCHAR",
    "n": "BIGINT",
}
"""The bins of every watched column, fixed by the baseline, with the baseline's own counts."""

MASSES: Mapping[int, str] = {
    -1: "null", -2: "nan", -3: "neg_inf", -4: "pos_inf", -5: "empty", -6: "unseen", -7: "rare",
}  # fmt: skip
"""Bins that are no interval: what is not a number, and categories without a bin of their own."""


def columns_sql(columns: Mapping[str, str]) -> str:
    """The column list of a CREATE TABLE."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
