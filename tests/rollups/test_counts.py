"""What the rollups of a log say is what is in its rows, whatever is in them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_log import START, Columns, TinyLog, ask, counted, plain_requests, random_rows

from clawpipe_tui.rollups.bins import ColumnBins
from clawpipe_tui.rollups.schema import MASSES


def _plain_bin(value: object, bins: ColumnBins) -> int:
    """The bin of one value, by the definition: masses first, then where it lies on the axis."""
    masses = {name: number for number, name in MASSES.items()}
    if value is None:
        return masses["null"]
    if isinstance(value, str):
        known = bins.categories.index(value) + 1 if value in bins.categories else masses["unseen"]
        return masses["empty"] if value == "" else known
    number = cast("float", value)
    if number != number:  # noqa: PLR0124 - NaN
        return masses["nan"]
    if abs(number) == float("inf"):
        return masses["pos_inf" if number > 0 else "neg_inf"]
    return len(bins.lows) + 1 if number > bins.top else sum(number >= low for low in bins.lows)


@pytest.mark.parametrize("seed", range(4))
def test_every_row_is_counted_once_in_every_table(tmp_path: Path, seed: int) -> None:
    """Requests, latencies, clients and bins equal a count of the raw rows, one by one."""
    log = TinyLog(tmp_path)
    files = [random_rows(seed * 10 + number) for number in range(5)]
    for number, rows in enumerate(files):
        log.write(f"{number}.parquet", rows)
    with log.opened() as session:
        seen, baseline = counted(session), session._reader.baseline
    assert seen.requests == plain_requests(*files)
    latencies = [value for rows in files for value in rows["latency_ms"]]
    assert seen.latencies == sum(value is not None and value == value for value in latencies)  # noqa: PLR0124 - NaN
    assert seen.clients == Counter(value for rows in files for value in rows["client"] if value)
    assert baseline is not None
    for bins in baseline.bins:
        plain = Counter(_plain_bin(value, bins) for rows in files for value in rows[bins.column])
        assert {key[1]: n for key, n in seen.bins.items() if key[0] == bins.column} == plain


@settings(max_examples=8, deadline=None)
@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.none(), min_size=1, max_size=30))
def test_any_number_has_a_bin(tmp_path_factory: pytest.TempPathFactory, values: list[float | None]) -> None:
    """The bins of a column add up to the rows, and each value is in the bin that holds it."""
    log = TinyLog(tmp_path_factory.mktemp("any"))
    log.write("a.parquet", pa.table({"served_at": [START] * len(values), "x": pa.array(values, pa.float64())}))
    with log.opened() as session:
        seen, baseline = counted(session), session._reader.baseline
    assert baseline is not None
    assert {key[1]: n for key, n in seen.bins.items()} == Counter(
        _plain_bin(value, baseline.bins[0]) for value in values
    )


@pytest.mark.parametrize(
    "name",
    ['qu"ote', "two words", "rocket 🚀", "x'; drop table requests; --", "select", "Ünïcode", "a\nb", "$model", "%s"],
)
def test_a_column_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """Quotes, spaces, emoji and SQL in a name are letters."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 3, name: [1.0, 2.0, 3.0]})
    log.write("b.parquet", {"served_at": [START] * 2, name: [1.0, None]})
    assert sum(n for (column, _), n in log.read().bins.items() if column == name) == 5


