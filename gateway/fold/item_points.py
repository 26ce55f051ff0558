"""Points of items: what happened to an item, emitted once it is known.

Of every kind `from_zone` is the zone before `zone`, "" if there was none; `seconds` are those that evidence spans:

    arrived   in `zone`, first heard in the store                   its first row          0
    moved     from `from_zone` to `zone`                            the deciding row       how long it was in `from_zone`
    tried     it was in a zone of type fitting for `tried_s`        when it came there     how long it was in `zone`
    left      from `zone`                                           its last row           how long it was in the store
"""

from __future__ import annotations

from typing import Final

from gateway.fold.estate_index import seconds_of
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items
from gateway.points.rows import ItemPoint

KNOWN, SINCE_KNOWN, FOUND = range(3)
"""What is known of an item, as `found` of `gateway.fold.tables.items` has it: all, all since it was found here, only that it was found."""


class ItemPoints:
    """Emits points of the items in a table, unless the gateway before has emitted them."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def arrived(self, items: Items, slot: int) -> None:
        """Emit that an item arrived, if that is known; its arrival is pending no more."""
        items.arrival_pending[slot] = False
        if items.found[slot] == KNOWN:
            self.emit(items, "arrived", slot, int(items.since_key_ns[slot]), int(items.since_agent[slot]), 0.0)

    def stayed(self, items: Items, slot: int) -> float:
        """Return how long an item was in its zone, s. In a fitting room for long enough it was tried: that is emitted."""
        if items.arrival_pending[slot]:
            self.arrived(items, slot)
        since_ns, last_ns, key_ns = int(items.since_ns[slot]), int(items.zone_ns[slot]), int(items.since_key_ns[slot])
        stayed_s = seconds_of(since_ns, last_ns)
        was_tried = last_ns - since_ns >= self._state.estate.zone_tried_ns[items.zone[slot]]
        if was_tried and self.is_ours(items, slot, key_ns, FOUND):
            self.emit(items, "tried", slot, key_ns, int(items.since_agent[slot]), stayed_s)
        return stayed_s

    def left(self, items: Items, slot: int) -> None:
        """Emit that an item left the store with its last row; no zone has it any more."""
        self.stayed(items, slot)
        key_ns = int(items.last_key_ns[slot])
        if self.is_ours(items, slot, key_ns, SINCE_KNOWN):
            seconds = seconds_of(int(items.arrived_ns[slot]), int(items.last_ns[slot]))
            self.emit(items, "left", slot, key_ns, int(items.last_agent[slot]), seconds)
        items.zone[slot] = items.from_zone[slot] = items.lead_zone[slot] = NO_CODE

    def ours_from_ns(self, items: Items, slot: int) -> int:
        """Return up to when another gateway emitted what happened to the item, ns."""
        return self._state.history.of(self._state.estate.stores.names[items.store[slot]])

    def is_ours(self, items: Items, slot: int, key_ns: int, unknown_from: int) -> bool:
        """Return whether enough is known of the item to emit what happened; if not, the gateway before has emitted it."""
        return bool(items.found[slot] < unknown_from) or key_ns > self.ours_from_ns(items, slot)

    def emit(self, items: Items, kind: str, slot: int, key_ns: int, agent: int, seconds: float) -> None:
        """Emit a point of this kind about an item, as it is now."""
        estate, before = self._state.estate, int(items.from_zone[slot])
        self._state.emit(
            ItemPoint(
                time_ns=key_ns, agent=estate.agents.names[agent], kind=kind, store=estate.stores.names[items.store[slot]],
                zone=estate.zone_name[items.zone[slot]], epc=items.epc[slot], sku=items.sku[slot],
                from_zone="" if before == NO_CODE else estate.zone_name[before], seconds=seconds,
            ),
            None,
        )  # fmt: skip
