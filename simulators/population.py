"""Who comes into a store: visitors and staff, where they go, what they carry and buy. Times are ns since the world began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from footfall.units import NS_PER_HOUR, NS_PER_S
from simulators import habits
from simulators.paths import Path, path_through
from simulators.people import (
    RENTED,
    STRANGER,
    Carries,
    Crowd,
    Device,
    Person,
    Purchase,
    fan_identifiers,
    fan_name,
    member_code,
    staff_badge,
    staff_id,
    stream,
)
from simulators.plan import Door, Plan

VISIT_MAX_S: Final = 3300.0
DWELL_S: Final = {"entrance": 20.0, "shelf": 150.0, "fitting": 240.0, "checkout": 90.0, "outside": 30.0, "other": 60.0}
"""Median dwell per zone type, seconds."""
HOURS_KEPT: Final = 8
"""A day's truth, its sales and what is heard ask for the same people one after the other."""
_ARRIVAL, _VISITOR, _STAFF_DAY = 1, 2, 3  # streams of random numbers


class Population:
    """Everybody who comes into store number `store` of the world `seed`, in the order of their coming, without end."""

    def __init__(self, seed: int, store: int, plan: Plan, crowd: Crowd, start_ns: int) -> None:
        self.seed, self.store, self.plan, self.crowd, self.start_ns = seed, store, plan, crowd, start_ns
        self._zone = ZoneInfo(plan.timezone)
        self._shelves = [k for k, zone in enumerate(plan.zones) if zone.type in ("shelf", "other")]
        self._fitting = [k for k, zone in enumerate(plan.zones) if zone.type == "fitting"]
        self._checkout = len(plan.zones) - 1
        self._kept: Final = lru_cache(HOURS_KEPT)(self._arriving)

    def arriving(self, hour: int) -> Iterator[Person]:
        """Return those who come in the `hour`-th hour of the world, with their later entries. It can be made without the hours before."""
        return iter(self._kept(hour))

    def _arriving(self, hour: int) -> Sequence[Person]:
        people = [*self._visitors(hour), *self._staff(hour)]
        return sorted(people, key=lambda person: (person.path.from_ns, person.key))

    def hour_of_day(self, hour: int) -> int:
        """The local hour in the middle of the world's `hour`-th."""
        middle_s = (self.start_ns + hour * NS_PER_HOUR + NS_PER_HOUR // 2) // NS_PER_S
        return datetime.fromtimestamp(middle_s, self._zone).hour

    def _visitors(self, hour: int) -> Iterator[Person]:
        rng = stream(self.seed, self.store, _ARRIVAL, hour)
        expected = self.crowd.arrivals[self.hour_of_day(hour)] * self.crowd.busy
        count = min(round(expected) if self.crowd.exact else int(rng.poisson(expected)), self.crowd.most_per_hour)
        for i, share in enumerate(np.sort(rng.random(count)).tolist()):
            yield from self._visitor(hour, i, round((hour + share) * NS_PER_HOUR))

    def _visitor(self, hour: int, i: int, from_ns: int) -> Iterator[Person]:
        """The visitor, who comes with them, and both again if they come back."""
        key = (self.seed, self.store, _VISITOR, hour, i)
        rng = stream(*key)
        kinds, shares = zip(*self.crowd.carries, strict=True)
        carries: Carries = kinds[int(rng.choice(len(kinds), p=shares))]
        buys = bool(rng.random() < self.crowd.buying)
        door = self.plan.doors[i % len(self.plan.doors)]
        path = self._walk(door, self._schedule(rng, buys), from_ns, rng)
        number = hour * self.crowd.most_per_hour + i
        fan = self._fan(carries, number)
        purchase = self._purchase(rng, f"{hour}-{i}", path, fan) if buys else None
        seen = rng.random(2) >= self.crowd.door_miss
        devices = self._devices(rng, carries, number, path)
        person = Person(key, carries, fan, "", path, devices, purchase, door.name, bool(seen[0]), bool(seen[1]))
        yield from habits.of_visitor(person, self.crowd, lambda at_ns, rng: self._walk(door, self._schedule(rng, False)[:2], at_ns, rng))

    def _walk(self, door: Door, schedule: list[tuple[int, float]], from_ns: int, rng: np.random.Generator) -> Path:
        return path_through(self.plan, door, schedule, from_ns, rng, self.crowd.gait)

    def _schedule(self, rng: np.random.Generator, buys: bool) -> list[tuple[int, float]]:
        zones = [0, *rng.choice(self._shelves, int(rng.integers(1, 4))).tolist()]
        if self._fitting and rng.random() < 0.35:
            zones.append(self._fitting[0])
        zones += [self._checkout] if buys else []
        medians_s = np.array([DWELL_S[self.plan.zones[zone].type] for zone in zones])
        seconds = medians_s * self.crowd.linger * rng.lognormal(0.0, 0.6, len(zones))
        seconds *= min(1.0, VISIT_MAX_S / float(seconds.sum()))
        return list(zip(zones, seconds.tolist(), strict=True))

    def _fan(self, carries: Carries, number: int) -> str:
        if carries == "rented":
            return f"guest-{self.store}-{number:06d}"
        return fan_name(self.store, number % self.crowd.fans) if carries in ("beacon", "two") else ""

    def _devices(self, rng: np.random.Generator, carries: Carries, number: int, path: Path) -> tuple[Device, ...]:
        if carries == "phone":
            return habits.phone(rng, path)
        own, tag = number % self.crowd.fans, number % (4 * self.crowd.most_per_hour)
        identifiers = {
            "nothing": [],
            "beacon": [fan_identifiers(self.store, own)[0][1]],
            "two": [identifier for _, identifier in fan_identifiers(self.store, own)[:2]],
            "rented": [f"{RENTED}:{self.store + 1}:{tag}"],
            "stranger": [f"{STRANGER}:{self.store + 1}:{number % 65536}"],
        }[carries]
        return tuple(Device("ibeacon", "ibeacon", name, path.from_ns, path.to_ns, k) for k, name in enumerate(identifiers))

    def _purchase(self, rng: np.random.Generator, number: str, path: Path, fan: str) -> Purchase:
        checkout = self.plan.zones[self._checkout].name
        till = next(stay for stay in reversed((*path.passes, *path.stays)) if stay.zone == checkout)
        shown = fan.startswith("fan-") and rng.random() < self.crowd.member_shown
        return Purchase(
            t_ns=till.from_ns + round((till.to_ns - till.from_ns) * 0.7),
            id=f"{self.plan.store}-pos-{number}",
            zone=till.zone,
            member=member_code(self.store, int(fan.rpartition("-")[2])) if shown else "",
            fan=fan,
            staff_id=staff_id(self.store, int(rng.integers(max(1, self.crowd.staff)))),
            amount=round(float(rng.lognormal(5.3, 0.8)), 2),
        )

    def _staff(self, hour: int) -> Iterator[Person]:
        """They come in the first two minutes of an hour of business that follows one without, or of the world."""
        opening = self._open(hour) and (hour == 0 or not self._open(hour - 1))
        for number in range(self.crowd.staff if opening else 0):
            yield from self._at_work(hour, number)

    def _open(self, hour: int) -> bool:
        return self.crowd.arrivals[self.hour_of_day(hour)] > 0

    def _at_work(self, hour: int, number: int) -> Iterator[Person]:
        """A member of staff from one break to the next, until the store closes."""
        key = (self.seed, self.store, _STAFF_DAY, hour, number)
        rng = stream(*key)
        hours = next(n for n in range(1, 25) if n == 24 or not self._open(hour + n))
        from_ns = hour * NS_PER_HOUR + round(float(rng.uniform(1, 120)) * NS_PER_S)
        schedule, left_s = [], hours * 3600 - 300.0
        while left_s > 0:
            seconds = min(left_s, float(rng.uniform(180, 900)))
            schedule.append((int(rng.integers(len(self.plan.zones))), seconds))
            left_s -= seconds + 10
        for entry, (part, pause_s) in enumerate(habits.shifts(schedule, self.crowd, key)):
            path = self._walk(self.plan.door, part, from_ns, rng)
            badge = Device("staff-badge", "ibeacon", staff_badge(self.store, number), path.from_ns, path.to_ns, 0)
            seen_in, seen_out = (rng.random(2) >= self.crowd.door_miss).tolist()
            person = Person(key, "badge", "", staff_id(self.store, number), path, (badge,), None, self.plan.door.name, seen_in, seen_out)
            yield replace(person, key=(*key, entry), entry=entry, first=key) if entry else person
            from_ns = path.to_ns + round(pause_s * NS_PER_S)
