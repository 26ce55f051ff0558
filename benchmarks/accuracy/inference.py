"""Whether inferences are right as often as their confidence states, in simulated stores whose truth is known.

What receivers make of a stay is simulated by its usual errors, not by the radio: a stay's ends are off by some seconds, one of twenty is
missed, and people without a device are not there at all. So a hundred hours of a store take seconds. Stores differ in how many come, what
they carry, how many buy, and how many of the fans state who they are at the till.

`python -m benchmarks.accuracy.inference` learns the weights of gateway/query/inferred.py anew, on stores that are not scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.found import Figures
from benchmarks.accuracy.rows import Goal, Row
from footfall.units import NS_PER_S
from gateway.query.inferred import (
    BUYER_WEIGHTS,
    TRIED_WEIGHTS,
    Candidate,
    GoodsTried,
    Rooms,
    SaleMade,
    Stayed,
    buyers,
    confidence,
    tries,
)
from simulators.goods import garments
from simulators.people import Crowd, Shares
from simulators.world import World

SEEDS: Final = tuple(range(500, 580))
"""Scored."""
LEARNED_SEEDS: Final = tuple(range(100, 180))
BANDS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.001)
LEAST_ROWS: Final = 200
WITHIN: Final = 0.05
HOURS: Final = 8.0
GARMENTS: Final = 200
TRIED_S: Final = 20.0
MISSED: Final = 0.05
SHORTEST_S: Final = 8.0
"""Shorter stays are no dwells."""
COME_S, GO_S, GOODS_S = (1.0, 2.0), (-1.0, 3.0), (0.0, 10.0)
"""Mean and standard deviation of how late a dwell begins and ends, and both of an item, s."""
CROWDS: Final = (
    Crowd(busy=1.0, member_shown=0.2, buying=0.35),
    Crowd(busy=3.0, member_shown=0.5, buying=0.5),
    Crowd(busy=2.0, member_shown=0.8, buying=0.4),
    Crowd(busy=4.0, member_shown=0.35, buying=0.3),
)
CARRIED: Final = ((0.22, 0.3, 0.3), (0.4, 0.2, 0.2), (0.1, 0.4, 0.4), (0.55, 0.15, 0.2))
"""Shares of those with a fan's beacon, a phone, nothing."""
_ZONES: Final = frozenset({"fitting", "checkout"})


class Judged(NamedTuple):
    """An inference that could be made, and whether it is right."""

    features: tuple[float, ...]
    is_right: bool


class Day(NamedTuple):
    """What is inferred in one store: buyers, and who tried goods on."""

    bought: Sequence[Judged]
    tried: Sequence[Judged]


def played(seed: int) -> Day:
    """Return what could be inferred in a store. Runs in a process of its own."""
    world, rng = _world(seed), np.random.default_rng(seed)
    rooms = Rooms(list(_stays(world, rng)))
    sales = [SaleMade(sale.t_ns, sale.zone, sale.fan if sale.member else "", sale.id) for sale in world.purchases()]
    buyer = {sale.id: sale.fan for sale in world.purchases()}
    who = {(stay.from_ns, stay.to_ns): person.fan for person in world.people() for stay in person.path.stays if stay.zone == "fitting"}
    items, wearer = _tried(world, who, rng)
    return Day(
        [_judged(each, buyer[each.inference.of]) for each in buyers(rooms, sales)],
        [_judged(each, wearer[each.inference.of, each.inference.time_ns]) for each in tries(rooms, items)],
    )


def _judged(candidate: Candidate, fan: str) -> Judged:
    return Judged(candidate.features, candidate.inference.fan == fan)


