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

FEW: Final = 64
"""Below this many rows the scalar path is faster."""
SETTLE_SIGHTINGS: Final = 5
CONFIRM_SIGHTINGS: Final = 8
"""A level is an average over five to eight sightings: so many bring one that owes little to the one before."""
SHARP_SIGHTINGS: Final = 5
SHARP_NS: Final = 1_500_000_000
LEAST_SHARE: Final = 0.2
"""A level of five sightings in 1.5 s, which is the agent's shortest average, needs the whole margin; of more a share, a fifth at least."""
STRONG_DB: Final = 3
"""Who is ahead by so much more than the margin has moved for sure."""
MOST_WARY_DB: Final = 12
HELD_CONFIRMS: Final = 4
"""Equal levels change places well within so many confirm times: they stray for two or three of them at most."""
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


class DecisionLimits(NamedTuple):
    """Within which bounds a profile's zones are decided: the first one is settled, and another confirmed that leads."""

    settle_min_ns: Any
    settle_max_ns: Any
    confirm_min_ns: Any
    confirm_max_ns: Any
    back_ns: Any = 0
    """A change is stamped so long before the row with which another zone went ahead: levels follow so late."""
    confirm_percent: Any = 100
    """So much of the time to confirm a change is enough here, by a calibration."""

    def of(self, profile: npt.NDArray[Any]) -> DecisionLimits:
        """Return the limits of each row, from columns by profile."""
        return DecisionLimits(*[limit[profile] for limit in self])


class Sighted(NamedTuple):
    """How often a subject was heard, as numbers of one subject or as columns: over how long, in how many sightings and rows."""

    span_ns: Any
    sightings: Any
    rows: Any


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
    return rssi_dbm > at.level_dbm + limits.margin_db


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


def margin_of(heard: Sighted, wary_db: Any, limits: ZoneLimits) -> Any:
    """Return by how much a zone must be ahead of the owner to own the subject, dB.

    A level averages the sightings of some seconds: the more there are, the sharper it is, and the less margin it needs. Whoever goes back
    and forth between two zones needs more of it (`wary_after`).
    """
    sharpness = np.sqrt(SHARP_SIGHTINGS * heard.span_ns / (_larger(heard.sightings, 1) * SHARP_NS))
    share = 1 - (heard.sightings > 0) * _larger(1 - sharpness, 0)
    return limits.margin_db * _larger(share, LEAST_SHARE) + wary_db


def wary_after(wary_db: Any, returns: Any, strong: Any) -> Any:
    """Return how much more margin a subject needs after a change: a dB for each time that it went back without a clear difference."""
    more_db = wary_db + returns
    return (more_db - _larger(more_db - MOST_WARY_DB, 0)) * (1 - strong)


def wary_left(wary_db: Any, led_ns: Any, heard: Sighted, limits: DecisionLimits) -> Any:
    """Return what is left of that margin for a zone that has led for so long without a break: after some confirm times a dB less for each.

    Levels that are equal but for noise change places sooner; somebody who went to the other zone again stays ahead there.
    """
    return _larger(wary_db - _larger(led_ns // _larger(confirms_ns(heard, limits), 1) - HELD_CONFIRMS, 0), 0)


def lasts_ns(settles: Any, clear: Any, wary_db: Any, heard: Sighted, limits: DecisionLimits) -> Any:
    """Return how long a contest lasts: to settle, or to be confirmed.

    A lead that is not clear lapses after twice that, and as much later as it takes to be trusted in spite of the returns before.
    """
    confirmed_ns = confirms_ns(heard, limits) * (1 + (1 - clear) * (1 + (wary_db > 0) * (HELD_CONFIRMS + wary_db)))
    return confirmed_ns + settles * (settles_ns(heard, limits) - confirmed_ns)


def settles_ns(heard: Sighted, limits: DecisionLimits) -> Any:
    """Return how long all zones are weighed before the first one is decided."""
    sightings_ns = SETTLE_SIGHTINGS * heard.span_ns // _larger(heard.sightings, 1)
    return _within(sightings_ns, heard, limits.settle_min_ns, limits.settle_max_ns)


def confirms_ns(heard: Sighted, limits: DecisionLimits) -> Any:
    """Return for how long another zone must lead until it owns the subject: rows that could contradict it must have come, too."""
    sightings_ns, rows_ns = (
        CONFIRM_SIGHTINGS * heard.span_ns // _larger(heard.sightings, 1),
        5 * heard.span_ns // _larger(4 * heard.rows, 1),
    )
    return _within(_larger(sightings_ns, rows_ns), heard, limits.confirm_min_ns, limits.confirm_max_ns) * limits.confirm_percent // 100


def _within(time_ns: Any, heard: Sighted, least_ns: Any, most_ns: Any) -> Any:
    """Return a time within its bounds; the longest of a subject whose interval nobody knows."""
    bounded = least_ns + _larger(time_ns - least_ns, 0)
    return most_ns - (heard.sightings > 0) * _larger(most_ns - bounded, 0)


def _larger(value: Any, other: Any) -> Any:
    return value + (other > value) * (other - value)


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


def level_dbm(rows: Evidence) -> npt.NDArray[np.int16]:
    """Return the level that each row gives its zone: GONE_DBM for an EXIT."""
    level: npt.NDArray[np.int16] = np.where(rows.kind == Kind.EXIT, np.int16(GONE_DBM), rows.rssi_dbm)
    return level
