"""How scipy is imported: no more of numpy than it needs, and numpy stays what it was."""

from __future__ import annotations

import subprocess
import sys

_IMPORTED = """
import sys
from clawpipe_tui.statistics.tails import import_special, kolmogorov_critical

import_special()
print("numpy.f2py" in sys.modules, round(kolmogorov_critical(0.05), 3))
import numpy
print(numpy.f2py.__name__)
"""


def test_scipy_comes_without_the_front_end_of_a_compiler_which_numpy_still_has() -> None:
    """A fifth of what importing takes would go to something that nobody asks for."""
    found = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "1.358", "numpy.f2py"]
