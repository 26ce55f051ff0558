"""People of a simulated store and what they carry: rates of behaviour, devices, purchases, names. Times are ns since the world began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import numpy as np

from simulators.paths import Gait, Path

ARRIVALS: Final = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 20, 26, 24, 22, 24, 30, 36, 38, 32, 22, 10, 0, 0)

Carries = Literal["nothing", "phone", "beacon", "two", "rented", "stranger"]
Shares = tuple[tuple[Carries, float], ...]
CARRIES: Final[Shares] = (("nothing", 0.3), ("phone", 0.3), ("beacon", 0.22), ("two", 0.06), ("rented", 0.06), ("stranger", 0.06))
"""Shares of visitors: no device; a phone nobody knows; a fan's beacon; a fan's two; a tag lent for the visit; a beacon of no known fan."""

Outside = Literal["parked", "passing", "lingering"]
"""What is heard although nobody entered: a thing that stays, somebody who walks by, somebody who stands at the window."""

_UUID: Final = "f007fa11-0000-4000-8000-0000000000{:02x}"
BEACON, SECOND, RENTED, STRANGER, STAFF, OUTSIDE = (_UUID.format(number) for number in range(6))


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many come, and how they behave. `arrivals` per local hour are multiplied by `busy`. Shares are 0 to 1."""

    arrivals: tuple[float, ...] = ARRIVALS
    busy: float = 1.0
    linger: float = 1.0
    """Visitors stay in a zone so many times as long as usual; they walk no faster."""
    buying: float = 0.35
    member_shown: float = 0.9
    staff: int = 3
    door_miss: float = 0.02
    """Share of people the door counter does not see."""
    carries: Shares = CARRIES
    exact: bool = False
    """Each hour brings as many as expected, instead of a random number about it."""
    gait: Gait | None = None
    """How they walk; None: straight from zone to zone at one speed, and the truth has only the stays that were planned."""
    returning: float = 0.0
    """Share of visitors who come in again 2 to 10 minutes after they left."""
    breaks_per_hour: float = 0.0
    """How often each member of staff leaves by the door, for 5 to 25 minutes."""
    children: float = 0.0
    """Share of visitors with a child, who carries nothing and is half as tall."""
    child_seen: float = 0.5
    """Share of children that the door counter counts."""
    trolleys: float = 0.0
    """Share of visitors with a trolley that the door counter takes for one more person."""
    silent_phones: float = 0.0
    """Share of phones that send only while their owner holds them."""
    worn: float = 0.0
    """Share of devices worn in a pocket or on the back, behind a body of 5 to 20 dB."""
    fast: float = 0.0
    """Share of beacons that send 2 to 10 times a second instead of at the radio's interval."""

    members: int = 0
    """Fans with their own beacon, if not 0: who comes often may be in the store twice at once."""

    @property
    def most_per_hour(self) -> int:
        """No hour brings more; the numbers of fans are laid out by it, so that nobody is in the store twice at once."""
        return int(max(self.arrivals) * self.busy * 2) + 40

    @property
    def fans(self) -> int:
        """Fans of one store with their own beacon: each number comes up again after four hours at the earliest, unless `members` is set."""
        return self.members or 4 * self.most_per_hour


@dataclass(frozen=True, slots=True)
class Worn:
    """A device on a body: `side_rad` from where the person looks, `body_db` straight through the body, `cloth_db` always."""

    side_rad: float
    body_db: float
    cloth_db: float


@dataclass(frozen=True, slots=True)
class Device:
    """Something that transmits, from `from_ns` until `to_ns`. `number` distinguishes a person's devices."""

    profile: str
    id_type: str
    identifier: str
    from_ns: int
    to_ns: int
    number: int
    interval_ns: int = 0
    """0: the radio's."""
    worn: Worn | None = None
    """None: held or hung in front, with the radio's loss by the body."""


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
    """One stay of one person in one store, or near it. `key` seeds their random numbers."""

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
    entry: int = 0
    """How often they had come in before, of those who come in again soon."""
    first: tuple[int, ...] = ()
    """The key of their first entry, if this is a later one."""
    extra_in: int = 0
    """People that the door counter counts beside them although there are none."""
    extra_out: int = 0
    outside: Outside | None = None
    """None: they came in."""

    @property
    def name(self) -> str:
        """The name in the truth: the same for all entries of one person."""
        return "-".join(map(str, self.first or self.key))


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
        ("ibeacon", f"{BEACON}:{store + 1}:{number}"),
        ("ibeacon", f"{SECOND}:{store + 1}:{number}"),
        ("member", member_code(store, number)),
    )


def staff_id(store: int, number: int) -> str:
    return f"s{store}-{number}"


def staff_badge(store: int, number: int) -> str:
    return f"{STAFF}:{store + 1}:{number}"
