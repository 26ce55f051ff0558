"""One simulated chain: so many of the plan's stores, for so many weeks, of one seed. Times are ms since 1970, UTC."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from gateway.site import Agent, Site, Staff, Store, Zone
from gateway.site.site import AgentTask, Before
from simulators.chain.plan import DOORS, Fault, Life, Plan, StorePlan, shipped_plan

MS_PER_S: Final = 1000
MS_PER_MINUTE: Final = 60 * MS_PER_S
MS_PER_HOUR: Final = 60 * MS_PER_MINUTE
DOOR_TASK: Final = "doors"
PRESENCE_TASK: Final = "presence"
ENTRANCE, FITTING, CHECKOUT = "entrance", "fitting", "checkout"
STAFF_OF_A_STORE: Final = 3
SQUADS: Final = ("early", "late")
"""By the number of the staff in a store, in turn."""
SUNDAY: Final = 6
DAY_START: Final = time(4)
"""When the day of every store begins, as `site.toml` has it by default."""


@dataclass(frozen=True, slots=True)
class Box:
    """An agent of a store: `tasks` are the doors that it counts, and whether it hears people."""

    letter: str
    agent: str
    doors: tuple[str, ...]
    hears: bool

    @property
    def tasks(self) -> tuple[AgentTask, ...]:
        return (*((DOOR_TASK,) if self.doors else ()), *((PRESENCE_TASK,) if self.hears else ()))


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault as it happened: `door` is empty where the whole box is meant. Ends of the chain bound what lasts for ever."""

    kind: str
    box: str
    door: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class ChainStore:
    """A store of the chain, with what becomes of it."""

    number: int
    plan: StorePlan
    life: Life
    first_day: date
    days: int
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        return self.plan.name

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.plan.timezone)

    @cached_property
    def doors(self) -> tuple[str, ...]:
        return tuple(DOORS[self.plan.agents])

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        by_box: dict[str, list[str]] = {"a": []}
        for door, letter in DOORS[self.plan.agents].items():
            by_box.setdefault(letter, []).append(door)
        return tuple(Box(letter, f"{self.name}-{letter}", tuple(doors), letter == "a") for letter, doors in by_box.items())

    @property
    def till(self) -> str:
        return f"{self.name}-till"

    def date_of(self, day: int) -> date:
        return self.first_day + timedelta(days=day)

    def at_ms(self, day: int, local: time = time(0)) -> int:
        """Return the moment of a local wall time on a day of the chain; one that the clocks skip or repeat is the earlier reading's."""
        return round(datetime.combine(self.date_of(day), local, self.zone).timestamp() * MS_PER_S)

    @cached_property
    def from_ms(self) -> int:
        """Return when its boxes are switched on: at the beginning of its first day."""
        return self.at_ms(self.life.opens_day)

    @cached_property
    def to_ms(self) -> int:
        """Return when its boxes are switched off: in the night after its last day, when the store's next day would begin."""
        last = self.days - 1 if self.life.closes_day is None else min(self.life.closes_day, self.days - 1)
        return self.at_ms(last + 1, DAY_START)

    def is_closed(self, day: int) -> bool:
        """Return whether the store is shut on that day: for once, or as on every Sunday."""
        return day in self.life.closed_days or (not self.plan.sundays and self.date_of(day).weekday() == SUNDAY)

    def is_valid(self, day: int) -> bool:
        """Return whether `site.toml` has it on that day, also of days before and after those that are simulated."""
        return (not self.life.opens_day or self.life.opens_day <= day) and (self.life.closes_day is None or day <= self.life.closes_day)

    def hours_ms(self, day: int) -> tuple[int, int]:
        """Return from when to when it is open on a day, if it is."""
        ends_next_day = self.plan.closes <= self.plan.opens
        return self.at_ms(day, self._opens(day)), self.at_ms(day + ends_next_day, self.plan.closes)

    def has_moved(self, day: int) -> bool:
        """Return whether it is as the plan has it; before it was as its life has it."""
        return self.life.moves_day is None or day >= self.life.moves_day

    def _opens(self, day: int) -> time:
        before = self.life.opens_before
        return self.plan.opens if before is None or self.has_moved(day) else before

    @cached_property
    def outages(self) -> tuple[Outage, ...]:
        return tuple(self._outages())

    def _outages(self) -> Iterator[Outage]:
        for fault in self.faults:
            from_ms = self.at_ms(fault.day, fault.at)
            to_ms = self.to_ms if fault.for_h is None else min(self.to_ms, from_ms + round(fault.for_h * MS_PER_HOUR))
            if self.from_ms < from_ms < self.to_ms:
                yield Outage(fault.kind, fault.agent or DOORS[self.plan.agents][fault.door], fault.door, from_ms, to_ms)


