"""Devices that always move together: pairs that are probably one person's, as a proposal. Nothing is joined by it. Pure.

Two devices are together while both dwell in the same zone. Their share is the time together of all the time that either dwells, over
the whole span that was asked for; arrivals are the zones into which both came within ARRIVE_S of each other. A pair is proposed with at
least LEAST_ARRIVALS of these and a share that strangers do not reach: what strangers reach is counted in the same dwells, with the times
of one side shifted by some minutes (SHIFTS_S). The least share of SHARES is taken at which that finds at most MOST_STRANGERS of a pair
for each pair that is proposed. So a crowd raises the share by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.units import NS_PER_S
from gateway.query.answer import Answer
from gateway.sinks.table import PointTable

ARRIVE_S: Final = 15.0
"""Two devices of one person are given a zone so long after each other at most: a decision takes some seconds."""
LEAST_ARRIVALS: Final = 2
SHARES: Final = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MOST_STRANGERS: Final = 0.02
SHIFTS_S: Final = (-1500.0, -1100.0, -700.0, -400.0, 400.0, 700.0, 1100.0, 1500.0)
COLUMNS: Final = ("store", "subject", "with", "fan", "with_fan", "days", "entered", "share", "seconds")
_TOO_FEW: Final = "no pair is proposed: fewer than two dwells of devices that keep their subject are over"
_DAY_SUBJECT: Final = "89abcdef"
"""The first digit of day subjects: they are nobody's, by design."""
_AT_ONCE: Final = 1_000_000
"""Dwells that overlap are looked at so many at a time, about: what they take follows from it, not from how many there are."""
Index = npt.NDArray[np.intp]
Seconds = npt.NDArray[np.float64]


class Companions(NamedTuple):
    """Pairs of devices, as columns: numbers of the two, how often they arrived together, their share, and how long, s."""

    one: Index
    other: Index
    arrivals: npt.NDArray[np.int64]
    share: Seconds
    seconds: Seconds

    def where(self, kept: npt.NDArray[np.bool_]) -> Companions:
        """Return the pairs of which `kept` is true."""
        return Companions(self.one[kept], self.other[kept], self.arrivals[kept], self.share[kept], self.seconds[kept])


@dataclass(frozen=True, slots=True, eq=False)
class _Dwells:
    """Dwells by zone and begin. `who`: the number of the device."""

    zone: Index
    who: Index
    begin_s: Seconds
    end_s: Seconds

    def of_zones(self) -> Iterator[_Dwells]:
        """Yield those of each zone."""
        for rows in np.split(np.arange(len(self.zone)), np.flatnonzero(np.diff(self.zone)) + 1):
            yield _Dwells(self.zone[rows], self.who[rows], self.begin_s[rows], self.end_s[rows])

    def of_devices(self, first: int, end: int) -> _Dwells:
        """Return those of devices whose numbers are in this range."""
        kept = (self.who >= first) & (self.who < end)
        return _Dwells(self.zone[kept], self.who[kept], self.begin_s[kept], self.end_s[kept])

    def shifted(self, seconds: float) -> _Dwells:
        """Return them at another time."""
        return _Dwells(self.zone, self.who, self.begin_s + seconds, self.end_s + seconds)


def together(table: PointTable, zone: ZoneInfo) -> Answer:
    """Return the pairs of one store's devices that are proposed as one person's, the surest first; `table` has rows of `dwell`."""
    own = table.where(_may_be_asked(table))
    subjects, dwells = own.coded("subject"), _dwells(own)
    if len(own) < 2:
        return Answer(COLUMNS, [], notes=(_TOO_FEW,) if len(table) else ())
    found, least = _proposed(dwells, len(subjects.names))
    fans, store = _fan_of(own), table.values("store")[0]
    rows = [
        (store, subjects.names[a], subjects.names[b], fans.get(a, ""), fans.get(b, ""), day, entered, round(share, 3), round(seconds, 1))
        for pair, entered, share, seconds, day in zip(
            zip(found.one.tolist(), found.other.tolist(), strict=True), *(column.tolist() for column in found[2:]), _days(own, found, zone),
            strict=True,
        )
        for a, b in [sorted(pair, key=subjects.names.__getitem__)]
        if not fans.get(a) or fans.get(a) != fans.get(b)
    ]  # fmt: skip
    notes = () if rows else (_none_note(least, len(found.one)),)
    return Answer(COLUMNS, sorted(rows, key=lambda row: (-row[5], -row[7], row[1], row[2])), notes=notes)


def _none_note(least: float | None, of_fans: int) -> str:
    """Why there is no row: which share was needed, None if none is enough, and how many pairs are one fan's already."""
    if of_fans:
        return f"no pair is proposed: each of the {of_fans:,} that were together enough is one fan's already"
    if least is None:
        return f"no pair is proposed: strangers are together in a share of {SHARES[-1]:.0%}, too, so that none is enough"
    return (
        f"no pair was together enough: it needs a share of {least:.0%} of the time of either, and zones that both came into within"
        f" {ARRIVE_S:.0f} s, {LEAST_ARRIVALS} at least"
    )


