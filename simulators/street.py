"""Who and what is heard although nobody entered: things of others that lie near, people who walk by, people at the window.

Times are ns since the world began. The street is in front of the doors: y below that of every zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from footfall.units import NS_PER_HOUR
from simulators import habits
from simulators.paths import Gait, Path, Walker
from simulators.people import OUTSIDE, Device, Outside, Person, Worn, stream
from simulators.plan import Plan

_STREET: Final = 16  # stream of random numbers
_PHONES: Final = 0.5
"""Share of passers-by and lingerers with a phone; the others carry a beacon of no known fan."""
_SIDE_M: Final = 15.0
"""How far left and right of the store people are heard at all."""
_WINDOW_M: Final = (0.5, 2.0)
_PAVEMENT_M: Final = (1.5, 5.0)
_LINGER_S: Final = (60.0, 600.0)
_GAIT: Final = Gait(turns_per_minute=4.0)
_KINDS: Final[dict[Outside, int]] = {"parked": 0, "passing": 1, "lingering": 2}
_ON_NOBODY: Final = Worn(0.0, 0.0, 0.0)
_NUMBERS: Final = 4096
"""Beacons of one kind whose identifiers differ."""


@dataclass(frozen=True, slots=True)
class Street:
    """How many there are: things for all of the world's time, people in each hour."""

    parked: float = 0
    """Beacons of others within 6 m around the store."""
    passing_per_hour: float = 0.0
    lingering_per_hour: float = 0.0
    spots: tuple[tuple[float, float], ...] = ()
    """Beacons that lie still at these places (x, y in metres), inside too."""


def outsiders(street: Street, plan: Plan, seed: int, store: int, length_ns: int) -> Iterator[Person]:
    """All of them, in the order of their coming."""
    people = [*_things(street, plan, seed, store, length_ns)]
    rates: tuple[tuple[Outside, float], ...] = (("passing", street.passing_per_hour), ("lingering", street.lingering_per_hour))
    for kind, per_hour in rates:
        rng = stream(seed, store, _STREET, _KINDS[kind])
        coming_ns = rng.integers(length_ns, size=int(rng.poisson(per_hour * length_ns / NS_PER_HOUR))).tolist()
        people += [_person(kind, plan, (seed, store, _STREET, _KINDS[kind], number), t_ns) for number, t_ns in enumerate(coming_ns)]
    yield from sorted(people, key=lambda person: (person.path.from_ns, person.key))


def _things(street: Street, plan: Plan, seed: int, store: int, length_ns: int) -> Iterator[Person]:
    rng = stream(seed, store, _STREET)
    around = plan.outline
    places = [*street.spots]
    for _ in range(round(street.parked)):
        x_m = float(rng.uniform(around.left_m - 6, around.right_m + 6))
        places.append((x_m, float(rng.uniform(around.bottom_m - 6, around.bottom_m))))
    for number, (x_m, y_m) in enumerate(places):
        path = Path(np.array([0, length_ns]), np.array([x_m, x_m]), np.array([y_m, y_m]), np.zeros(2), ())
        key = (seed, store, _STREET, _KINDS["parked"], number)
        lying = tuple(replace(device, worn=_ON_NOBODY) for device in _beacon(store, key, path))
        yield Person(key, "stranger", "", "", path, lying, None, "", False, False, outside="parked")


def _person(kind: Outside, plan: Plan, key: tuple[int, ...], from_ns: int) -> Person:
    rng = stream(*key)
    around, way = plan.outline, 1 if rng.random() < 0.5 else -1
    ends_m = (around.left_m - _SIDE_M, around.right_m + _SIDE_M)[::way]
    y_m = around.bottom_m - float(rng.uniform(*_PAVEMENT_M))
    walker = Walker(rng, ends_m[0], y_m, from_ns, _GAIT)
    if kind == "lingering":
        walker.walk(float(rng.uniform(around.left_m, around.right_m)), around.bottom_m - float(rng.uniform(*_WINDOW_M)))
        walker.pause(float(rng.uniform(*_LINGER_S)))
    walker.walk(ends_m[1], y_m)
    path = walker.path((), plan)
    has_phone = rng.random() < _PHONES
    devices = habits.phone(rng, path) if has_phone else _beacon(key[1], key, path)
    return Person(key, "phone" if has_phone else "stranger", "", "", path, devices, None, "", False, False, outside=kind)


def _beacon(store: int, key: tuple[int, ...], path: Path) -> tuple[Device, ...]:
    """`key` ends with the kind and the number within it."""
    kind, number = key[-2:]
    return (Device("ibeacon", "ibeacon", f"{OUTSIDE}:{store + 1}:{kind * _NUMBERS + number % _NUMBERS}", path.from_ns, path.to_ns, 0),)
