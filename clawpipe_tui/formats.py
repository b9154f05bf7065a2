"""An answer as a table, CSV, JSON, JSON lines or Parquet: the same for a command's stdout and for a panel's export."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawpipe_tui.wording import clean, day_and_moment, worded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clawpipe_tui.result import Result, Value


def json_value(value: Value) -> object:
    """Times as RFC 3339 in UTC; everything else as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return None  # JSON has no word for it
    return value


def json_records(result: Result) -> list[dict[str, object]]:
    """The rows as JSON objects."""
    return [{name: json_value(value) for name, value in record.items()} for record in result.records()]


def as_table(result: Result) -> str:
    """Aligned columns with units, numbers to the right; a trend is left to the screens."""
    shown = [place for place in range(len(result.columns)) if not _is_list(result, place)]
    names = [result.columns[place] for place in shown]
    rows = [[_cell(names[index], row[place]) for index, place in enumerate(shown)] for row in result.rows]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    right = [all(isinstance(row[place], int | float | None) for row in result.rows) for place in shown]
    lines = [names, *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if end else cell.ljust(width)
            for cell, width, end in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _is_list(result: Result, place: int) -> bool:
    return any(isinstance(row[place], list | tuple) for row in result.rows)


def _cell(name: str, value: Value) -> str:
    return day_and_moment(value) if isinstance(value, datetime) else clean(worded(name, value), 400)


def _as_csv(result: Result) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([json_value(value) for value in row] for row in result.rows)
    return text.getvalue()


def _parquet(result: Result) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table([pa.array(list(result.column(name))) for name in result.columns], list(result.columns))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, write_page_checksum=True)
    return buffer.getvalue()


def result_bytes(result: Result, form: str) -> bytes:
    """The answer in one of the formats, as it stands in a file."""
    if form == "parquet":
        return _parquet(result)
    text = result_text(result, form)
    return (text if text.endswith("\n") else text + "\n").encode()


def result_text(result: Result, form: str) -> str:
    """The answer in one of the formats that are text."""
    return _WRITERS[form](result)


_WRITERS: Mapping[str, Callable[[Result], str]] = {
    "table": as_table,
    "json": lambda result: json.dumps(json_records(result), ensure_ascii=False, indent=1),
    "jsonl": lambda result: "\n".join(json.dumps(record, ensure_ascii=False) for record in json_records(result)),
    "csv": _as_csv,
}
