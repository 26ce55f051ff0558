"""`site.toml`: the estate. Its stores, zones, doors, agents and lists of staff and assets."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from footfall.beacons import MOST
from footfall.config import Section
from footfall.events import Identifier, Name, Text
from footfall.time_zones import time_zone
from gateway.site.adjacency import ZoneSides, check_adjacency
from gateway.site.areas import Area, check_areas
from gateway.site.beacons import Beacons, own_beacons
from gateway.site.calibrations import Calibration, check_calibrations
from gateway.site.campaigns import Campaign, check_campaigns
from gateway.site.contribution import Contribution
from gateway.site.corrections import CorrectionWindows, MayCorrect, check_corrections
from gateway.site.hours import CLOSES, OPENS, by_weekday, is_stated, missing_days
from gateway.site.identifier_types import IdentifierTypeEntry, check_identifier_types
from gateway.site.names import Names, Span, begin_ns, end_ns, first_twice, names
from gateway.site.staff import Staff as Staff
from gateway.site.staff import check_staff
from gateway.site.stations import check_one_at_a_time, nearness
from gateway.site.values import SiteMoment, StorePathText


def _zone(name: str) -> str:
    time_zone(name)
    return name


AgentTask = Literal["doors", "presence"]
ZoneType = Literal["entrance", "shelf", "fitting", "checkout", "outside", "other"]
ZoneRule = Literal["strongest", "mean_power"]


class Alias(Section):
    """A name that something had until then: a moment, or a date whose whole day counts."""

    name: Name
    until: SiteMoment


class DoorAlias(Alias):
    """Doors are names in `doors`, so what they were called stands beside them."""

    door: Name


class _Named(Section):
    """Something that may have been called otherwise."""

    name: Name
    aliases: tuple[Alias, ...] = ()

    def names(self, zone: ZoneInfo) -> Names:
        """Return all its names, in the store's time zone."""
        return names(self.name, ((alias.name, alias.until) for alias in self.aliases), zone)


class Zone(_Named):
    """A named area. Presence in a zone of type `outside` is kept, but is no visit."""

    type: ZoneType = "other"
    entrance_dbm: Annotated[float, Field(ge=-127, le=20)] | None = None
    """The level from which on somebody who is heard there is inside; None: as the profile states it."""
    rule: ZoneRule = "strongest"
    """Its level where several agents hear it: the strongest one's, right for doors, or the mean of their power, right for areas."""
    next_to: tuple[Name, ...] = ()
    """The zones that one can walk to from it; none: nobody knows of walls."""


class Agent(_Named):
    """A process that reads devices. `receivers` maps each radio, antenna or reader to the zone it hears.

    One that moves stands in several stores, each with the time for which it was there: from `since` on, up to `until`.
    """

    receivers: dict[Name, Name] = Field(default_factory=dict)
    tasks: tuple[AgentTask, ...] | None = None
    """What it is there to observe; None: what it is heard to, and until then what its receivers and the store's doors suggest."""
    since: SiteMoment | None = Field(default=None, alias="from")
    until: SiteMoment | None = Field(default=None, alias="to")

    def span(self, zone: ZoneInfo) -> Span:
        """Return when it was in the store that lists it; the day of a date wholly."""
        return Span(begin_ns(self.since, zone), end_ns(self.until, zone))

    def ends_ns(self, zone: ZoneInfo) -> int:
        """Return when another store may have it, ns: the day of a move, given as a date, belongs to both."""
        is_date = self.until is not None and not isinstance(self.until, datetime)
        return begin_ns(self.until, zone) if is_date else end_ns(self.until, zone)


Hours = Annotated[dict[str, str], BeforeValidator(by_weekday)]


class _Open(Section):
    """Something with opening hours: every day the same, or by weekday. Days that `hours` leaves out have `opens` to `closes`."""

    opens: time = OPENS
    closes: time = CLOSES
    hours: Hours = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_day(self) -> Self:
        missing = missing_days(self.hours)
        if self.hours and missing and not is_stated(self.opens, self.closes):
            raise ValueError(
                f'hours leaves out {", ".join(missing)}: write "closed" or the hours of each, or `opens` and `closes` for the days left out'
            )
        return self


