"""The people of the simulated brand: households, what each of them carries, and what several of them have in common."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from simulators.identity.oracle_types import DAY_MS, EVER_MS

NEVER_MS: Final = EVER_MS
HOUSEHOLDS: Final = ((1, 0.4), (2, 0.3), (3, 0.2), (4, 0.1))
"""Sizes with their shares."""
CARRIED: Final = {"wx-oa": 0.55, "wx-mini": 0.45, "alipay": 0.6, "card": 0.6, "email": 0.35, "web": 0.7, "ibeacon": 0.15, "shop.tmall": 0.2}
"""What share of people has an identifier of their own of each type, beside the phone."""
SHARED: Final = {"phone": 0.2, "alipay": 0.12, "web": 0.2}
"""In what share of households of two and more all have one in common in place of their own."""
KNOWN_AT_START: Final = 0.26
REGISTER_LATER: Final = 0.4
WITHDRAW: Final = 0.02
GRANT_AGAIN: Final = 0.4
TWO_IDS: Final = 0.015
RECYCLED: Final = 0.01
WAYS_TO_PASS_ON: Final = ("stated", "revoked", "quiet", "untold")
"""How the brand learns that a number is somebody else's: by a link from a time, by a revoke, by 90 quiet days, or never."""


class Passing(NamedTuple):
    """A phone number that is one person's until a time, and another's from then on."""

    identifier: str
    of: int
    to: int
    at_ms: int
    way: str


@dataclass(slots=True)
class Person:
    """`has`: identifiers by type. `registers_ms`: before the start, in it, or never."""

    number: int
    household: int
    has: dict[str, str]
    registers_ms: int
    second_fan: str = ""
    withdrawn: list[tuple[int, int]] = field(default_factory=list)
    """From, to."""

    @property
    def fan(self) -> str:
        return f"F{self.number:05d}"

    @property
    def member(self) -> str:
        return f"member:M{self.number:05d}"


class Owners:
    """Whose an identifier is in truth, at a time; several persons where it is common property."""

    def __init__(self) -> None:
        self._spans: Final = defaultdict[str, list[tuple[int, int, int]]](list)

    def add(self, identifier: str, person: int, from_ms: int = -EVER_MS, to_ms: int = EVER_MS) -> None:
        self._spans[identifier].append((from_ms, to_ms, person))

    def end(self, identifier: str, person: int, at_ms: int) -> None:
        self._spans[identifier] = [(a, min(b, at_ms) if who == person else b, who) for a, b, who in self._spans[identifier]]

    def at(self, identifier: str, time_ms: int) -> frozenset[int]:
        """Return the persons; none for what is nobody's, such as the telephone of a shop."""
        return frozenset(person for from_ms, to_ms, person in self._spans.get(identifier, ()) if from_ms <= time_ms < to_ms)


class Population:
    def __init__(self, people: list[Person], owners: Owners, passings: list[Passing]) -> None:
        self.people: Final = people
        self.owners: Final = owners
        self.passings: Final = passings
        self._passings_of: Final = {number: [each for each in passings if number in (each.of, each.to)] for each in passings
                                    for number in (each.of, each.to)}  # fmt: skip

    def passed_to(self, person: Person) -> Passing | None:
        """Return how a number came to a person, None if all are the person's own since ever."""
        return next((each for each in self._passings_of.get(person.number, ()) if each.to == person.number), None)

    def phone(self, person: Person, time_ms: int) -> str:
        """Return the number that a person uses at a time, "" if none."""
        for passing in self._passings_of.get(person.number, ()):
            if passing.of == person.number and time_ms < passing.at_ms:
                return "" if passing.way == "quiet" else passing.identifier
            if passing.to == person.number and time_ms >= passing.at_ms:
                return passing.identifier
        return person.has["phone"]


def population(count: int, start_ms: int, days: int, dice: random.Random) -> Population:
    """Return so many people, the same for the same dice."""
    owners = Owners()
    people = [person for household in _households(count, dice) for person in _household(household, start_ms, days, dice, owners)]
    return Population(people, owners, list(_passings(people, start_ms, days, dice, owners)))