@pytest.mark.parametrize("value", ["a'b", "a\x00b", "🚀" * 100, "\x1b[31m", "'); drop table bins; --", "\\"])
def test_a_category_may_be_anything(tmp_path: Path, value: str) -> None:
    """A known category is found again, whatever its letters."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 3, "c": [value, value, "other"]})
    assert log.read().bins == {("c", 1): 2, ("c", 2): 1}


def test_five_hundred_columns_are_counted(tmp_path: Path) -> None:
    """A wide log is a log."""
    log = TinyLog(tmp_path)
    wide = {f"x{number}": [float(number + row) for row in range(30)] for number in range(400)}
    texts = {f"c{number}": [str(row % 3) for row in range(30)] for number in range(100)}
    log.write("a.parquet", {"served_at": [START] * 30, **wide, **texts})
    bins = log.read().bins
    assert len({column for column, _ in bins}) == 500
    assert sum(bins.values()) == 500 * 30


def test_columns_that_are_no_features_do_no_harm(tmp_path: Path) -> None:
    """Nested, dictionary, decimal, date, binary and null columns: counted where they can be, else left alone."""
    log = TinyLog(tmp_path)
    table = pa.table(
        {
            "served_at": [START, START],
            "nested": [{"a": 1}, {"a": 2}],
            "many": [[1, 2], [3]],
            "pairs": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
            "word": pa.array(["a", "b"]).dictionary_encode(),
            "price": pa.array([Decimal("1.10"), Decimal("2.20")]),
            "day": [date(2026, 1, 1), date(2026, 1, 2)],
            "raw": [b"\x00\xff", b"x"],
            "nothing": pa.nulls(2),
            "yes": [True, False],
        }
    )
    log.write("a.parquet", table)
    seen = log.read()
    assert seen.files["a.parquet"][0] == "read"
    assert {column for column, _ in seen.bins} >= {"word", "price", "yes"}
    assert sum(seen.requests.values()) == 2


@pytest.mark.parametrize(
    "others",
    [
        pa.array([2.5, 3.5]),
        pa.array(["7", "seven"]),
        pa.array([{"a": 1}, None]),
        pa.array([date(2026, 1, 1)] * 2),
        pa.nulls(2),
    ],
    ids=["double", "text", "struct", "date", "null"],
)
def test_a_column_may_change_its_type_between_files(tmp_path: Path, others: pa.Array) -> None:
    """Integers in one file, something else in the next: each row is counted, each number found."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 3, "x": [1, 2, 3]})
    log.write("b.parquet", pa.table({"served_at": [START] * 2, "x": others}))
    seen = log.read()
    assert {state for state, _ in seen.files.values()} == {"read"}
    assert seen.rows == 5
    counted_x = sum(n for (column, _), n in seen.bins.items() if column == "x")
    assert counted_x == (
        0 if pa.types.is_nested(others.type) or pa.types.is_date(others.type) else 5
    )  # no number: not watched


def test_a_column_that_a_file_lacks_counts_as_null(tmp_path: Path) -> None:
    """Columns meet by name; the order and the number of columns do not matter."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 2, "x": [1.0, 2.0], "version": ["v1", "v1"]})
    log.write("b.parquet", {"version": ["v2"], "served_at": [START]})
    seen = log.read()
    assert seen.bins[("x", -1)] == 1
    assert seen.requests == {("v1", "ok"): 2, ("v2", "ok"): 1}


@pytest.mark.parametrize(
    "times",
    [
        pa.array([1_794_052_800]),
        pa.array([1_794_052_800.5]),
        pa.array([1_794_052_800_000]),
        pa.array([1_794_052_800_000_000]),
        pa.array([1_794_052_800_000_000_000]),
        pa.array([1_794_052_800], pa.uint64()),
        pa.array([datetime(2026, 11, 7, 12)]),  # noqa: DTZ001 - a log without zones
        pa.array([START], pa.timestamp("ns", "America/New_York")),
        pa.array([START], pa.timestamp("ms", "UTC")),
        pa.array(["2026-11-07T12:00:00Z"]),
        pa.array(["2026-11-07 13:00:00+01"]),
        pa.array([date(2026, 11, 7)]),
    ],
    ids=["s", "s.5", "ms", "us", "ns", "unsigned", "naive", "ns-zone", "ms-utc", "text", "text-zone", "date"],
)
def test_a_time_may_be_written_in_any_way(tmp_path: Path, times: pa.Array) -> None:
    """Seconds to nanoseconds, with or without a zone, number or text."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", pa.table({"served_at": times}))
    with log.opened() as session:
        last = session._warehouse.last_at
    expected = datetime(2026, 11, 7, tzinfo=UTC) if pa.types.is_date(times.type) else START
    assert last is not None
    assert abs(last - expected) < timedelta(seconds=1)


def test_a_mapped_time_may_be_written_in_any_way(tmp_path: Path) -> None:
    """An expression from clawpipe.toml is not known by its type."""
    for number, times in enumerate(([1_794_052_800_000], ["2026-11-07T12:00:00Z"], [START])):
        log = TinyLog(tmp_path / str(number), columns={"served_at": "ts"})
        log.write("a.parquet", {"ts": times})
        with log.opened() as session:
            assert session._warehouse.last_at == START


def test_rows_without_a_time_are_left_out_and_told(tmp_path: Path) -> None:
    """NULL, broken and impossible times are counted in the ledger, not in the numbers."""
    log = TinyLog(tmp_path)
    bad = [None, float("nan"), float("inf"), 1e300, -1e12, 1e25]
    log.write("a.parquet", pa.table({"served_at": pa.array([1_794_052_800.0, *bad], pa.float64())}))
    seen = log.read()
    assert seen.rows == 1
    assert seen.files["a.parquet"] == ("read", "6 rows left out: served_at cannot be read as a time since 1970")


