"""Zones whose receivers fell silent while others of their store hear people: whoever is there is heard by the others alone.

When a slice of time is over (`usual_levels.py`), it is counted how many subjects are heard in each store, and by which zones. A zone that
usually hears a share of them is deaf if it hears none now, and should hear MISSED. It is so until a row of it comes. So what is known in
a slice follows from the rows before it, and not from when agents delivered them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.fold.tables.hash_index import NO_CODE
from gateway.fold.tables.tracks import MOST_HEARD, Tracks
from gateway.fold.zone_rules import GONE_DBM
from gateway.site.recorded import RecordedSite

MISSED: Final = 6
"""So many a zone has missed if it is deaf: where each is heard by chance, one slice of 400 has none of so many."""
LEAST_KNOWN: Final = 60
"""Of fewer nobody knows which share of them a zone hears."""
_MOST_KNOWN: Final = 4096
"""What is known beyond is halved, and so it is each day that a zone is deaf: one that stays so for a week is none any more."""
Column = npt.NDArray[Any]


def heard_by_owner(tracks: Tracks, slots: Column, since_ns: Column) -> npt.NDArray[np.bool_]:
    """Return which slots their owner hears: since a time, and still."""
    s = tracks
    found: npt.NDArray[np.bool_] = (s.level_dbm[slots] != GONE_DBM) & (np.maximum(s.zone_ns[slots], s.own_ns[slots]) >= since_ns)
    return found


class DeafZones:
    """`of_store`: by store the zone that is deaf, NO_CODE if none is or several are: then nobody knows in which of them somebody is."""

    def __init__(self) -> None:
        self.of_store: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._in_force: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """By zone: whether the estate in force has a receiver there, or does not state its receivers."""
        self._deaf: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._came: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """By zone: whether a row of it came in this slice."""
        self._heard: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """By zone: how many of those it heard who were heard in its store, and how many these were (`_there`)."""
        self._there: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def grow(self, zones: int, stores: int) -> None:
        """Make room for the codes below."""
        if (more := zones - len(self._deaf)) > 0:
            for name in ("_in_force", "_deaf", "_came", "_heard", "_there"):
                column = getattr(self, name)
                setattr(self, name, np.append(column, np.zeros(more, column.dtype)))
        if (more := stores - len(self.of_store)) > 0:
            self.of_store = np.append(self.of_store, np.full(more, NO_CODE, np.int32))

    def apply(self, site: RecordedSite, zone: Callable[[str, str], int]) -> None:
        """Put an estate in force; a zone that it does not have is not deaf."""
        codes = []
        for store in site.stores:
            hearing = {name for agent in store.agents for name in agent.receivers.values()}
            codes += [zone(store.name, each.name) for each in store.zones if not hearing or each.name in hearing]
        self.grow(max(codes, default=-1) + 1, 0)
        self._in_force[:] = False
        self._in_force[codes] = True

    def are_deaf(self, zone: Any) -> Any:
        """Return whether a zone is deaf, or each of several: nobody heard there who is supposed there. NO_CODE is not."""
        return self._deaf[zone] & (zone != NO_CODE)

    def hear(self, zones: Any) -> None:
        """Take that rows of a zone, or of several, came."""
        self._came[zones] = True

    def count(self, tracks: Tracks, slots: Column, since_ns: Column) -> tuple[Column, Column]:
        """Return how many of the slots are heard, by store, and by each zone: since a time of their store, and still."""
        s = tracks
        since = since_ns[s.store[slots]]
        own = heard_by_owner(s, slots, since)
        zones = np.full((len(slots), 1 + MOST_HEARD), NO_CODE, np.int32)
        zones[own, 0] = s.zone[slots[own]]
        zones[:, 1:] = np.where(s.heard_ns[slots] >= since[:, None], s.heard_zone[slots], NO_CODE)
        for place in range(1, 1 + MOST_HEARD):  # several agents may hear one zone
            zones[(zones[:, :place] == zones[:, place, None]).any(axis=1), place] = NO_CODE
        there = s.store[slots[(zones != NO_CODE).any(axis=1)]]
        return np.bincount(there, minlength=len(self.of_store)), np.bincount(zones[zones != NO_CODE], minlength=len(self._deaf))

    def conclude(self, stores: Column, there: Column, heard: Column, zone_store: npt.NDArray[np.int32]) -> None:
        """A slice of stores is over; `there` and `heard` are the sums of what was counted in it."""
        of_these = np.zeros(len(self.of_store), np.bool_)
        of_these[stores[there[stores] > 0]] = True
        zones = np.flatnonzero(of_these[zone_store[: len(self._deaf)]])
        many, hears, was = there[zone_store[zones]], heard[zones], self._deaf[zones]
        missed = (hears == 0) & (self._there[zones] >= LEAST_KNOWN) & (many * self._heard[zones] >= MISSED * self._there[zones])
        deaf = self._in_force[zones] & np.where(was, ~self._came[zones] & (self._there[zones] >= LEAST_KNOWN), missed)
        self._deaf[zones], self._came[zones] = deaf, False
        known = self._in_force[zones] & ~deaf & ~was
        self._learn(zones[known], many[known], hears[known])
        self._name(of_these, zone_store)

    def _learn(self, zones: Column, many: Column, hears: Column) -> None:
        self._there[zones] += many
        self._heard[zones] += hears
        self._halve(zones[self._there[zones] > _MOST_KNOWN])

    def _halve(self, zones: Column) -> None:
        self._there[zones] //= 2
        self._heard[zones] //= 2

    def _name(self, of_these: npt.NDArray[np.bool_], zone_store: npt.NDArray[np.int32]) -> None:
        """Name the zone that alone is deaf in each of these stores."""
        deaf = np.flatnonzero(self._deaf & of_these[zone_store[: len(self._deaf)]])
        alone = np.bincount(zone_store[deaf], minlength=len(self.of_store)) == 1
        self.of_store[of_these] = NO_CODE
        self.of_store[zone_store[deaf[alone[zone_store[deaf]]]]] = deaf[alone[zone_store[deaf]]]

    def begin_days(self, days: Column, zone_store: npt.NDArray[np.int32]) -> None:
        """In each store so many days begin: what is known of a zone that is deaf counts half after each."""
        if days.any():
            deaf = np.flatnonzero(self._deaf)
            self._there[deaf] >>= days[zone_store[deaf]]
            self._heard[deaf] >>= days[zone_store[deaf]]

    def forget(self, which: npt.NDArray[np.bool_]) -> None:
        """Of zones that are heard otherwise now; `which` has them all, in the order of their codes."""
        known = which[: len(self._deaf)]
        for column in (self._deaf, self._came, self._heard, self._there):
            column[: len(known)][known] = 0
        self.of_store[np.isin(self.of_store, np.flatnonzero(known))] = NO_CODE

    def dump(self) -> dict[str, Any]:
        return {"of_store": self.of_store.tobytes()} | {
            name: getattr(self, f"_{name}").tobytes() for name in ("deaf", "came", "heard", "there")
        }

    def load(self, values: Mapping[str, Any] | None) -> None:
        """Go on from what `dump` returned; earlier releases had nothing."""
        if not values:
            return
        self.of_store = np.frombuffer(values["of_store"], np.int32).copy()
        self._deaf, self._came = (np.frombuffer(values[name], np.bool_).copy() for name in ("deaf", "came"))
        self._heard, self._there = (np.frombuffer(values[name], np.int64).copy() for name in ("heard", "there"))
        in_force = np.zeros(len(self._deaf), np.bool_)
        in_force[: len(self._in_force)] = self._in_force[: len(in_force)]
        self._in_force = in_force
