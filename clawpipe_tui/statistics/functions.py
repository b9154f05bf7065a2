"""The one table of SQL functions: what a query may call, its DuckDB types, and the Python that answers.

Every function answers NULL ("cannot tell") for NULL, empty, all-zero or impossible arguments; no NaN, no error.
A connection that they were registered on must be closed, or DuckDB warns when the program ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.statistics import (
    band,
    calibration,
    distances,
    homogeneity,
    interval,
    ks,
    multiple,
    psi,
    restarted,
    sequential,
    tilted,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from clawpipe_tui.statistics.counts import Counts

Answer = float | int | bool | Sequence[float | None] | None
_Numbers = Sequence[float | None]

_NUMBER, _LIST = "DOUBLE", "DOUBLE[]"
_PAIR = (_LIST, _LIST)


@dataclass(frozen=True)
class SqlFunction:
    """A Python function under the name and with the types by which SQL calls it."""

    name: str
    call: Callable[..., Answer]
    parameters: tuple[str, ...]
    returns: str = _NUMBER

    def __call__(self, *arguments: _Numbers | float | None) -> Answer:
        """What SQL gets: the call's answer, or None where an argument is missing or the answer is not finite."""
        if not all(map(_known, arguments)):
            return None
        found = self.call(*arguments)
        return None if isinstance(found, float) and not math.isfinite(found) else found

    @property
    def __signature__(self) -> Signature:
        """DuckDB counts the parameters of what it is given, and `*arguments` would count as one."""
        return Signature([Parameter(f"p{place}", Parameter.POSITIONAL_ONLY) for place in range(len(self.parameters))])


def _known(argument: _Numbers | float | None) -> bool:
    """Entries of a list may be missing, and each function knows what that means; a number may not."""
    return argument is not None and (not isinstance(argument, int | float) or math.isfinite(argument))


def _linf_position(baseline: Counts, live: Counts) -> int | None:
    """SQL counts list entries from 1: `categories[linf_position(b, l)]`."""
    index = distances.linf_index(baseline, live)
    return None if index is None else index + 1


def _ks_exact(baseline: _Numbers, live: _Numbers) -> float | None:
    return ks.ks_exact(*(np.array([v for v in values if v is not None], np.float64) for values in (baseline, live)))


def _rate_low(k: float, n: float, alpha: float, t_opt: float) -> float | None:
    found = interval.rate_interval(k, n, alpha, t_opt)
    return None if found is None else found.low


def _rate_high(k: float, n: float, alpha: float, t_opt: float) -> float | None:
    found = interval.rate_interval(k, n, alpha, t_opt)
    return None if found is None else found.high


def _rank_low(n: float, quantile: float, alpha: float, t_opt: float) -> int | None:
    found = interval.quantile_ranks(n, quantile, alpha, t_opt)
    return found.low if found is not None and found.bounded_below else None


def _rank_high(n: float, quantile: float, alpha: float, t_opt: float) -> int | None:
    found = interval.quantile_ranks(n, quantile, alpha, t_opt)
    return found.high if found is not None and found.bounded_above else None


def _tilted_p(bad_other: _Numbers, bad: _Numbers, share: _Numbers) -> float | None:
    path = tilted.tilted_log_es(bad_other, bad, share)
    return None if path is None else sequential.anytime_p(path)


