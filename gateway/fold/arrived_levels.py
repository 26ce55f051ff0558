"""Whether somebody arrived in a zone, by how loud others were who did: one rule for a row alone and for columns.

A zone that hears somebody more weakly than is usual there owns nobody anew (`usual_levels.py`): neither by a lead, nor once nobody has a
subject that a zone of the store had on the same visit. Such a subject is in the store, and in no zone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.fold.dwell_rows import OPEN
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.usual_levels import FLOOR_DB
from gateway.fold.zone_rules import GONE_DBM, Standing, ZoneLimits, exceeds, fell_silent


def is_unusual(state: State, zone: Any, dbm: Any) -> Any:
    """Return whether a level is weaker than those who come to that zone have there. A deaf zone is held to hear as they are heard."""
    return (dbm < state.usual_levels.floor_dbm[zone]) & ~np.asarray(state.deaf_zones.are_deaf(zone))


def is_doubtful(state: State, zone: Any, dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a zone leads by a level unusual there. A carrier that is weak everywhere is followed all the same: one that is ahead
    of an owner that hears it, by the margin and by what is unusual, is not where the owner is, however weak it is.
    """
    far_ahead = exceeds(dbm, at.level_dbm, limits.margin_db + FLOOR_DB) & ~fell_silent(at, limits)
    return is_unusual(state, zone, dbm) & ~np.asarray(far_ahead)


def was_owned(state: State, slot: Any) -> Any:
    """Return whether a slot is on a visit already, of which a zone inside had it: it may be near a receiver that is silent now."""
    s, owner = state.tracks, state.tracks.zone[slot]
    return (owner != NO_CODE) & (s.v_state[slot] == OPEN) & ~state.estate.zone_outside[owner]


def learn_arrivals(state: State, slot: npt.NDArray[Any]) -> None:
    """Learn what is usual from slots of which a zone takes over: those whose owner was heard while it fell behind.

    Where one of them is only supposed to have them, nothing was heard.
    """
    s = state.tracks
    zone = s.lead_zone[slot]
    alone = (s.own_ns[slot] > s.behind_ns[slot]) & (s.level_dbm[slot] != GONE_DBM) & ~state.estate.zone_outside[zone]
    alone &= ~(state.deaf_zones.are_deaf(zone) | state.deaf_zones.are_deaf(s.zone[slot]))
    dbm = s.level_dbm[slot].astype(np.int64) + s.lead_db[slot]
    state.usual_levels.learn(zone[alone], dbm[alone])


def learn_beginners(state: State, slot: npt.NDArray[Any]) -> None:
    """Learn what is usual from slots whose first zone of a visit has been decided, by the level that it has of them.

    Whoever comes to the entrance from another zone goes out by its door, so those alone would make what is usual there as loud as that.
    """
    s = state.tracks
    zone, away_ns = s.zone[slot], s.d_start_ns[slot] - s.v_last_ns[slot]
    begins = (s.v_state[slot] == 0) | (away_ns > state.estate.timeout_ns[s.store[slot]])
    begins &= (s.level_dbm[slot] != GONE_DBM) & ~state.estate.zone_outside[zone] & ~state.deaf_zones.are_deaf(zone)
    state.usual_levels.learn(zone[begins], s.level_dbm[slot[begins]])
