"""The contest of many slots at once: what `gateway.fold.zone_contest` does with a row a slot, as columns, for the common ones.

Common is what needs nothing looked up: a subject whom nobody can be linked to, on its first track, in time order, whose visit is open or
its first. `take` and `decide` return what is not common; that is taken one by one, with the same result.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold import faint_levels, heard_zones
from gateway.fold.arrived_levels import is_doubtful, is_unusual, learn_arrivals, learn_beginners, was_owned
from gateway.fold.begun import Begun
from gateway.fold.decision_rules import Lead, Sighted, follow, is_backed, lasts_ns, left_ns, margin_of, strong_db, wary_after, wary_left
from gateway.fold.dwell_rows import OPEN
from gateway.fold.dwells import Dwells
from gateway.fold.heard_zones import NOBODY
from gateway.fold.margins import more_db
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.sighted import count_many, sighted_of
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS, SETTLES
from gateway.fold.visits import Visits
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits, fell_silent, follows, is_ahead, is_clear, is_unowned

Slots = npt.NDArray[Any]
Times = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class ContestColumns:
    """Apply rows, one a slot, and decide contests."""

    def __init__(self, state: State, visits: Visits, dwells: Dwells) -> None:
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells

    def over(self, slots: Slots, place_ns: Times) -> Slots:
        """Return the slots whose contest is over before a row at that place."""
        s = self._state.tracks
        is_open = s.contest[slots] != DECIDED
        slots, place_ns = slots[is_open], place_ns[is_open]
        if not len(slots):  # as in most minutes of a small store
            return slots
        heard, limits, settles = self._sighted(slots), self._state.estate.decided_within.of(s.profile[slots]), s.contest[slots] == SETTLES
        clear, strong, wary_db = s.lead_clear[slots], s.lead_strong[slots], s.wary_db[slots].astype(np.int64)
        supposed = self._state.deaf_zones.are_deaf(s.lead_zone[slots])
        lasting_ns = lasts_ns(settles, clear, strong, wary_db, heard, limits, supposed)
        over: Slots = slots[
            (s.behind_ns[slots] + lasting_ns < place_ns) & (settles | is_backed(self._lead_of(slots), heard, limits, supposed))
        ]
        return over

    # Rows

    def take(self, rows: Evidence) -> Evidence:
        """Apply rows, at most one a slot, whose earlier contests are decided; return those that are not common."""
        owned = self._are_owned(rows)
        common = self._are_common(rows, owned)
        self._state.tracks.last_ns[rows.slot[common]] = rows.time_ns[common]
        self._settle(rows.take(common & ~owned))
        self._contend(rows.take(common & owned))
        return rows.take(~common)

    def _are_owned(self, rows: Evidence) -> Mask:
        s, slot = self._state.tracks, rows.slot
        unowned = is_unowned(self._standing(slot, rows.time_ns), self._limits(slot))
        owned: Mask = (s.contest[slot] != SETTLES) & ~unowned
        return owned

    def _are_common(self, rows: Evidence, owned: Mask) -> Mask:
        """An owner has one agent's level only, and an open dwell; a row extends the visit, unless that has to wait for a decision."""
        s, estate, slot, t = self._state.tracks, self._state.estate, rows.slot, rows.time_ns
        limits, at, timeout_ns = self._limits(slot), self._standing(slot, t), estate.timeout_ns[s.store[slot]]
        common: Mask = (rows.kind != Kind.EXIT) & (t >= s.last_ns[slot]) & self._are_plain(slot, t)
        common &= (rows.profile == s.profile[slot]) | (t - s.last_ns[slot] <= timeout_ns)
        by_owner = (s.owner_agent[slot] == NO_CODE) | (s.owner_agent[slot] == rows.agent) | fell_silent(at, limits)
        one_level = ((rows.zone != at.owner) | by_owner) & (s.heard_zone[slot] != at.owner[:, None]).all(axis=1)
        in_visit = (s.v_state[slot] == OPEN) & (t - s.v_last_ns[slot] <= timeout_ns)
        common &= ~owned | (one_level & (s.d_state[slot] == OPEN) & (in_visit | estate.zone_outside[at.owner]))
        return common

    def _are_plain(self, slot: Slots, time_ns: Times) -> Mask:
        """Whether nothing has to be looked up about their subjects at that time."""
        s = self._state.tracks
        plain: Mask = ~self._state.estate.joint.stores[s.store[slot]] & (self._state.deaf_zones.of_store[s.store[slot]] == NO_CODE)
        plain &= ~s.out_of_order[slot] & ~s.v_grouped[slot] & ~self._visits.may_be_retired_many(s.store[slot], time_ns)
        plain &= ~self._state.links.may_be_linked(s.subject[slot])
        return plain

    def _settle(self, rows: Evidence) -> None:
        if not len(rows):
            return
        s, slot = self._state.tracks, rows.slot
        new = rows.take(s.contest[slot] != SETTLES)
        heard_zones.forget(s, new.slot)
        s.area_ns[new.slot[s.area_ns[new.slot] != 0]] = 0
        self._lead(SETTLES, Begun(new.slot, new.zone, new.time_ns, new.key_ns, new.agent))
        limits = self._limits(slot)
        self._hear_others(rows, limits.stale_ns)
        is_heard, best = self._loudest(slot, rows.time_ns, limits)
        s.lead_zone[slot[is_heard]] = s.heard_zone[slot, best][is_heard]
        absent = was_owned(self._state, slot) & is_unusual(self._state, s.lead_zone[slot], s.heard_dbm[slot, best])
        s.lead_clear[slot[is_heard]] = ~absent[is_heard]
        s.lead_db[slot[is_heard]] = (s.heard_dbm[slot, best] - self._beside_dbm(slot, rows.time_ns, limits))[is_heard]

    def _beside_dbm(self, slot: Slots, time_ns: Times, limits: ZoneLimits) -> npt.NDArray[np.int16]:
        """The level of the loudest other zone than that which leads."""
        s = self._state.tracks
        zones = s.heard_zone[slot]
        fresh = (zones != NO_CODE) & (time_ns[:, None] - s.heard_ns[slot] <= limits.stale_ns[:, None])
        others = fresh & (zones != s.lead_zone[slot][:, None])
        levels: npt.NDArray[np.int16] = np.where(others, s.heard_dbm[slot], np.int16(GONE_DBM)).max(axis=1)
        return levels

    def _contend(self, rows: Evidence) -> None:
        if not len(rows):
            return
        s, slot, t = self._state.tracks, rows.slot, rows.time_ns
        limits, at, leads = self._limits(slot), self._standing(slot, t), s.contest[slot] == LEADS
        own = rows.zone == at.owner
        self._hear_owners(rows.take(own), at.silent_ns[own])
        self._hear_others(rows.take(~own), limits.stale_ns[~own])
        s.own_ns[slot[own & leads]] = t[own & leads]
        s.zone_ns[slot[own & ~leads]] = t[own & ~leads]
        self._dwells.advance(slot[own & ~leads])
        beyond = rows.take(~own & (s.beyond_ns[slot] == 0))
        s.beyond_ns[beyond.slot], s.beyond_key_ns[beyond.slot], s.beyond_agent[beyond.slot] = beyond.time_ns, beyond.key_ns, beyond.agent
        self._judge(rows, limits, leads)

    def _hear_owners(self, rows: Evidence, silent_ns: Times) -> None:
        s = self._state.tracks
        self._count(rows, silent_ns, rows.kind != Kind.ENTER)
        s.level_dbm[rows.slot], s.owner_agent[rows.slot] = rows.rssi_dbm, rows.agent
        faint_levels.hear(self._state, rows.slot, rows.time_ns)
        heard_zones.forget_beyond(s, rows.slot)

    def _hear_others(self, rows: Evidence, stale_ns: Times) -> None:
        s, slot = self._state.tracks, rows.slot
        place = heard_zones.place_of(s, slot, rows.zone, rows.agent)
        counts = (place != NOBODY) & (rows.kind != Kind.ENTER) & (s.contest[slot] != DECIDED)
        self._count(rows, rows.time_ns - s.heard_ns[slot, place], counts)
        heard_zones.put_many(s, slot, rows.zone, rows.agent, rows.rssi_dbm, rows.time_ns, rows.time_ns - stale_ns)

    def _count(self, rows: Evidence, since_ns: Times, counts: Mask) -> None:
        count_many(self._state.tracks, rows.slot[counts], rows.time_ns[counts], since_ns[counts], rows.count[counts])

    def _judge(self, rows: Evidence, limits: ZoneLimits, leads: Mask) -> None:
        s, slot, t = self._state.tracks, rows.slot, rows.time_ns
        is_heard, best = self._loudest(slot, t, limits)
        best_dbm, best_zone, at = s.heard_dbm[slot, best], s.heard_zone[slot, best], self._standing(slot, t)
        ahead = is_heard & is_ahead(best_dbm, at, limits)
        self._give_up(slot[leads & ~ahead])
        begins = ~leads & ahead & follows(s.heard_ns[slot, best], t, at, limits)
        self._begin_lead(rows, best_zone, begins, begins & fell_silent(at, limits) & (s.beyond_ns[slot] != 0))
        goes_on = begins | (leads & ahead)
        self._go_ahead(Begun(slot, best_zone, t, rows.key_ns, rows.agent).take(leads & ahead & (best_zone != s.lead_zone[slot])))
        standing = Standing(*[column[goes_on] for column in at])
        self._take_margins(slot[goes_on], t[goes_on], best_dbm[goes_on], standing, limits.where(goes_on))
        outside = self._state.estate.zone_outside
        known = ~outside[at.owner] & ~(goes_on & outside[s.lead_zone[slot]])
        self._visits.extend_many(slot[known], t[known], at.owner[known])

    def _take_margins(self, slot: Slots, time_ns: Times, dbm: npt.NDArray[np.int16], at: Standing, limits: ZoneLimits) -> None:
        s = self._state.tracks
        heard = self._sighted(slot)
        within = self._state.estate.decided_within.of(s.profile[slot])
        wary_db = wary_left(s.wary_db[slot].astype(np.int64), time_ns - s.behind_ns[slot], heard, within)
        clear = limits._replace(margin_db=margin_of(heard, wary_db, limits) + more_db(self._state, slot, s.lead_zone[slot]))
        s.lead_clear[slot] = is_clear(dbm, at, clear) & ~is_doubtful(self._state, s.lead_zone[slot], dbm, at, clear)
        s.lead_db[slot] = dbm - at.level_dbm
        s.lead_strong[slot] = is_clear(dbm, at, clear._replace(margin_db=clear.margin_db + strong_db(heard, within)))

    def _begin_lead(self, rows: Evidence, zone: npt.NDArray[np.int32], begins: Mask, from_beyond: Mask) -> None:
        s, slot = self._state.tracks, rows.slot
        s.own_ns[slot[begins]] = s.zone_ns[slot[begins]]
        time_ns = np.where(from_beyond, s.beyond_ns[slot], rows.time_ns)
        key_ns = np.where(from_beyond, s.beyond_key_ns[slot], rows.key_ns)
        agent = np.where(from_beyond, s.beyond_agent[slot], rows.agent)
        self._lead(LEADS, Begun(slot, zone, time_ns, key_ns, agent).take(begins))

    def _lead(self, contest: int, row: Begun) -> None:
        self._state.tracks.contest[row.slot], self._state.tracks.behind_ns[row.slot] = contest, row.time_ns
        self._go_ahead(row)

    def _go_ahead(self, row: Begun) -> None:
        s, slot = self._state.tracks, row.slot
        s.lead_zone[slot], s.lead_ns[slot], s.lead_key_ns[slot], s.lead_agent[slot] = row.zone, row.time_ns, row.key_ns, row.agent

    def _give_up(self, slot: Slots) -> None:
        s = self._state.tracks
        s.zone_ns[slot] = np.maximum(s.own_ns[slot], s.zone_ns[slot])
        self._end(slot)
        self._dwells.advance(slot)

    def _end(self, slot: Slots) -> None:
        s = self._state.tracks
        s.contest[slot], s.lead_zone[slot], s.lead_ns[slot], s.own_ns[slot], s.lead_clear[slot] = DECIDED, NO_CODE, 0, 0, False
        s.behind_ns[slot], s.lead_strong[slot] = 0, False

    def _loudest(self, slot: Slots, time_ns: Times, limits: ZoneLimits) -> tuple[Mask, npt.NDArray[np.intp]]:
        """Return whether any place is fresh, and the loudest: of equal ones that of the zone that leads, else the first."""
        s = self._state.tracks
        zones = s.heard_zone[slot]
        fresh = (zones != NO_CODE) & (time_ns[:, None] - s.heard_ns[slot] <= limits.stale_ns[:, None])
        worth = np.where(fresh, 2 * s.heard_dbm[slot].astype(np.int64) + (zones == s.lead_zone[slot][:, None]), 2 * GONE_DBM)
        return fresh.any(axis=1), worth.argmax(axis=1)

    def _standing(self, slot: Slots, time_ns: Times) -> Standing:
        s = self._state.tracks
        heard_ns = np.where(s.contest[slot] == LEADS, s.own_ns[slot], s.zone_ns[slot])
        return Standing(s.zone[slot], s.level_dbm[slot], time_ns - heard_ns, time_ns - s.since_ns[slot])

    def _sighted(self, slot: Slots) -> Sighted:
        return sighted_of(self._state.tracks, slot)

    def _limits(self, slot: Slots) -> ZoneLimits:
        return follow(self._state.estate.limits.of(self._state.tracks.profile[slot]), self._sighted(slot))

    def _lead_of(self, slot: Slots) -> Lead:
        s = self._state.tracks
        return Lead(s.behind_ns[slot], s.own_ns[slot], s.last_ns[slot], s.faint_ns[slot])

    # Decisions

    def decide(self, slots: Slots) -> Slots:
        """Decide the contests of slots; return those that are not common."""
        s = self._state.tracks
        common = self._may_decide(slots)
        within, supposed = self._state.estate.decided_within.of(s.profile[slots]), self._state.deaf_zones.are_deaf(s.lead_zone[slots])
        backed = is_backed(self._lead_of(slots), self._sighted(slots), within, supposed)
        lapsed = (s.contest[slots] == LEADS) & ~(s.lead_clear[slots] & backed)
        self._give_up(slots[common & lapsed])
        mine = slots[common & ~lapsed]
        if len(mine):
            begun = Begun(mine, s.lead_zone[mine], s.lead_ns[mine], s.lead_key_ns[mine], s.lead_agent[mine])
            leads = s.contest[mine] == LEADS
            moves = mine[leads]
            returns = s.lead_zone[moves] == s.p_zone[moves]
            s.wary_db[moves] = wary_after(s.wary_db[moves].astype(np.int64), returns, s.lead_strong[moves])
            learn_arrivals(self._state, moves)
            self._leave(begun.take(leads))
            self._end(mine)
            self._dwells.open_many(begun)
            self._promote(begun)
            learn_beginners(self._state, mine[~leads])
            self._visit(begun.take(~self._state.estate.zone_outside[begun.zone]))
        rest: Slots = slots[~common]
        return rest

    def _may_decide(self, slots: Slots) -> Mask:
        s, estate = self._state.tracks, self._state.estate
        start_ns, is_open = s.lead_ns[slots], s.v_state[slots] == OPEN
        in_visit = is_open & (np.maximum(start_ns, s.last_ns[slots]) - s.v_last_ns[slots] <= estate.timeout_ns[s.store[slots]])
        first_visit = (s.v_state[slots] == 0) & (s.next[slots] == NO_CODE)
        never_inside = estate.zone_outside[s.lead_zone[slots]] & (s.v_state[slots] == 0)
        settles, comes_in = s.contest[slots] == SETTLES, estate.zone_outside[s.zone[slots]]
        may: Mask = self._are_plain(slots, start_ns) & (in_visit | ((first_visit | never_inside) & (settles | comes_in)))
        may &= (settles & s.lead_clear[slots]) | ((s.d_state[slots] == OPEN) & (estate.decided_within.back_ns[s.profile[slots]] == 0))
        return may

    def _leave(self, begun: Begun) -> None:
        s, slot = self._state.tracks, begun.slot
        owner, end_ns = s.zone[slot], np.minimum(s.own_ns[slot], begun.time_ns)
        within, silent = self._state.estate.decided_within.of(s.profile[slot]), s.level_dbm[slot] == GONE_DBM
        self._dwells.end_at(slot, np.maximum(left_ns(self._lead_of(slot), silent, self._sighted(slot), within), s.d_start_ns[slot]))
        longer = ~self._state.estate.zone_outside[owner] & (end_ns > s.v_last_ns[slot])
        self._visits.extend_many(slot[longer], end_ns[longer], owner[longer])
        heard = s.level_dbm[slot] != GONE_DBM
        kept = slot[heard]
        heard_zones.put_many(s, kept, owner[heard], s.owner_agent[kept], s.level_dbm[kept], s.own_ns[kept], np.zeros(len(kept), np.int64))

    def _promote(self, begun: Begun) -> None:
        """The loudest place of the new owner's zone has its level; its dwell lasts until then."""
        s, slot = self._state.tracks, begun.slot
        mine = s.heard_zone[slot] == begun.zone[:, None]
        place = np.where(mine, s.heard_dbm[slot], np.int16(GONE_DBM)).argmax(axis=1)
        heard_zones.forget_beyond(s, slot)
        s.level_dbm[slot], s.owner_agent[slot] = GONE_DBM, NO_CODE
        heard = mine.any(axis=1)
        slot, place = slot[heard], place[heard]
        s.level_dbm[slot], s.owner_agent[slot] = s.heard_dbm[slot, place], s.heard_agent[slot, place]
        faint_levels.hear(self._state, slot, s.d_start_ns[slot])
        s.zone_ns[slot] = np.maximum(s.zone_ns[slot], s.heard_ns[slot, place])
        heard_zones.free(s, slot, place)
        self._dwells.advance(slot)

    def _visit(self, begun: Begun) -> None:
        s, slot = self._state.tracks, begun.slot
        new = begun.take(s.v_state[slot] == 0)
        if len(new.slot):
            self._visits.unlinked.open(new)
        self._visits.extend_many(slot, np.maximum(s.v_last_ns[slot], begun.time_ns), begun.zone)
        self._visits.extend_many(slot, np.maximum(s.v_last_ns[slot], s.last_ns[slot]), begun.zone)
