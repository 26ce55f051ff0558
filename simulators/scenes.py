"""Named scenes: worlds that are hard in a stated way, for scoring. The same name and seed give the same world.

Everybody comes in the first hours and leaves before the end, so that every visit is over. People, radio and plan are those of a store
in general; the troubles of each scene stand in the table with their rates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np

from footfall.errors import ConfigError
from footfall.mistakes import did_you_mean
from footfall.moments import to_ns
from footfall.units import NS_PER_HOUR
from simulators.people import Crowd, Shares
from simulators.plan import Plan, part_of, rooms, shop_of_four
from simulators.radio import Ether, Radio
from simulators.street import Street
from simulators.tagged_goods import portal, portal_plan, shelf, shelf_plan
from simulators.troubles import with_troubles
from simulators.world import World

START_NS: Final = to_ns(datetime.fromisoformat("2026-11-21T10:00:00+08:00"))
_OPEN_H: Final = 4
"""People come from 10 to 14 o'clock; two hours later the last has left."""
_PER_HOUR: Final = 75
_ARRIVALS: Final = tuple(float(_PER_HOUR) if 10 <= hour < 10 + _OPEN_H else 0.0 for hour in range(24))
_NOBODY: Final = (0.0,) * 24
_KNOWN: Final[Shares] = (("nothing", 0.2), ("beacon", 0.6), ("rented", 0.1), ("stranger", 0.1))
_MIXED: Final[Shares] = (("nothing", 0.2), ("phone", 0.1), ("beacon", 0.6), ("rented", 0.05), ("stranger", 0.05))
_PHONES: Final[Shares] = (("nothing", 0.3), ("phone", 0.7))
_WEEK_H: Final = 168.0
_HARD_AIR: Final = {"walks": 0.2, "shadowing": 4.0, "loss": 0.15}
Make = Callable[[int], World]


@dataclass(frozen=True, slots=True)
class Scene:
    """What it is, in words; the world before its troubles; their rates."""

    text: str
    base: Make
    troubles: Mapping[str, float] = field(default_factory=dict)


def scene(name: str, seed: int) -> World:
    """Return the world of the scene; ConfigError if there is none of this name."""
    if name not in SCENES:
        raise ConfigError(f"`footfall simulate scenes` lists no scene {name!r}{did_you_mean(name, SCENES)}")
    return with_troubles(SCENES[name].base(seed), SCENES[name].troubles)


def _visitors(carries: Shares, staff: int = 0, plan: Callable[[str], Plan] = shop_of_four) -> Make:
    """Make a store with 300 visitors."""
    crowd = Crowd(arrivals=_ARRIVALS, exact=True, carries=carries, staff=staff, door_miss=0.0)
    return lambda seed: World(seed, _OPEN_H + 2.0, 0, START_NS, plan("store-0"), crowd)


def _still(seed: int) -> World:
    """A beacon that lies between two zones for a week, where both receivers hear it equally well on average, and nobody else."""
    plan = part_of(shop_of_four("store-0"), ("entrance", "shelf-a"))
    radio = Radio(shadow_db=4.0, loss=0.15)
    crowd = Crowd(arrivals=_NOBODY, staff=0)
    spot = _even_spot(Ether(seed, 0, plan, radio), plan)
    return World(seed, _WEEK_H, 0, START_NS, plan, crowd, radio, Street(spots=(spot,)))


def _portal(seed: int) -> World:
    """An hour of a portal: 120 walks."""
    plan, hours = portal_plan("store-0"), 1.0
    goods = portal(seed, 0, plan, round(hours * NS_PER_HOUR), walks=120)
    return World(seed, hours, 0, START_NS, plan, Crowd(arrivals=_NOBODY, staff=0), goods=goods)


def _shelf(blocked_per_hour: float) -> Make:
    """Make an hour of a shelf: 500 tags, of which none moves, and so many customers who stand before it."""

    def make(seed: int) -> World:
        plan, hours = shelf_plan("store-0"), 1.0
        goods = shelf(seed, 0, plan, round(hours * NS_PER_HOUR), tags=500, blocked_per_hour=blocked_per_hour)
        return World(seed, hours, 0, START_NS, plan, Crowd(arrivals=_NOBODY, staff=0), goods=goods)

    return make


def _even_spot(ether: Ether, plan: Plan) -> tuple[float, float]:
    """Return the place on the middle half of the line between two receivers where their mean levels differ least."""
    a, b = plan.receivers
    share = np.linspace(0.25, 0.75, 51)
    x_m, y_m = a.x_m + share * (b.x_m - a.x_m), a.y_m + share * (b.y_m - a.y_m)
    apart_db = np.abs(np.diff(ether.mean_dbm(x_m, y_m), axis=1))[:, 0]
    best = int(np.argmin(apart_db))
    return float(x_m[best]), float(y_m[best])


SCENES: Final[Mapping[str, Scene]] = {
    "store": Scene("four receivers, 300 visitors who walk, pass zones and stay", _visitors(_KNOWN), _HARD_AIR),
    "store-hard": Scene(
        "the same with two devices, staff, re-entries, pockets, and receivers that fail",
        _visitors(_MIXED, staff=3),
        {**_HARD_AIR, "two-devices": 0.3, "re-entries": 0.15, "breaks": 0.5, "pockets": 0.5, "turns": 4, "failures": 2},
    ),
    "rooms": Scene("the same in a store with walls: rooms back to back that open to an aisle", _visitors(_KNOWN, plan=rooms), _HARD_AIR),
    "rotating": Scene(
        "phones that change their address every 15 minutes, half of them silent in pockets",
        _visitors(_PHONES),
        {**_HARD_AIR, "silent-phones": 0.5, "pockets": 0.5},
    ),
    "still": Scene("a beacon that lies between two zones for a week", _still),
    "goods-portal": Scene("goods on walks through, up to and past two antennas between stockroom and shop", _portal),
    "goods-shelf": Scene("a shelf of 500 tags, many of which the antenna of the next shelf reads too", _shelf(0.0)),
    "goods-shelf-busy": Scene("the same with 20 customers an hour who stand between shelf and antenna", _shelf(20.0)),
    "street": Scene(
        "people at the window and on the pavement, and beacons of others",
        _visitors(_KNOWN),
        {**_HARD_AIR, "lingerers": 10, "passers": 60, "parked": 3},
    ),
    "crowd": Scene(
        "many people: bodies weaken, beacons differ, children and trolleys go through the door",
        lambda seed: _busier(_visitors(_MIXED, staff=3)(seed)),
        {**_HARD_AIR, "crowding": 4, "fast-beacons": 0.3, "children": 0.1, "trolleys": 0.1, "drift": 2},
    ),
}


def _busier(world: World) -> World:
    return replace(world, crowd=replace(world.crowd, busy=3.0))