@dataclass(frozen=True)
class Chain:
    """`stores` of the plan, and beyond its end once more under other names, where nothing happens to them."""

    count: int = 24
    weeks: int = 10
    seed: int = 1
    plan: Plan = field(default_factory=shipped_plan)
    start: date | None = None
    """Its first day; None: as the plan has it."""

    @property
    def days(self) -> int:
        return 7 * self.weeks

    @property
    def first_day(self) -> date:
        if self.start is not None:
            return self.start
        return self.plan.small_start if self.weeks <= self.plan.small_weeks else self.plan.start

    @cached_property
    def stores(self) -> tuple[ChainStore, ...]:
        return tuple(self._store(number) for number in range(self.count))

    def _store(self, number: int) -> ChainStore:
        again, which = divmod(number, len(self.plan.stores))
        plan = self.plan.stores[which]
        if again:
            plan = plan.model_copy(update={"name": f"{plan.name}-{again + 1}", "title": f"{plan.title} {again + 1}"})
        faults = tuple(fault for fault in self.plan.faults if fault.store == plan.name)
        return ChainStore(number, plan, self.plan.lives.get(plan.name, Life()), self.first_day, self.days, faults)

    def is_treated(self, store: ChainStore, day: int) -> bool:
        """Return whether the campaign draws people into a store on a day."""
        campaign = self.plan.campaign
        return campaign.from_day <= day <= campaign.to_day and store.number % campaign.every == 0

    def random(self, *key: object) -> random.Random:
        """Return random numbers that depend on the seed and the key alone."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, key))}")

    def holiday_factor(self, store: ChainStore, day: int) -> float:
        here = store.date_of(day)
        for holiday in self.plan.holidays:
            if store.plan.country in holiday.countries and holiday.first <= here <= holiday.last:
                return holiday.factor
        return 1.0

    def keeps_hours(self, store: ChainStore, day: int) -> bool:
        """Return whether a store opens on a day, which need not be simulated."""
        return store.is_valid(day) and not store.is_closed(day) and self.holiday_factor(store, day) > 0

    def is_open(self, store: ChainStore, day: int) -> bool:
        """Return whether people come into a store on a day."""
        return 0 <= day < self.days and self.keeps_hours(store, day)

    @cached_property
    def zones(self) -> tuple[Zone, ...]:
        shelves = tuple(Zone(name=department.zone, type="shelf") for department in self.plan.departments)
        return (Zone(name=ENTRANCE, type="entrance"), *shelves, Zone(name=FITTING, type="fitting"), Zone(name=CHECKOUT, type="checkout"))

    def staff_ids(self, store: ChainStore) -> list[str]:
        return [f"{store.name}-s{number}" for number in range(STAFF_OF_A_STORE)]

    def site(self) -> Site:
        """Return the estate, as `site.toml` has it."""
        staff = [
            Staff(
                staff_id=staff_id, department=self.plan.departments[n % len(self.plan.departments)].name, squad=SQUADS[n % len(SQUADS)],
                store=store.name, identifiers=(badge(staff_id),),
            )
            for store in self.stores for n, staff_id in enumerate(self.staff_ids(store))
        ]  # fmt: skip
        return Site(brand=self.plan.brand, stores=tuple(map(self._site_store, self.stores)), staff=tuple(staff))

    def _site_store(self, store: ChainStore) -> Store:
        plan, life = store.plan, store.life
        receivers = {f"r-{zone.name}": zone.name for zone in self.zones}
        boxes = [Agent(name=box.agent, receivers=receivers if box.hears else {}, tasks=box.tasks) for box in store.boxes]
        return Store(
            name=store.name, title=plan.title, path=plan.path, ownership=plan.ownership, timezone=plan.timezone,
            opens=plan.opens, closes=plan.closes, hours=_hours(plan), closed=tuple(map(store.date_of, self._closed_days(store))),
            before=self._before(store), zones=self.zones, doors=store.doors,
            valid_from=store.date_of(life.opens_day) if life.opens_day else None,
            valid_to=None if life.closes_day is None else store.date_of(life.closes_day),
            agents=(*boxes, Agent(name=store.till, tasks=())),
        )  # fmt: skip

    def _closed_days(self, store: ChainStore) -> list[int]:
        """Return the days on which a store is shut though its hours do not show it."""
        return [day for day in range(self.days) if day in store.life.closed_days or not self.holiday_factor(store, day)]

    def _before(self, store: ChainStore) -> tuple[Before, ...]:
        life = store.life
        if life.moves_day is None:
            return ()
        until, path, ownership = store.date_of(life.moves_day - 1), life.path_before, life.ownership_before or None
        if life.opens_before is None:
            return (Before(until=until, path=path, ownership=ownership),)
        opens, closes = life.opens_before, store.plan.closes
        return (Before(until=until, path=path, ownership=ownership, opens=opens, closes=closes, hours=_hours(store.plan)),)


def _hours(plan: StorePlan) -> dict[str, str]:
    return {} if plan.sundays else {"sun": "closed"}


def badge(staff_id: str) -> str:
    """Return the identifier of a badge, as `site.toml` lists it."""
    return f"badge:{staff_id}"
