"""Zone ownership: which zone has a subject or an item. The one place of the rule, for a row alone and for columns of rows alike.

The strongest receiver owns what is heard. Another zone takes over when it is louder by the profile's margin, or the owner is stale; none
within the holdoff after the last change. An owner that is silent for longer than the profile's gap has lost it. Of people, a zone ahead
leads at first. It owns them, since it went ahead, once it led for the confirm time and by the margin; the first zone is settled alike.

The rule's functions use operators only, so each takes numbers or columns. `standing_of` and `standings_of` read what they ask about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.tables.hash_index import NO_CODE

FEW: Final = 16
"""Below this many rows the scalar path is faster."""
GONE_DBM: Final = -200
"""The level of an owner after its EXIT: the next zone to hear the subject takes over."""


class Owned(Protocol):
    """Columns by slot: the owning zone (NO_CODE: none), since when it owns, and the time and level of its latest evidence."""

    profile: npt.NDArray[np.uint16]
    last_ns: npt.NDArray[np.int64]
    zone: npt.NDArray[np.int32]
    level_dbm: npt.NDArray[np.int16]
    zone_ns: npt.NDArray[np.int64]
    since_ns: npt.NDArray[np.int64]


class ZoneLimits(NamedTuple):
    """What a profile allows an owner, as numbers of one profile or as columns."""

    gap_ns: Any
    """After so long a silence the subject has no owner."""
    stale_ns: Any
    """After so long a silence any other zone may take over."""
    holdoff_ns: Any
    """For so long after a change nobody takes over."""
    margin_db: Any

    def of(self, profile: npt.NDArray[Any]) -> ZoneLimits:
        """Return the limits of each row, from columns by profile."""
        return ZoneLimits(*[limit[profile] for limit in self])

    def where(self, which: npt.NDArray[np.bool_]) -> ZoneLimits:
        """Return the limits of some rows, from columns by row."""
        return ZoneLimits(*[limit[which] for limit in self])


class Standing(NamedTuple):
    """How an owner stands at the time of a row: numbers for one row, or columns."""

    owner: Any
    level_dbm: Any
    silent_ns: Any
    """Since its latest evidence."""
    held_ns: Any
    """Since it became the owner."""


def standing_of(owned: Owned, slot: int, time_ns: int) -> Standing:
    """Return how the owner of a slot stands at a time, in Python's own numbers."""
    return Standing(
        owned.zone.item(slot), owned.level_dbm.item(slot), time_ns - owned.zone_ns.item(slot), time_ns - owned.since_ns.item(slot)
    )


def standings_of(owned: Owned, slot: npt.NDArray[Any], time_ns: npt.NDArray[np.int64]) -> Standing:
    """Return the same for one row a slot, as columns."""
    return Standing(owned.zone[slot], owned.level_dbm[slot], time_ns - owned.zone_ns[slot], time_ns - owned.since_ns[slot])


# The rule. Numbers give a bool, columns a column of bools.


def is_unowned(at: Standing, limits: ZoneLimits) -> Any:
    """Return whether nobody has the subject any more."""
    return (at.owner == NO_CODE) | (at.silent_ns > limits.gap_ns)


