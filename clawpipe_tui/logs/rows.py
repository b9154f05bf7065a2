"""The rows of log files as SQL: plain, or through the select of a layout that takes bodies apart and pairs events."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from clawpipe_tui.logs.canonical import Layout, text_literal
from clawpipe_tui.logs.form import Form
from clawpipe_tui.logs.listing import LogFile

LAYOUTS = Path(__file__).parent.parent / "layouts"
_OPTIONS: dict[Form, str] = {
    # Statistics are not trusted about NaN (duckdb#25521); partition values stay text, as in the path.
    "parquet": "union_by_name = true, can_have_nan = true, hive_types_autocast = false",
    "jsonl": "union_by_name = true, format = 'newline_delimited', ignore_errors = true, sample_size = -1,"
    " hive_types_autocast = false",
    "csv": "union_by_name = true, header = true, ignore_errors = true, sample_size = -1, hive_types_autocast = false",
}
_READERS: dict[Form, str] = {"parquet": "read_parquet", "jsonl": "read_json", "csv": "read_csv"}


@cache
def macros() -> str:
    """SQL macros that the shipped layouts share; to be run once on every connection that reads a log."""
    return (LAYOUTS / "_macros.sql").read_text(encoding="utf-8")


def plain_rows(paths: Sequence[str], form: Form = "parquet") -> str:
    """The files as one SQL source. Columns meet by name; a line of text that cannot be read is a row of NULLs."""
    return f"{_READERS[form]}({listed(paths)}, {_OPTIONS[form]})"


def listed(paths: Sequence[str]) -> str:
    """A list literal in which [, * and ? in a file's name are letters, not patterns."""
    return f"[{', '.join(text_literal(glob.escape(path)) for path in paths)}]"


def layout_rows(files: Sequence[LogFile], layout: Layout, paths: Sequence[str] = ()) -> str:
    """The select of a layout over these files; it yields file_index and canonical columns.

    `paths` is where the files can be read, where that is not where they lie.
    """
    paths = paths or [file.path for file in files]
    return placed(_filled(layout, paths, [file.path for file in files]), files)


def placed(sql: str, files: Sequence[LogFile]) -> str:
    """SQL in which {path} and {written_at} are those of a row's file."""
    names = ", ".join(text_literal(file.where) for file in files)
    times = ", ".join(f"timestamptz '{_moment(file)}'" for file in files)
    return sql.replace("{path}", f"([{names}])[cast(file_index as bigint) + 1]").replace(
        "{written_at}", f"([{times}])[cast(file_index as bigint) + 1]"
    )


def _moment(file: LogFile) -> str:
    return datetime.fromtimestamp(file.written_ns / 1e9, UTC).isoformat()


def _filled(layout: Layout, paths: Sequence[str], names: Sequence[str]) -> str:
    plain = f"(select *, file_index from {plain_rows(paths, layout.form)})"
    lines = f"(select json, file_index from read_ndjson_objects({listed(paths)}, ignore_errors = true))"
    sql = layout.select.replace("{rows}", plain).replace("{lines}", lines)
    if "{companions}" not in sql or layout.companion is None:
        return sql
    own = lines if layout.form == "jsonl" else plain
    return sql.replace("{companions}", _companions(layout.companion, layout.form, names) or f"(from {own} where false)")


def _companions(companion: tuple[str, str], form: Form, paths: Sequence[str]) -> str:
    """The files beside these that belong to them, each under the position of the one that it belongs to."""
    here, there = companion
    found = {
        place: beside
        for place, path in enumerate(paths)
        if here in path and (beside := path.replace(here, there)) and Path(beside).is_file()
    }
    if not found:
        return ""
    beside = listed(list(found.values()))
    source = f"read_ndjson_objects({beside}, ignore_errors = true)"
    if form != "jsonl":
        source = plain_rows(list(found.values()), form)
    return f"(select *, ({list(found)})[cast(file_index as bigint) + 1] as file_index from {source})"
