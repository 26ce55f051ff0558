"""How many were inside, corrected for the drift of the counters. Of `Footfall.traffic` by intervals that are shorter than a day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gateway.analysis.recipes.columns import need


def inside(intervals: pd.DataFrame, now: pd.Timestamp | None = None, day_start_h: float = 4.0) -> pd.DataFrame:
    """Return how many people were inside at the end of each interval, without the counters' drift: a row a store and interval.

    `store`, `time`, `counted` (the running sum of in - out since the day began, at `day_start_h` by the store's clock), `drift` (its
    estimated error, so that counted - drift people are inside), `inside` (that, but never below 0), and `basis`. A day's drift is what is
    left of it in the end, since nobody is inside then; it is spread over the crossings in proportion (`basis` "day"). Of a day that is not
    over by `now`, which has a time zone, that is not known: its crossings have the error that those of the store's earlier days had
    ("earlier days"), or none ("none"). Without `now` all days are over. Bias: people who stay over night are drift.
    """
    need(intervals, "store", "time", "in", "out")
    kept = intervals[intervals["in"].notna() & intervals["out"].notna()].sort_values("time")
    start = pd.Timedelta(hours=day_start_h)
    parts = [_of_store(rows, now, start) for _, rows in kept.groupby("store", observed=True)]
    columns = ["store", "time", "counted", "drift", "inside", "basis"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _of_store(rows: pd.DataFrame, now: pd.Timestamp | None, start: pd.Timedelta) -> pd.DataFrame:
    day = _day(rows["time"], start)
    entered, left = rows["in"].astype(float), rows["out"].astype(float)
    by_day = pd.DataFrame({"counted": entered - left, "crossings": entered + left}).groupby(day)
    days, running = by_day.sum(), by_day.cumsum()
    rate, basis = _share(days["counted"], days["crossings"]), pd.Series("day", days.index)
    if now is not None:
        today = _day(pd.Series([now.tz_convert(rows["time"].dt.tz)]), start).iloc[0]
        before = days[days.index < today]
        is_open = days.index >= today
        rate[is_open] = before["counted"].sum() / before["crossings"].sum() if before["crossings"].sum() else 0.0
        basis[is_open] = "earlier days" if len(before) else "none"
    drift = running["crossings"] * day.map(rate)
    corrected = (running["counted"] - drift).clip(lower=0)
    return rows[["store", "time"]].assign(counted=running["counted"], drift=drift, inside=corrected, basis=day.map(basis))


def _day(times: pd.Series, start: pd.Timedelta) -> pd.Series:
    """Return the store's day of each time, by its clock."""
    return (times.dt.tz_localize(None) - start).dt.normalize()


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return pd.Series(np.divide(part, whole, out=np.zeros(len(whole)), where=whole.to_numpy() != 0), whole.index)
