"""What a campaign, or a shop window, changes: lift against control stores, and the share of passers-by who come in."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.errors import ConfigError
from gateway.analysis.recipes.columns import local_days, need
from gateway.analysis.recipes.estimates import CONFIDENCE, Estimate, ratio, t_quantile


class Lift(NamedTuple):
    """`value`: how many times as much as without the campaign, such as 1.3, with its interval; stores that count on each side.

    `left_out`: stores without a number, or with nothing, in one of the spans.
    """

    value: float
    low: float
    high: float
    treated: int
    controls: int
    left_out: tuple[str, ...]


def lift(
    days: pd.DataFrame,
    treated: Iterable[str],
    before: tuple[str, str],
    during: tuple[str, str],
    measure: str = "in",
    confidence: float = CONFIDENCE,
) -> Lift:
    """Return how much a campaign changed a measure in the `treated` stores, by the change in all other stores of the frame meanwhile.

    Differences in differences of logarithms: each store gives one number, the ratio of its mean day `during` to its mean day `before`
    (first and last day, both included; whole weeks, so that weekdays do not matter). The interval is Welch's, over stores, so that days of
    one store may depend on each other. It holds if all stores would have changed alike without the campaign. Take stores at random, or look
    at earlier spans where nothing happened. `days` is of `interval="1d"`; days that were not measured are left out. Raise ConfigError
    with fewer than two stores on a side.
    """
    need(days, "store", "time", measure)
    logs = _logs(days, before, during, measure)
    names = set(treated)
    if unknown := names - set(logs.index):
        raise ConfigError(f"the frame has no store {', '.join(sorted(unknown))}; it has {', '.join(logs.index)}")
    counted = logs[np.isfinite(logs.to_numpy(np.float64))]
    sides = _sides(counted, names)
    variances = [float(side.var(ddof=1)) / len(side) for side in sides]
    error, freedom = sqrt(sum(variances)), _freedom(variances, list(map(len, sides)))
    change, half = float(sides[0].mean() - sides[1].mean()), t_quantile(confidence, freedom) * error
    left_out = tuple(sorted(set(logs.index) - set(counted.index)))
    return Lift(exp(change), exp(change - half), exp(change + half), len(sides[0]), len(sides[1]), left_out)


def _sides(counted: pd.Series, treated: set[str]) -> list[npt.NDArray[np.float64]]:
    """The numbers of the treated stores, and those of the others."""
    inside = counted.index.isin(treated)
    sides = [counted[inside].to_numpy(np.float64), counted[~inside].to_numpy(np.float64)]
    if min(map(len, sides)) < 2:
        there = f"{len(sides[0])} and {len(sides[1])}"
        raise ConfigError(f"a lift takes two treated stores and two controls with data in both spans; there are {there}")
    return sides


def _logs(days: pd.DataFrame, before: tuple[str, str], during: tuple[str, str], measure: str) -> pd.Series:
    """Of each store the logarithm of its mean day's change; not finite where a span has no day or nothing."""
    day, store = local_days(days, "time"), days["store"].astype(str)
    values = pd.to_numeric(days[measure]).astype("Float64").to_numpy(np.float64, na_value=nan)
    means = []
    for first, last in (before, during):
        within = (day >= pd.Timestamp(first)) & (day <= pd.Timestamp(last))
        means.append(pd.Series(values[within], store[within].to_numpy()).groupby(level=0).mean())
    stores = sorted(set(store))
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.Series(np.log(means[1].reindex(stores) / means[0].reindex(stores)), stores)


def _freedom(variances: list[float], sizes: list[int]) -> float:
    """Welch's and Satterthwaite's degrees of freedom."""
    whole = sum(variances)
    return whole**2 / sum(each**2 / (n - 1) for each, n in zip(variances, sizes, strict=True)) if whole else float(sum(sizes) - 2)


def capture_rate(days: pd.DataFrame, passers: str = "passers", entrants: str = "in", confidence: float = CONFIDENCE) -> Estimate:
    """Return the share of passers-by who came in: entrants / passers-by, both added up first.

    `days`: a row a day (or hour) with both numbers, such as a counter outside joined to `traffic`. The interval takes days as independent,
    and nothing within a day. Days on which either was not measured are left out. Bias: who passes twice counts twice.
    """
    need(days, passers, entrants)
    pairs = days[[entrants, passers]].astype("Float64").dropna().to_numpy(np.float64)
    return ratio(pairs[:, 0], pairs[:, 1], confidence)
