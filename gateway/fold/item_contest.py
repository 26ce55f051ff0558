"""Which zone has an item: where it arrived, and when it moved. `item_rules.py` has the rule, `item_zones.py` what it is about.

Where an item arrived is pending for its profile's longest settling time, and where several zones hear it, until each has reported twice:
the first antenna that hears it is often not the nearest. Until then it goes to whoever is louder, unless its level shows that it is on
its way. A move is stamped with the first of the rows by which another zone was ahead; if the owner fell silent, with its last row, or
when the other zone first heard the item, if that was later.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold import item_zones
from gateway.fold.item_points import FOUND, SINCE_KNOWN, ItemPoints
from gateway.fold.item_reads import ItemReads
from gateway.fold.item_rules import (
    HARDLY_NS,
    KNOWN_NS,
    MEMORY_NS,
    SURE_SIGHTINGS,
    WALK_DB,
    Usual,
    is_ahead,
    is_silent,
    is_usually_ahead,
)
from gateway.fold.item_zones import HeardZone, ItemRow, RowPlace
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.items import Items
from gateway.fold.zone_rules import ZoneLimits, exceeds


class ItemContest:
    """Decides about the items of a table, and emits their moves."""

    def __init__(self, state: State, points: ItemPoints, reads: ItemReads) -> None:
        self._state: Final = state
        self._reads: Final = reads
        self._points: Final = points

    def arrive(self, items: Items, slot: int, row: ItemRow, found: int) -> None:
        """A zone hears an item that no zone has."""
        item_zones.forget(items, slot)
        item_zones.hear(items, slot, row)
        items.arrived_ns[slot], items.arrival_pending[slot], items.found[slot] = row.at.time_ns, True, found
        self._enter(items, slot, row.zone, row.at)
        self._heard_by_owner(items, slot, row.at)

    def take(self, items: Items, slot: int, row: ItemRow) -> None:
        """Take a row about an item that a zone has: in order, or an EXIT, which may be of a time before the item's latest row."""
        if row.kind == Kind.EXIT:
            item_zones.leave(items, slot, row)
        else:
            item_zones.hear(items, slot, row)
        if row.zone == items.zone[slot] and row.at.time_ns >= items.zone_ns[slot]:
            self._heard_by_owner(items, slot, row.at)
        self._decide(items, slot, row)

    def _decide(self, items: Items, slot: int, row: ItemRow) -> None:
        """Let the item move, if the row shows that it has."""
        is_owners = row.zone == items.zone[slot]
        if is_owners and row.kind != Kind.EXIT:
            return
        owner = self._owner(items, slot)
        if is_silent(owner.is_gone, row.at.time_ns - owner.time_ns, self._limits(items, slot).stale_ns):
            self._hand_over(items, slot, owner, row.place_ns)
        elif row.kind != Kind.EXIT:
            heard = item_zones.heard_in(items, slot, row.zone)
            if heard is not None:
                self._compete(items, slot, heard, owner, row.at)

    def is_settled(self, items: Items, slot: int, time_ns: int) -> bool:
        """Return whether an arrival is decided: others that were there before have reported by then."""
        waited_ns = time_ns - items.since_ns.item(slot)
        if waited_ns < self._state.estate.decided_within_of[items.profile.item(slot)].settle_max_ns:
            return False
        is_contested = item_zones.count(items, slot) > 1
        if not (is_contested or items.found[slot]) and self._is_sure(items, slot):
            return True
        return bool(waited_ns >= self._limits(items, slot).stale_ns)

    def leaves_alone(self, items: Items, rows: Evidence) -> npt.NDArray[np.bool_]:
        """Return which rows, each the next of its item, change nothing but times and levels."""
        s, slot = items, rows.slot
        limits = self._state.estate.limits.of(s.profile[slot])
        place = item_zones.place_of_many(s, slot, rows.zone)
        owners = item_zones.place_of_many(s, slot, s.zone[slot])
        heard, usual = item_zones.usual_after_many(s, rows, place), item_zones.usual_of_many(s, slot, owners)
        own = rows.zone == s.zone[slot]
        moves = is_ahead(heard, usual, limits.margin_db) | is_usually_ahead(heard, usual, limits.margin_db)
        calm = ~is_silent(s.heard_gone[slot, owners], rows.time_ns - s.heard_zone_ns[slot, owners], limits.stale_ns)
        known = (s.zone[slot] != NO_CODE) & (place != item_zones.NOBODY) & ~s.heard_gone[slot, place] & ~s.arrival_pending[slot]
        in_order = (rows.time_ns >= s.last_ns[slot]) & (rows.place_ns - s.last_ns[slot] <= limits.gap_ns)
        left_alone: npt.NDArray[np.bool_] = (
            (rows.kind == Kind.STAY) & known & in_order & (own | (calm & ~moves & (s.lead_zone[slot] != rows.zone)))
        )
        return left_alone

    def _hand_over(self, items: Items, slot: int, owner: HeardZone, place_ns: int) -> None:
        """Give the item of an owner that fell silent to the loudest that it may have come to, if there is any."""
        if item_zones.count(items, slot) == 1:
            return
        reads_on = self._reads.as_of(owner.zone, place_ns) > owner.time_ns + self._limits(items, slot).stale_ns
        may_go_on = reads_on and not items.arrival_pending.item(slot)
        candidates = [heard for heard in item_zones.heard_at(items, slot) if self._came_to(heard, owner, may_go_on)]
        if not candidates:
            return
        heard = max(candidates, key=lambda heard: heard.usual.dbm)
        if items.arrival_pending[slot] and owner.sightings < SURE_SIGHTINGS:
            self._arrived_in(items, slot, heard)
            return
        went = RowPlace(items.zone_ns.item(slot), items.zone_key_ns.item(slot), items.zone_agent.item(slot))
        self._move(items, slot, heard, max(went, heard.first, key=lambda row: row.time_ns))

    def _is_sure(self, items: Items, slot: int) -> bool:
        """Return whether more is known of the owner than one sighting, or nothing more will come."""
        owner = self._owner(items, slot)
        return owner.sightings >= SURE_SIGHTINGS or owner.is_gone

    @staticmethod
    def _came_to(heard: HeardZone, owner: HeardZone, may_go_on: bool) -> bool:
        """Whether the item may have come to a zone, given that its owner fell silent.

        `may_go_on`: a zone that hears it as ever has it after some minutes, since the owner's antennas read others.
        """
        if heard.zone in (NO_CODE, owner.zone) or heard.time_ns <= owner.time_ns or heard.sightings < SURE_SIGHTINGS:
            return False
        goes_on = may_go_on and heard.time_ns - owner.time_ns > MEMORY_NS and not heard.is_gone
        return goes_on or owner.time_ns - heard.first.time_ns < HARDLY_NS or heard.usual.dbm - heard.usual.mean_dbm >= WALK_DB

    def _compete(self, items: Items, slot: int, heard: HeardZone, owner: HeardZone, row: RowPlace) -> None:
        """Take evidence of another zone than the owner."""
        s, limits = items, self._limits(items, slot)
        leads = is_ahead(heard.usual, owner.usual, limits.margin_db)
        if s.arrival_pending[slot] and not self._has_moved(heard, owner, leads):
            if exceeds(heard.dbm, owner.dbm, limits.margin_db):
                self._arrived_in(items, slot, heard)
            return
        leads = leads and row.time_ns - s.since_ns.item(slot) >= limits.holdoff_ns
        if not s.arrival_pending[slot] and is_usually_ahead(heard.usual, owner.usual, limits.margin_db):
            self._move(items, slot, heard, row)
        elif leads and s.lead_zone[slot] == heard.zone:
            self._move(items, slot, heard, RowPlace(s.lead_ns.item(slot), s.lead_key_ns.item(slot), s.lead_agent.item(slot)))
        elif leads:
            s.lead_zone[slot], (s.lead_ns[slot], s.lead_key_ns[slot], s.lead_agent[slot]) = heard.zone, row
        elif s.lead_zone[slot] == heard.zone:
            s.lead_zone[slot] = NO_CODE

    @staticmethod
    def _has_moved(heard: HeardZone, owner: HeardZone, leads: bool) -> bool:
        """Whether levels show of an item whose arrival is pending that it did not lie where it was all the time."""
        return owner.dbm - owner.lowest_dbm >= WALK_DB or (leads and heard.usual.learned_ns > KNOWN_NS)

    def _arrived_in(self, items: Items, slot: int, heard: HeardZone) -> None:
        """Let a pending arrival have been in another zone."""
        items.zone[slot] = NO_CODE
        self._owned_by(items, slot, heard, heard.first)

    def _move(self, items: Items, slot: int, heard: HeardZone, row: RowPlace) -> None:
        """Give the item to another zone, as of the deciding row."""
        stayed_s = self._points.stayed(items, slot)
        is_ours = self._points.is_ours(items, slot, row.key_ns, FOUND)
        self._owned_by(items, slot, heard, row)
        item_zones.learn_anew(items, slot, heard.zone)
        items.found[slot] = min(int(items.found[slot]), SINCE_KNOWN)
        if is_ours:
            self._points.emit(items, "moved", slot, row.key_ns, row.agent, stayed_s)

    def _owned_by(self, items: Items, slot: int, heard: HeardZone, row: RowPlace) -> None:
        self._enter(items, slot, heard.zone, row)
        self._heard_by_owner(items, slot, heard.first._replace(time_ns=heard.time_ns))

    @staticmethod
    def _enter(items: Items, slot: int, zone: int, row: RowPlace) -> None:
        s = items
        s.from_zone[slot], s.zone[slot], s.lead_zone[slot] = s.zone[slot], zone, NO_CODE
        s.since_ns[slot], s.since_key_ns[slot], s.since_agent[slot] = row

    @staticmethod
    def _heard_by_owner(items: Items, slot: int, row: RowPlace) -> None:
        items.zone_ns[slot], items.zone_key_ns[slot], items.zone_agent[slot] = row

    @staticmethod
    def _owner(items: Items, slot: int) -> HeardZone:
        """Return what the owner hears; it has a place always."""
        heard = item_zones.heard_in(items, slot, items.zone.item(slot))
        return heard or HeardZone(NO_CODE, 0, 0, True, RowPlace(0, 0, NO_CODE), 0, 0, Usual(0, 0.0, 0))

    def _limits(self, items: Items, slot: int) -> ZoneLimits:
        return self._state.estate.limits_of[items.profile.item(slot)]
