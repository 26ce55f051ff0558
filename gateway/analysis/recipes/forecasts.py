"""A naive forecast with its error: what any better one has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from footfall.errors import ConfigError
from gateway.analysis.recipes.estimates import CONFIDENCE, Floats

WEEK: Final = 7
Forecaster = Callable[[Floats, int], Floats]
"""Of the values so far and a number of steps: the values of these steps."""


class Backtest(NamedTuple):
    """The error of a forecaster on its own past.

    `mape`: mean of |error| / actual, over days with anybody; `mase`: mean |error| as a share of that of a seasonal naive forecast one
    season ahead, within the values known by then (Hyndman and Koehler), 1 is as good, NaN where
    all of these were alike; `bias`: mean of forecast - actual; `days`: how many.
    """

    mape: float
    mase: float
    bias: float
    days: int


def seasonal_naive(values: Floats, steps: int, season: int = WEEK) -> Floats:
    """Return for each step the latest known value of the same place in the season: of a day that of the same weekday."""
    found = np.full(steps, np.nan)
    for step in range(steps):
        same = values[len(values) - season + step % season :: -season] if len(values) >= season else values[:0]
        known = same[~np.isnan(same)]
        found[step] = known[0] if len(known) else np.nan
    return found


def naive_forecast(
    days: pd.DataFrame, steps: int = 2 * WEEK, measure: str = "in", season: int = WEEK, confidence: float = CONFIDENCE
) -> pd.DataFrame:
    """Return the forecast of the days after a frame of one store's (or the chain's) days: each is as the same weekday before.

    `time` (a local day), `forecast`, `low`, `high`: the quantiles of how far days were from those so many weeks earlier. With fewer than
    about twenty weeks they are too narrow: of `n` differences the outermost cover (n - 1) / (n + 1). Raise ConfigError for more than one
    row a day, or with less than two seasons. Bias: it knows no trend, no holiday and no campaign.
    """
    series = daily(days, measure)
    values = series.to_numpy(np.float64)
    if len(values) < 2 * season:
        raise ConfigError(f"a naive forecast takes {2 * season} days, of which there are {len(values)}")
    forecast = seasonal_naive(values, steps, season)
    tails = (0.5 - confidence / 2, 0.5 + confidence / 2)
    spread = np.array([_spread(values, season * (step // season + 1), tails) for step in range(steps)]).reshape(steps, 2)
    later = pd.date_range(series.index[-1] + pd.Timedelta(days=1), periods=steps, freq="D")
    low, high = np.maximum(forecast + spread[:, 0], 0.0), forecast + spread[:, 1]
    return pd.DataFrame({"time": later, "forecast": forecast, "low": low, "high": high})


def _spread(values: Floats, lag: int, tails: tuple[float, float]) -> Floats:
    differences = values[lag:] - values[:-lag]
    known = differences[~np.isnan(differences)]
    return np.quantile(known, tails) if len(known) else np.full(2, np.nan)


def backtest(
    days: pd.DataFrame, forecaster: Forecaster = seasonal_naive, steps: int = WEEK, folds: int = 4, measure: str = "in", season: int = WEEK
) -> Backtest:
    """Return the error that a forecaster would have had: it forecasts the last `folds` spans of `steps` days, each from what was before.

    Days that were not measured are in no error. Raise ConfigError if less than two seasons are left before the first span.
    """
    values = daily(days, measure).to_numpy(np.float64)
    first = len(values) - folds * steps
    if first < 2 * season:
        raise ConfigError(f"a backtest takes {folds * steps + 2 * season} days, of which there are {len(values)}: fewer folds or steps")
    errors, actuals, scaled = [], [], []
    for at in range(first, len(values), steps):
        actual = values[at : at + steps]
        error = forecaster(values[:at], steps) - actual
        scale = float(np.nanmean(np.abs(values[season:at] - values[: at - season])))
        errors.append(error)
        actuals.append(actual)
        scaled.append(np.abs(error) / scale if scale else np.full(steps, np.nan))
    error, actual = np.concatenate(errors), np.concatenate(actuals)
    busy = actual > 0
    relative = np.abs(error[busy]) / actual[busy]
    return Backtest(_mean(relative), _mean(np.concatenate(scaled)), _mean(error), int((~np.isnan(error)).sum()))


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def daily(days: pd.DataFrame, measure: str) -> pd.Series:
    """Return a measure by local day, every day once; NaN where it was not measured. Raise ConfigError for several rows a day."""
    wall = days["time"].dt.tz_localize(None).dt.normalize()
    if wall.duplicated().any():
        raise ConfigError('several rows a day: take one store, or by="chain", with interval="1d"')
    series = pd.Series(days[measure].to_numpy(np.float64, na_value=np.nan), pd.DatetimeIndex(wall)).sort_index()
    return series.asfreq("D")