def test_infinite_timestamps_do_no_harm(tmp_path: Path) -> None:
    """The ends of a 64-bit calendar are no times that Python knows."""
    log = TinyLog(tmp_path)
    extreme = pa.array([2**63 - 1, -(2**63) + 1, 1_794_052_800_000_000]).cast(pa.timestamp("us", "UTC"))
    log.write("a.parquet", pa.table({"served_at": extreme}))
    assert log.read().rows == 1


def test_a_log_may_have_a_column_called_file_index(tmp_path: Path) -> None:
    """DuckDB's own word for a file's place is hidden by it."""
    log = TinyLog(tmp_path)
    log.write("a.parquet", {"served_at": [START] * 2, "file_index": ["x", "y"], "filename": ["p", "q"]})
    path = log.write("b.parquet", {"served_at": [START], "x": [1.0]})
    assert log.read().rows == 3
    log.write("b.parquet", {"served_at": [START] * 4, "x": [1.0] * 4})
    assert log.read().rows == 6
    assert path.exists()


def test_a_file_name_with_wildcards_names_one_file(tmp_path: Path) -> None:
    """[, * and ? are letters in a name that the file system gave."""
    log = TinyLog(tmp_path / "home [1]")
    for count, name in enumerate(("p1", "p[1]", "q*", "q5", "it's", "né"), 1):
        log.write(f"{name}.parquet", {"served_at": [START] * count, "version": [name] * count})
    assert log.read().requests == {
        (name, "ok"): count for count, name in enumerate(("p1", "p[1]", "q*", "q5", "it's", "né"), 1)
    }


def test_a_file_name_that_is_not_text_is_told(tmp_path: Path) -> None:
    """Bytes that are no UTF-8: listed as unreadable, and the others are read."""
    log = TinyLog(tmp_path)
    log.write("good.parquet", {"served_at": [START]})
    bad = bytes(log.folder) + b"/\xff.parquet"
    Path(log.folder / "x").mkdir()
    with open(bad, "wb") as stream:  # noqa: PTH123 - a name that is no text
        stream.write(b"PAR1")
    seen = log.read()
    assert seen.rows == 1
    assert seen.files["\\xff.parquet"][0] == "unreadable"


def test_a_layout_that_the_baseline_cannot_follow_does_no_harm(tmp_path: Path) -> None:
    """Training data has no latency and no client, however they are mapped."""
    baseline = tmp_path / "train.parquet"
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0]}), baseline)
    log = TinyLog(tmp_path, columns={"served_at": "ts", "latency_ms": "took * 1000"}, baseline=str(baseline))
    log.write("a.parquet", {"ts": [START], "took": [0.1], "x": [2.0]})
    with log.opened() as session:
        assert ask(session, "drift").column("column") == ("x",)


def test_a_version_that_is_a_number_is_a_name(tmp_path: Path) -> None:
    """Hive folders keep their zeros, integer versions become text."""
    log = TinyLog(tmp_path)
    rows: Columns = {"served_at": [START]}
    log.write("version=007/a.parquet", rows)
    assert log.read().requests == {("007", "ok"): 1}


@pytest.mark.parametrize("count", [3, 200])
def test_a_version_may_have_any_name(tmp_path: Path, count: int) -> None:
    """Few or many of them; long ones that begin alike are told apart."""
    log = TinyLog(tmp_path)
    names = [f"{'projects/fraud/' * 8}{number}" for number in range(count)]
    log.write("a.parquet", {"served_at": [START] * count, "version": names, "client": ["", *["c" * 90] * (count - 1)]})
    seen = log.read()
    assert seen.requests == {(name, "ok"): 1 for name in names}
    assert seen.clients == {"": 1, "c" * 80: count - 1}


def test_rare_and_unseen_categories_have_bins_of_their_own(tmp_path: Path) -> None:
    """Beyond fifty, and beyond those that the baseline had; long ones are cut, as they were in the baseline."""
    baseline = tmp_path / "train.parquet"
    known = [f"k{number:03d}" for number in range(60)] + ["long" * 30]
    pq.write_table(pa.table({"c": known * 2 + ["k000"]}), baseline)
    log = TinyLog(tmp_path, baseline=str(baseline))
    log.write("a.parquet", {"served_at": [START] * 65, "c": [*known, "new", "new", "", None]})
    bins = log.read().bins
    assert bins[("c", -6)] == 2
    assert bins[("c", -5)] == bins[("c", -1)] == 1
    assert bins[("c", -7)] == len(known) - 50
    assert sum(n for (_, number), n in bins.items() if number > 0) == 50
