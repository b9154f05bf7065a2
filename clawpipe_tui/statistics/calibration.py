"""What a score is worth as a probability: isotonic calibration on counts (S7 of the method, first half)."""

from __future__ import annotations

from clawpipe_tui.statistics.counts import Counts, as_counts


def isotonic(positives: Counts, totals: Counts) -> list[float] | None:
    """For each score bin, in order, the share of positives, made to rise with the score.

    Pool adjacent violators (Ayer et al., Annals of Mathematical Statistics 26(4) 1955), weighted by rows. A bin without
    rows takes the value of the bins below it (of those above it, where there are none). None where nothing was counted.
    """
    wanted, rows = as_counts(positives), as_counts(totals)
    if wanted is None or rows is None or len(wanted) != len(rows) or not any(rows):
        return None
    if any(k > n for k, n in zip(wanted, rows, strict=True)):
        return None
    blocks: list[tuple[float, float, int]] = []
    for k, n in zip(wanted, rows, strict=True):
        blocks.append((k, n, 1))
        while len(blocks) > 1 and _falls(blocks[-2], blocks[-1]):
            (k0, n0, w0), (k1, n1, w1) = blocks[-2:]
            blocks[-2:] = [(k0 + k1, n0 + n1, w0 + w1)]
    return [k / n for k, n, width in blocks for _ in range(width)]


def _falls(left: tuple[float, float, int], right: tuple[float, float, int]) -> bool:
    """Whether two neighbours must be one block: the share does not rise, or one of them has no rows."""
    return not left[1] or not right[1] or left[0] * right[1] >= right[0] * left[1]
