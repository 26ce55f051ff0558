"""`chain.toml`: which stores there are, how people behave, and what happens to stores and boxes. Checked as every other file is."""

from __future__ import annotations

import tomllib
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, model_validator

from footfall.config import Section, check

PLAN_FILE: Final = Path(__file__).with_name("chain.toml")
STEP_MIN: Final = 10
"""Boxes send so often, at full ten minutes."""
FaultKind = Literal["counter", "offline", "crash", "power", "dead"]
"""A counter that is dead; a box that sends later; one whose program, or whose power, was gone for a while; one never heard again."""
Boxes = Literal["one", "two", "three"]
DOORS: Final[dict[Boxes, dict[str, str]]] = {
    "one": {"main": "a"},
    "two": {"main": "b", "side": "b"},
    "three": {"main": "b", "side": "c"},
}
"""By how a store is equipped: the box that counts each door. Box a hears people everywhere."""


class Heard(Section):
    """Shares of parties."""

    fan: float
    phone: float


class People(Section):
    """Whom the stores see. Factors are multiplied."""

    parties_per_hour: float
    weekday: tuple[float, ...] = Field(min_length=7, max_length=7)
    by_hour: tuple[float, ...] = Field(min_length=24, max_length=24)
    month: tuple[float, ...] = Field(min_length=12, max_length=12)
    party: tuple[float, ...]
    heard: Heard
    buys: float
    shows_card: float
    fans: int
    tries: float
    returns: float
    mistyped: float


class Holiday(Section):
    """Days, both ends included, on which a country's stores have `factor` times as many people; 0: they are closed."""

    name: str
    countries: tuple[str, ...]
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    factor: float


class Campaign(Section):
    """`lift` times as many come into every `every`-th store; `tagged` of the sales there bear its name."""

    name: str
    from_day: int
    to_day: int
    lift: float
    tagged: float
    every: int


class Department(Section):
    name: str
    zone: str
    price: float


class StorePlan(Section):
    """A store as it is now. One that closes at or before the time it opens closes the next day."""

    name: str
    title: str
    path: str
    country: str
    timezone: str
    opens: time
    closes: time
    size: float
    agents: Boxes
    ownership: str = "own"
    sundays: bool = True


class Life(Section):
    """What becomes of a store, in days of the chain. A store that moves in the chain is as `…_before` until the day before `moves_day`."""

    opens_day: int = 0
    closes_day: int | None = None
    closed_days: tuple[int, ...] = ()
    moves_day: int | None = None
    path_before: str = ""
    ownership_before: str = ""
    opens_before: time | None = None


class Fault(Section):
    """A box or a counter fails on a day at a local time, for `for_h` hours; None: for good."""

    store: str
    kind: FaultKind
    day: int
    at: time
    agent: str = ""
    door: str = ""
    for_h: float | None = None

    @model_validator(mode="after")
    def _at_a_step(self) -> Fault:
        if self.kind != "counter" and (self.at.minute % STEP_MIN or self.at.second or ((self.for_h or 0) * 60) % STEP_MIN):
            raise ValueError(
                f"a box of {self.store!r} fails at {self.at}: it fails and comes back at full {STEP_MIN} minutes, when it sends"
            )
        if bool(self.agent) == bool(self.door) or (self.kind == "counter") != bool(self.door):
            raise ValueError(f"a fault of {self.store!r} names a door if it is its counter's, and else a box")
        return self


class Plan(Section):
    brand: str
    start: date
    small_start: date
    small_weeks: int
    people: People
    holidays: tuple[Holiday, ...]
    campaign: Campaign
    departments: tuple[Department, ...]
    stores: tuple[StorePlan, ...]
    lives: dict[str, Life]
    faults: tuple[Fault, ...]

    @model_validator(mode="after")
    def _names_are_known(self) -> Plan:
        stores = {store.name: store for store in self.stores}
        for name in (*self.lives, *(fault.store for fault in self.faults)):
            if name not in stores:
                raise ValueError(f"{name!r} is no store of the plan")
        for fault in self.faults:
            doors = DOORS[stores[fault.store].agents]
            if fault.door not in ("", *doors) or fault.agent not in ("", "a", *doors.values()):
                raise ValueError(f"store {fault.store!r} has no {fault.door or fault.agent!r}")
        return self


@cache
def shipped_plan() -> Plan:
    """Return the plan in `chain.toml`. Raise ConfigError, which names what is wrong in it."""
    return check(tomllib.loads(PLAN_FILE.read_text(encoding="utf-8")), Plan, PLAN_FILE.name)
