"""Who comes again, when they buy, and how long they stayed before: of `Footfall.visits`, known fans alone.

Sales are known of visits of known fans only, so who is unknown is in none of these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from gateway.analysis.recipes.columns import local_days, moments, need, of_known_fans
from gateway.analysis.recipes.estimates import CONFIDENCE, Estimate, share

BOUNDS_S: Final = (0.0, 60.0, 300.0, 600.0, 1200.0, 2400.0)
"""Where classes of length begin, seconds; the last is open."""


def repeat_visits(
    visits: pd.DataFrame, within_days: int = 28, until: pd.Timestamp | None = None, confidence: float = CONFIDENCE
) -> Estimate:
    """Return the share of fans who came again on a later day, within so many days of their first visit in the frame.

    Fans whose first visit is less than `within_days` before `until` (the end of the data; default: the last visit) are left out, for
    nobody knows yet whether they will come. Wilson's interval, `n` fans. Bias: the first visit in the frame need not be a fan's first.
    """
    known = of_known_fans(visits)
    days = pd.DataFrame({"fan": known["fan"].astype(str), "day": local_days(known, "started")}).drop_duplicates()
    end = local_days(visits, "started").max() if until is None else pd.Timestamp(until).tz_localize(None).normalize()
    first = days.groupby("fan")["day"].min()
    watched = first[first <= end - pd.Timedelta(days=within_days)]
    later = days.merge(watched.rename("first"), left_on="fan", right_index=True)
    waited = later["day"] - later["first"]
    again = later[(waited > pd.Timedelta(0)) & (waited <= pd.Timedelta(days=within_days))]["fan"].nunique()
    return share(again, len(watched), confidence)


def visits_before_purchase(visits: pd.DataFrame, most: int = 10, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Return at which visit fans buy first: a row for each number of a visit in the frame, up to `most`.

    `visit`; `fans`: who came so often without having bought; `buyers`: who bought then; `share`, `low`, `high`: buyers of fans, with
    Wilson's interval; `bought_by_then`: the share of fans who would have bought by that visit if all came so often (Kaplan and Meier).
    A mean over buyers alone would be too small: whoever needs many visits has often not bought yet. Bias: visits before the frame.
    """
    need(visits, "transactions")
    known = of_known_fans(visits)
    by_fan = known["fan"].astype(str)
    bought = (known["transactions"].fillna(0) > 0).astype(int)
    number = bought.groupby(by_fan).cumcount() + 1
    before = bought.groupby(by_fan).cumsum() - bought
    open_ = pd.DataFrame({"visit": number, "bought": bought})[before == 0]
    rows, left = [], 1.0
    for visit in range(1, min(most, int(number.max() or 0) if len(number) else 0) + 1):
        here = open_[open_["visit"] == visit]["bought"]
        found = share(int(here.sum()), len(here), confidence)
        left *= 1 - found.value
        rows.append((visit, len(here), int(here.sum()), found.value, found.low, found.high, 1 - left))
    return pd.DataFrame(rows, columns=["visit", "fans", "buyers", "share", "low", "high", "bought_by_then"])


def dwell_against_sale(visits: pd.DataFrame, bounds_s: Sequence[float] = BOUNDS_S, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Return how many visits of known fans end with a sale, by how long they last: a row for each class of length.

    `from_s`, `to_s` (infinite in the last), `visits`, `buyers`, `share`, `low`, `high` (Wilson's interval, as if visits were independent;
    a fan with many makes it too narrow). Open visits are left out. It shows no cause: who pays waits at the till.
    """
    need(visits, "seconds", "transactions", "open")
    known = of_known_fans(visits)
    over = known[~known["open"].astype(bool) & known["seconds"].notna()]
    edges = [*bounds_s, np.inf]
    place = np.searchsorted(np.asarray(edges[1:-1]), over["seconds"].to_numpy(np.float64), "right")
    bought = (over["transactions"] > 0).to_numpy(bool)
    rows = []
    for i in range(len(bounds_s)):
        here = bought[place == i]
        found = share(int(here.sum()), len(here), confidence)
        rows.append((edges[i], edges[i + 1], len(here), int(here.sum()), found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["from_s", "to_s", "visits", "buyers", "share", "low", "high"])


def people_to_staff(visits: pd.DataFrame, every: str = "1h") -> pd.DataFrame:
    """Return how many visitors there were for each of the staff: a row for each store and interval (of UTC) with anybody inside.

    `store`, `time`; `people`, `staff`: the mean number that was heard inside; `people_per_staff`: NaN where no staff was heard. Open
    visits are left out. Bias: only who is heard counts, so compare with itself, or scale `people` by `in` of the same hours.
    """
    need(visits, "store", "seconds", "started", "is_staff", "open")
    over = visits[~visits["open"].astype(bool) & visits["seconds"].notna()]
    frames = [_present(store, rows, every) for store, rows in over.groupby("store", observed=True)]
    columns = ["store", "time", "people", "staff", "people_per_staff"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _present(store: str, visits: pd.DataFrame, every: str) -> pd.DataFrame:
    started = moments(visits, "started")
    begin = started.dt.tz_convert("UTC")
    end = begin + pd.to_timedelta(visits["seconds"].to_numpy(np.float64), unit="s")
    step = pd.Timedelta(every)
    edges = pd.date_range(begin.min().floor(step), end.max().ceil(step), freq=step)
    staff = visits["is_staff"].to_numpy(bool)
    means = {}
    for name, mask in (("people", ~staff), ("staff", staff)):
        since = [(each[mask] - edges[0]) / pd.Timedelta("1s") for each in (begin, end)]
        at = np.asarray((edges - edges[0]) / pd.Timedelta("1s"), np.float64)
        means[name] = np.diff(_elapsed(since[0], at) - _elapsed(since[1], at)) / step.total_seconds()
    with np.errstate(divide="ignore", invalid="ignore"):
        per_staff = np.where(means["staff"] > 0, means["people"] / means["staff"], np.nan)
    frame = pd.DataFrame({"store": store, "time": edges[:-1].tz_convert(started.dt.tz), **means, "people_per_staff": per_staff})
    return frame[(frame["people"] > 0) | (frame["staff"] > 0)]


def _elapsed(since: pd.Series, at: np.ndarray) -> np.ndarray:
    """Return at each time, for all that has begun by then, the seconds since, added up."""
    ordered = np.sort(since.to_numpy(np.float64))
    count = np.searchsorted(ordered, at, "right")
    added: np.ndarray = count * at - np.concatenate([[0.0], np.cumsum(ordered)])[count]
    return added
