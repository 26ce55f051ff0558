"""Goods for RFID scenes: carried through a portal between the stockroom and the shop, and lying on a shelf beside another.

Lengths are metres, times ns since the world began. Zones are those of the plan; a tag has moved when it crosses the border of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from footfall.units import NS_PER_S
from simulators.goods import epc
from simulators.paths import Gait, Path, Walker, zone_spans
from simulators.people import stream
from simulators.plan import Door, Plan, Receiver, Rectangle, ZonePlan
from simulators.rfid import Antenna, Blocking, Tag, TaggedGoods

_WALKS, _SHELF = 20, 21  # streams of random numbers
Way = Literal["in", "out", "back", "past"]
WAYS: Final[dict[Way, float]] = {"in": 0.4, "out": 0.2, "back": 0.2, "past": 0.2}
"""Shares of walks: from the stockroom into the shop; the other way; up to the portal and back; past it on one side."""
_AT_ONCE: Final = 5
"""At most so many tags are carried together."""
_STANDING_S: Final = 60.0
_PORTAL_X, _PORTAL_Y = 6.0, 10.0
_FAR_M, _TURN_M, _PAST_M = (7.0, 9.5), (1.0, 2.5), (2.0, 4.0)
_BLOCKED_S: Final = (15.0, 60.0)


def portal_plan(store: str) -> Plan:
    """A stockroom and a shop with a portal of two antennas between them, back to back."""
    agent = f"{store}-reader"
    zones = (ZonePlan("stock", "other", Rectangle(0, 10, 12, 20)), ZonePlan("shop", "shelf", Rectangle(0, 0, 12, 10)))
    receivers = (Receiver("r-stock", agent, "stock", _PORTAL_X, 10.2), Receiver("r-shop", agent, "shop", _PORTAL_X, 9.8))
    return Plan(store, zones, receivers, (Door("main", agent, 6, 0),))


def portal(seed: int, store: int, plan: Plan, length_ns: int, walks: int) -> TaggedGoods:
    """`walks` walks with one to five tags each, none of which comes twice."""
    rng = stream(seed, store, _WALKS)
    begins_ns = np.sort(rng.integers(length_ns - 300 * NS_PER_S, size=walks)).tolist()
    tags: list[Tag] = []
    for number, from_ns in enumerate(begins_ns):
        way = list(WAYS)[int(rng.choice(len(WAYS), p=list(WAYS.values())))]
        path = _walk(stream(seed, store, _WALKS, number), plan, way, from_ns)
        for _ in range(int(rng.integers(1, _AT_ONCE, endpoint=True))):
            tags.append(Tag(epc(len(tags) % 100, len(tags)), _beside(path, *rng.uniform(-0.3, 0.3, 2).tolist()), carried=True))
    antennas = tuple(Antenna(r.name, r.x_m, r.y_m, np.pi / 2 * (1 if r.zone == "stock" else -1)) for r in plan.receivers)
    return TaggedGoods(tuple(tags), antennas)


def shelf_plan(store: str) -> Plan:
    """Two shelves of 4 m side by side, 1 m apart, each with an antenna before its middle."""
    agent = f"{store}-reader"
    zones = (ZonePlan("shelf-a", "shelf", Rectangle(0, 0, 4, 1)), ZonePlan("shelf-b", "shelf", Rectangle(5, 0, 9, 1)))
    receivers = tuple(Receiver(f"r-{zone.name}", agent, zone.name, zone.area.at(0.5, 0)[0], 2.5) for zone in zones)
    return Plan(store, zones, receivers, (Door("main", agent, 4.5, 3),))


def shelf(seed: int, store: int, plan: Plan, length_ns: int, tags: int, blocked_per_hour: float) -> TaggedGoods:
    """`tags` tags that lie on the first shelf all the time, while customers stand before it now and then."""
    rng = stream(seed, store, _SHELF)
    area = plan.zones[0].area
    places = [area.at(*rng.uniform(0.02, 0.98, 2).tolist()) for _ in range(tags)]
    lying = tuple(Tag(epc(k % 100, k), _lying(x_m, y_m, length_ns)) for k, (x_m, y_m) in enumerate(places))
    blockings = []
    for _ in range(int(rng.poisson(blocked_per_hour * length_ns / (3600 * NS_PER_S)))):
        from_ns, x_m = int(rng.integers(length_ns)), float(rng.uniform(area.left_m, area.right_m))
        blockings.append(Blocking(plan.receivers[0].name, from_ns, from_ns + round(float(rng.uniform(*_BLOCKED_S)) * NS_PER_S), x_m))
    antennas = tuple(Antenna(r.name, r.x_m, r.y_m, -np.pi / 2) for r in plan.receivers)
    return TaggedGoods(lying, antennas, tuple(blockings))


def moves(goods: TaggedGoods, plan: Plan) -> Iterator[tuple[int, str, str, str]]:
    """`(t_ns, epc, from zone, to zone)` of each crossing of a border, by tag."""
    for tag in goods.tags:
        path = tag.path
        for before, after in pairwise(zone_spans(path.t_ns, path.x_m, path.y_m, plan)):
            if before.zone != after.zone:
                yield after.from_ns, tag.epc, before.zone, after.zone


def home(tag: Tag, plan: Plan) -> str:
    """Return the zone in which the tag is first."""
    x_m, y_m = float(tag.path.x_m[0]), float(tag.path.y_m[0])
    return next((zone.name for zone in plan.zones if zone.area.contains(x_m, y_m)), "")


def _walk(rng: np.random.Generator, plan: Plan, way: Way, from_ns: int) -> Path:
    """Stand, walk, stand. `side` is 1 in the stockroom and -1 in the shop."""
    side = {"in": 1, "out": -1}.get(way, 1 if rng.random() < 0.5 else -1)
    near_x = _PORTAL_X + float(rng.uniform(-0.5, 0.5))

    def far() -> tuple[float, float]:
        return _PORTAL_X + float(rng.uniform(-4, 4)), float(rng.uniform(*_FAR_M))

    x_m, far_m = far()
    if way == "past":
        x_m, far_m = _PORTAL_X - 5.5, float(rng.uniform(*_PAST_M))
    walker = Walker(rng, x_m, _PORTAL_Y + side * far_m, from_ns, Gait())
    walker.pause(_STANDING_S)
    if way == "past":
        walker.walk(_PORTAL_X + 5.5, _PORTAL_Y + side * far_m)
    elif way == "back":
        walker.walk(near_x, _PORTAL_Y + side * float(rng.uniform(*_TURN_M)))
        walker.pause(float(rng.uniform(1.0, 10.0)))
        x_m, far_m = far()
        walker.walk(x_m, _PORTAL_Y + side * far_m)
    else:
        walker.walk(near_x, _PORTAL_Y + side * 1.5)
        walker.walk(near_x, _PORTAL_Y - side * 1.5)
        x_m, far_m = far()
        walker.walk(x_m, _PORTAL_Y - side * far_m)
    walker.pause(_STANDING_S)
    return walker.path((), plan)


def _beside(path: Path, x_m: float, y_m: float) -> Path:
    """The same way, a little aside."""
    return Path(path.t_ns, path.x_m + x_m, path.y_m + y_m, path.facing_rad, ())


def _lying(x_m: float, y_m: float, length_ns: int) -> Path:
    return Path(np.array([0, length_ns]), np.full(2, x_m), np.full(2, y_m), np.zeros(2), ())
