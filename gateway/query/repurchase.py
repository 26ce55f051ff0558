"""Repurchase: which sales to fans repeat an earlier purchase, in whatever store, and after how many days. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MS
from gateway.identity.facts import is_registered
from gateway.query.brand_rows import BEFORE_NS, BrandRule, numbered
from gateway.sinks.table import PointTable

SALE: Final = "transaction"
SAME_ORDER_NS: Final = 12 * NS_PER_HOUR
"""What a fan buys so soon after another sale belongs to the same order: two receipts of one visit are no repurchase."""


def orders_of(table: PointTable) -> PointTable:
    """Return the sales of registered fans, with what each is among all sales of its fan.

    `order`: an order begins with it. `repeat`: its order came at most BEFORE_NS after the fan's order before; `days_since`: after so many
    days, from that order's last sale to this one's first. `fan_number`: a number for the fan.
    """
    fan = table.coded("fan")
    number = numbered([name if is_registered(name) else "" for name in fan.names] or [""])[fan.codes]
    kept = np.flatnonzero((number > 0) & table.equals("what", SALE))
    sales, number = table.where(kept), number[kept]
    by_fan = np.lexsort((sales.time_ns, number))
    time_ns = sales.time_ns // NS_PER_MS * NS_PER_MS  # digits below tell points apart, and are no time
    since_ns, is_first = _since_last(time_ns[by_fan], number[by_fan])
    begins = is_first | (since_ns >= SAME_ORDER_NS)
    first = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
    repeats = ~is_first & (since_ns <= BEFORE_NS)
    own = np.argsort(by_fan)
    columns = {
        "order": begins[own],
        "repeat": repeats[first][own],
        "days_since": np.where(repeats[first], since_ns[first] / NS_PER_DAY, 0.0)[own],
        "fan_number": number,
    }
    return replace(sales, columns={**sales.columns, **columns})


def _since_last(time_ns: npt.NDArray[np.int64], fan: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return for each sale, by fan and time, how long after the one before it was, and whether it is the fan's first."""
    is_first = np.ones(len(fan), np.bool_)
    is_first[1:] = fan[1:] != fan[:-1]
    return np.diff(time_ns, prepend=time_ns[:1]), is_first


REPURCHASE: Final = BrandRule(orders_of, "sale to a registered fan", ("store", "what", "fan"), {"what": SALE})
