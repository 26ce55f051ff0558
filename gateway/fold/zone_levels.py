"""How loud each zone hears a subject: the owner's level, and those of the other zones that hear it too, row by row.

A zone's level is that of the loudest agent that hears it there. Of the owner's zone this agent's level stands in columns of its own, so
that its rows, most of all, touch nothing else; all others have places (`heard_zones.py`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.frames import Kind
from gateway.fold import faint_levels, heard_zones
from gateway.fold.heard_zones import NOBODY, Heard
from gateway.fold.sighted import count
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS, SETTLES
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits, fell_silent


class HeardRow(NamedTuple):
    """A row about one slot."""

    place_ns: int
    time_ns: int
    key_ns: int
    zone: int
    agent: int
    rssi_dbm: int
    kind: int
    sightings: int


class ZoneLevels:
    """Read and write the levels of one slot at a time."""

    def __init__(self, state: State) -> None:
        self._state: Final = state

    def begin(self, slot: int) -> None:
        """Forget what was heard before: nobody owns the subject, and all zones are weighed anew."""
        heard_zones.forget(self._state.tracks, slot)
        self._state.tracks.area_ns[slot] = 0

    def is_own(self, slot: int, row: HeardRow) -> bool:
        """Return whether a row is evidence that the owner has the subject still."""
        return row.zone == self._state.tracks.zone.item(slot)

    def standing(self, slot: int, time_ns: int) -> Standing:
        """Return how the owner stands, whose dwell may lag behind its latest evidence while another zone leads."""
        s = self._state.tracks
        heard_ns = s.own_ns.item(slot) if s.contest.item(slot) == LEADS else s.zone_ns.item(slot)
        return Standing(s.zone.item(slot), s.level_dbm.item(slot), time_ns - heard_ns, time_ns - s.since_ns.item(slot))

    def hear(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        """Take the level of a row about a subject that has an owner."""
        if row.zone == self._state.tracks.zone.item(slot) and self._is_owners(slot, row, limits):
            self._hear_owner(slot, row)
        else:
            self.hear_other(slot, row, limits)

    def hear_other(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        """Take the level of a row that is not by the agent whose level the owner has."""
        s = self._state.tracks
        known = next((n for n, at in enumerate(heard_zones.heard_at(s, slot)) if (at.zone, at.agent) == (row.zone, row.agent)), NOBODY)
        if known != NOBODY and row.kind != Kind.ENTER and s.contest.item(slot) != DECIDED:
            self._count(slot, row, row.time_ns - s.heard_ns.item(slot, known))
        if row.kind != Kind.EXIT:
            heard_zones.put(s, slot, Heard(row.zone, row.agent, row.rssi_dbm, row.time_ns), row.time_ns - limits.stale_ns)
        elif known != NOBODY:
            heard_zones.free(s, slot, known)

    def late_exit(self, slot: int, zone: int, agent: int, time_ns: int) -> None:
        """Take an EXIT about a time before the slot's latest row: who sent it hears the subject no more, unless it did since."""
        s = self._state.tracks
        for n, at in enumerate(heard_zones.heard_at(s, slot)):
            if (at.zone, at.agent) == (zone, agent) and at.time_ns <= time_ns:
                heard_zones.free(s, slot, n)
        is_owners = zone == s.zone.item(slot) and s.owner_agent.item(slot) in (agent, NO_CODE)
        if is_owners and self.standing(slot, time_ns).silent_ns >= 0:
            s.level_dbm[slot] = GONE_DBM

    def loudest(self, slot: int, time_ns: int, limits: ZoneLimits) -> Heard | None:
        """Return the loudest zone beside the owner. If another agent of the owner's zone is louder, the owner has its level from now on."""
        s, places = self._state.tracks, heard_zones.heard_at(self._state.tracks, slot)
        fresh = [(at.dbm, n) for n, at in enumerate(places) if at.zone != NO_CODE and time_ns - at.time_ns <= limits.stale_ns]
        owner = s.zone.item(slot) if s.contest.item(slot) != SETTLES else NO_CODE
        own = max((found for found in fresh if places[found[1]].zone == owner), default=None)
        if own is not None:
            self._exchange(slot, own[1], places[own[1]], time_ns, limits)
        lead_zone = s.lead_zone.item(slot)
        others = [(dbm, places[n].zone == lead_zone, -n) for dbm, n in fresh if places[n].zone != owner]
        return places[-max(others)[2]] if others else None

    def beside_dbm(self, slot: int, zone: int, time_ns: int, limits: ZoneLimits) -> int:
        """Return the level of the loudest other zone than `zone`, while nobody owns the subject; GONE_DBM if there is none."""
        places = heard_zones.heard_at(self._state.tracks, slot)
        fresh = [at.dbm for at in places if at.zone not in (NO_CODE, zone) and time_ns - at.time_ns <= limits.stale_ns]
        return max(fresh, default=GONE_DBM)

    def keep(self, slot: int) -> None:
        """Remember the level of an owner that loses the subject among those of the other zones."""
        s = self._state.tracks
        level_dbm = s.level_dbm.item(slot)
        if level_dbm != GONE_DBM:
            heard_zones.put(s, slot, Heard(s.zone.item(slot), s.owner_agent.item(slot), level_dbm, s.own_ns.item(slot)), 0)

    def promote(self, slot: int, zone: int) -> int:
        """Make the level of a zone's loudest agent the owner's; return when it was heard last, ns, 0 if it is not heard any more."""
        s = self._state.tracks
        mine = [(at.dbm, -n, at) for n, at in enumerate(heard_zones.heard_at(s, slot)) if at.zone == zone]
        heard_zones.forget_beyond(s, slot)
        s.level_dbm[slot], s.owner_agent[slot] = GONE_DBM, NO_CODE
        if not mine:
            return 0
        _, place, loudest = max(mine)
        heard_zones.free(s, slot, -place)
        s.level_dbm[slot], s.owner_agent[slot] = loudest.dbm, loudest.agent
        faint_levels.hear(self._state, slot, s.d_start_ns.item(slot))
        return loudest.time_ns

    def _is_owners(self, slot: int, row: HeardRow, limits: ZoneLimits) -> bool:
        """Whether the owner's level is that of the row's agent: it was so far, or whose it was is gone."""
        is_free = row.kind != Kind.EXIT and fell_silent(self.standing(slot, row.time_ns), limits)
        return is_free or self._state.tracks.owner_agent.item(slot) in (row.agent, NO_CODE)

    def _hear_owner(self, slot: int, row: HeardRow) -> None:
        s = self._state.tracks
        if row.kind != Kind.ENTER:
            self._count(slot, row, self.standing(slot, row.time_ns).silent_ns)
        s.level_dbm[slot], s.owner_agent[slot] = (GONE_DBM if row.kind == Kind.EXIT else row.rssi_dbm), row.agent
        if row.kind != Kind.EXIT:
            faint_levels.hear(self._state, slot, row.time_ns)

    def _count(self, slot: int, row: HeardRow, since_ns: int) -> None:
        count(self._state.tracks, slot, row.time_ns, since_ns, row.sightings)

    def _exchange(self, slot: int, place: int, heard: Heard, time_ns: int, limits: ZoneLimits) -> None:
        s, at = self._state.tracks, self.standing(slot, time_ns)
        if heard.dbm <= at.level_dbm and at.silent_ns <= limits.stale_ns:
            return
        before = Heard(s.zone.item(slot), s.owner_agent.item(slot), at.level_dbm, time_ns - at.silent_ns)
        heard_zones.free(s, slot, place)
        s.level_dbm[slot], s.owner_agent[slot] = heard.dbm, heard.agent
        faint_levels.hear(self._state, slot, heard.time_ns)
        if before.dbm != GONE_DBM:
            heard_zones.put(s, slot, before, time_ns - limits.stale_ns)
