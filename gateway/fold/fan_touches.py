"""Touches of fans by time, in memory for the fans that touch something now: a visit with hundreds of sales reads none of them again.

The ledger has all of them. What is kept of a fan in a store is what the ledger has from some time on; a touch that changes is read anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.compact_json import decoded
from footfall.units import NS_PER_DAY
from gateway.fold.store import FoldStore, TouchRow
from gateway.fold.touch_names import name_rows
from gateway.identity.facts_json import HANDBACK

VOUCHES: Final = frozenset({"try_on", "scan", "transaction", "payment", "pickup", "return", HANDBACK, "service", "consultation"})
"""Touches that only somebody in the store makes; a promotion, a voucher, a redemption or a registration may come from anywhere."""
KEPT: Final = 2_000
"""Fans in stores of which touches are kept in memory."""
READ_BEFORE_NS: Final = NS_PER_DAY
"""Touches are read from so long before what is asked for, since the next question is about a visit that began earlier."""
_EVER_NS: Final = 1 << 62


@dataclass(slots=True)
class Touched:
    """A fan's touches in a store from `from_ns` on, as columns in the order of time, agent and row."""

    from_ns: int
    keys: list[tuple[int, str, int]] = field(default_factory=list)
    vouches: list[bool] = field(default_factory=list)
    sales: list[bool] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)
    """Of sales; 0 of other touches."""

    def add(self, row: TouchRow, values: Mapping[str, Any]) -> None:
        """Take a touch in its place; most come last."""
        key, is_sale = (row.time_ns, row.agent, row.row), values["what"] == "transaction"
        at = bisect_right(self.keys, key)
        self.keys.insert(at, key)
        self.vouches.insert(at, values["what"] in VOUCHES)
        self.sales.insert(at, is_sale)
        self.amounts.insert(at, values["amount"] if is_sale else 0.0)

    def within(self, from_ns: int, to_ns: int) -> slice:
        """Return the places of touches in a span, both ends included."""
        return slice(bisect_left(self.keys, (from_ns, "", 0)), bisect_left(self.keys, (to_ns + 1, "", 0)))


class FanTouches:
    """`save` every touch here, so that what is kept is what the ledger has."""

    def __init__(self, ledger: FoldStore) -> None:
        self._ledger: Final = ledger
        self._kept: Final[OrderedDict[tuple[str, str], Touched]] = OrderedDict()

    def of(self, fan: str, store: str, from_ns: int) -> Touched:
        """Return the touches of a fan in a store that are not void, from a time on at least."""
        kept = self._kept.get((fan, store))
        if kept is None or kept.from_ns > from_ns:
            kept = self._kept[fan, store] = self._read(fan, store, from_ns - READ_BEFORE_NS)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end((fan, store))
        return kept

    def save(self, before: TouchRow | None, row: TouchRow, values: Mapping[str, Any]) -> None:
        """Keep a touch of these `values`, which was another before; None: it is new."""
        self._ledger.save_touches([row], name_rows(row, values) if before is None or before.body != row.body else ())
        if before is not None:
            for fan in {before.fan, row.fan}:
                self._kept.pop((fan, row.store), None)
        elif (kept := self._kept.get((row.fan, row.store))) and row.time_ns >= kept.from_ns:
            kept.add(row, values)

    def _read(self, fan: str, store: str, from_ns: int) -> Touched:
        found = Touched(from_ns)
        for row in self._ledger.touches_of_fan(fan, store, from_ns, _EVER_NS):
            found.add(row, decoded(row.body))
        return found
