"""`site.toml`: the estate. Its stores, zones, doors, agents and lists of staff and assets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from footfall.config import Section
from footfall.events import Identifier, Name, Text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no IANA time zone, such as Asia/Shanghai") from None
    return name


ZoneType = Literal["entrance", "shelf", "fitting", "checkout", "outside", "other"]


class Zone(Section):
    """A named area. Presence in a zone of type `outside` is kept, but is no visit."""

    name: Name
    type: ZoneType = "other"


class Agent(Section):
    """A process that reads devices. `receivers` maps each radio, antenna or reader to the zone it hears."""

    name: Name
    receivers: dict[Name, Name] = Field(default_factory=dict)


class Store(Section):
    """`day_start` is when the store's day begins, local time: occupancy and day keys start anew."""

    name: Name
    title: Text | None = None
    path: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*\z")] = ""
    """Where it hangs in the chain: group/province/city."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    day_start: time = time(4)
    opens: time = time(0)
    closes: time = time(23, 59)
    ownership: Text = "own"
    valid_from: date | None = None
    valid_to: date | None = None
    idle_timeout_s: Annotated[float, Field(ge=60, le=86_400)] = 1800.0
    """A visit ends when its subject was not heard for so long."""
    tried_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """Goods were tried if they were in a zone of type `fitting` for so long."""
    zones: tuple[Zone, ...] = ()
    doors: tuple[Name, ...] = ()
    agents: tuple[Agent, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Store:
        zones = [zone.name for zone in self.zones]
        for what, names in (("zone", zones), ("door", self.doors), ("agent", [agent.name for agent in self.agents])):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{what} {name!r} is listed twice in store {self.name!r}")
        for agent in self.agents:
            for receiver, zone_name in agent.receivers.items():
                if zone_name not in zones:
                    raise ValueError(
                        f"receiver {receiver!r} of agent {agent.name!r} hears zone {zone_name!r}, which store {self.name!r} lacks"
                    )
        return self


def local_day(zone: ZoneInfo, day_start: timedelta, time_s: int) -> tuple[int, int, int]:
    """(ordinal, begin, end) of the day that a time (seconds since 1970) belongs to; days begin at `day_start`, local time.

    Days tile time, also where a day begins in an hour that its clocks skip or repeat: then at the first moment that fits.
    """
    guess = (datetime.fromtimestamp(time_s, zone).replace(tzinfo=None) - day_start).toordinal()
    for day in (guess, guess + 1, guess - 1):
        begin, end = (int((datetime.fromordinal(each) + day_start).replace(tzinfo=zone).timestamp()) for each in (day, day + 1))
        if begin <= time_s < end:
            return day, begin, end
    raise AssertionError(f"no day of {zone.key} holds {time_s}")


class Staff(Section):
    """One of the people who work there; their identifiers are `type:value`."""

    staff_id: Text
    department: Text | None = None
    identifiers: tuple[Identifier, ...] = ()


class Site(Section):
    """The estate of one brand."""

    brand: Name
    stores: tuple[Store, ...]
    staff: tuple[Staff, ...] = ()
    assets: tuple[Identifier, ...] = ()
    """Identifiers (`type:value`) that are things: never visits."""

    @model_validator(mode="after")
    def _unique(self) -> Site:
        seen: dict[str, str] = {}
        for store, agent in self.agents():
            if agent.name in seen:
                raise ValueError(f"agent {agent.name!r} is in {seen[agent.name]!r} and in {store.name!r}: names are unique in the estate")
            seen[agent.name] = store.name
        if len({store.name for store in self.stores}) != len(self.stores):
            raise ValueError("a store is listed twice")
        return self

    def agents(self) -> Iterator[tuple[Store, Agent]]:
        return ((store, agent) for store in self.stores for agent in store.agents)

    @cached_property
    def by_name(self) -> dict[str, Store]:
        return {store.name: store for store in self.stores}
