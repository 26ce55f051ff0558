"""Who owns a subject, row by row: the first zone is settled, a change confirmed, and either is stamped back to where it began.

Each slot remembers the latest level of the other zones that hear it (`heard_zones.py`). A slot's contest is one of these:

- DECIDED: nothing is open. A row of the owner extends its dwell.
- LEADS: another zone is ahead of the owner. It owns the subject once the owner was behind for the confirm time and it is ahead by the
  margin, since it went ahead of all others: who walks past a third zone on the way is nobody's there. The owner's dwell is not extended
  meanwhile, so nothing has to be taken back: if the challenger falls behind, or is not ahead by the margin within twice that time, the
  dwell is extended to the owner's latest evidence. If it wins, the dwell ends as early as the owner lost the subject
  (`decision_rules.py`).
- SETTLES: nobody owned the subject when it was heard. The loudest zone owns it when the settling time is over, since then.

A contest is over by a row's place, not by its time, or when the watermark has passed its end. So what is decided depends on the order of
rows alone, not on when the fold looks. Its row is written then, and its zone changes no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from footfall.frames import Kind
from footfall.units import NS_PER_MS
from gateway.fold import heard_zones
from gateway.fold.arrived_levels import is_doubtful, is_unusual, learn_arrivals, learn_beginners, was_owned
from gateway.fold.decision_rules import Lead, Sighted, follow, is_backed, lasts_ns, left_ns, margin_of, strong_db, wary_after, wary_left
from gateway.fold.dwells import Dwells
from gateway.fold.heard_zones import Heard
from gateway.fold.joint_levels import JointLevels
from gateway.fold.margins import more_db
from gateway.fold.sighted import sighted_alone
from gateway.fold.state import State
from gateway.fold.supposed_rows import SupposedRows
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import DECIDED, LEADS, SETTLES
from gateway.fold.visits import Visits
from gateway.fold.zone_levels import HeardRow, ZoneLevels
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits, fell_silent, follows, is_ahead, is_clear, is_unowned


class ZoneContest:
    """Apply rows in order to one slot at a time."""

    def __init__(self, state: State, visits: Visits, dwells: Dwells, is_known: Callable[[int, int], bool]) -> None:
        """`is_known` returns of a slot and a time whether another track knows where the subject was: then nobody owns it here."""
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._is_known: Final = is_known
        self._zones: Final = ZoneLevels(state)
        self._joint: Final = JointLevels(state)
        self._supposed: Final = SupposedRows(state)
        self._are_deaf: Final = state.deaf_zones.are_deaf

    def is_over(self, slot: int, place_ns: int) -> bool:
        """Return whether what is open of a slot is to be decided before a row at that place."""
        s = self._state.tracks
        contest = s.contest.item(slot)
        if contest == DECIDED:
            return False
        heard = self._sighted(slot)
        limits = self._state.estate.decided_within_of[s.profile.item(slot)]
        supposed = self._are_deaf(s.lead_zone.item(slot))
        clear, strong, wary_db = s.lead_clear.item(slot), s.lead_strong.item(slot), s.wary_db.item(slot)
        lasting_ns = lasts_ns(contest == SETTLES, clear, strong, wary_db, heard, limits, supposed)
        lasted = s.behind_ns.item(slot) + lasting_ns < place_ns
        return bool(lasted and (contest == SETTLES or is_backed(self._lead_of(slot), heard, limits, supposed)))

    def take(self, slot: int, row: HeardRow) -> None:
        """Apply a row in order."""
        s, limits = self._state.tracks, self._limits(slot)
        if self._confirms(slot, row):
            self.decide(slot)
        if s.contest.item(slot) == SETTLES:
            self._settle(slot, row, limits)
        elif is_unowned(self._levels(slot).standing(slot, row.time_ns), limits):
            if row.kind == Kind.EXIT:
                self._dwells.late_exit(slot, row.zone, row.time_ns)
            elif not self._is_known(slot, row.time_ns):
                self._begin_settling(slot, row, limits)
                return
            self._visits_take(slot, row, row.zone)
        else:
            self._contend(slot, row, limits)

    def suppose(self, slot: int, row: HeardRow) -> None:
        """Take what a row that was applied is for a zone that is deaf: evidence that its subject is there, or is not."""
        limits = self._limits(slot)
        if (supposed := self._supposed.of(slot, row, limits)) is not None:
            if self._supposed.is_still_there(slot, row, supposed, limits):
                self._end(slot)
                self._levels(slot).begin(slot)
                self._dwells.extend(slot, row.time_ns)
            self.take(slot, supposed)

    def _confirms(self, slot: int, row: HeardRow) -> bool:
        """Return whether a row is the EXIT of a zone that led until then for long enough: the last sighting is evidence, too."""
        s = self._state.tracks
        ends_lead = row.kind == Kind.EXIT and s.contest.item(slot) == LEADS and row.zone == s.lead_zone.item(slot)
        return bool(ends_lead and self.is_over(slot, row.time_ns))

    # Nobody owns the subject

    def _begin_settling(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        self._levels(slot).begin(slot)
        self._lead(slot, SETTLES, row.zone, row.time_ns, row.key_ns, row.agent)
        self._settle(slot, row, limits)

    def _settle(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s, levels = self._state.tracks, self._levels(slot)
        levels.hear_other(slot, row, limits)
        if (best := levels.loudest(slot, row.time_ns, limits)) is not None:
            s.lead_zone[slot] = best.zone
            s.lead_clear[slot] = not (was_owned(self._state, slot) and self._is_unusual(slot, best))
            s.lead_db[slot] = best.dbm - levels.beside_dbm(slot, best.zone, row.time_ns, limits)

    def _is_unusual(self, slot: int, best: Heard) -> bool:
        return self._levels(slot) is self._zones and bool(is_unusual(self._state, best.zone, best.dbm))

    def _is_doubtful(self, slot: int, best: Heard, at: Standing, limits: ZoneLimits) -> bool:
        return self._levels(slot) is self._zones and bool(is_doubtful(self._state, best.zone, best.dbm, at, limits))

    # A zone owns it

    def _contend(self, slot: int, row: HeardRow, limits: ZoneLimits) -> None:
        s = self._state.tracks
        is_own, leads = self._levels(slot).is_own(slot, row), s.contest.item(slot) == LEADS
        self._levels(slot).hear(slot, row, limits)
        if row.kind == Kind.EXIT and not leads:
            self._dwells.late_exit(slot, row.zone, row.time_ns)
        if is_own:
            heard_zones.forget_beyond(s, slot)
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
        best = self._levels(slot).loudest(slot, row.time_ns, limits)
        at = self._levels(slot).standing(slot, row.time_ns)
        if best is None or not is_ahead(best.dbm, at, limits):
            if leads:
                self._give_up(slot)
        elif leads or follows(best.time_ns, row.time_ns, at, limits):
            if not leads:
                self._begin_lead(slot, best.zone, row, at, limits)
            elif best.zone != s.lead_zone.item(slot):
                self._go_ahead(slot, best.zone, row.time_ns, row.key_ns, row.agent)
            heard, within = self._sighted(slot), self._state.estate.decided_within_of[s.profile.item(slot)]
            wary_db = wary_left(s.wary_db.item(slot), row.time_ns - s.behind_ns.item(slot), heard, within)
            clear = limits._replace(margin_db=margin_of(heard, wary_db, limits) + more_db(self._state, slot, best.zone))
            strong = clear._replace(margin_db=clear.margin_db + strong_db(heard, within))
            s.lead_clear[slot] = is_clear(best.dbm, at, clear) and not self._is_doubtful(slot, best, at, clear)
            s.lead_strong[slot] = is_clear(best.dbm, at, strong)
            s.lead_db[slot] = best.dbm - at.level_dbm
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
        self._state.tracks.contest[slot], self._state.tracks.behind_ns[slot] = contest, time_ns
        self._go_ahead(slot, zone, time_ns, key_ns, agent)

    def _go_ahead(self, slot: int, zone: int, time_ns: int, key_ns: int, agent: int) -> None:
        s = self._state.tracks
        s.lead_zone[slot], s.lead_ns[slot], s.lead_key_ns[slot], s.lead_agent[slot] = zone, time_ns, key_ns, agent

    def _give_up(self, slot: int) -> None:
        """The challenger fell behind: the owner has had the subject all the time."""
        s = self._state.tracks
        own_ns = s.own_ns.item(slot)
        self._end(slot)
        if own_ns > s.zone_ns.item(slot):
            self._dwells.extend(slot, own_ns)

    def _end(self, slot: int) -> None:
        s = self._state.tracks
        s.contest[slot], s.lead_zone[slot], s.lead_ns[slot], s.own_ns[slot], s.lead_clear[slot] = DECIDED, NO_CODE, 0, 0, False
        s.behind_ns[slot], s.lead_strong[slot] = 0, False

    def late_exit(self, slot: int, zone: int, agent: int, time_ns: int) -> None:
        """Take an EXIT about a time before the slot's latest row."""
        s = self._state.tracks
        self._levels(slot).late_exit(slot, zone, agent, time_ns)
        if s.contest.item(slot) == LEADS and zone == s.zone.item(slot):
            s.own_ns[slot] = max(time_ns, s.own_ns.item(slot))
        else:
            self._dwells.late_exit(slot, zone, time_ns)

    # Decisions

    def decide(self, slot: int) -> None:
        """Give the subject to the zone that leads, since it went ahead; a lead that is not clear or not backed lapses."""
        s = self._state.tracks
        if s.contest.item(slot) == LEADS and not self._may_win(slot):
            self._give_up(slot)
            return
        if s.contest.item(slot) == SETTLES and not s.lead_clear.item(slot):
            self._leave_unowned(slot)
            return
        zone, start_ns, key_ns, agent = s.lead_zone.item(slot), s.lead_ns.item(slot), s.lead_key_ns.item(slot), s.lead_agent.item(slot)
        if moves := s.contest.item(slot) == LEADS:
            returns = zone == s.p_zone.item(slot)
            s.wary_db[slot] = wary_after(s.wary_db.item(slot), returns, s.lead_strong.item(slot))
            back_ns, left = self._back_ns(slot), self._left_ns(slot)
            start_ns, key_ns = start_ns - back_ns, key_ns - back_ns
            learn_arrivals(self._state, np.array([slot]))
            self._leave(slot, min(s.own_ns.item(slot), start_ns), min(left, start_ns))
        self._end(slot)
        self._dwells.open(slot, zone, start_ns, key_ns, agent)
        if (heard_ns := self._levels(slot).promote(slot, zone)) > start_ns:
            self._dwells.extend(slot, heard_ns)
        if not moves and self._levels(slot) is self._zones:
            learn_beginners(self._state, np.array([slot]))
        self._visits_decide(slot, zone, start_ns, key_ns, agent)

    def _leave_unowned(self, slot: int) -> None:
        """No zone hears the subject as it hears those who are there: it is somewhere in the store, and in no zone."""
        s, key_ns, agent = self._state.tracks, self._state.tracks.lead_key_ns.item(slot), self._state.tracks.lead_agent.item(slot)
        self._end(slot)
        if (last_ns := s.last_ns.item(slot)) > s.v_last_ns.item(slot):
            self._visits.evidence(slot, last_ns, key_ns, agent, s.zone.item(slot))

    def _may_win(self, slot: int) -> bool:
        s = self._state.tracks
        within = self._state.estate.decided_within_of[s.profile.item(slot)]
        return s.lead_clear.item(slot) and bool(
            is_backed(self._lead_of(slot), self._sighted(slot), within, self._are_deaf(s.lead_zone.item(slot)))
        )

    def _left_ns(self, slot: int) -> int:
        """Return when the owner lost the subject, not before it had it."""
        s, lead = self._state.tracks, self._lead_of(slot)
        silent = s.level_dbm.item(slot) == GONE_DBM
        left: int = left_ns(lead, silent, self._sighted(slot), self._state.estate.decided_within_of[s.profile.item(slot)])
        return max(left, s.d_start_ns.item(slot))

    def _lead_of(self, slot: int) -> Lead:
        s = self._state.tracks
        return Lead(s.behind_ns.item(slot), s.own_ns.item(slot), s.last_ns.item(slot), s.faint_ns.item(slot))

    def _leave(self, slot: int, end_ns: int, left_ns: int) -> None:
        """The owner was heard until `end_ns`, and had the subject until `left_ns`; it goes on hearing it as any other zone does."""
        s, owner = self._state.tracks, self._state.tracks.zone.item(slot)
        if left_ns > s.zone_ns.item(slot):
            self._dwells.extend(slot, left_ns)
        if not self._state.estate.zone_outside[owner] and end_ns > s.v_last_ns.item(slot):
            self._visits.evidence(slot, end_ns, s.lead_key_ns.item(slot), s.lead_agent.item(slot), owner)
        self._dwells.cut(slot, left_ns)
        self._levels(slot).keep(slot)

    def _back_ns(self, slot: int) -> int:
        """How long before its lead a zone had the subject: not where the owner fell silent, nor before the owner had it."""
        s = self._state.tracks
        lead_ns, profile = s.lead_ns.item(slot), s.profile.item(slot)
        if s.behind_ns.item(slot) - s.own_ns.item(slot) > self._state.estate.limits_of[profile].stale_ns:
            return 0
        back_ns: int = self._state.estate.decided_within_of[profile].back_ns
        back_ns = min(back_ns, lead_ns - s.d_start_ns.item(slot))
        return back_ns - back_ns % NS_PER_MS  # what is below a millisecond in a key is no time

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

    def _levels(self, slot: int) -> ZoneLevels:
        s, estate = self._state.tracks, self._state.estate
        return self._joint if estate.joint.decide(s.store.item(slot), s.profile.item(slot)) else self._zones

    def _sighted(self, slot: int) -> Sighted:
        return sighted_alone(self._state.tracks, slot)

    def _limits(self, slot: int) -> ZoneLimits:
        return follow(self._state.estate.limits_of[self._state.tracks.profile.item(slot)], self._sighted(slot))
