"""Whether its owner hears a subject more weakly than those who are in that zone: then it is on its way, or behind a body.

Who goes from a zone to one far off is between both, until that is the louder one. So a dwell that another follows ends with the first such
row, unless the subject was heard as those are who are there since. How loud they are is learned (`usual_levels.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from footfall.frames import Kind
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.state import State
from gateway.fold.zone_rules import GONE_DBM, ends, starts


def hear(state: State, slot: Any, time_ns: Any) -> None:
    """Take the owner's level that a slot has since a time, or each of several slots."""
    s, faint = state.tracks, _are_faint(state, state.tracks.zone[slot], state.tracks.level_dbm[slot])
    s.faint_ns[slot] = faint * (s.faint_ns[slot] + (s.faint_ns[slot] == 0) * time_ns)


def hear_rows(state: State, rows: Evidence) -> None:
    """Take rows of owners, sorted by slot and in time order. An EXIT has no level."""
    if (rows.kind == Kind.EXIT).any():
        rows = rows.take(rows.kind != Kind.EXIT)
    s, faint = state.tracks, _are_faint(state, rows.zone, rows.rssi_dbm)
    if not faint.any():
        s.faint_ns[rows.slot[ends(rows.slot)]] = 0
        return
    s.faint_ns[rows.slot[~faint]] = 0
    _, first = starts(rows.slot)
    index = np.arange(len(rows))
    latest_near = np.maximum.reduceat(np.where(faint, -1, index), np.flatnonzero(first))[np.cumsum(first) - 1]
    since = rows.take(faint & (index > latest_near))
    begins = since.take(starts(since.slot)[1])
    new = begins.take(s.faint_ns[begins.slot] == 0)
    s.faint_ns[new.slot] = new.time_ns


def _are_faint(state: State, zone: Any, dbm: Any) -> Any:
    """Return whether an owner's level is one of somebody who is on the way. A deaf zone is held to hear as they are heard."""
    return (dbm != GONE_DBM) & (dbm < state.usual_levels.there_dbm[zone]) & ~np.asarray(state.deaf_zones.are_deaf(zone))
