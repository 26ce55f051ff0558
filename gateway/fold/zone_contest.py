"""Who owns a subject, row by row: the first zone is settled, a change confirmed, and either is stamped back to where it began.

Each slot remembers the latest level of the other zones that hear it (`heard_zones.py`). A slot's contest is one of these:

- DECIDED: nothing is open. A row of the owner extends its dwell.
- LEADS: another zone has taken over by the rule, and must go on leading for the confirm time. The owner's dwell is not extended
  meanwhile, so nothing has to be taken back: if the challenger falls behind, it is extended to the owner's latest evidence.
- SETTLES: nobody owned the subject when it was heard. The loudest zone owns it when the settling time is over, since then.

A contest is over by a row's place, not by its time, or when the watermark has passed its end. So what is decided depends on the order of
rows alone, not on when the fold looks. Its row is written then, and its zone changes no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold import heard_zones
from gateway.fold.dwells import Dwells
from gateway.fold.heard_zones import Heard
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS, SETTLES
from gateway.fold.visits import Visits
from gateway.fold.zone_levels import HeardRow, ZoneLevels
from gateway.fold.zone_rules import (
    Sighted,
    Standing,
    ZoneLimits,
    confirms_ns,
    fell_silent,
    follows,
    goes_on_leading,
    is_unowned,
    settles_ns,
    takes_over,
)


class ZoneContest:
    """Apply rows in order to one slot at a time."""

    def __init__(self, state: State, visits: Visits, dwells: Dwells, is_known: Callable[[int, int], bool]) -> None:
        """`is_known` returns of a slot and a time whether another track knows where the subject was: then nobody owns it here."""
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._is_known: Final = is_known
        self._levels: Final = ZoneLevels(state)

    def is_over(self, slot: int, place_ns: int) -> bool:
        """Return whether what is open of a slot is to be decided before a row at that place."""
        s = self._state.tracks
        contest = s.contest.item(slot)
        if contest == DECIDED:
            return False
        heard, limits = Sighted(s.sighted_ns.item(slot), s.sightings.item(slot), s.sighted_rows.item(slot)), self._limits(slot)
        lasts_ns = settles_ns(heard, limits) if contest == SETTLES else confirms_ns(heard, limits)
        return bool(s.lead_ns.item(slot) + lasts_ns < place_ns)

    def overdue(self, watermark_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Return the slots whose contest is over by their store's watermark."""
        s = self._state.tracks
        slots = np.flatnonzero(s.contest[: s.size])
        limits = self._state.estate.limits.of(s.profile[slots])
        heard = Sighted(s.sighted_ns[slots], s.sightings[slots], s.sighted_rows[slots])
        lasts_ns = np.where(s.contest[slots] == SETTLES, settles_ns(heard, limits), confirms_ns(heard, limits))
        over: npt.NDArray[np.intp] = slots[s.lead_ns[slots] + lasts_ns < watermark_ns[s.store[slots]]]
        return over

    def take(self, slot: int, row: HeardRow) -> None:
        """Apply a row in order."""
        s, limits = self._state.tracks, self._limits(slot)
        contest = s.contest.item(slot)
        if contest == SETTLES:
            self._settle(slot, row, limits)
        elif is_unowned(self._levels.standing(slot, row.time_ns), limits):
            if row.kind == Kind.EXIT:
                self._dwells.late_exit(slot, row.zone, row.time_ns)
            elif not self._is_known(slot, row.time_ns):
                self._begin_settling(slot, row, limits)
                return
            self._visits_take(slot, row, row.zone)
        else:
            self._contend(slot, row, limits)

    # Nobody owns the subject

    def _begin_settling(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s = self._state.tracks
        heard_zones.forget(s, slot)
        self._lead(slot, SETTLES, row.zone, row.time_ns, row.key_ns, row.agent)
        heard_zones.put(s, slot, Heard(row.zone, row.agent, row.rssi_dbm, row.time_ns), row.time_ns - limits.stale_ns)

    def _settle(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        self._levels.hear_other(slot, row, limits)
        if (best := self._levels.loudest(slot, row.time_ns, limits)) is not None:
            self._state.tracks.lead_zone[slot] = best.zone

    # A zone owns it

    def _contend(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s, owner = self._state.tracks, self._state.tracks.zone.item(slot)
        is_own, leads = row.zone == owner, s.contest.item(slot) == LEADS
        if row.kind == Kind.EXIT and not leads:
            self._dwells.late_exit(slot, row.zone, row.time_ns)
        self._levels.hear(slot, row, limits)
        if is_own:
            s.beyond_ns[slot] = 0
            if leads:
                s.own_ns[slot] = row.time_ns
            elif row.kind != Kind.EXIT:
                self._dwells.extend(slot, row.time_ns)
        elif s.beyond_ns.item(slot) == 0 and row.kind != Kind.EXIT:
            s.beyond_ns[slot], s.beyond_key_ns[slot], s.beyond_agent[slot] = row.time_ns, row.key_ns, row.agent
        self._judge(slot, row, limits)

    def _judge(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        """Begin or end a lead, or go on."""
        s, leads = self._state.tracks, self._state.tracks.contest.item(slot) == LEADS
        best = self._levels.loudest(slot, row.time_ns, limits)
        at = self._levels.standing(slot, row.time_ns)
        if leads:
            goes_on = best is not None and goes_on_leading(best.dbm, at, limits)
            is_alone = best is None and fell_silent(at, limits) and s.beyond_ns.item(slot) != 0
            if goes_on and best is not None:
                s.lead_zone[slot] = best.zone
            elif not is_alone:
                self._give_up(slot)
        elif best is not None and takes_over(best.dbm, at, limits) and follows(best.time_ns, row.time_ns, at, limits):
            self._begin_lead(slot, best.zone, row, at, limits)
        self._visits_take(slot, row, s.zone.item(slot))

    def _begin_lead(self, slot: int, zone: int, row: HeardRow, at: Standing, limits: ZoneLimits) -> None:
        """A zone took over: with this row, or with the first row elsewhere since the owner was heard last, if that fell silent."""
        s = self._state.tracks
        s.own_ns[slot] = s.zone_ns[slot]
        if fell_silent(at, limits) and s.beyond_ns.item(slot):
            self._lead(slot, LEADS, zone, s.beyond_ns.item(slot), s.beyond_key_ns.item(slot), s.beyond_agent.item(slot))
        else:
            self._lead(slot, LEADS, zone, row.time_ns, row.key_ns, row.agent)

    def _lead(self, slot: int, contest: int, zone: int, time_ns: int, key_ns: int, agent: int) -> None:
        s = self._state.tracks
        s.contest[slot], s.lead_zone[slot] = contest, zone
        s.lead_ns[slot], s.lead_key_ns[slot], s.lead_agent[slot] = time_ns, key_ns, agent

    def _give_up(self, slot: int) -> None:
        """The challenger fell behind: the owner has had the subject all the time."""
        s = self._state.tracks
        own_ns = s.own_ns.item(slot)
        self._end(slot)
        if own_ns > s.zone_ns.item(slot):
            self._dwells.extend(slot, own_ns)

    def _end(self, slot: int) -> None:
        s = self._state.tracks
        s.contest[slot], s.lead_zone[slot], s.lead_ns[slot], s.own_ns[slot] = DECIDED, NO_CODE, 0, 0

    def late_exit(self, slot: int, zone: int, agent: int, time_ns: int) -> None:
        """Take an EXIT about a time before the slot's latest row."""
        s = self._state.tracks
        self._levels.late_exit(slot, zone, agent, time_ns)
        if s.contest.item(slot) == LEADS and zone == s.zone.item(slot):
            s.own_ns[slot] = max(time_ns, s.own_ns.item(slot))
        else:
            self._dwells.late_exit(slot, zone, time_ns)

    # Decisions

    def decide(self, slot: int) -> None:
        """Give the subject to the zone that leads, as of the row with which it began to."""
        s = self._state.tracks
        zone, start_ns, key_ns, agent = s.lead_zone.item(slot), s.lead_ns.item(slot), s.lead_key_ns.item(slot), s.lead_agent.item(slot)
        if s.contest.item(slot) == LEADS:
            self._leave(slot, min(s.own_ns.item(slot), start_ns))
        self._end(slot)
        self._dwells.open(slot, zone, start_ns, key_ns, agent)
        if (heard_ns := self._levels.promote(slot, zone)) > start_ns:
            self._dwells.extend(slot, heard_ns)
        self._visits_decide(slot, zone, start_ns, key_ns, agent)

    def _leave(self, slot: int, end_ns: int) -> None:
        """The owner had the subject until then, and goes on hearing it as any other zone does."""
        s, owner = self._state.tracks, self._state.tracks.zone.item(slot)
        if end_ns > s.zone_ns.item(slot):
            self._dwells.extend(slot, end_ns)
        if not self._state.estate.zone_outside[owner] and end_ns > s.v_last_ns.item(slot):
            self._visits.evidence(slot, end_ns, s.lead_key_ns.item(slot), s.lead_agent.item(slot), owner)
        self._levels.keep(slot)

    # Visits

    def _visits_take(self, slot: int, row: HeardRow, zone: int) -> None:
        """A row is evidence of a visit unless its subject may be outside: while that is open, nothing is known."""
        s, outside = self._state.tracks, self._state.estate.zone_outside
        if outside[zone] or (s.contest.item(slot) == LEADS and outside[s.lead_zone.item(slot)]):
            return
        self._visits.evidence(slot, row.time_ns, row.key_ns, row.agent, zone)

    def _visits_decide(self, slot: int, zone: int, start_ns: int, key_ns: int, agent: int) -> None:
        s = self._state.tracks
        if self._state.estate.zone_outside[zone]:
            return
        if not s.v_state.item(slot) or start_ns > s.v_last_ns.item(slot):
            self._visits.evidence(slot, start_ns, key_ns, agent, zone)
        self._visits.decide_zone(slot, zone)
        if s.last_ns.item(slot) > s.v_last_ns.item(slot):
            self._visits.evidence(slot, s.last_ns.item(slot), key_ns, agent, zone)

    def _limits(self, slot: int) -> ZoneLimits:
        return self._state.estate.limits_of[self._state.tracks.profile.item(slot)]