FUNCTIONS: tuple[SqlFunction, ...] = (
    # (b, l): counts of baseline and live over the same bins; those of ks_ and wasserstein ordered along the axis
    SqlFunction("psi", psi.psi, _PAIR),
    SqlFunction("psi_contributions", psi.psi_contributions, _PAIR, _LIST),
    SqlFunction("psi_p", psi.psi_p, _PAIR),
    SqlFunction("smallest_psi", psi.smallest_psi, (*_PAIR, _NUMBER)),  # (b, l, threshold)
    SqlFunction("psi_noise", psi.psi_noise, (*_PAIR, _NUMBER)),  # (b, l, alpha)
    SqlFunction("psi_critical", psi.psi_critical, (_NUMBER,) * 4),  # (n_baseline, n_live, bins, alpha)
    SqlFunction("psi_critical_fixed", psi.psi_critical_fixed, (_NUMBER,) * 3),  # (n_live, bins, alpha)
    SqlFunction("ks_low", ks.ks_low, _PAIR),
    SqlFunction("ks_high", ks.ks_high, (*_PAIR, _LIST)),  # (b, l, 1 where a bin holds one value only)
    SqlFunction("ks_right", ks.ks_right, _PAIR),
    SqlFunction("ks_p", ks.ks_p, (_NUMBER,) * 3),  # (d, n, m)
    SqlFunction("ks_critical", ks.ks_critical, (_NUMBER,) * 3),  # (n, m, alpha)
    SqlFunction("ks_exact", _ks_exact, _PAIR),  # of raw values, not of counts
    SqlFunction("chi2_p", homogeneity.chi2_p, _PAIR),
    SqlFunction("js_divergence", distances.js_divergence, _PAIR),
    SqlFunction("js_distance", distances.js_distance, _PAIR),
    SqlFunction("linf", distances.linf, _PAIR),
    SqlFunction("linf_position", _linf_position, _PAIR, "BIGINT"),
    SqlFunction("total_variation", distances.total_variation, _PAIR),
    SqlFunction("hellinger", distances.hellinger, _PAIR),
    SqlFunction("wasserstein", distances.wasserstein, (_LIST, *_PAIR)),  # (edges, b, l)
    SqlFunction("wasserstein_normed", distances.wasserstein_normed, (_LIST, *_PAIR, _NUMBER)),  # (…, std_baseline)
    SqlFunction("false_discovery", multiple.false_discovery, (_LIST,), _LIST),  # (p_values)
    SqlFunction("isotonic", calibration.isotonic, _PAIR, _LIST),  # (positives, rows) per score bin, in order
    # anytime-valid: these may be looked at on every refresh
    SqlFunction("log_e_value", sequential.log_e_value, (*_PAIR, _NUMBER)),  # (bad, requests, strength) per version
    SqlFunction("e_value", sequential.e_value, (*_PAIR, _NUMBER)),
    SqlFunction("anytime_p", sequential.anytime_p, (_LIST,)),  # (log_e_value of each look)
    SqlFunction("tilted_log_e", tilted.tilted_log_es, (_LIST,) * 3, _LIST),  # (bad_other, bad, share) per window
    SqlFunction("tilted_p", _tilted_p, (_LIST,) * 3),
    SqlFunction("stake", restarted.stake, (_NUMBER,)),  # (slices since the stream began)
    SqlFunction(
        "restarted_log_e", restarted.restarted_log_e, (*(_LIST,) * 3, _NUMBER)
    ),  # (bad_other, bad, share, first)
    SqlFunction("restarted_p", restarted.restarted_p, (*(_LIST,) * 3, _NUMBER)),
    SqlFunction("smallest_ratio", restarted.smallest_ratio, (_NUMBER,) * 4),  # (bad_other, n_other, n, log_needed)
    SqlFunction("band", band.band, (_NUMBER,) * 2),  # (n, alpha)
    SqlFunction("band_differs", band.band_differs, (_NUMBER,) * 4, "BOOLEAN"),  # (d, n_a, n_b, alpha)
    SqlFunction("band_p", band.band_p, (_NUMBER,) * 3),  # (d, n_a, n_b)
    SqlFunction("rate_low", _rate_low, (_NUMBER,) * 4),  # (k, n, alpha, t_opt)
    SqlFunction("rate_high", _rate_high, (_NUMBER,) * 4),
    SqlFunction("mean_radius", interval.mean_radius, (_NUMBER,) * 4),  # (std, n, alpha, t_opt)
    SqlFunction("rank_low", _rank_low, (_NUMBER,) * 4, "BIGINT"),  # (n, quantile, alpha, t_opt); NULL: not yet bounded
    SqlFunction("rank_high", _rank_high, (_NUMBER,) * 4, "BIGINT"),
)


def register(connection: DuckDBPyConnection) -> None:
    """Make every function of the table known to this connection's SQL."""
    from duckdb.func import SPECIAL, PythonUDFType

    for function in FUNCTIONS:
        connection.create_function(
            function.name,
            function,
            [*function.parameters],
            function.returns,
            type=PythonUDFType.NATIVE,
            null_handling=SPECIAL,  # the default would call nothing for a NULL and reject a NULL answer
        )
