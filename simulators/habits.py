"""What visitors and staff do beside coming and going once: come back, bring a child, push a trolley, wear a device, hold a phone.

Each habit has its share in the crowd and random numbers of its own, so that a world without it is what it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from footfall.units import NS_PER_S
from simulators.paths import Path
from simulators.people import Crowd, Device, Person, Worn, stream

MAC_LIFE_NS: Final = 900 * NS_PER_S
"""Phones change their address every 15 minutes (Bluetooth Core 5.4, vol 3, part C, appendix A, TGAP(private_addr_int))."""
AWAY_S: Final = (120.0, 600.0)
"""For how long whoever comes back was away."""
BREAK_S: Final = (300.0, 1500.0)
BODY_DB: Final = (5.0, 20.0)
"""Loss through a body at 2.4 GHz: Januszkiewicz, Sensors 18 (2018) 3412; Faragher and Harle, IEEE JSAC 33 (2015) 2418."""
CLOTH_DB: Final = (0.0, 3.0)
HELD_S: Final = 45.0
"""Mean time that a phone is in the hand once it is taken out; four times as long it is in the pocket."""
POCKETED_S: Final = 4 * HELD_S
FAST_HZ: Final = (2, 5, 10)
"""Rates of beacons: 100 ms is what Apple's iBeacon has, slower ones spare the battery."""
_HABITS, _RETURN, _CHILD, _WORN, _SHIFTS = range(10, 15)  # streams of random numbers, after those of goods
_BEHIND_NS: Final = 800_000_000
Walk = Callable[[int, np.random.Generator], Path]


def of_visitor(person: Person, crowd: Crowd, walk: Walk) -> Iterator[Person]:
    """`person` with their habits, the child with them, and their next entry, which `walk` leads through the store."""
    rng = stream(*person.key, _HABITS)
    returns, with_child, with_trolley = (rng.random(3) < (crowd.returning, crowd.children, crowd.trolleys)).tolist()
    away_ns = round(float(rng.uniform(*AWAY_S)) * NS_PER_S)
    person = _with_devices(person, crowd, stream(*person.key, _WORN))
    yield replace(person, extra_in=1, extra_out=1) if with_trolley else person
    if with_child:
        yield _child(person, crowd)
    if returns:
        yield _again(person, crowd, walk, person.path.to_ns + away_ns)


def phone(rng: np.random.Generator, path: Path) -> tuple[Device, ...]:
    """One device for each address that it uses while its owner is there."""
    first_change_ns = path.from_ns + round(float(rng.random()) * MAC_LIFE_NS)
    changes = [path.from_ns, *range(first_change_ns, path.to_ns, MAC_LIFE_NS), path.to_ns]
    return tuple(
        Device("ble-anonymous", "mac", _private_address(rng), since, until, k) for k, (since, until) in enumerate(pairwise(changes))
    )


def shifts(schedule: Sequence[tuple[int, float]], crowd: Crowd, key: tuple[int, ...]) -> Iterator[tuple[list[tuple[int, float]], float]]:
    """Return the parts of a day at work, each with the seconds of the break after it."""
    rng = stream(*key, _SHIFTS)
    part: list[tuple[int, float]] = []
    skip_s = 0.0
    for zone, seconds in schedule:
        if skip_s >= seconds:  # the break takes the time of what was planned
            skip_s -= seconds
            continue
        part.append((zone, seconds - skip_s))
        skip_s = 0.0
        if rng.random() < crowd.breaks_per_hour * seconds / 3600:
            skip_s = float(rng.uniform(*BREAK_S))
            yield part, skip_s
            part = []
    if part:
        yield part, 0.0


def _again(person: Person, crowd: Crowd, walk: Walk, at_ns: int) -> Person:
    """The same person with the same things, a little later."""
    rng = stream(*person.key, _RETURN)
    path = walk(at_ns, rng)
    if person.carries == "phone":
        devices: tuple[Device, ...] = phone(rng, path)
    else:
        devices = tuple(replace(device, from_ns=path.from_ns, to_ns=path.to_ns) for device in person.devices)
    seen = (rng.random(2) >= crowd.door_miss).tolist()
    again = replace(person, key=(*person.key, _RETURN), path=path, devices=devices, purchase=None, counted_in=seen[0], counted_out=seen[1])
    again = replace(again, entry=person.entry + 1, first=person.key)
    return _with_devices(again, crowd, stream(*again.key, _WORN)) if person.carries == "phone" else again


def _child(person: Person, crowd: Crowd) -> Person:
    """Walks behind, carries nothing; the counter counts some."""
    key = (*person.key, _CHILD)
    seen = (stream(*key).random(2) < crowd.child_seen).tolist()
    path = person.path.shifted(_BEHIND_NS)
    return Person(key, "nothing", "", "", path, (), None, person.door, counted_in=seen[0], counted_out=seen[1])


def _with_devices(person: Person, crowd: Crowd, rng: np.random.Generator) -> Person:
    """With their devices where they are worn, as fast as they are, and only while they send."""
    devices = person.devices
    if person.carries == "phone" and rng.random() < crowd.silent_phones:
        held = list(_held(rng, person.path))
        found = [(d, max(d.from_ns, a), min(d.to_ns, b)) for d in devices for a, b in held]
        spans = [span for span in found if span[1] < span[2]]
        devices = tuple(replace(d, from_ns=a, to_ns=b, number=k) for k, (d, a, b) in enumerate(spans))
    elif person.carries == "phone":
        worn = _worn(rng, crowd)
        devices = tuple(replace(device, worn=worn) for device in devices)
    else:
        devices = tuple(replace(device, worn=_worn(rng, crowd), interval_ns=_interval_ns(rng, crowd)) for device in devices)
    return replace(person, devices=devices)


def _held(rng: np.random.Generator, path: Path) -> Iterator[tuple[int, int]]:
    """From when until when the phone is in the hand: a fifth of the time."""
    at_ns, in_hand = path.from_ns, bool(rng.random() < HELD_S / (HELD_S + POCKETED_S))
    while at_ns < path.to_ns:
        length_ns = round(float(rng.exponential(HELD_S if in_hand else POCKETED_S)) * NS_PER_S)
        if in_hand:
            yield at_ns, min(at_ns + length_ns, path.to_ns)
        at_ns, in_hand = at_ns + length_ns, not in_hand


def _worn(rng: np.random.Generator, crowd: Crowd) -> Worn | None:
    is_worn, side, body, cloth = rng.random(4).tolist()
    if is_worn >= crowd.worn:
        return None
    body_db, cloth_db = (low + share * (high - low) for share, (low, high) in ((body, BODY_DB), (cloth, CLOTH_DB)))
    return Worn((2 * side - 1) * np.pi, body_db, cloth_db)


def _interval_ns(rng: np.random.Generator, crowd: Crowd) -> int:
    is_fast, which = rng.random(2).tolist()
    return NS_PER_S // FAST_HZ[int(which * len(FAST_HZ))] if is_fast < crowd.fast else 0


def _private_address(rng: np.random.Generator) -> str:
    """A resolvable private address: 48 random bits whose two highest are 01."""
    value = int(rng.integers(1 << 46)) | 1 << 46
    return ":".join(f"{value >> shift & 0xFF:02x}" for shift in range(40, -8, -8))
