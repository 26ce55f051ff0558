"""When people come: profiles by weekday and hour, and peaks against a capacity. Of `Footfall.traffic` by intervals of a day or less."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np
import pandas as pd

from gateway.analysis.recipes.columns import need
from gateway.analysis.recipes.estimates import CONFIDENCE, mean
from gateway.query.keys import WEEKDAYS


def profile(hours: pd.DataFrame, measure: str = "in", confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Return the usual week: a row for each store, weekday and hour, by the store's clock.

    `store`, `weekday`, `hour`, `mean`, `low`, `high` (Student's interval over the weeks, as if these were independent), `n`: of how many
    weeks. `hours` is of `interval="1h"`. Hours that were not measured, or not open where that is known, are left out: they are not zero.
    """
    need(hours, "store", "time", measure)
    kept = _measured(hours, measure)
    wall = kept["time"].dt.tz_localize(None)
    # An hour that the clock shows twice is one hour of that day.
    keys = {"store": kept["store"].astype(str), "day": wall.dt.normalize(), "hour": wall.dt.hour}
    per_hour = pd.DataFrame({**keys, "value": _floats(kept, measure)}).groupby(["store", "day", "hour"], as_index=False)["value"].sum()
    groups = per_hour.assign(weekday=per_hour["day"].dt.day_of_week).groupby(["store", "weekday", "hour"])["value"]
    rows = [(store, WEEKDAYS[day], hour, *mean(values.to_numpy(np.float64), confidence)) for (store, day, hour), values in groups]
    frame = pd.DataFrame(rows, columns=["store", "weekday", "hour", "mean", "low", "high", "n"])
    return frame.assign(weekday=pd.Categorical(frame["weekday"], WEEKDAYS, ordered=True))


def peaks(
    intervals: pd.DataFrame, capacity: int | Mapping[str, int] | None = None, measure: str = "occupancy_max", quantile: float = 0.95
) -> pd.DataFrame:
    """Return how full each store gets: a row a store.

    `store`, `peak`, `peak_time` (the first interval with it), `usual_peak`: the `quantile` of the days' highest; `days`; and with a
    `capacity`, for all or by store: `peak_load` (peak / capacity) and `over` (share of the intervals above it). Intervals that were not
    measured are left out. Bias: counters drift, and the highest of a store's days grows with the number of days.
    """
    need(intervals, "store", "time", measure)
    kept = _measured(intervals, measure)
    rows = [_peak(str(store), rows, capacity, measure, quantile) for store, rows in kept.groupby("store", observed=True)]
    return pd.DataFrame(rows, columns=["store", "peak", "peak_time", "usual_peak", "days", "peak_load", "over"])


def _peak(store: str, rows: pd.DataFrame, capacity: int | Mapping[str, int] | None, measure: str, quantile: float) -> tuple[object, ...]:
    values = _floats(rows, measure)
    place = int(values.argmax())
    highest = pd.Series(values).groupby(rows["time"].dt.tz_localize(None).dt.normalize().to_numpy()).max()
    most = capacity.get(store) if isinstance(capacity, Mapping) else capacity
    load, over = (values[place] / most, float((values > most).mean())) if most else (nan, nan)
    return store, values[place], rows["time"].iloc[place], float(highest.quantile(quantile)), len(highest), load, over


def _measured(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    is_open = frame["open_minutes"].fillna(0) > 0 if "open_minutes" in frame else pd.Series(True, frame.index)
    return frame[is_open & frame[measure].notna()]


def _floats(frame: pd.DataFrame, measure: str) -> np.ndarray:
    found: np.ndarray = frame[measure].to_numpy(np.float64)
    return found
