"""Who comes into a store: visitors and staff, what they carry, where they go, what they buy. Times are ns since the world began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np

from footfall.units import NS_PER_HOUR, NS_PER_S
from simulators.paths import Path, path_through
from simulators.plan import Plan

MAC_LIFE_NS: Final = 900 * NS_PER_S
"""Phones change their address every 15 minutes (Bluetooth Core 5.4, vol 3, part C, appendix A, TGAP(private_addr_int))."""
VISIT_MAX_S: Final = 3300.0
ARRIVALS: Final = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 20, 26, 24, 22, 24, 30, 36, 38, 32, 22, 10, 0, 0)

Carries = Literal["nothing", "phone", "beacon", "two", "rented", "stranger"]
CARRIES: Final[dict[Carries, float]] = {"nothing": 0.3, "phone": 0.3, "beacon": 0.22, "two": 0.06, "rented": 0.06, "stranger": 0.06}
"""Shares of visitors: no device; a phone nobody knows; a fan's beacon; a fan's two; a tag lent for the visit; a beacon of no known fan."""

DWELL_S: Final = {"entrance": 20.0, "shelf": 150.0, "fitting": 240.0, "checkout": 90.0, "outside": 30.0, "other": 60.0}
"""Median dwell per zone type, seconds."""
_UUID: Final = "f007fa11-0000-4000-8000-0000000000{:02x}"
_BEACON, _SECOND, _RENTED, _STRANGER, _STAFF = (_UUID.format(number) for number in range(5))
_ARRIVAL, _VISITOR, _STAFF_DAY = 1, 2, 3  # streams of random numbers


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many come, and how they behave. `arrivals` per local hour are multiplied by `busy`."""

    arrivals: tuple[float, ...] = ARRIVALS
    busy: float = 1.0
    linger: float = 1.0
    """Visitors stay in a zone so many times as long as usual; they walk no faster."""
    buying: float = 0.35
    member_shown: float = 0.9
    staff: int = 3
    door_miss: float = 0.02
    """Share of people the door counter does not see."""

    @property
    def most_per_hour(self) -> int:
        """No hour brings more; the numbers of fans are laid out by it, so that nobody is in the store twice at once."""
        return int(max(self.arrivals) * self.busy * 2) + 40

    @property
    def fans(self) -> int:
        """Fans of one store with their own beacon: each number comes up again after four hours at the earliest."""
        return 4 * self.most_per_hour