class Before(_Open):
    """What a store was until the end of a day; what is left out was as it is now."""

    until: date
    title: Text | None = None
    path: StorePathText | None = None
    ownership: Text | None = None


class Store(_Named, _Open):
    """`day_start` is when the store's day begins, local time: occupancy and day keys start anew."""

    title: Text | None = None
    path: StorePathText = ""
    """Where it hangs in the chain: group/province/city."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    day_start: time = time(4)
    closed: tuple[date, ...] = ()
    """Days without opening hours."""
    ownership: Text = "own"
    valid_from: date | None = None
    valid_to: date | None = None
    before: tuple[Before, ...] = ()
    """What it was earlier, the earliest first."""
    idle_timeout_s: Annotated[float, Field(ge=60, le=86_400)] = 1800.0
    """A visit ends when its subject was not heard for so long."""
    reentry_s: Annotated[float, Field(ge=30, le=86_400)] = 120.0
    """Who was not heard for longer within a visit, and for longer than the profile's timeout, came in again."""
    tried_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """Goods were tried if they were in a zone of type `fitting` for so long."""
    zones: tuple[Zone, ...] = ()
    doors: tuple[Name, ...] = ()
    door_aliases: tuple[DoorAlias, ...] = ()
    inner_doors: tuple[Name, ...] = ()
    """Those of `doors` between floors or zones: who passes them neither comes into the store nor leaves it."""
    agents: tuple[Agent, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    areas: tuple[Area, ...] = ()
    """Zones that receivers tell apart only together."""

    @model_validator(mode="after")
    def _has_zones(self) -> Store:
        check_areas(self.name, self.areas, {name: zone.name for zone in self.zones for name in _all_names([zone])})
        check_adjacency(self.name, [ZoneSides(_all_names([zone]), zone.type, zone.next_to) for zone in self.zones])
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Store:
        zones = [zone.name for zone in self.zones]
        if unknown := {alias.door for alias in self.door_aliases} - set(self.doors):
            raise ValueError(f"door_aliases names {min(unknown)!r}, which is no door of store {self.name!r}")
        if unknown := set(self.inner_doors) - set(self.doors):
            raise ValueError(f"inner_doors names {min(unknown)!r}, which is no door of store {self.name!r}: list it in doors, too")
        doors = [name for door in self.doors for name in dict.fromkeys([door, *(alias.name for alias in self._aliases_of(door))])]
        for what, called in (("zone", _all_names(self.zones)), ("door", doors)):
            if twice := first_twice(called):
                raise ValueError(f"{what} {twice!r} is listed twice in store {self.name!r}, as name or alias")
        for agent in self.agents:
            for receiver, zone_name in agent.receivers.items():
                if zone_name not in zones:
                    raise ValueError(
                        f"receiver {receiver!r} of agent {agent.name!r} hears zone {zone_name!r}, which store {self.name!r} lacks"
                    )
            if agent.span(self.zone).begin_ns >= agent.span(self.zone).end_ns:
                raise ValueError(f"agent {agent.name!r} is in store {self.name!r} from {agent.since} to {agent.until}: that is never")
        check_calibrations(self.name, self.calibrations, zones)
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Store:
        """Versions follow each other: each holds for a day at least."""
        since, until = self.valid_from, self.valid_to
        if since and until and until < since:
            raise ValueError(f"store {self.name!r} is valid from {since} to {until}: that is never; write the later day in valid_to")
        first = since.toordinal() if since else 0
        for day in (*(before.until for before in self.before), *([until] if until else [])):
            if day.toordinal() < first:
                raise ValueError(
                    f"store {self.name!r}: its versions overlap at {day}: write the entries of `before` from the earliest `until` to the"
                    " latest, all between valid_from and valid_to"
                )
            first = day.toordinal() + 1
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def door_names(self) -> list[Names]:
        """Return the names of each door."""
        return [names(door, ((alias.name, alias.until) for alias in self._aliases_of(door)), self.zone) for door in self.doors]

    def _aliases_of(self, door: str) -> list[DoorAlias]:
        return [alias for alias in self.door_aliases if alias.door == door]


def _all_names(things: Iterable[_Named]) -> list[str]:
    """Of each thing every name once."""
    return [name for thing in things for name in dict.fromkeys([thing.name, *(alias.name for alias in thing.aliases)])]


def local_day(zone: ZoneInfo, day_start: timedelta, time_s: int) -> tuple[int, int, int]:
    """Return (ordinal, begin, end) of the day that a time (seconds since 1970) belongs to; days begin at `day_start`, local time.

    Days tile time, also where a day begins in an hour that its clocks skip or repeat: then at the first moment that fits.
    """
    guess = (datetime.fromtimestamp(time_s, zone).replace(tzinfo=None) - day_start).toordinal()
    for day in (guess, guess + 1, guess - 1):
        begin, end = (int((datetime.fromordinal(each) + day_start).replace(tzinfo=zone).timestamp()) for each in (day, day + 1))
        if begin <= time_s < end:
            return day, begin, end
    raise AssertionError(f"no day of {zone.key} holds {time_s}")


class Site(Section):
    """The estate of one brand."""

    brand: Name
    stores: tuple[Store, ...]
    staff: tuple[Staff, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    """Those that touches may name; none: any."""
    assets: tuple[Identifier, ...] = ()
    """Identifiers (`type:value`) that are things: never visits."""
    beacons: tuple[Beacons, ...] = ()
    """The brand's own; none: every beacon is a fan's, and status states it."""
    identifier_types: tuple[IdentifierTypeEntry, ...] = ()
    """What differs from the shipped table of identifier types."""
    may_correct: tuple[MayCorrect, ...] = ()
    correction_windows: CorrectionWindows = CorrectionWindows()
    contribution: Contribution = Contribution()

    @model_validator(mode="after")
    def _unique(self) -> Site:
        check_identifier_types(self.identifier_types)
        if twice := first_twice([each.uuid for each in self.beacons]):
            raise ValueError(f"beacons has {twice!r} twice: write one entry with all parts that identify")
        if (own := len(own_beacons(self))) > MOST:
            raise ValueError(f"beacons, staff and assets have {own} UUIDs of beacons; agents take {MOST}")
        listed: dict[str, list[tuple[Store, Agent]]] = {}
        for store, agent in self.agents():
            listed.setdefault(agent.name, []).append((store, agent))
        for name, places in listed.items():
            check_one_at_a_time(name, places)
        if twice := first_twice(_all_names(self.stores)):
            raise ValueError(f"store {twice!r} is listed twice, as name or alias")
        check_campaigns(self.campaigns)
        check_staff(self.staff, {store.name: store.zone for store in self.stores})
        if twice := first_twice([name for each in listed.values() for name in dict.fromkeys(_all_names(agent for _, agent in each))]):
            raise ValueError(f"agent {twice!r} is listed twice, under its name and as an alias of another")
        check_corrections(self.may_correct, self.correction_windows, listed, (store.name for store in self.stores))
        return self

    def agents(self) -> Iterator[tuple[Store, Agent]]:
        """Return every listing: an agent that moved has several."""
        return ((store, agent) for store in self.stores for agent in store.agents)

    def stationed(self, now_ns: int) -> list[tuple[Store, Agent]]:
        """Return each agent once, with the store where it is now; else where it was or will be last."""
        found: dict[str, tuple[Store, Agent]] = {}
        for store, agent in sorted(self.agents(), key=lambda listed: nearness(listed, now_ns)):
            found[agent.name] = store, agent
        return [(store, agent) for store, agent in self.agents() if found[agent.name] == (store, agent)]

    def only(self, shard: int, shards: int) -> Site:
        """Return the estate with the stores of one shard alone; all else is known to every shard."""
        stores = tuple(store for store in self.stores if shard_of(store.names(store.zone).first, shards) == shard)
        return Site.model_construct(**dict(self) | {"stores": stores})  # what all else names may be in another shard

    @cached_property
    def by_name(self) -> dict[str, Store]:
        return {store.name: store for store in self.stores}


def shard_of(store: str, shards: int) -> int:
    """Return the shard of a store, by its first name: a store that is renamed keeps its shard. Never to be changed: state lies there."""
    return zlib.crc32(store.encode()) % shards
