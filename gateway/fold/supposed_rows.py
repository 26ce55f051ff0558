"""Who is supposed in a zone that is deaf (`deaf_zones.py`): whom all others hear more weakly than those who come to them.

The deaf zone is held to hear everybody as loudly as somebody is heard at least who comes to the zone that hears them best: its floor
(`usual_levels.py`). A row of that zone is then followed by such a row of the deaf one, and contests go on as ever.
"""

from __future__ import annotations

from typing import Final

from footfall.frames import Kind
from gateway.fold import heard_zones
from gateway.fold.arrived_levels import was_owned
from gateway.fold.dwell_rows import OPEN
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import SETTLES
from gateway.fold.zone_levels import HeardRow, ZoneLevels
from gateway.fold.zone_rules import GONE_DBM, ZoneLimits, is_unowned


class SupposedRows:
    """`of` a row that was applied."""

    def __init__(self, state: State) -> None:
        self._state: Final = state
        self._levels: Final = ZoneLevels(state)

    def of(self, slot: int, row: HeardRow, limits: ZoneLimits) -> HeardRow | None:
        """Return the row of the deaf zone that follows a row of another; None if none does."""
        s, estate = self._state.tracks, self._state.estate
        deaf = self._state.deaf_zones.of_store.item(s.store.item(slot))
        if deaf in (NO_CODE, row.zone) or row.kind == Kind.EXIT or estate.joint.decide(s.store.item(slot), s.profile.item(slot)):
            return None
        if not self._may_be_there(slot, deaf) or self._best(slot, row, deaf, limits) != row.zone:
            return None
        floor_dbm = self._state.usual_levels.floor_dbm.item(row.zone)
        return None if floor_dbm == GONE_DBM else row._replace(zone=deaf, rssi_dbm=floor_dbm, kind=Kind.STAY)

    def is_still_there(self, slot: int, row: HeardRow, supposed: HeardRow, limits: ZoneLimits) -> bool:
        """Return whether nobody has a subject whom the deaf zone had last, and it is there: the zone was deaf before anybody knew."""
        s = self._state.tracks
        had_it = s.zone.item(slot) == supposed.zone and s.v_state.item(slot) == OPEN
        return had_it and supposed.rssi_dbm > row.rssi_dbm and bool(is_unowned(self._levels.standing(slot, row.time_ns), limits))

    def _may_be_there(self, slot: int, deaf: int) -> bool:
        """Nobody is outside because no zone inside hears them well, nor deep inside a store without having been in it."""
        estate = self._state.estate
        return not estate.zone_outside[deaf] and bool(not estate.adjacency.deep[deaf] or was_owned(self._state, slot))

    def _best(self, slot: int, row: HeardRow, deaf: int, limits: ZoneLimits) -> int:
        """Return the zone beside the deaf one that hears a subject best."""
        s, at = self._state.tracks, self._levels.standing(slot, row.time_ns)
        fresh = [one for one in heard_zones.heard_at(s, slot) if row.time_ns - one.time_ns <= limits.stale_ns]
        levels = [(one.dbm, one.zone) for one in fresh if one.zone not in (NO_CODE, deaf)]
        if at.owner not in (NO_CODE, deaf) and s.contest.item(slot) != SETTLES and at.silent_ns <= limits.stale_ns:
            levels.append((at.level_dbm, at.owner))
        return max(levels, default=(GONE_DBM, NO_CODE))[1]