@dataclass(frozen=True, slots=True)
class Device:
    """Something that transmits, from `from_ns` until `to_ns`. `number` distinguishes a person's devices."""

    profile: str
    id_type: str
    identifier: str
    from_ns: int
    to_ns: int
    number: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale at the till. `member` is what the customer showed, "" if nothing; `fan` is who it truly was."""

    t_ns: int
    id: str
    zone: str
    member: str
    fan: str
    staff_id: str
    amount: float

    def event(self, wall_ns: int) -> dict[str, Any]:
        """The plain event that the till sends; `wall_ns` is the sale's time since 1970."""
        return {
            "kind": "touch",
            "what": "transaction",
            "id": self.id,
            "time": iso(wall_ns),
            "zone": self.zone,
            "identifiers": [f"member:{self.member}"] if self.member else [],
            "staff_id": self.staff_id,
            "channel": "own_store",
            "ref": self.id,
            "amount": self.amount,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One stay of one person in one store. `key` seeds their random numbers and names them in the truth."""

    key: tuple[int, ...]
    carries: Carries | Literal["badge"]
    fan: str
    staff_id: str
    path: Path
    devices: tuple[Device, ...]
    purchase: Purchase | None
    door: str
    counted_in: bool
    counted_out: bool

    @property
    def name(self) -> str:
        return "-".join(map(str, self.key))


def iso(wall_ns: int) -> str:
    """Time since 1970 as ISO 8601 in UTC, exact to the microsecond."""
    moment = datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(microseconds=wall_ns // 1000)
    return moment.isoformat(timespec="microseconds")


def stream(*key: int) -> np.random.Generator:
    """The random numbers that belong to `key`, and to nothing else."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def fan_name(store: int, number: int) -> str:
    return f"fan-{store}-{number:05d}"


def member_code(store: int, number: int) -> str:
    return f"86138{store:03d}{number:06d}"


def fan_identifiers(store: int, number: int) -> tuple[tuple[str, str], ...]:
    """`(type, identifier)` of everything that is always this fan's: beacon, second beacon, member code."""
    return (
        ("ibeacon", f"{_BEACON}:{store + 1}:{number}"),
        ("ibeacon", f"{_SECOND}:{store + 1}:{number}"),
        ("member", member_code(store, number)),
    )


def staff_id(store: int, number: int) -> str:
    return f"s{store}-{number}"


def staff_badge(store: int, number: int) -> str:
    return f"{_STAFF}:{store + 1}:{number}"


class Population:
    """Everybody who comes into store number `store` of the world `seed`, in the order of their coming, without end."""

    def __init__(self, seed: int, store: int, plan: Plan, crowd: Crowd, start_ns: int) -> None:
        self.seed, self.store, self.plan, self.crowd, self.start_ns = seed, store, plan, crowd, start_ns
        self._zone = ZoneInfo(plan.timezone)
        self._shelves = [k for k, zone in enumerate(plan.zones) if zone.type in ("shelf", "other")]
        self._fitting = [k for k, zone in enumerate(plan.zones) if zone.type == "fitting"]
        self._checkout = len(plan.zones) - 1

    def arriving(self, hour: int) -> Iterator[Person]:
        """Those who come in the `hour`-th hour of the world, which can be made without those before."""
        people = [*self._visitors(hour), *self._staff(hour)]
        return iter(sorted(people, key=lambda person: (person.path.from_ns, person.key)))

    def hour_of_day(self, hour: int) -> int:
        """The local hour in the middle of the world's `hour`-th."""
        middle_s = (self.start_ns + hour * NS_PER_HOUR + NS_PER_HOUR // 2) // NS_PER_S
        return datetime.fromtimestamp(middle_s, self._zone).hour

    def _visitors(self, hour: int) -> Iterator[Person]:
        rng = stream(self.seed, self.store, _ARRIVAL, hour)
        expected = self.crowd.arrivals[self.hour_of_day(hour)] * self.crowd.busy
        count = min(int(rng.poisson(expected)), self.crowd.most_per_hour)
        for i, share in enumerate(np.sort(rng.random(count)).tolist()):
            yield self._visitor(hour, i, round((hour + share) * NS_PER_HOUR))

    def _visitor(self, hour: int, i: int, from_ns: int) -> Person:
        key = (self.seed, self.store, _VISITOR, hour, i)
        rng = stream(*key)
        carries = list(CARRIES)[int(rng.choice(len(CARRIES), p=list(CARRIES.values())))]
        buys = bool(rng.random() < self.crowd.buying)
        door = self.plan.doors[i % len(self.plan.doors)]
        path = path_through(self.plan, door, self._schedule(rng, buys), from_ns, rng)
        number = hour * self.crowd.most_per_hour + i
        fan = self._fan(carries, number)
        purchase = self._purchase(rng, f"{hour}-{i}", path, fan) if buys else None
        seen = rng.random(2) >= self.crowd.door_miss
        devices = self._devices(rng, carries, number, path)
        return Person(key, carries, fan, "", path, devices, purchase, door.name, bool(seen[0]), bool(seen[1]))

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
            return _phone(rng, path)
        own, tag = number % self.crowd.fans, number % (4 * self.crowd.most_per_hour)
        identifiers = {
            "nothing": [],
            "beacon": [fan_identifiers(self.store, own)[0][1]],
            "two": [identifier for _, identifier in fan_identifiers(self.store, own)[:2]],
            "rented": [f"{_RENTED}:{self.store + 1}:{tag}"],
            "stranger": [f"{_STRANGER}:{self.store + 1}:{number % 65536}"],
        }[carries]
        return tuple(Device("ibeacon", "ibeacon", name, path.from_ns, path.to_ns, k) for k, name in enumerate(identifiers))

    def _purchase(self, rng: np.random.Generator, number: str, path: Path, fan: str) -> Purchase:
        till = path.stays[-1]
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
            yield self._at_work(hour, number)

    def _open(self, hour: int) -> bool:
        return self.crowd.arrivals[self.hour_of_day(hour)] > 0

    def _at_work(self, hour: int, number: int) -> Person:
        key = (self.seed, self.store, _STAFF_DAY, hour, number)
        rng = stream(*key)
        hours = next(n for n in range(1, 25) if n == 24 or not self._open(hour + n))
        from_ns = hour * NS_PER_HOUR + round(float(rng.uniform(1, 120)) * NS_PER_S)
        schedule, left_s = [], hours * 3600 - 300.0
        while left_s > 0:
            seconds = min(left_s, float(rng.uniform(180, 900)))
            schedule.append((int(rng.integers(len(self.plan.zones))), seconds))
            left_s -= seconds + 10
        door = self.plan.door
        path = path_through(self.plan, door, schedule, from_ns, rng)
        badge = Device("staff-badge", "ibeacon", staff_badge(self.store, number), path.from_ns, path.to_ns, 0)
        seen = rng.random(2) >= self.crowd.door_miss
        return Person(key, "badge", "", staff_id(self.store, number), path, (badge,), None, door.name, bool(seen[0]), bool(seen[1]))


def _phone(rng: np.random.Generator, path: Path) -> tuple[Device, ...]:
    """One device for each address that it uses while its owner is there."""
    first_change_ns = path.from_ns + round(float(rng.random()) * MAC_LIFE_NS)
    changes = [path.from_ns, *range(first_change_ns, path.to_ns, MAC_LIFE_NS), path.to_ns]
    return tuple(
        Device("ble-anonymous", "mac", _private_address(rng), since, until, k) for k, (since, until) in enumerate(pairwise(changes))
    )


def _private_address(rng: np.random.Generator) -> str:
    """A resolvable private address: 48 random bits whose two highest are 01."""
    value = int(rng.integers(1 << 46)) | 1 << 46
    return ":".join(f"{value >> shift & 0xFF:02x}" for shift in range(40, -8, -8))