def _may_be_asked(table: PointTable) -> npt.NDArray[np.bool_]:
    """Which dwells count: of lasting subjects that are no staff, over, and with a length."""
    subject = table.coded("subject")
    lasting = np.array([name[:1] not in _DAY_SUBJECT for name in subject.names] or [True], np.bool_)[subject.codes]
    kept: npt.NDArray[np.bool_] = lasting & ~table.numbers("is_staff") & ~table.numbers("open") & (table.numbers("seconds") > 0)
    return kept


def _dwells(table: PointTable) -> _Dwells:
    begin_s = table.time_ns / NS_PER_S
    zone, who = (table.coded(name).codes.astype(np.intp) for name in ("zone", "subject"))
    order = np.lexsort((begin_s, zone))
    return _Dwells(zone[order], who[order], begin_s[order], (begin_s + table.numbers("seconds"))[order])


def _proposed(dwells: _Dwells, n: int) -> tuple[Companions, float | None]:
    """Return the pairs with the least share at which strangers are rare among them, and it; None if there is no such share."""
    pairs = _pairs(dwells, dwells, n)
    strangers = [_pairs(dwells, dwells.shifted(seconds), n) for seconds in SHIFTS_S]
    for share in SHARES:
        found = pairs.where(_are_companions(pairs, share))
        by_chance = sum(int(_are_companions(each, share).sum()) for each in strangers) / len(strangers)
        if by_chance <= MOST_STRANGERS * len(found.one):
            return found, share
    return pairs.where(np.zeros(len(pairs.one), np.bool_)), None


def _are_companions(pairs: Companions, share: float) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (pairs.share >= share) & (pairs.arrivals >= LEAST_ARRIVALS)
    return found


def _pairs(ones: _Dwells, others: _Dwells, n: int) -> Companions:
    """Return every pair of devices, of `n`, that the least of SHARES proposes; the first has the lower number."""
    zones = list(zip(ones.of_zones(), others.of_zones(), strict=True))
    of_each = np.bincount(ones.who, ones.end_s - ones.begin_s, n).astype(np.float64)
    overlaps = sum(int(_counts(one, other, "left")[1].sum() + _counts(other, one, "right")[1].sum()) for one, other in zones)
    step = -(-n // (1 + overlaps // _AT_ONCE))
    # What a pair has in all zones is known once the first device's are: the rest of its pairs is forgotten.
    parts = [_pairs_of([(one.of_devices(first, first + step), other) for one, other in zones], of_each, n) for first in range(0, n, step)]
    return Companions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _pairs_of(zones: Sequence[tuple[_Dwells, _Dwells]], of_each: Seconds, n: int) -> Companions:
    keys, seconds, arrivals = [], [], []
    for one, other in zones:
        a, b = _overlapping(one, other)
        apart = one.who[a] < other.who[b]
        a, b = a[apart], b[apart]
        keys.append(one.who[a] * n + other.who[b])
        seconds.append(np.minimum(one.end_s[a], other.end_s[b]) - np.maximum(one.begin_s[a], other.begin_s[b]))
        arrivals.append(np.abs(one.begin_s[a] - other.begin_s[b]) <= ARRIVE_S)
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    both_s = np.bincount(place, np.concatenate(seconds), len(key)).astype(np.float64)
    first, second = key // n, key % n
    share = both_s / (of_each[first] + of_each[second] - both_s)
    found = Companions(first, second, np.bincount(place, np.concatenate(arrivals), len(key)).astype(np.int64), share, both_s)
    return found.where(_are_companions(found, SHARES[0]))


def _overlapping(ones: _Dwells, others: _Dwells) -> tuple[Index, Index]:
    """Return the places of dwells of one zone that overlap: the other begins in the one, or the one within the other."""
    a, b = _begins_in(ones, others, "left")
    d, c = _begins_in(others, ones, "right")
    return np.concatenate([a, c]), np.concatenate([b, d])


def _begins_in(ones: _Dwells, others: _Dwells, side: Literal["left", "right"]) -> tuple[Index, Index]:
    """Return for each dwell of `ones` the others that begin in it; at its very begin too if `side` is left."""
    first, count = _counts(ones, others, side)
    a = np.repeat(np.arange(len(first)), count)
    return a, np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)


def _counts(ones: _Dwells, others: _Dwells, side: Literal["left", "right"]) -> tuple[Index, Index]:
    """Return for each dwell of `ones` the first of the others that begins in it, and how many do."""
    first = np.searchsorted(others.begin_s, ones.begin_s, side)
    return first, np.maximum(np.searchsorted(others.begin_s, ones.end_s, "left") - first, 0)


def _fan_of(table: PointTable) -> dict[int, str]:
    """Return by device the fan that it had last."""
    return {who: fan for who, fan in zip(table.coded("subject").codes.tolist(), table.values("fan"), strict=True) if fan}


def _days(table: PointTable, pairs: Companions, zone: ZoneInfo) -> Iterator[int]:
    """Yield for each pair on how many days both dwelled, by the store's clock."""
    who = table.coded("subject").codes

    def days_of(device: int) -> set[date]:
        return {datetime.fromtimestamp(ns // NS_PER_S, zone).date() for ns in table.time_ns[who == device].tolist()}

    for a, b in zip(pairs.one.tolist(), pairs.other.tolist(), strict=True):
        yield len(days_of(a) & days_of(b))
