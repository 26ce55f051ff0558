"""Which goods are in a store: of each article and zone how many items, by what happened to each item last. Pure.

An item is in stock from when it arrived until it left. One that another gateway's history hides, or that came before there was a reader,
is there once anything is stored of it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from gateway.query.answer import Answer
from gateway.query.spans import iso
from gateway.sinks.table import PointTable

COLUMNS: Final = ("store", "sku", "zone", "in_stock", "latest")
_LEFT: Final = "left"
_SAYS_NOTHING: Final = frozenset({"tried"})
"""Dated when the item came, and stored when it went on: what happened since is stored, too."""


def stock(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return a row for each article and zone, by their names; `latest` is when an item of them arrived or moved last."""
    kinds, epcs = table.values("kind"), table.values("epc")
    order = np.lexsort(([kind == _LEFT for kind in kinds], table.time_ns))
    last = {epcs[at]: at for at in order.tolist() if kinds[at] not in _SAYS_NOTHING}
    there = [at for at in last.values() if kinds[at] != _LEFT]
    skus, zones, times_ns = table.values("sku"), table.values("zone"), table.time_ns.tolist()
    items = Counter((skus[at], zones[at]) for at in there)
    latest = dict[tuple[str, str], int]()
    for at in there:
        latest[skus[at], zones[at]] = max(times_ns[at], latest.get((skus[at], zones[at]), 0))
    store = table.values("store")[0] if len(table) else ""
    rows = [(store, *key, count, iso(latest[key], zone, "seconds")) for key, count in sorted(items.items())]
    return Answer(COLUMNS, rows)
