"""Ownership: who cares for a fan at a time, one of the staff or a store. Pure; nothing depends on the order of the facts.

owners = Owners(facts_of_owners(store, ids))        for many questions
owners.of("f-1042", time_ns)                        Owner(staff_id="s12", store="")
owner_of(facts, "f-1042", time_ns, registered)      for one

Of the facts that hold at a time the one that began last counts, of those that began at once the one that was learned last: an owner
stays until the next, or until its own end. What is stated of one id of a fan holds for all of them. Where no fact holds the fan is of
whoever registered them, at all times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple, Protocol

from gateway.identity.facts import Fact, Ownership, fact_name, fan_name, owner_name
from gateway.identity.in_force import facts_in_force
from gateway.identity.persons import persons_of


class Owner(NamedTuple):
    """Who cares for a fan; both are "" for nobody. `store` is "" where only one of the staff is stated: theirs is in site.toml."""

    staff_id: str = ""
    store: str = ""


NOBODY: Final = Owner()


class Owners:
    """By a set of facts that has, of every fan asked for, what `facts_of_owners` reads."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        counting = facts_in_force(facts).facts
        self._persons: Final = persons_of(counting)
        self._stated: Final[dict[str, list[Ownership]]] = defaultdict(list)
        for fact in counting:
            if isinstance(fact, Ownership):
                self._stated[self._persons.of(fact.fan)].append(fact)
        for mine in self._stated.values():
            mine.sort(key=lambda each: (each.from_ns, each.learned_ns, each.id), reverse=True)

    def stated(self, fan: str, time_ns: int) -> Ownership | None:
        """Return the fact that decides whose a fan is at a time; None if none does."""
        mine = self._stated.get(self._persons.of(fan), ())
        return next((each for each in mine if each.from_ns <= time_ns < each.to_ns), None)

    def all_stated(self, fan: str) -> list[Ownership]:
        """Return every fact about whose a fan is, the one that began last first."""
        return self._stated.get(self._persons.of(fan), [])

    def of(self, fan: str, time_ns: int, registered: Owner = NOBODY) -> Owner:
        """Return whose a fan is at a time; `registered` is who registered them."""
        fact = self.stated(fan, time_ns)
        return Owner(fact.staff_id, fact.store) if fact else registered


def owner_of(facts: Iterable[Fact], fan: str, time_ns: int, registered: Owner = NOBODY) -> Owner:
    """Return whose a fan is at a time, by facts that have what `facts_of_owners` reads; else `registered`, who registered them."""
    return Owners(facts).of(fan, time_ns, registered)


class Statements(Protocol):
    """What is known of a brand without what touches state, of which a fan may have thousands: none of that decides whose a fan is."""

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every such fact that bears any of these names, each once, in any order."""


def facts_of_owners(store: Statements, fans: Collection[str]) -> list[Fact]:
    """Return what decides whose some fans are: owners and merges of all ids of them, and what takes those back, each once."""
    found: dict[Fact, None] = {}
    asked: set[str] = set()
    names = {name for fan in fans for name in (owner_name(fan), fan_name(fan))}
    while names:
        asked |= names
        facts = [fact for fact in store.statements_naming(names) if fact not in found]
        found.update(dict.fromkeys(facts))
        ids = {fan for fact in facts for fan in getattr(fact, "fans", ())}
        names = {name for fan in ids for name in (owner_name(fan), fan_name(fan))} | {fact_name(fact.id) for fact in facts}
        names -= asked
    return list(found)
