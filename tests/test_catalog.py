"""Named queries: how they are found, what is said about a broken one, and that every shipped one keeps its contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from tiny_log import TinyLog, ask, random_rows

from clawpipe_tui.catalog import PARAMETERS, BrokenQuery, Query, find_query, load_catalog, macro_files, shipped
from clawpipe_tui.config import config_folder
from clawpipe_tui.errors import ConfigError, QueryError, UsageError
from clawpipe_tui.result import Value
from clawpipe_tui.session import LogSession

CATALOG = load_catalog()
PROMISED = {
    "health": "model version role requests error_pct timeout_pct fallback_pct p50_ms p95_ms p99_ms verdict",
    "drift": (
        "column kind verdict psi psi_critical ks_low ks_high js_distance null_pct baseline_null_pct unseen since_at"
    ),
    "histogram": "column bin_low bin_high category baseline_pct live_pct",
    "files": "path state reason rows first_at last_at",
    "versions": "model version role weight_pct requests first_at last_at",
    "headline": "verdict version sentence columns_drifted since_at requests error_pct lag_s",
    "silence": "version role requests first_at last_at silent_s",
    "error_types": "error version outcome requests share_pct first_at last_at",
    "errors_by_client": "client version requests error_pct timeout_pct",
    "version_diff": "measure unit a b difference verdict",
}


def _user_query(text: str, name: str = "mine") -> Path:
    folder = config_folder() / "queries"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder / f"{name}.sql"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogSession]:
    """A log in which nothing has happened yet."""
    with TinyLog(tmp_path_factory.mktemp("empty")).opened(read=False) as session:
        yield session


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_shipped_query_has_a_question_and_known_parameters(name: str) -> None:
    """Its first comment asks it; the console can bind everything that it needs, or it says what to give."""
    query = CATALOG[name]
    assert isinstance(query, Query)
    assert query.question.rstrip().endswith(("?", ".")) or "?" in query.question
    assert query.path.parent == shipped("queries")


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_shipped_query_runs_on_the_sample_and_on_nothing(name: str, sample: LogSession, empty: LogSession) -> None:
    """With everything bound, and with a log in which nothing has happened yet."""
    query = find_query(CATALOG, name)
    own = dict[str, Value].fromkeys(query.parameters - PARAMETERS)
    filled = ask(sample, name, column="carrier", version="v43", other="v42", **own)
    nothing = ask(empty, name, **own)
    assert filled.columns == nothing.columns
    promised = tuple(PROMISED.get(name, "").split())
    assert filled.columns[: len(promised)] == promised


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_shipped_query_says_each_unit_in_its_columns(name: str, sample: LogSession) -> None:
    """A time ends in _at, and only a time does."""
    own = dict[str, Value].fromkeys(find_query(CATALOG, name).parameters - PARAMETERS)
    result = ask(sample, name, column="carrier", version="v43", **own)
    for column in result.columns:
        for value in result.column(column):
            assert hasattr(value, "astimezone") == (column.endswith("_at") and value is not None)


def test_a_users_query_replaces_a_shipped_one_visibly() -> None:
    """By its name; it knows what it stands in for."""
    _user_query("-- How?\nselect 1 as one", "health")
    query = find_query(load_catalog(), "health")
    assert query.question == "How?"
    assert query.replaces == shipped("queries") / "health.sql"


def test_a_users_macros_join_the_shipped_ones(tmp_path: Path) -> None:
    """Files that begin with an underscore are no queries."""
    _user_query("create macro twice(x) as 2 * x;", "_own")
    _user_query("-- Twice?\nselect twice(21) as n")
    assert "_own" not in load_catalog()
    with TinyLog(tmp_path).opened(read=False) as session:
        assert ask(session, "mine").rows == ((42,),)


def test_broken_macros_are_told_with_their_file(tmp_path: Path) -> None:
    """Every query that uses one would fail without a word about why."""
    path = _user_query("create macro oops(", "_own")
    assert path in macro_files()
    with (
        pytest.raises(ConfigError, match=r"_own\.sql cannot be used: Parser Error"),
        TinyLog(tmp_path).opened(read=False),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-- Which?\nselct 1", "is not SQL that DuckDB can parse"),
        ("select 1", "must begin with a comment"),
        ("-- Two?\nselect 1; select 2", "must hold one select and nothing else"),
        ("-- Drop?\ndrop table requests", "must hold one select and nothing else"),
        ("-- Nothing?\n", "must hold one select and nothing else"),
        ("", "must hold one select and nothing else"),
    ],
)
def test_a_broken_query_is_told_and_the_others_run(text: str, said: str) -> None:
    """The file is named; the catalog stands."""
    path = _user_query(text)
    catalog = load_catalog()
    broken = catalog["mine"]
    assert isinstance(broken, BrokenQuery)
    assert broken.error.startswith(str(path))
    assert said in broken.error
    with pytest.raises(QueryError, match=r"mine.sql"):
        find_query(catalog, "mine")
    assert isinstance(catalog["health"], Query)


def test_a_query_that_is_no_text_is_told() -> None:
    """Bytes that are no UTF-8."""
    _user_query("").write_bytes(b"-- \xff\xfe")
    assert isinstance(load_catalog()["mine"], BrokenQuery)


def test_parameters_are_what_duckdbs_parser_finds() -> None:
    """Not what looks like one in a comment or a text."""
    _user_query("-- What about $this?\nselect '$that' as a, $since as b where $column is null")
    assert find_query(load_catalog(), "mine").parameters == {"since", "column"}


def test_an_unknown_query_is_told_with_the_nearest() -> None:
    """As every wrong name."""
    with pytest.raises(UsageError, match="Did you mean 'health'"):
        find_query(CATALOG, "helth")


def test_a_parameter_that_nobody_bound_is_told(tmp_path: Path) -> None:
    """With how to give it."""
    _user_query("-- Which?\nselect $threshold as x")
    with TinyLog(tmp_path).opened(read=False) as session, pytest.raises(UsageError, match=r"needs \$threshold"):
        ask(session, "mine")


def test_a_query_that_fails_is_told_with_its_file(tmp_path: Path) -> None:
    """A foreign error becomes ours, one line long."""
    path = _user_query("-- Which?\nselect nothing_like_it from requests")
    with (
        TinyLog(tmp_path).opened(read=False) as session,
        pytest.raises(QueryError, match="The query mine failed") as told,
    ):
        ask(session, "mine")
    assert str(path) in told.value.hint
    assert isinstance(told.value.__cause__, duckdb.Error)


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("sum(x) from range(3) t(x)", 3),
        ("'nan'::double", None),
        ("timestamp '2026-11-07 12:00:00'", "2026-11-07T12:00:00+00:00"),
        ("date '2026-11-07'", "2026-11-07"),
        ("interval 90 seconds", 90.0),
        ("['nan'::double, 1]", [None, 1.0]),
        ("{'a': 1}", "{'a': 1}"),
        ("1.5::decimal(9, 2)", 1.5),
    ],
)
def test_any_cell_becomes_a_plain_value(tmp_path: Path, sql: str, plain: object) -> None:
    """So that tables, JSON and screens need to know six types."""
    select, source, rest = sql.partition(" from ")
    _user_query(f"-- What?\nselect {select} as x {source}{rest}")
    with TinyLog(tmp_path).opened(read=False) as session:
        value = ask(session, "mine").column("x")[0]
    assert (value.isoformat() if isinstance(value, datetime) else value) == plain


def test_a_time_outside_of_the_calendar_is_told(tmp_path: Path) -> None:
    """DuckDB knows times that Python does not."""
    _user_query("-- When?\nselect 'infinity'::timestamptz as x")
    log = TinyLog(tmp_path)
    log.write("a.parquet", random_rows(1))
    with log.opened() as session, pytest.raises(QueryError):
        ask(session, "mine")
