"""Numbers with the interval in which the true one lies: of shares, of means, of ratios of sums."""

from __future__ import annotations

from math import nan, pi, sqrt, tan
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

CONFIDENCE: Final = 0.95
"""The share of samples whose interval contains the true value."""

Floats = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """A number, and the interval in which the true one lies with the confidence asked for; `n`: of how many independent things it is made.

    NaN where there is nothing to make it of. The interval is NaN where it takes more than there is.
    """

    value: float
    low: float
    high: float
    n: int


NOTHING: Final = Estimate(nan, nan, nan, 0)


def share(successes: int, trials: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return the share of independent trials that succeeded, with Wilson's interval."""
    if not trials:
        return NOTHING
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p, grown = successes / trials, 1 + z * z / trials
    middle, half = p + z * z / (2 * trials), z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    # Rounding must not leave the share itself, 0 or 1, outside.
    return Estimate(p, min((middle - half) / grown, p), max((middle + half) / grown, p), trials)


def mean(values: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean of independent values, with Student's interval."""
    n = len(values)
    if not n:
        return NOTHING
    middle = float(values.mean())
    half = t_quantile(confidence, n - 1) * float(values.std(ddof=1)) / sqrt(n) if n > 1 else nan
    return Estimate(middle, middle - half, middle + half, n)


def ratio(parts: Floats, wholes: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Return sum of `parts` / sum of `wholes`, of pairs that are independent of each other, with a linearised Student's interval.

    Within a pair (a day) everything may depend on everything: people who come together are no matter.
    """
    n, whole = len(wholes), float(wholes.sum())
    if not whole:
        return NOTHING
    found = float(parts.sum()) / whole
    error = sqrt(n / (n - 1) * float(((parts - found * wholes) ** 2).sum())) / whole if n > 1 else nan
    half = t_quantile(confidence, n - 1) * error if n > 1 else nan
    return Estimate(found, found - half, found + half, n)


def t_quantile(confidence: float, freedom: float) -> float:
    """Return how many standard errors the two-sided interval of Student's distribution reaches to each side.

    Exact for 1 and 2 degrees of freedom; from 3 on within 0.2 %, by the expansion in Abramowitz and Stegun 26.7.5. Between 1 and 3 the
    wider of the whole numbers' is taken.
    """
    p = 0.5 + confidence / 2
    if freedom < 2:
        return tan(pi * (p - 0.5))
    if freedom < 3:
        return (2 * p - 1) / sqrt(2 * p * (1 - p))
    x = NormalDist().inv_cdf(p)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / freedom**k for k, term in enumerate(terms, 1))
