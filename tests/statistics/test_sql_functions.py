"""The statistics as DuckDB calls them: right types, NULL for "cannot tell", fast enough for every refresh."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.statistics.functions import FUNCTIONS, SqlFunction, register

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [function.name for function in FUNCTIONS]
ODD = st.one_of(
    st.none(), st.floats(), st.integers(-3, 2000).map(float), st.sampled_from([0.0, 0.05, 0.5, 1e300, 5e-324])
)
ODD_LIST = st.one_of(
    st.none(), st.lists(ODD, max_size=4), st.lists(st.integers(0, 90).map(float), min_size=3, max_size=3)
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the functions; it has to be closed."""
    opened = duckdb.connect()
    register(opened)
    yield opened
    opened.close()


def asked(connection: duckdb.DuckDBPyConnection, expression: str) -> object:
    """The one value of a select."""
    row = connection.execute(f"select {expression}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("psi([500, 300, 200, 0], [480, 300, 200, 20])", 0.0749374),
        ("list_sum(psi_contributions([500, 300, 200, 0], [480, 300, 200, 20]))", 0.0749374),
        ("psi_critical(1000, 1000, 10, 0.05)", 0.03384),
        ("psi_critical_fixed(1000, 20, 0.05)", 0.03014),
        ("list_sum(isotonic([1, 0, 4], [4, 2, 5]))", 1 / 6 + 1 / 6 + 0.8),
        ("psi_p([500, 500], [500, 500])", 1),
        ("smallest_psi([500, 500], [500, 500], 0.2)", 0.2345322),
        ("stake(0)", 0.5),
        ("restarted_p([1, 0], [3, 1], [0.2, 0.5], 0)", 0.196627),
        ("restarted_log_e([1, 0], [3, 1], [0.2, 0.5], 0)", 1.626447),
        ("smallest_ratio(10, 1000, 1000, ln(100))", 3.354879),
        ("psi_noise([500, 500], [500, 500], 0.05)", 3.841459 / 500),
        ("ks_low([50, 30, 20], [20, 30, 50])", 0.3),
        ("ks_high([50, 30, 20], [20, 30, 50], [0, 0, 0])", 0.6),
        ("ks_high([50, 30, 20], [20, 30, 50], [1, 1, 1])", 0.3),
        ("ks_right([50, 30, 20], [20, 30, 50])", 0.3),
        ("ks_p(0.0607360, 1000, 1000)", 0.05),
        ("ks_critical(1000, 1000, 0.05)", 0.06074),
        ("ks_exact([1, 2, NULL], [2, 3])", 0.5),
        ("chi2_p([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 0.8985263),
        ("js_divergence([2, 2, 1, 0, 0, 0], [2, 0, 0, 1, 1, 1])", 0.6),
        ("js_distance([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 0.0817342),
        ("linf([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 0.0454545),
        ("linf_position([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 5),
        ("total_variation([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 0.0681818),
        ("hellinger([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])", 0.0681277),
        ("wasserstein([0, 10, 20], [1, 0, 0], [0, 0, 1])", 20),
        ("wasserstein_normed([0, 10, 20], [1, 0, 0], [0, 0, 1], 5)", 4),
        ("list_sum(false_discovery([0.01, NULL, 0.04]))", 0.06),
        ("log_e_value([0, 5], [1, 1], 10)", 0.700116),
        ("e_value([0, 5], [1, 1], 10)", math.exp(0.700116)),
        ("anytime_p([0, ln(50), NULL])", 0.02),
        ("list_last(tilted_log_e([1, 0], [3, 1], [0.2, 0.5]))", 2.285590),
        ("tilted_p([1, 0], [3, 1], [0.2, 0.5])", 0.101714),
        ("band(1000, 0.05)", 0.086569),
        ("band_differs(0.2, 1000, 1000, 0.05)", True),
        ("band_p(0.2, 1000, 1000)", 0.00130983),
        ("rate_low(10, 1000, 0.05, 1000)", 0.002917),
        ("rate_high(10, 1000, 0.05, 1000)", 0.022371),
        ("rank_low(1000, 0.99, 0.05, 1000)", 979),
        ("rank_high(1000, 0.99, 0.05, 1000)", 998),
    ],
)
def test_sql_gives_the_published_numbers(
    connection: duckdb.DuckDBPyConnection, expression: str, expected: float
) -> None:
    """One call of every function, most with a vector of the method."""
    assert asked(connection, expression) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS, ids=NAMES)
@pytest.mark.parametrize("missing", ["NULL", "[]", "[0, 0]", "[NULL]", "'nan'::double"])
def test_what_cannot_be_told_is_null(
    connection: duckdb.DuckDBPyConnection, function: SqlFunction, missing: str
) -> None:
    """NULL, empty, all zero, and NaN: never NaN, never an error."""
    kind = "DOUBLE" if "nan" in missing else "DOUBLE[]"
    if missing == "NULL" or kind in function.parameters:
        arguments = [missing if missing == "NULL" or kind == parameter else "0.5" for parameter in function.parameters]
        arguments = [
            "[1, 1]" if a == "0.5" and p == "DOUBLE[]" else a
            for a, p in zip(arguments, function.parameters, strict=True)
        ]
        answer = asked(connection, f"{function.name}({', '.join(arguments)})")
        assert answer is None or (function.name, missing) in ZERO_IS_AN_ANSWER


ZERO_IS_AN_ANSWER = {
    ("ks_exact", "[0, 0]"),  # raw values, and 0 is one
    ("false_discovery", "[0, 0]"),  # p-values, and 0 is one
    ("anytime_p", "[0, 0]"),  # log E of looks that saw nothing
}


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("function", FUNCTIONS, ids=NAMES)
def test_no_argument_makes_a_function_fail_or_answer_nan(function: SqlFunction, data: st.DataObject) -> None:
    """Whatever a query sends: infinities, NaN, negative counts, lists of different lengths."""
    arguments = [data.draw(ODD_LIST if parameter == "DOUBLE[]" else ODD) for parameter in function.parameters]
    answer = function(*arguments)
    numbers = [answer] if isinstance(answer, int | float) else [n for n in answer or () if n is not None]
    assert all(math.isfinite(number) for number in numbers)


def test_counts_of_any_integer_type_are_taken(connection: duckdb.DuckDBPyConnection) -> None:
    """A sum of BIGINT is HUGEINT, and a bound NULL has no type of its own."""
    query = "select psi(list(n::hugeint), list(m)), psi(list(n), $none) from (values (5, 6::utinyint), (7, 8)) t(n, m)"
    first, second = connection.execute(query, {"none": None}).fetchall()[0]
    assert first == pytest.approx(asked(connection, "psi([5, 7], [6, 8])"))
    assert second is None


@pytest.mark.parametrize("name", NAMES)
def test_a_call_costs_well_below_a_millisecond(name: str) -> None:
    """Fifty columns by sixty steps are three thousand calls a refresh; the noise of a busy machine is allowed for."""
    function = FUNCTIONS[NAMES.index(name)]
    counts, scalars = [float(7 * k % 90 + 1) for k in range(25)], iter((0.2, 0.1, 0.05, 100.0))
    shares = [k / 100 for k in counts]
    lists = shares if name in {"false_discovery", "tilted_log_e", "tilted_p"} else counts
    arguments = [lists if parameter == "DOUBLE[]" else next(scalars) for parameter in function.parameters]
    function(*arguments)
    best = math.inf
    for _ in range(5):
        began = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - began)
    assert best < 1e-3


def test_loading_the_table_loads_neither_scipy_nor_duckdb() -> None:
    """They are imported when first needed, so that a command that needs neither is quick."""
    code = "import sys, clawpipe_tui.statistics.functions; sys.exit(any(m in sys.modules for m in ('scipy', 'duckdb')))"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0


def test_no_function_needs_scipy_stats() -> None:
    """It costs a second and a half to import."""
    code = (
        "import sys, duckdb; from clawpipe_tui.statistics.functions import register; c = duckdb.connect(); register(c);"
        "c.execute('select ks_p(0.1, 9, 9), chi2_p([9, 9], [9, 9]), psi_critical(9, 9, 9, 0.1)').fetchall();"
        "c.close(); sys.exit('scipy.stats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
