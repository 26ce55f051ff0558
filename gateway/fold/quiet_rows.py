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
from gateway.fold.zone_rules import GONE_DBM, ZoneLimits, are_in_order, ends, is_unowned, level_dbm, standing_at_each, starts

_SPAN: Final = 1024
"""More than two levels can differ by, dBm."""


def are_quiet(tracks: Tracks, limits: ZoneLimits, rows: Evidence, asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which rows, given that those before them in their slot are, make no zone lead; `limits` are by profile.

    Of slots that one agent hears alone, most of all, little has to be looked at. `asked` are the rows that are asked about: all of a slot
    or none; what is returned of others means nothing.
    """
    _, first = starts(rows.slot)
    own = _are_owners(tracks, rows)
    quiet = _are_quiet_alone(tracks, limits, rows, first)
    contended = np.flatnonzero(asked & _are_contended(tracks, rows, own, first))
    if len(contended) == len(rows):
        return _are_quiet_beside(tracks, limits, rows, own)
    if len(contended):
        quiet[contended] = _are_quiet_beside(tracks, limits, rows.take(contended), own[contended])
    return quiet


def _are_contended(tracks: Tracks, rows: Evidence, own: npt.NDArray[np.bool_], first: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the rows of slots that others hear too, or whose owner's level is another agent's."""
    begins = np.flatnonzero(first)
    contended: npt.NDArray[np.bool_] = (tracks.heard_zone[rows.slot[begins]] != NO_CODE).any(axis=1)
    if not own.all():
        contended |= ~np.logical_and.reduceat(own, begins)
    return np.repeat(contended, np.diff(begins, append=len(rows)))


def _are_quiet_alone(tracks: Tracks, limits: ZoneLimits, rows: Evidence, first: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of owners' rows of slots that nobody else hears: those in time order that come before the owner lost the subject."""
    begins, t = np.flatnonzero(first), rows.time_ns
    since_ns = np.empty_like(t)
    since_ns[1:] = t[1:] - t[:-1]
    in_order: npt.NDArray[np.bool_] = since_ns >= 0
    slots = rows.slot[begins]
    since_ns[begins], in_order[begins] = t[begins] - tracks.zone_ns[slots], t[begins] >= tracks.last_ns[slots]
    return in_order & (since_ns <= np.repeat(limits.gap_ns[tracks.profile[slots]], np.diff(begins, append=len(rows))))


def _are_quiet_beside(tracks: Tracks, limits: ZoneLimits, rows: Evidence, own: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of slots that others hear too.

    A row is the owner's, by the agent whose level the owner has, or that of another place that is known already. No other zone is louder.
    """
    start, first = starts(rows.slot)
    at = standing_at_each(tracks, rows, own, start)
    limits = limits.of(tracks.profile[rows.slot])
    quiet: npt.NDArray[np.bool_] = are_in_order(tracks, rows, first) & ~is_unowned(at, limits)
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
    last = ends(slot)
    slots = slot[last]
    tracks.zone_ns[slots], tracks.level_dbm[slots] = t[last], level_dbm(rows.take(last))
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