def _world(seed: int) -> World:
    beacons, phones, nothing = CARRIED[seed // len(CROWDS) % len(CARRIED)]
    rest = 1 - beacons - phones - nothing
    carries: Shares = (
        ("nothing", nothing), ("phone", phones), ("beacon", beacons), ("two", rest * 0.4), ("rented", rest * 0.3), ("stranger", rest * 0.3),
    )  # fmt: skip
    return World(seed, HOURS, crowd=replace(CROWDS[seed % len(CROWDS)], carries=carries))


def _stays(world: World, rng: np.random.Generator) -> Iterator[Stayed]:
    """Yield the dwells of whoever is heard and no staff."""
    for person in world.people():
        heard = person.devices and not person.staff_id
        fan = person.fan if person.carries in ("beacon", "two", "rented") else ""
        for stay in person.path.stays if heard else ():
            if stay.zone in _ZONES and stay.to_ns - stay.from_ns >= SHORTEST_S * NS_PER_S and rng.random() >= MISSED:
                from_ns, to_ns = (
                    at_ns + round(rng.normal(*off_s) * NS_PER_S) for at_ns, off_s in ((stay.from_ns, COME_S), (stay.to_ns, GO_S))
                )
                if to_ns > from_ns:
                    yield Stayed(stay.zone, fan, from_ns, to_ns)


def _tried(world: World, who: dict[tuple[int, int], str], rng: np.random.Generator) -> tuple[list[GoodsTried], dict[tuple[str, int], str]]:
    """Return what goods were tried, and who truly had each."""
    items, wearer = list[GoodsTried](), dict[tuple[str, int], str]()
    for garment in garments(world, GARMENTS):
        for stay in garment.stays:
            from_ns, to_ns = (at_ns + round(rng.normal(*GOODS_S) * NS_PER_S) for at_ns in (stay.from_ns, stay.to_ns))
            if stay.zone == "fitting" and to_ns - from_ns >= TRIED_S * NS_PER_S:
                items.append(GoodsTried(from_ns, to_ns, stay.zone, garment.epc, garment.gtin))
                wearer[garment.epc, from_ns] = who[stay.from_ns, stay.to_ns]
    return items, wearer


class Band(NamedTuple):
    """Inferences of one band: how many, what they state on average, and how many are right."""

    rows: int
    stated: float
    right: float


def bands_of(days: Sequence[Day]) -> list[Band]:
    """Return each band of stated confidence, of both kinds together."""
    stated = [(confidence(each.features, BUYER_WEIGHTS), each.is_right) for day in days for each in day.bought]
    stated += [(confidence(each.features, TRIED_WEIGHTS), each.is_right) for day in days for each in day.tried]
    found = []
    for low, high in pairwise(BANDS):
        of_band = [(value, right) for value, right in stated if low <= value < high]
        values, right = np.array(of_band or [(0.0, False)], float).mean(axis=0).tolist()
        found.append(Band(len(of_band), values, right))
    return found


def rows(days: Sequence[Day]) -> Figures:
    """Return a row a band: by how much what is right differs from what is stated."""
    about = f"{len(days)} simulated stores of {HOURS:g} h, seeds {SEEDS[0]} to {SEEDS[-1]}: right less stated"
    found = []
    for band, (low, high) in zip(bands_of(days), pairwise(BANDS), strict=True):
        text = f"{about}; {band.rows:,} state {band.stated:.3f} on average, {band.right:.3f} are right"
        value = abs(band.right - band.stated) if band.rows >= LEAST_ROWS else 1.0
        found.append(Row(f"inference-{low:g}-to-{min(high, 1):g}", value, text, Goal(WITHIN, bound="<=")))
    return Figures(found)


def learned(judged: Sequence[Judged], shrink: float = 0.01, steps: int = 50) -> npt.NDArray[np.float64]:
    """Return the weights of a logistic regression, by Newton's method with a little shrinkage."""
    x, y = np.array([each.features for each in judged]), np.array([each.is_right for each in judged], float)
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + shrink * np.eye(len(weights))
        weights -= np.linalg.solve(hessian, x.T @ (p - y) + shrink * weights)
    return weights


def main() -> None:
    """Print the weights that the stores of LEARNED_SEEDS teach."""
    days = [played(seed) for seed in LEARNED_SEEDS]
    for name, judged in (
        ("BUYER_WEIGHTS", [each for day in days for each in day.bought]),
        ("TRIED_WEIGHTS", [each for day in days for each in day.tried]),
    ):
        print(f"{name}: Final = ({', '.join(f'{weight:.3f}' for weight in learned(judged))})  # of {len(judged):,}")


if __name__ == "__main__":
    main()
