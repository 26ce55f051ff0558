"""The level of an identifier at each receiver, and of a zone over its receivers. Pure: time is an argument, in nanoseconds.

    levels = Levels(); levels.grow(slots); levels.take(slot, t_ns, dbm, limits) -> dBm    # identifiers at one receiver
    zone_level_dbm(heard_dbm, limits, mean_of) -> dBm                                    # over the receivers of a zone

A level is an exponentially weighted mean of RSSI, in dBm. Its memory is TAU_SIGHTINGS of the identifier's own interval at that receiver,
within the profile's bounds: beacons of 10 Hz and of 1 Hz need no numbers of their own. Until it has heard that many it is their plain mean.
It follows approach faster than retreat: a body or a fade makes a signal weaker, hardly ever stronger. One sighting counts as OUTLIER_DB
away at most. A receiver that falls silent keeps its level for HELD_TAUS, then it decays to the floor.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import exp, log10
from typing import Final, Literal, NamedTuple

ZoneRule = Literal["strongest", "mean_power"]
STRONGEST: Final = "strongest"
TAU_SIGHTINGS: Final = 5.0
APPROACH: Final = 3.0
"""How many times faster a level rises than it falls."""
OUTLIER_DB: Final = 20.0
RESTART_TAUS: Final = 2.0
"""After so long a silence a level begins anew with the sighting."""
HELD_TAUS: Final = 1.0
INTERVAL_WEIGHT: Final = 0.125
LOST_INTERVALS: Final = 4.0
"""The longest gap, in intervals, that an interval learns from one sighting: more is a silence."""


class ReceiverLimits(NamedTuple):
    """What an installer set for one receiver."""

    offset_db: float = 0.0
    """Added to every RSSI, so that receivers of different sensitivity compare."""
    min_dbm: float = -127.0
    """What is weaker, offset included, is out of range: it neither begins nor extends a presence."""


class LevelLimits(NamedTuple):
    """What a profile allows a level: its shortest and longest memory, and the level of a receiver that hears nothing."""

    tau_ns: float
    tau_max_ns: float
    floor_dbm: float


class Levels:
    """The levels of identifiers at one receiver, as columns by slot: numbers in objects of their own take five times the memory.

    `sightings` counts the first TAU_SIGHTINGS; at 0 nothing is known.
    """

    __slots__ = ("dbm", "interval_ns", "last_ns", "sightings")

    def __init__(self) -> None:
        self.dbm = array("d")
        self.interval_ns = array("d")
        self.last_ns = array("q")
        self.sightings = array("b")

    def grow(self, slots: int) -> None:
        """Add slots of which nothing is known."""
        for column in (self.dbm, self.interval_ns, self.last_ns, self.sightings):
            column.frombytes(bytes(slots * column.itemsize))

    def forget(self, slot: int) -> None:
        self.dbm[slot] = self.interval_ns[slot] = 0.0
        self.sightings[slot] = 0

    def take(self, slot: int, t_ns: int, dbm: float, limits: LevelLimits) -> float:
        """Take an RSSI; one that is older than the last counts as of the same time. Return the level."""
        gap_ns = t_ns - self.last_ns[slot]
        known = self.sightings[slot]
        if gap_ns > 0 or not known:
            self.last_ns[slot] = t_ns
        else:
            gap_ns = 0
        if known:
            self._learn_interval(slot, gap_ns, known)
            tau_ns = self.tau_ns(slot, limits)
        if not known or gap_ns > RESTART_TAUS * tau_ns:
            self.sightings[slot], self.dbm[slot] = 1, dbm
            return dbm
        level_dbm = self.dbm[slot]
        away_db = dbm - level_dbm
        weight = 1.0 - exp((-APPROACH if away_db > 0.0 else -1.0) * gap_ns / tau_ns)
        if known < TAU_SIGHTINGS:
            self.sightings[slot] = known + 1
            if weight * (known + 1) < 1.0:
                weight = 1.0 / (known + 1)
        elif away_db > OUTLIER_DB:
            away_db = OUTLIER_DB
        elif away_db < -OUTLIER_DB:
            away_db = -OUTLIER_DB
        level_dbm += weight * away_db
        self.dbm[slot] = level_dbm
        return level_dbm

    def _learn_interval(self, slot: int, gap_ns: int, known: int) -> None:
        if known == 1:
            self.interval_ns[slot] = gap_ns
            return
        interval_ns = self.interval_ns[slot]
        longest_ns = LOST_INTERVALS * interval_ns
        weight = 1.0 / known if known < TAU_SIGHTINGS else INTERVAL_WEIGHT
        self.interval_ns[slot] = interval_ns + weight * ((gap_ns if gap_ns < longest_ns else longest_ns) - interval_ns)

    def tau_ns(self, slot: int, limits: LevelLimits) -> float:
        """Return the memory that the interval asks for."""
        tau_ns, least_ns, most_ns = TAU_SIGHTINGS * self.interval_ns[slot], limits.tau_ns, limits.tau_max_ns
        return least_ns if tau_ns < least_ns else tau_ns if tau_ns < most_ns else most_ns

    def at(self, slot: int, t_ns: int, limits: LevelLimits) -> float:
        """Return the level at a time that is not before its last sighting."""
        tau_ns, floor_dbm, dbm = self.tau_ns(slot, limits), limits.floor_dbm, self.dbm[slot]
        silent_ns = t_ns - self.last_ns[slot] - HELD_TAUS * tau_ns
        if silent_ns <= 0.0 or dbm <= floor_dbm:
            return dbm
        return floor_dbm + (dbm - floor_dbm) * exp(-silent_ns / tau_ns)


def zone_level_dbm(heard_dbm: Sequence[float], limits: LevelLimits, mean_of: int) -> float:
    """Return the level of a zone: that of its strongest receiver if `mean_of` is 0, else the mean power over so many receivers.

    A receiver of which no level is given counts as one that hears nothing.
    """
    if not mean_of:
        return max(heard_dbm, default=limits.floor_dbm)
    silent = 10.0 ** (limits.floor_dbm / 10.0) * (mean_of - len(heard_dbm))
    return 10.0 * log10((sum(10.0 ** (dbm / 10.0) for dbm in heard_dbm) + silent) / mean_of)
