"""Readings of gauges at the minutes of which a database has a row: how many are inside, how many are in a zone. Minute by minute."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.chain.chain import DAY_START, MS_PER_MINUTE, Chain, ChainStore
from simulators.chain.run import Simulated
from simulators.chain.truth import Truth
from simulators.numbers.clock import day_of, wall

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "occupancy_last": ("occupancy", "last"), "occupancy_max": ("occupancy", "max"), "drift_last": ("drift", "last"),
    "present_max": ("present", "max"), "known_present_max": ("known_present", "max"),
}  # fmt: skip
"""By measure: which gauge, and which of its readings."""


@dataclass(frozen=True, slots=True)
class Reading:
    store: str
    time_ms: int
    moment: datetime
    values: Mapping[str, int]
    groups: Mapping[str, str]


def readings_of(simulated: Simulated) -> Mapping[str, list[Reading]]:
    """Return by question the readings in the order of time."""
    stores = {store.name: store for store in simulated.chain.stores}
    by_store = [reading for store in stores.values() for reading in _occupancy(simulated.chain, store, simulated.truth)]
    return {"traffic": by_store, "zones": list(_presence(stores, simulated.truth))}


def _occupancy(chain: Chain, store: ChainStore, truth: Truth) -> Iterator[Reading]:
    """People inside since the store's day began, never below zero; nobody when the store closes, or when its day ends.

    `drift` is what that took.
    """
    entered, left, minutes = Counter[int](), Counter[int](), set[int]()
    for passing in truth.passings:
        if passing.store == store.name and passing.counted:
            entered[passing.time_ms // MS_PER_MINUTE] += passing.entered
            left[passing.time_ms // MS_PER_MINUTE] += passing.left
    for visit in truth.visits:
        if visit.store == store.name and not visit.is_staff:
            minutes.update(range(visit.from_ms // MS_PER_MINUTE, visit.to_ms // MS_PER_MINUTE + 1))
    minutes.update(touch.time_ms // MS_PER_MINUTE for touch in truth.touches if touch.store == store.name)
    inside = drift = 0
    today, ends = None, _ends(chain, store)
    at_end = frozenset(ends)
    minutes.update(ends[bisect_left(ends, minute)] for minute in entered.keys() | left.keys())
    for minute in sorted(minutes | entered.keys() | left.keys()):
        moment = wall(minute * MS_PER_MINUTE, store.zone)
        if (day := day_of(moment, DAY_START)) != today:
            today, inside, drift = day, 0, 0
        counted = inside + entered[minute] - left[minute]
        inside = 0 if minute in at_end else max(0, counted)
        drift += inside - counted
        yield Reading(store.name, minute * MS_PER_MINUTE, moment, {"occupancy": inside, "drift": drift}, {})


def _ends(chain: Chain, store: ChainStore) -> list[int]:
    """Return the minutes in which the store closes, and the last of each of its days."""
    days = range(-1, chain.days + 1)
    closes = [store.hours_ms(day)[1] // MS_PER_MINUTE for day in days if chain.is_open(store, day)]
    return sorted([*closes, *(store.at_ms(day + 1, DAY_START) // MS_PER_MINUTE - 1 for day in days)])


def _presence(stores: Mapping[str, ChainStore], truth: Truth) -> Iterator[Reading]:
    present: defaultdict[tuple[int, str, str], list[bool]] = defaultdict(list)
    for dwell in truth.dwells:
        if not dwell.is_staff:
            for minute in range(dwell.from_ms // MS_PER_MINUTE, dwell.to_ms // MS_PER_MINUTE + 1):
                present[minute, dwell.store, dwell.zone].append(bool(dwell.fan))
    for (minute, store, zone), known in sorted(present.items()):
        moment = wall(minute * MS_PER_MINUTE, stores[store].zone)
        yield Reading(store, minute * MS_PER_MINUTE, moment, {"present": len(known), "known_present": sum(known)}, {"zone": zone})
