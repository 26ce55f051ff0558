"""Rows that change nothing but levels and times, as columns: most of all that people's devices send.

`are_quiet` gives the answer of `gateway.fold.zone_contest` for a row alone, or False: such rows are applied one by one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold import faint_levels, heard_zones
from gateway.fold.decision_rules import follow
from gateway.fold.heard_zones import NOBODY
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.sighted import OwnersRows
from gateway.fold.state import State
from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import Tracks
from gateway.fold.zone_rules import GONE_DBM, ZoneLimits, are_in_order, is_unowned, level_dbm, standing_at_each, starts

_SPAN: Final = 1024
"""More than two levels can differ by, dBm."""


def are_quiet(tracks: Tracks, limits: ZoneLimits, rows: Evidence) -> npt.NDArray[np.bool_]:
    """Return which rows, given that those before them in their slot are, make no zone lead; `limits` are by row.

    A row is the owner's, by the agent whose level the owner has, or that of another place that is known already. No other zone is louder.
    """
    start, first = starts(rows.slot)
    own = _are_owners(tracks, rows)
    at = standing_at_each(tracks, rows, own, start)
    quiet: npt.NDArray[np.bool_] = are_in_order(tracks, rows, first) & ~is_unowned(at, limits)
    if own.all() and (tracks.heard_zone[rows.slot[first]] == NO_CODE).all():
        return quiet  # nobody else hears anybody
    limits = follow(limits, OwnersRows(tracks, rows, own, start, at.silent_ns).sighted())
    if not own.all():
        quiet &= own | (
            (rows.kind != Kind.EXIT) & (rows.zone != at.owner) & (at.silent_ns <= limits.stale_ns) & _are_known(tracks, rows, own)
        )
    level = np.where(own, level_dbm(rows), at.level_dbm)
    quiet &= _loudest_dbm(tracks, limits, rows, own, first) <= level
    return quiet


def _are_owners(tracks: Tracks, rows: Evidence) -> npt.NDArray[np.bool_]:
    own: npt.NDArray[np.bool_] = (rows.zone == tracks.zone[rows.slot]) & (rows.agent == tracks.owner_agent[rows.slot])
    return own


def _are_known(tracks: Tracks, rows: Evidence, own: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    known, others = own.copy(), np.flatnonzero(~own)
    known[others] = heard_zones.place_of(tracks, rows.slot[others], rows.zone[others], rows.agent[others]) != NOBODY
    return known


def _loudest_dbm(
    tracks: Tracks, limits: ZoneLimits, rows: Evidence, own: npt.NDArray[np.bool_], first: npt.NDArray[np.bool_]
) -> npt.NDArray[Any]:
    """Return, at each row, a level that no other zone of its slot exceeds: of those that are fresh at any row, and of the rows.

    A running maximum within each slot is one over all rows, if each slot's levels are lifted above those of the slots before.
    """
    begins, number = np.flatnonzero(first), np.cumsum(first) - 1
    slots = rows.slot[begins]
    loudest = np.full(len(slots), GONE_DBM, np.int64)
    if len(hearing := np.flatnonzero(tracks.heard_zone[slots].max(axis=1) != NO_CODE)):
        fresh_since_ns = np.minimum.reduceat(rows.time_ns - limits.stale_ns, begins)[hearing]
        loudest[hearing] = heard_zones.loudest_dbm(tracks, slots[hearing], fresh_since_ns)
    by_row: npt.NDArray[Any] = loudest[number]
    if own.all():
        return by_row
    lifted = np.maximum(by_row, np.where(own, GONE_DBM, rows.rssi_dbm)) + number * _SPAN
    found: npt.NDArray[Any] = np.maximum.accumulate(lifted) - number * _SPAN
    return found


def take_quiet(state: State, rows: Evidence) -> None:
    """Apply quiet rows to levels and times. Of several rows of a place the last one counts: numpy assigns repeated indices in order."""
    tracks = state.tracks
    own = _are_owners(tracks, rows)
    if own.all():
        _take_owners(state, rows)
        return
    if own.any():
        _take_owners(state, rows.take(own))
    others = rows.take(~own)
    place = heard_zones.place_of(tracks, others.slot, others.zone, others.agent)
    tracks.heard_dbm[others.slot, place], tracks.heard_ns[others.slot, place] = others.rssi_dbm, others.time_ns
    _take_beyond(tracks, rows, own)


def _take_owners(state: State, rows: Evidence) -> None:
    tracks, slot, t = state.tracks, rows.slot, rows.time_ns
    start, first = starts(slot)
    since_ns = t - np.where(first, tracks.zone_ns[slot], np.concatenate([t[:1], t[:-1]]))
    OwnersRows(tracks, rows, np.ones(len(rows), np.bool_), start, since_ns).apply()
    slots = slot[first]
    tracks.zone_ns[slot], tracks.level_dbm[slot] = t, level_dbm(rows)
    faint_levels.hear_rows(state, rows)
    heard_zones.forget_beyond(tracks, slots[tracks.beyond_ns[slots] != 0])


def _take_beyond(tracks: Tracks, rows: Evidence, own: npt.NDArray[np.bool_]) -> None:
    """Remember the first row elsewhere since the owner's latest evidence, unless there was one before; the owners' rows are applied."""
    _, first = starts(rows.slot)
    index = np.arange(len(rows))
    latest_own = np.maximum.reduceat(np.where(own, index, -1), np.flatnonzero(first))[np.cumsum(first) - 1]
    after = rows.take(~own & (index > latest_own) & (tracks.beyond_ns[rows.slot] == 0))
    begins = after.take(starts(after.slot)[1])
    tracks.beyond_ns[begins.slot], tracks.beyond_key_ns[begins.slot] = begins.time_ns, begins.key_ns
    tracks.beyond_agent[begins.slot] = begins.agent
