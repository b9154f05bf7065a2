"""The few functions of scipy.special that are needed, behind types and imported on first use.

The one file that meets scipy's untyped functions. scipy.stats knows these too, but costs a second and a half to import.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@lru_cache(maxsize=64)
def kolmogorov_critical(alpha: float) -> float:
    """The value that Kolmogorov's limit variable √n·D exceeds with probability alpha."""
    from scipy.special import kolmogi

    return float(kolmogi(alpha))


def kolmogorov_tail(value: float) -> float:
    """The probability that Kolmogorov's limit variable √n·D exceeds the value."""
    from scipy.special import kolmogorov

    return float(kolmogorov(value))


def binomial_tail(count: float, trials: float, probability: float) -> float:
    """The probability that at least `count` of the trials succeed, continued smoothly to weighted counts."""
    from scipy.special import betainc

    return float(betainc(count, trials - count + 1, probability)) if count > 0 else 1.0


def log_gamma(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of Γ of every entry; math.lgamma is faster for a single number."""
    from scipy.special import gammaln

    return gammaln(values)