def is_louder(rssi_dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a level exceeds the owner's by the margin."""
    return exceeds(rssi_dbm, at.level_dbm, limits.margin_db)


def exceeds(level_dbm: Any, other_dbm: Any, margin_db: Any) -> Any:
    """Return whether a level, or a mean of levels, is above another by the margin: of people and goods alike."""
    return level_dbm > other_dbm + margin_db


def takes_over(rssi_dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether another zone's row is enough to own the subject."""
    return (at.held_ns >= limits.holdoff_ns) & ((at.silent_ns > limits.stale_ns) | is_louder(rssi_dbm, at, limits))


def changes_owner(zone: Any, rssi_dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a row of `zone`, ENTER or STAY, makes it the owner anew."""
    return is_unowned(at, limits) | ((zone != at.owner) & takes_over(rssi_dbm, at, limits))


def fell_silent(at: Standing, limits: ZoneLimits) -> Any:
    """Return whether the owner sent an EXIT, or is stale."""
    return (at.level_dbm == GONE_DBM) | (at.silent_ns > limits.stale_ns)


def follows(heard_ns: Any, time_ns: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a zone that takes over was heard after the owner, if that fell silent: both may have ended with one sighting."""
    return (heard_ns > time_ns - at.silent_ns) >= fell_silent(at, limits)


def is_ahead(rssi_dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a zone is ahead of the owner, by however little, or the owner fell silent: so long it leads."""
    return fell_silent(at, limits) | (rssi_dbm > at.level_dbm)


def is_clear(rssi_dbm: Any, at: Standing, limits: ZoneLimits) -> Any:
    """Return whether a zone that leads may own the subject: it is louder by the margin, or the owner fell silent."""
    return fell_silent(at, limits) | is_louder(rssi_dbm, at, limits)


# The rule for many rows of each slot at once


def keeps_owner(
    owned: Owned, limits: ZoneLimits, rows: Evidence, first: npt.NDArray[np.bool_], start: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Return which rows, given that those before them in their slot do too, are in time order and leave the owner as it is.

    `limits` are by row.
    """
    own = rows.zone == owned.zone[rows.slot]
    at = standing_at_each(owned, rows, own, start)
    kept: npt.NDArray[np.bool_] = (
        are_in_order(owned, rows, first) & (own | (rows.kind != Kind.EXIT)) & ~changes_owner(rows.zone, rows.rssi_dbm, at, limits)
    )
    return kept


def are_in_order(owned: Owned, rows: Evidence, first: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which rows are not older than the one before them in their slot; `first` marks the first row of each slot."""
    t = rows.time_ns
    in_order: npt.NDArray[np.bool_] = t >= np.where(first, owned.last_ns[rows.slot], np.concatenate([t[:1], t[:-1]]))
    return in_order


def standing_at_each(owned: Owned, rows: Evidence, own: npt.NDArray[np.bool_], start: npt.NDArray[Any]) -> Standing:
    """Return how the owner stands at each row, before it is applied, given that those before it in their slot leave it as it is.

    That premise makes it known without applying the rows one after the other: the owner is who it was at the beginning, so its latest
    evidence is the nearest `own` row before, in this batch or in the slot. `start` is where a row's slot begins.
    """
    slot, t = rows.slot, rows.time_ns
    latest_own = np.concatenate([[-1], np.maximum.accumulate(np.where(own, np.arange(len(t)), -1))[:-1]])
    in_batch = latest_own >= start
    return Standing(
        owned.zone[slot],
        np.where(in_batch, level_dbm(rows)[latest_own], owned.level_dbm[slot]),
        t - np.where(in_batch, t[latest_own], owned.zone_ns[slot]),
        t - owned.since_ns[slot],
    )


def in_rounds(
    rows: Evidence,
    unchanged: Callable[[Evidence, npt.NDArray[np.bool_], npt.NDArray[Any]], npt.NDArray[np.bool_]],
    apply_unchanged: Callable[[Evidence], None],
    apply_transitions: Callable[[Evidence], None],
    apply_rows: Callable[[Evidence], None],
) -> None:
    """Apply rows that are sorted by slot, and within a slot in their order.

    Each round takes, of every slot, the rows before its first transition as columns, and then that one transition. What follows is
    judged again in the next round, since the transition may have changed the owner. Few rows are applied one by one.
    """
    while len(rows) > FEW:
        start, first = starts(rows.slot)
        is_unchanged = unchanged(rows, first, start)
        if is_unchanged.all():
            apply_unchanged(rows)
            return
        index = np.arange(len(rows))
        # The index of the first transition of each slot, or len(rows) if it has none; repeated for every row of the slot.
        first_transition = np.minimum.reduceat(np.where(is_unchanged, len(rows), index), np.flatnonzero(first))
        transition_at = first_transition[np.cumsum(first) - 1]
        before = index < transition_at
        if before.any():
            apply_unchanged(rows.take(before))
        apply_transitions(rows.take(index == transition_at))
        rows = rows.take(index > transition_at)
    apply_rows(rows)


def starts(slot: npt.NDArray[np.int32]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return, for rows sorted by slot, where each row's slot begins, and which rows are the first of their slot."""
    first = np.empty(len(slot), np.bool_)
    first[:1], first[1:] = True, slot[1:] != slot[:-1]
    return np.maximum.accumulate(np.where(first, np.arange(len(slot)), 0)), first


def ends(slot: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Return, for rows sorted by slot, the last row of each slot."""
    last = np.empty(len(slot), np.bool_)
    last[-1:], last[:-1] = True, slot[1:] != slot[:-1]
    return np.flatnonzero(last)


def level_dbm(rows: Evidence) -> npt.NDArray[np.int16]:
    """Return the level that each row gives its zone: GONE_DBM for an EXIT."""
    level: npt.NDArray[np.int16] = np.where(rows.kind == Kind.EXIT, np.int16(GONE_DBM), rows.rssi_dbm)
    return level
