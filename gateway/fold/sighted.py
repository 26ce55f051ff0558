"""How often each subject was heard lately: over how long, in how many sightings and rows. One account for a row alone and for columns.

The sums are of the two latest minutes in which rows came, so they follow a phone that slows down, or a tag that is carried to where few of
its messages arrive. What counts are the owner's rows and, while zones contend, those of the others; never an ENTER, which begins anew.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.frames import Kind
from footfall.units import NS_PER_MINUTE
from gateway.fold.decision_rules import Sighted
from gateway.fold.reorder_buffer import Evidence
from gateway.fold.tables.tracks import Tracks

Column = npt.NDArray[Any]


def sighted_of(tracks: Tracks, slot: Any) -> Sighted:
    """Return how often a slot's subject was heard lately, or those of a column of slots."""
    s = tracks
    return Sighted(
        s.earlier_ns[slot] + s.sighted_ns[slot], s.earlier_sightings[slot] + s.sightings[slot], s.earlier_rows[slot] + s.sighted_rows[slot]
    )


def sighted_alone(tracks: Tracks, slot: int) -> Sighted:
    """Return the same of one slot, in Python's own numbers."""
    s = tracks
    return Sighted(
        s.earlier_ns.item(slot) + s.sighted_ns.item(slot),
        s.earlier_sightings.item(slot) + s.sightings.item(slot),
        s.earlier_rows.item(slot) + s.sighted_rows.item(slot),
    )


def count(tracks: Tracks, slot: int, time_ns: int, since_ns: int, sightings: int) -> None:
    """Count a row of a slot; `since_ns` is how long before it the last one came."""
    minute = time_ns // NS_PER_MINUTE
    if tracks.sighted_minute.item(slot) != minute:
        _turn(tracks, slot, minute)
    _add(tracks, slot, since_ns, sightings)


def count_many(tracks: Tracks, slot: Column, time_ns: Column, since_ns: Column, sightings: Column) -> None:
    """Count a row of each slot."""
    minute = time_ns // NS_PER_MINUTE
    turns = tracks.sighted_minute[slot] != minute
    _turn(tracks, slot[turns], minute[turns])
    _add(tracks, slot, since_ns, sightings)


def _add(s: Tracks, slot: Any, since_ns: Any, sightings: Any) -> None:
    s.sighted_ns[slot] += since_ns
    s.sightings[slot] += sightings
    s.sighted_rows[slot] += 1


def _turn(s: Tracks, slot: Any, minute: Any) -> None:
    """A new minute begins: that before stays, the one before that is forgotten."""
    s.earlier_ns[slot], s.earlier_sightings[slot], s.earlier_rows[slot] = s.sighted_ns[slot], s.sightings[slot], s.sighted_rows[slot]
    s.sighted_ns[slot] = s.sightings[slot] = s.sighted_rows[slot] = 0
    s.sighted_minute[slot] = minute


class _Sums(NamedTuple):
    """Of owners' rows: what a slot has at the beginning, and what rows add to it."""

    earlier: Column
    latest: Column
    so_far: Column
    """The sum over all rows before each, and over all."""


class _Turns(NamedTuple):
    """How often a minute began since each slot's first row, with which row that counts it did at last, and with which before that."""

    turns: Column
    last: Column
    last_but_one: Column


class _Places(NamedTuple):
    """So many rows that count are applied at each place, of which the slot's own begin with `first`; `turns`: None if no minute began."""

    before: Column
    first: Column
    turns: _Turns | None


class OwnersRows:
    """Rows of several slots, sorted by slot and in time order, of which those of the owner that count are summed up."""

    def __init__(self, tracks: Tracks, rows: Evidence, own: npt.NDArray[np.bool_], start: Column, silent_ns: Column) -> None:
        """`start` is where a row's slot begins; `silent_ns`: since the owner's row before."""
        counts = own & (rows.kind != Kind.ENTER)
        self._tracks: Final = tracks
        self._rows: Final = rows
        self._before: Final = np.cumsum(counts) - counts
        """How many rows that count come before each."""
        self._first: Final = self._before[start]
        counted = np.flatnonzero(counts)
        self._slot: Final = rows.slot[counted]
        self._minute: Final = rows.time_ns[counted] // NS_PER_MINUTE
        self._since_ns: Final = silent_ns[counted]
        self._counted: Final = counted
        is_first = np.ones(len(counted), np.bool_)
        is_first[1:] = self._slot[1:] != self._slot[:-1]
        latest = np.where(is_first, tracks.sighted_minute[self._slot], np.concatenate([self._minute[:1], self._minute[:-1]]))
        self._turns: Final = np.flatnonzero(self._minute != latest)
        """Which of those rows begin a minute."""

    def sighted(self) -> Sighted:
        """Return how often each row's subject was heard lately, before that row is applied."""
        s, slot = self._tracks, self._rows.slot
        columns = ((s.earlier_ns, s.sighted_ns), (s.earlier_sightings, s.sightings), (s.earlier_rows, s.sighted_rows))
        at = self._places(self._before, self._first)
        return Sighted(*[sum(_at(_sums(of[0][slot], of[1][slot], each), at)) for of, each in zip(columns, self._each(), strict=True)])

    def _each(self) -> tuple[Column, Column, Column]:
        """What each row that counts adds to the sums."""
        return self._since_ns, self._rows.count[self._counted], np.ones(len(self._slot), np.int64)

    def _places(self, before: Column, first: Column) -> _Places:
        """Return where sums stand once `before` rows that count are applied, of which the slot's own begin with `first`."""
        if not len(self._turns):
            return _Places(before, first, None)
        turned, unturned = np.searchsorted(self._turns, before), np.searchsorted(self._turns, first)
        last, last_but_one = (self._turns[np.maximum(turned - back, 0)] for back in (1, 2))
        return _Places(before, first, _Turns(turned - unturned, last, last_but_one))

    def apply(self) -> None:
        """Count them all."""
        if not len(self._slot):
            return
        s = self._tracks
        begins = np.flatnonzero(np.concatenate([[True], self._slot[1:] != self._slot[:-1]]))
        slots, before = self._slot[begins], np.append(begins[1:], len(self._slot))
        at = self._places(before, begins)
        columns = ((s.earlier_ns, s.sighted_ns), (s.earlier_sightings, s.sightings), (s.earlier_rows, s.sighted_rows))
        for (earlier, latest), each in zip(columns, self._each(), strict=True):
            earlier[slots], latest[slots] = _at(_sums(earlier[slots], latest[slots], each), at)
        s.sighted_minute[slots] = self._minute[before - 1]


def _sums(earlier: Column, latest: Column, each: Column) -> _Sums:
    return _Sums(earlier, latest, np.concatenate([[0], np.cumsum(each, dtype=np.int64)]))


def _at(sums: _Sums, at: _Places) -> tuple[Column, Column]:
    """Return the sums of the two minutes at places."""
    so_far = sums.so_far[at.before] - sums.so_far[at.first]
    if at.turns is None:
        return sums.earlier, sums.latest + so_far
    turns, last, last_but_one = at.turns.turns, sums.so_far[at.turns.last], sums.so_far[at.turns.last_but_one]
    minute_before = np.where(turns == 1, sums.latest + last - sums.so_far[at.first], last - last_but_one)
    earlier = np.where(turns == 0, sums.earlier, minute_before)
    return earlier, np.where(turns == 0, sums.latest + so_far, sums.so_far[at.before] - last)
