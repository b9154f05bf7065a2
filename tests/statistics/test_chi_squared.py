"""The χ² distribution beside scipy's, which console and checks could do without."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtrc, chdtri

from clawpipe_tui.statistics.chi_squared import chi_squared_critical, chi_squared_tail

DEGREES = st.one_of(st.integers(1, 5_000).map(float), st.floats(0.1, 100.0), st.just(1e6))
SPREADS = st.floats(-9.0, 30.0)
"""How many standard deviations from the mean."""


@given(DEGREES, SPREADS)
def test_the_tail_is_scipys_to_eleven_digits(degrees: float, spread: float) -> None:
    """Near 1, and where it is so small that only its logarithm is of use."""
    value = max(degrees + spread * math.sqrt(2 * degrees), degrees / 1e6)
    assert chi_squared_tail(value, degrees) == pytest.approx(float(chdtrc(degrees, value)), rel=1e-11, abs=1e-300)


@given(DEGREES, st.floats(1e-30, 0.999))
def test_the_critical_value_is_scipys_and_its_tail_is_alpha(degrees: float, alpha: float) -> None:
    """Checked from both sides."""
    value = chi_squared_critical(degrees, alpha)
    assert value == pytest.approx(float(chdtri(degrees, alpha)), rel=1e-10)
    assert chi_squared_tail(value, degrees) == pytest.approx(alpha, rel=1e-8)


@pytest.mark.parametrize(("value", "tail"), [(-1.0, 1.0), (0.0, 1.0), (math.inf, 0.0)])
def test_the_tail_has_ends(value: float, tail: float) -> None:
    """Everything exceeds nothing, and nothing infinity."""
    assert chi_squared_tail(value, 3.0) == tail


def test_the_table_that_every_textbook_has() -> None:
    """5 % in the tail, of 1, 10 and 19 degrees."""
    assert [round(chi_squared_critical(degrees, 0.05), 3) for degrees in (1, 10, 19)] == [3.841, 18.307, 30.144]


_MEASURED = """
import sys
from clawpipe_tui.statistics.psi import psi_noise, psi_p
psi_p([10.0, 20.0], [20.0, 10.0]), psi_noise([10.0, 20.0], [20.0, 10.0], 0.05)
print("scipy" in sys.modules)
"""


def test_drift_is_measured_without_importing_scipy() -> None:
    """Importing it takes a tenth of a second, which the first look at a log would wait for."""
    found = subprocess.run([sys.executable, "-c", _MEASURED], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]
