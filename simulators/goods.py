"""Garments with RFID tags: where they hang, who tries them on, what is sold; and what a reader's antennas hear of them.

A visitor who tries something on, or pays, takes a garment from the shelf before; if nothing was paid it hangs on its shelf again a
little later. Times are ns since the world began. Tags are SGTIN-96 (GS1 EPC Tag Data Standard 1.13, 14.5.1) under
the company prefix of the standard's own examples, 0614141.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from edge_agent.sources.source import Sighting
from footfall.units import NS_PER_MINUTE, NS_PER_S
from simulators.paths import Stay
from simulators.people import Person, stream
from simulators.world import World

PROFILE: Final = "garment-tag"
ROUND_NS: Final = NS_PER_S
"""One inventory of all antennas."""
_ROUNDS: Final = NS_PER_MINUTE // ROUND_NS
_COMPANY: Final = "0614141"
_HEADER, _FILTER, _PARTITION = 0x30, 1, 5
_COMPANY_BIT, _ITEM_BIT = 58, 38
_HOMES, _READS = 6, 7  # streams of random numbers, after those of the radio
_NEAR_DBM, _FAR_DBM, _SPREAD_DB = -52.0, -68.0, 3.0
_READ_SHARE, _STRAY_SHARE = 0.9, 0.05
"""Of the tags in a zone that its antenna reads in a round, and that one of the others reads as well."""
_BACK_NS: Final = 5 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Garment:
    """`epc` is 24 hex digits; `stays` are in order, without the walks between."""

    epc: str
    gtin: str
    stays: tuple[Stay, ...]


def garments(world: World, count: int) -> tuple[Garment, ...]:
    """`count` garments, spread over the shelves of `world`, with all that happens to them."""
    shelves = [zone.name for zone in world.plan.zones if zone.type in ("shelf", "other")]
    rng = stream(world.seed, world.store, _HOMES)
    homes = [shelves[k] for k in rng.integers(len(shelves), size=count).tolist()]
    free_ns = [0] * count
    stays: list[list[Stay]] = [[Stay(home, 0, world.length_ns)] for home in homes]
    for person in world.people():
        _try_on(person, world, homes, free_ns, stays)
    return tuple(Garment(epc(number % 100, number), gtin(number % 100), tuple(found)) for number, found in enumerate(stays))


def reads(world: World, goods: Sequence[Garment], antennas: Mapping[str, str], from_ns: int = 0) -> Iterator[Sighting]:
    """What the reader reports from `from_ns` on, in time order; `antennas`: which antenna hears a zone. Elsewhere nothing is heard."""
    rounds = (_of_garment(world, garment, number, antennas, from_ns) for number, garment in enumerate(goods))
    yield from heapq.merge(*rounds, key=lambda sighting: (sighting.t_boot_ns, sighting.identifier))


def moves(goods: Sequence[Garment], antennas: Mapping[str, str], until_ns: int) -> list[tuple[str, str, str]]:
    """`(epc, from zone, to zone)` of every change that the antennas can hear before `until_ns`."""
    heard = {garment.epc: [stay for stay in garment.stays if stay.zone in antennas and stay.from_ns < until_ns] for garment in goods}
    return [(epc, a.zone, b.zone) for epc, stays in heard.items() for a, b in pairwise(stays) if a.zone != b.zone]


def epc(item: int, serial: int) -> str:
    """The SGTIN-96 of the `serial`-th piece of the article `item`."""
    head = _HEADER << 88 | _FILTER << 85 | _PARTITION << 82
    return f"{head | int(_COMPANY) << _COMPANY_BIT | item << _ITEM_BIT | serial:024x}"


def gtin(item: int) -> str:
    """The GTIN-14 of the article: indicator, company, item, check digit (GS1 General Specifications, 7.9.1)."""
    digits = f"{item:06d}"
    body = digits[0] + _COMPANY + digits[1:]
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-weighted % 10)


def _try_on(person: Person, world: World, homes: Sequence[str], free_ns: list[int], stays: list[list[Stay]]) -> None:
    """The visitor's first walk from a shelf to the fitting room, or to pay, takes the garment of that shelf that hung there longest."""
    walk = _walk_with_garment(person, set(homes), {zone.name for zone in world.plan.zones if zone.type == "fitting"})
    hanging = [] if walk is None else [k for k, home in enumerate(homes) if home == walk[0].zone and free_ns[k] <= walk[0].from_ns]
    if walk is None or not hanging:
        return
    number = min(hanging, key=lambda k: (free_ns[k], k))
    (shelf, there), mine, sale = walk, stays[number], person.purchase
    mine[-1] = Stay(shelf.zone, mine[-1].from_ns, shelf.to_ns)
    if sale is None:
        back_ns = there.to_ns + _BACK_NS
        mine += [there, Stay(homes[number], back_ns, max(back_ns, world.length_ns))]
        free_ns[number] = back_ns
        return
    till = person.path.stays[-1]
    mine += [] if there is till else [there]
    mine.append(Stay(till.zone, till.from_ns, sale.t_ns))
    free_ns[number] = world.length_ns + 1


def _walk_with_garment(person: Person, shelves: set[str], fitting: set[str]) -> tuple[Stay, Stay] | None:
    if person.staff_id:
        return None
    till = person.path.stays[-1] if person.purchase else None
    walks = pairwise(person.path.stays)
    return next(((a, b) for a, b in walks if a.zone in shelves and (b.zone in fitting or b is till)), None)


def _of_garment(world: World, garment: Garment, number: int, antennas: Mapping[str, str], from_ns: int) -> Iterator[Sighting]:
    """Minute by minute, each with random numbers of its own, so that a play can begin anywhere."""
    names = sorted(antennas.values())
    for minute_ns in range(from_ns // NS_PER_MINUTE * NS_PER_MINUTE, world.length_ns, NS_PER_MINUTE):
        rng = stream(world.seed, world.store, _READS, number, minute_ns // NS_PER_MINUTE)
        rounds = range(minute_ns, min(minute_ns + NS_PER_MINUTE, world.length_ns), ROUND_NS)
        share, stray = rng.random((2, _ROUNDS)).tolist()
        near_db, far_db = rng.normal(0.0, _SPREAD_DB, (2, _ROUNDS)).tolist()
        late_ns = rng.integers(ROUND_NS // 2, size=_ROUNDS).tolist()
        for k, round_ns in enumerate(rounds):
            own = antennas.get(_zone_at(garment.stays, round_ns))
            t_ns = round_ns + late_ns[k]
            if own is None or t_ns < from_ns:
                continue
            if share[k] < _READ_SHARE:
                yield Sighting(t_ns, own, PROFILE, garment.epc, round(_NEAR_DBM + near_db[k]))
            if stray[k] < _STRAY_SHARE:
                yield Sighting(t_ns, names[int(stray[k] / _STRAY_SHARE * len(names))], PROFILE, garment.epc, round(_FAR_DBM + far_db[k]))


def _zone_at(stays: Sequence[Stay], t_ns: int) -> str:
    return next((stay.zone for stay in stays if stay.from_ns <= t_ns < stay.to_ns), "")
