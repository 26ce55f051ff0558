"""The same facts in other orders, and with a crash before every one of them: the rows must be the same, to the provisional id."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Final, NamedTuple

from gateway.identity.facts import Fact, Mention, names_of
from simulators.identity.pure import BATCH, PureBrand, facts_of
from simulators.identity.score import Names
from simulators.identity.world import World

FEW: Final = 5
"""Up to so many facts that hang together are taken in every order."""
BATCHES: Final = (1000, 100, 17, 1)
"""So many facts are taken at once: one of these by turns, the last the least often."""


class Month(NamedTuple):
    """A simulated month, the facts that its events state, in their order, and whom its rows name by them."""

    world: World
    facts: Sequence[Fact]
    right: Names

    @classmethod
    def of(cls, world: World) -> Month:
        facts = facts_of(world.sent)
        return cls(world, facts, _names(world, facts, BATCH, crashing=False))


class Ordered(NamedTuple):
    """What other orders came to: how many were tried, and the rows that differed in them, all together."""

    orders: int
    differences: int

    def plus(self, other: Ordered) -> Ordered:
        return Ordered(self.orders + other.orders, self.differences + other.differences)


def random_order(month: Month, seed: int) -> Ordered:
    """Take all facts of a month in a random order, in batches of a size that the seed decides."""
    dice, facts = random.Random(seed), list(month.facts)
    dice.shuffle(facts)
    batch = BATCHES[dice.choice((0, 0, 1, 1, 1, 2, 2))] if seed % 50 else BATCHES[-1]
    return Ordered(1, differing(_names(month.world, facts, batch, crashing=False), month.right))


def crashed(month: Month) -> Ordered:
    """Take the facts of a month one by one, the stage made anew from its store before each."""
    return Ordered(1, differing(_names(month.world, month.facts, 1, crashing=True), month.right))


def _names(world: World, facts: Sequence[Fact], batch: int, crashing: bool) -> Names:
    brand = PureBrand(crashing)
    for _ in brand.take(facts, batch):
        pass
    return brand.names(world)


def differing(found: Names, right: Names) -> int:
    """Return how many rows name another, provisional or not."""
    return sum(found.get(key) != right.get(key) for key in found.keys() | right.keys())


def every_order(facts: Sequence[Fact]) -> Ordered:
    """Take a few facts in every order; compare all standings that they give, but for their numbers."""
    first: Mapping[str, object] | None = None
    found = Ordered(0, 0)
    for order in permutations(facts):
        brand = PureBrand()
        for _ in brand.take(order, 1):
            pass
        standings = brand.standings_of(order)
        first = standings if first is None else first
        found = found.plus(Ordered(1, sum(standings.get(name) != first.get(name) for name in {*standings, *first})))
    return found


def small_groups(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Yield the facts that hang together, where they are few but more than one."""
    by_name: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        for name in _names_of(fact):
            by_name[name].append(fact)
    left = dict.fromkeys(by_name)
    while left:
        group, names = dict[str, Fact](), [next(iter(left))]
        while names:
            name = names.pop()
            if name in left:
                del left[name]
                for fact in by_name[name]:
                    if fact.id not in group:
                        group[fact.id] = fact
                        names += _names_of(fact)
        if 1 < len(group) <= FEW:
            yield list(group.values())


def _names_of(fact: Fact) -> list[str]:
    """Return what facts hang together by; a tag passes through many hands, so it alone binds nobody to anybody."""
    lent = {each.subject for each in fact.identifiers if each.type == "tag"} if isinstance(fact, Mention) else set[str]()
    return [name for name in names_of(fact) if name not in lent]