def _households(count: int, dice: random.Random) -> Iterator[Sequence[int]]:
    first = 0
    while first < count:
        size = min(dice.choices([size for size, _ in HOUSEHOLDS], [share for _, share in HOUSEHOLDS])[0], count - first)
        yield range(first, first + size)
        first += size


def _household(members: Sequence[int], start_ms: int, days: int, dice: random.Random, owners: Owners) -> Iterator[Person]:
    common = {kind: f"{_name(kind, members[0])}9" for kind, share in SHARED.items() if len(members) > 1 and dice.random() < share}
    for number in members:
        has = {kind: _identifier(kind, number) for kind, share in CARRIED.items() if dice.random() < share}
        has |= {"phone": _identifier("phone", number)} | {kind: f"{kind_of(kind)}:{value}" for kind, value in common.items()}
        if "wx-oa" in has or "wx-mini" in has:
            has["wx-union"] = _identifier("wx-union", number)
        person = Person(number, members[0], has, _registers_ms(start_ms, days, dice))
        if person.registers_ms != NEVER_MS:
            _decide_later(person, start_ms, days, dice)
        for identifier in [*has.values(), person.member]:
            owners.add(identifier, number)
        yield person


def kind_of(kind: str) -> str:
    """Return the type of an identifier as it is sent."""
    return {"alipay": "alipay.app7", "web": "web"}.get(kind, kind)


def _identifier(kind: str, number: int) -> str:
    return f"{kind_of(kind)}:{_name(kind, number)}{4 if kind == 'phone' else ''}"


def _name(kind: str, number: int) -> str:
    if kind == "phone":
        return f"139{number:07d}"
    return f"you{number:05d}@mail.cn" if kind == "email" else f"{kind}-{number:05d}"


def _registers_ms(start_ms: int, days: int, dice: random.Random) -> int:
    draw = dice.random()
    if draw < KNOWN_AT_START:
        return start_ms - dice.randrange(DAY_MS, 300 * DAY_MS)
    return start_ms + dice.randrange(days * DAY_MS) if draw < KNOWN_AT_START + REGISTER_LATER else NEVER_MS


def _decide_later(person: Person, start_ms: int, days: int, dice: random.Random) -> None:
    end_ms = start_ms + days * DAY_MS
    if dice.random() < WITHDRAW:
        from_ms = dice.randrange(max(person.registers_ms, start_ms), end_ms)
        to_ms = dice.randrange(from_ms, end_ms) if dice.random() < GRANT_AGAIN else EVER_MS
        person.withdrawn.append((from_ms, to_ms))
    elif dice.random() < TWO_IDS:
        person.second_fan = f"{person.fan}-web"


def _passings(people: Sequence[Person], start_ms: int, days: int, dice: random.Random, owners: Owners) -> Iterator[Passing]:
    """Numbers that pass between strangers; both know the number, and neither has it in common with anybody."""
    alone = [each for each in people if owners.at(each.has["phone"], start_ms) == {each.number} and not each.second_fan]
    before = [each for each in alone if each.registers_ms < start_ms]
    before.sort(key=lambda each: not each.withdrawn)  # the number of somebody who withdrew consent is another's later
    later = [each for each in alone if start_ms + 2 * DAY_MS < each.registers_ms < NEVER_MS and not each.withdrawn]
    for number in range(min(max(4, round(RECYCLED * len(people))), len(before), len(later))):
        of, to, way = before[number], later[number], WAYS_TO_PASS_ON[number % len(WAYS_TO_PASS_ON)]
        if of.household == to.household:
            continue
        identifier, at_ms = of.has["phone"], to.registers_ms - DAY_MS
        owners.end(identifier, of.number, at_ms)
        owners.add(identifier, to.number, at_ms)
        yield Passing(identifier, of.number, to.number, at_ms, way)
        of.has["phone"] = f"phone:137{of.number:07d}5"
        owners.add(of.has["phone"], of.number)
