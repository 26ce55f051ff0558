"""Readings of gauges at the minutes of which a database has a row: how many are inside, how many are in a zone. Minute by minute."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulators.chain.chain import DAY_START, MS_PER_MINUTE, ChainStore
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
    by_store = [reading for store in stores.values() for reading in _occupancy(store, simulated.truth)]
    return {"traffic": by_store, "zones": list(_presence(stores, simulated.truth))}


def _occupancy(store: ChainStore, truth: Truth) -> Iterator[Reading]:
    """People inside since the store's day began. Below zero it never is: `drift` is by how much it would have been."""
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
    today = None
    for minute in sorted(minutes | entered.keys() | left.keys()):
        moment = wall(minute * MS_PER_MINUTE, store.zone)
        if (day := day_of(moment, DAY_START)) != today:
            today, inside, drift = day, 0, 0
        inside += entered[minute] - left[minute]
        drift, inside = drift + max(0, -inside), max(0, inside)
        yield Reading(store.name, minute * MS_PER_MINUTE, moment, {"occupancy": inside, "drift": drift}, {})


def _presence(stores: Mapping[str, ChainStore], truth: Truth) -> Iterator[Reading]:
    present: defaultdict[tuple[int, str, str], list[bool]] = defaultdict(list)
    for dwell in truth.dwells:
        if not dwell.is_staff:
            for minute in range(dwell.from_ms // MS_PER_MINUTE, dwell.to_ms // MS_PER_MINUTE + 1):
                present[minute, dwell.store, dwell.zone].append(bool(dwell.fan))
    for (minute, store, zone), known in sorted(present.items()):
        moment = wall(minute * MS_PER_MINUTE, stores[store].zone)
        yield Reading(store, minute * MS_PER_MINUTE, moment, {"present": len(known), "known_present": sum(known)}, {"zone": zone})
