"""Floor plans: zones with rectangles, receivers with positions, doors. Metres, x to the right, y away from the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gateway.site import Agent, Site, Staff, Store, Zone, ZoneType


@dataclass(frozen=True, slots=True)
class Rectangle:
    left_m: float
    bottom_m: float
    right_m: float
    top_m: float

    def scaled(self, factor: float) -> Rectangle:
        return Rectangle(self.left_m * factor, self.bottom_m * factor, self.right_m * factor, self.top_m * factor)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """The point at the shares `u` and `v` (0 to 1) of width and depth."""
        return self.left_m + u * (self.right_m - self.left_m), self.bottom_m + v * (self.top_m - self.bottom_m)

    def contains(self, x_m: float, y_m: float) -> bool:
        return self.left_m <= x_m <= self.right_m and self.bottom_m <= y_m <= self.top_m


@dataclass(frozen=True, slots=True)
class ZonePlan:
    name: str
    type: ZoneType
    area: Rectangle


@dataclass(frozen=True, slots=True)
class Receiver:
    """A radio that hears `zone`, read by `agent`."""

    name: str
    agent: str
    zone: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Door:
    """Where people come in and go, counted by a counter that `agent` reads."""

    name: str
    agent: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Opening:
    """Where one walks from one zone to another, a point in one of them near the other; without an opening there is a wall."""

    zones: tuple[str, str]
    x_m: float
    y_m: float


@dataclass(frozen=True)
class Plan:
    """One store. Zone 0 is the entrance, the last one the checkout; what lies between is for looking and trying on."""

    store: str
    zones: tuple[ZonePlan, ...]
    receivers: tuple[Receiver, ...]
    doors: tuple[Door, ...]
    """People come and go by the one that is theirs; the first is the main one."""
    timezone: str = "Asia/Shanghai"
    path: str = ""
    openings: tuple[Opening, ...] = ()
    """None: one floor without walls."""

    @property
    def door(self) -> Door:
        return self.doors[0]

    @cached_property
    def agents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([receiver.agent for receiver in self.receivers] + [door.agent for door in self.doors]))

    @cached_property
    def outline(self) -> Rectangle:
        """The smallest rectangle around all zones."""
        areas = [zone.area for zone in self.zones]
        return Rectangle(
            min(a.left_m for a in areas), min(a.bottom_m for a in areas), max(a.right_m for a in areas), max(a.top_m for a in areas)
        )

    def next_to(self, zone: str) -> tuple[str, ...]:
        """Return the zones that an opening leads to."""
        return tuple(other for opening in self.openings for other in opening.zones if zone in opening.zones and other != zone)

    def way(self, from_zone: str, to_zone: str) -> list[Opening]:
        """Return the openings on the shortest way; none without walls, or if there is no way."""
        ways: dict[str, list[Opening]] = {from_zone: []}
        for zone in (queue := [from_zone]):
            for opening in self.openings:
                for other in opening.zones:
                    if zone in opening.zones and other not in ways:
                        ways[other] = [*ways[zone], opening]
                        queue.append(other)
        return ways.get(to_zone, [])

    def receivers_of(self, agent: str) -> dict[str, str]:
        """The zone that each of the agent's receivers hears."""
        return {receiver.name: receiver.zone for receiver in self.receivers if receiver.agent == agent}

    def site_store(self) -> Store:
        """The store as `site.toml` describes it."""
        return Store(
            name=self.store,
            path=self.path,
            timezone=self.timezone,
            zones=tuple(Zone(name=zone.name, type=zone.type, next_to=self.next_to(zone.name)) for zone in self.zones),
            doors=tuple(door.name for door in self.doors),
            agents=tuple(
                Agent(name=agent, receivers={r.name: r.zone for r in self.receivers if r.agent == agent}) for agent in self.agents
            ),
        )


def shop(store: str, timezone: str = "Asia/Shanghai") -> Plan:
    """A store of 24 m by 16 m: entrance, two shelves, a fitting room and the checkout, one receiver each, read by three agents."""
    zones = (
        ZonePlan("entrance", "entrance", Rectangle(9, 0, 15, 4)),
        ZonePlan("shelf-a", "shelf", Rectangle(0, 5, 7, 11)),
        ZonePlan("shelf-b", "shelf", Rectangle(17, 5, 24, 11)),
        ZonePlan("fitting", "fitting", Rectangle(0, 12.5, 6, 16)),
        ZonePlan("checkout", "checkout", Rectangle(11, 12, 18, 16)),
    )
    reader = {"entrance": "front", "shelf-a": "floor", "shelf-b": "floor", "fitting": "back", "checkout": "back"}
    receivers = tuple(Receiver(f"r-{zone.name}", f"{store}-{reader[zone.name]}", zone.name, *zone.area.at(0.5, 0.5)) for zone in zones)
    return Plan(store, zones, receivers, (Door("main", f"{store}-front", 12, 0),), timezone, "group/shanghai/shanghai")


def shop_of_four(store: str, timezone: str = "Asia/Shanghai") -> Plan:
    """The same store without its fitting room: four zones with one receiver each."""
    return part_of(shop(store, timezone), ("entrance", "shelf-a", "shelf-b", "checkout"))


def rooms(store: str, timezone: str = "Asia/Shanghai") -> Plan:
    """A store of 16 m by 16 m with walls: four rooms at an aisle, two of them back to back on either side. One receiver each.

    Walls weaken nothing: a room is heard through them as well as through its opening.
    """
    zones = (
        ZonePlan("entrance", "entrance", Rectangle(0, 0, 16, 4)),
        ZonePlan("aisle", "other", Rectangle(6.5, 4.5, 9.5, 16)),
        ZonePlan("room-a", "shelf", Rectangle(0, 4.5, 6, 10)),
        ZonePlan("room-b", "shelf", Rectangle(0, 10.5, 6, 16)),
        ZonePlan("fitting", "fitting", Rectangle(10, 4.5, 16, 10)),
        ZonePlan("checkout", "checkout", Rectangle(10, 10.5, 16, 16)),
    )
    beside = {"entrance": (8.0, 4.6), "room-a": (6.6, 7.25), "room-b": (6.6, 13.25), "fitting": (9.4, 7.25), "checkout": (9.4, 13.25)}
    reader = {"entrance": "front", "aisle": "front", "room-a": "left", "room-b": "left", "fitting": "right", "checkout": "right"}
    receivers = tuple(Receiver(f"r-{zone.name}", f"{store}-{reader[zone.name]}", zone.name, *zone.area.at(0.5, 0.5)) for zone in zones)
    openings = tuple(Opening((zone, "aisle"), *at) for zone, at in beside.items())
    return Plan(store, zones, receivers, (Door("main", f"{store}-front", 8, 0),), timezone, "group/shanghai/shanghai", openings)


def part_of(plan: Plan, zones: Sequence[str]) -> Plan:
    """Return `plan` with these zones only, and the receivers that hear them."""
    kept = tuple(zone for zone in plan.zones if zone.name in zones)
    return replace(plan, zones=kept, receivers=tuple(receiver for receiver in plan.receivers if receiver.zone in zones))


def site(brand: str, plans: Sequence[Plan], staff: Sequence[Staff] = ()) -> Site:
    """The estate of all `plans`."""
    return Site(brand=brand, stores=tuple(plan.site_store() for plan in plans), staff=tuple(staff))
