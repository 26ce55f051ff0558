"""Who comes into a store on a day: parties of people, with the ways they take and what they buy; the staff; the goods of the day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple

from footfall.pseudonyms import TOP_BIT
from simulators.chain.chain import CHECKOUT, ENTRANCE, FITTING, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_S, Chain, ChainStore

LAST_ENTRY_MS: Final = 10 * MS_PER_MINUTE
"""Nobody comes later than this before the store closes."""
STEP_SHARE: Final = 0.25
"""Prices are multiples of this, which floats hold exactly: sums of money do not depend on their order."""
SPELLS: Final = ((5, 12), (45, 12), (100, 15))
"""Minutes after opening at which a badge is heard, and for how long; it lies in a drawer in between."""
RETURN_DAYS: Final = (2, 9)


class Stay(NamedTuple):
    zone: str
    from_ms: int
    to_ms: int


class Doing(NamedTuple):
    """What somebody does at a moment: a touch of this kind."""

    time_ms: int
    what: str
    zone: str
    department: int
    staff: int
    amount: float
    pieces: int
    shows_card: bool
    is_mistyped: bool
    channel: str
    is_tagged: bool
    ref: str = ""


@dataclass(slots=True)
class Party:
    """People who come and go together. One of them may carry a device that is heard: `fan` is a number of the store's, -1 for nobody's."""

    arrive_ms: int
    leave_ms: int
    size: int
    door_in: str
    door_out: str
    stays: list[Stay]
    subject: int = 0
    fan: int = -1
    staff: int = -1
    doings: list[Doing] = field(default_factory=list)


@dataclass(slots=True)
class Garment:
    """A piece of goods with a tag, from its delivery to its sale."""

    epc: str
    sku: str
    subject: int
    stays: list[Stay]


class People:
    """The people of one store, day by day, in order: a return depends on an earlier sale."""

    def __init__(self, chain: Chain, store: ChainStore) -> None:
        self._chain: Final = chain
        self._store: Final = store
        self._returns: dict[int, list[Doing]] = {}
        self._brought_back = 0

    def parties(self, day: int) -> Iterator[Party]:
        """Yield who comes on a day of the chain, the staff first; nobody if the store is closed."""
        if not self._chain.is_open(self._store, day):
            return
        rng = self._chain.random("people", self._store.name, day)
        opens_ms, closes_ms = self._store.hours_ms(day)
        yield from self._staff(rng, opens_ms, closes_ms)
        guests = list(range(day % 2, self._chain.plan.people.fans, 2))
        rng.shuffle(guests)
        for arrive_ms in self._arrivals(rng, day, opens_ms, closes_ms):
            yield self._party(rng, day, arrive_ms, guests)

    def returns(self, day: int) -> list[Doing]:
        """Return what is brought back on a day: one that falls on a closed day never comes."""
        found = self._returns.pop(day, [])
        return found if self._chain.is_open(self._store, day) else []

    def garments(self, day: int) -> list[Garment]:
        """Return the goods of a day: stores with several boxes have tags, on days on which the box that hears them does not fail."""
        store = self._store
        is_faulty = any(outage.box == "a" and outage.from_ms < store.at_ms(day + 2) and store.at_ms(day - 1) < outage.to_ms
                        for outage in store.outages)  # fmt: skip
        if store.plan.agents == "one" or is_faulty or not self._chain.is_open(store, day):
            return []
        rng = self._chain.random("goods", store.name, day)
        opens_ms, _ = store.hours_ms(day)
        return [self._garment(rng, day, number, opens_ms) for number in range(4)]

    def _arrivals(self, rng: random.Random, day: int, opens_ms: int, closes_ms: int) -> list[int]:
        chain, store, people = self._chain, self._store, self._chain.plan.people
        here = store.date_of(day)
        factor = people.parties_per_hour * store.plan.size * people.weekday[here.weekday()] * people.month[here.month - 1]
        factor *= chain.holiday_factor(store, day) * (chain.plan.campaign.lift if chain.is_treated(store, day) else 1.0)
        found: list[int] = []
        last_ms = closes_ms - LAST_ENTRY_MS
        for begin_ms in range(opens_ms, last_ms, MS_PER_HOUR):
            length_ms = min(MS_PER_HOUR, last_ms - begin_ms)
            hour = datetime.fromtimestamp(begin_ms / MS_PER_S, store.zone).hour
            mean = factor * people.by_hour[hour] * (0.75 + 0.5 * rng.random()) * length_ms / MS_PER_HOUR
            found += sorted(begin_ms + int(rng.random() * length_ms) for _ in range(int(mean + rng.random())))
        return found

    def _party(self, rng: random.Random, day: int, arrive_ms: int, guests: list[int]) -> Party:
        people, doors = self._chain.plan.people, self._store.doors
        size = 1 + _chosen(rng, people.party)
        carries, buys = rng.random(), rng.random() < people.buys
        subject, fan = 0, -1
        if carries < people.heard.fan and guests:
            fan = guests.pop()
        elif carries < people.heard.fan + people.heard.phone:
            subject = rng.getrandbits(63) | TOP_BIT
        stays = self._way(rng, arrive_ms, buys)
        party = Party(arrive_ms, stays[-1].to_ms + 3000 + int(rng.random() * 5000), size, rng.choice(doors), rng.choice(doors),
                      stays, subject, fan)  # fmt: skip
        party.doings = self._doings(rng, day, stays, buys, fan)
        return party

    def _way(self, rng: random.Random, arrive_ms: int, buys: bool) -> list[Stay]:
        shelves = [department.zone for department in self._chain.plan.departments]
        zones = [
            ENTRANCE,
            *rng.sample(shelves, rng.randint(1, 2)),
            *([FITTING] if rng.random() < 0.3 else []),
            *([CHECKOUT] if buys else []),
        ]
        longest_s = {ENTRANCE: 40, FITTING: 400, CHECKOUT: 150}
        at_ms, stays = arrive_ms + 1500, []
        for zone in zones:
            to_ms = at_ms + 8000 + int(rng.random() * 1000 * longest_s.get(zone, 420))
            stays.append(Stay(zone, at_ms, to_ms))
            at_ms = to_ms + 3000 + int(rng.random() * 6000)
        return stays

    def _doings(self, rng: random.Random, day: int, stays: list[Stay], buys: bool, fan: int) -> list[Doing]:
        people, departments = self._chain.plan.people, self._chain.plan.departments
        number = next(n for n, department in enumerate(departments) if department.zone == stays[1].zone)
        found = []
        if rng.random() < people.tries:
            what, zone = rng.choice((("try_on", stays[1].zone), ("scan", stays[1].zone), ("service", stays[1].zone)))
            found.append(self._doing(rng, stays[1], what, zone, number, 0.0, 1, fan, False))
        if buys:
            pieces = 1 + _chosen(rng, (0.7, 0.22, 0.08))
            amount = departments[number].price * pieces + STEP_SHARE * rng.randrange(200)
            is_tagged = self._chain.is_treated(self._store, day) and rng.random() < self._chain.plan.campaign.tagged
            sale = self._doing(rng, stays[-1], "transaction", CHECKOUT, number, amount, pieces, fan, is_tagged)
            if rng.random() < people.returns:
                sale = self._with_receipt(sale, day)
                self._bring_back(rng, day, sale)
            found.append(sale)
        return found

    def _doing(
        self, rng: random.Random, stay: Stay, what: str, zone: str, department: int, amount: float, pieces: int, fan: int, is_tagged: bool
    ) -> Doing:
        people = self._chain.plan.people
        time_ms = stay.from_ms + (stay.to_ms - stay.from_ms) * 3 // 4
        shows_card = fan >= 0 and rng.random() < people.shows_card
        is_mistyped = what == "transaction" and rng.random() < people.mistyped
        staff = rng.randrange(len(self._chain.staff_ids(self._store)))
        return Doing(time_ms, what, zone, department, staff, amount, pieces, shows_card, is_mistyped,
                     "app" if rng.random() < 0.15 else "own_store", is_tagged)  # fmt: skip

    def _with_receipt(self, sale: Doing, day: int) -> Doing:
        """Return the sale with a number, which its return states, too: of two that are brought back one has it."""
        self._brought_back += 1
        return sale._replace(ref=f"{self._store.name}-{self._store.date_of(day)}-{self._brought_back}") if self._brought_back % 2 else sale

    def _bring_back(self, rng: random.Random, day: int, sale: Doing) -> None:
        then = day + rng.randint(*RETURN_DAYS)
        opens_ms, closes_ms = self._store.hours_ms(then)
        time_ms = opens_ms + int(rng.random() * (closes_ms - opens_ms))
        amount = sale.amount / sale.pieces // STEP_SHARE * STEP_SHARE
        doing = sale._replace(time_ms=time_ms, what="return", amount=amount, pieces=1, shows_card=False, is_mistyped=False, is_tagged=False)
        self._returns.setdefault(then, []).append(doing)

    def _staff(self, rng: random.Random, opens_ms: int, closes_ms: int) -> Iterator[Party]:
        """Staff pass the main door as everybody does: in before the store opens, out and in at noon, out after it closed."""
        door = self._store.doors[0]
        for number in range(len(self._chain.staff_ids(self._store))):
            come_ms = opens_ms - 20 * MS_PER_MINUTE + int(rng.random() * 10 * MS_PER_MINUTE)
            noon_ms = (opens_ms + closes_ms) // 2 + number * 17 * MS_PER_MINUTE + int(rng.random() * MS_PER_MINUTE)
            go_ms = closes_ms + 2 * MS_PER_MINUTE + int(rng.random() * 8 * MS_PER_MINUTE)
            zone = self._chain.plan.departments[number % len(self._chain.plan.departments)].zone
            spells = [
                Stay(zone, opens_ms + at * MS_PER_MINUTE + number * 1000, opens_ms + (at + length) * MS_PER_MINUTE) for at, length in SPELLS
            ]
            yield Party(come_ms, noon_ms, 1, door, door, spells, staff=number)
            yield Party(noon_ms + 25 * MS_PER_MINUTE, go_ms, 1, door, door, [], staff=number)

    def _garment(self, rng: random.Random, day: int, number: int, opens_ms: int) -> Garment:
        department = rng.randrange(len(self._chain.plan.departments))
        from_ms = opens_ms + rng.randrange(20, 200) * MS_PER_MINUTE + int(rng.random() * MS_PER_MINUTE)
        seconds = (rng.randrange(600, 2400), rng.choice((15, 90, 240)) + rng.randrange(10), rng.randrange(60, 400))
        zones = (self._chain.plan.departments[department].zone, FITTING, CHECKOUT)
        ends = list(accumulate(each * MS_PER_S + 8000 for each in seconds))
        stays = [
            Stay(zone, from_ms + end - each * MS_PER_S - 8000, from_ms + end - 8000)
            for zone, end, each in zip(zones, ends, seconds, strict=True)
        ]
        epc = f"3034{self._store.number:04x}{day:04x}{number:04x}".ljust(24, "0")
        return Garment(epc, f"sku-{department}-{number % 2}", rng.getrandbits(62) | 1, stays)


def _chosen(rng: random.Random, shares: tuple[float, ...]) -> int:
    """Return a number, each as often as its share."""
    found, at = rng.random(), 0.0
    for number, share in enumerate(shares):
        at += share
        if found < at:
            return number
    return len(shares) - 1
