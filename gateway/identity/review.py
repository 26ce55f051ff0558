"""What people look through and decide: contradictions, the largest fans, and what a change would alter. Pure but for the store it reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.identity.fact_store import FactStore, MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Standing, is_registered
from gateway.identity.identity import Identity
from gateway.identity.in_force import Refused
from gateway.identity.own_names import counting_in, of_key
from gateway.identity.resolve import Resolution, resolve
from gateway.identity.types import IdentifierTypes

BRIDGES: Final = 3
"""So many of the identifiers that others hang on are named of each fan."""


class Conflict(NamedTuple):
    """An identifier that names nobody because several fans have it."""

    identifier: Identifier
    label: str
    """`conflict` waits for somebody to decide; `household` and `shared` do not."""
    fans: Sequence[str]
    """Who claims it, as they are now."""
    facts: Sequence[Fact]


class Conflicts(NamedTuple):
    """What contradicts itself in a set of facts."""

    identifiers: Sequence[Conflict]
    refused: Sequence[Refused]
    """Merges that join distinct fans, ids with two contents, what was taken back in vain."""


class Cluster(NamedTuple):
    """One fan, registered or provisional, with all its identifiers."""

    fan: str
    identifiers: Mapping[str, int]
    """How many of each type."""
    bridges: Sequence[Identifier]
    """Those that most others are joined with, first."""
    is_beyond: bool = False
    """Whether it was too large to follow joins with an end."""

    @property
    def size(self) -> int:
        """Return how many identifiers it has."""
        return sum(self.identifiers.values())


class Change(NamedTuple):
    """What a name would mean instead."""

    name: str
    before: Standing
    after: Standing


class Preview(NamedTuple):
    """What facts would change."""

    changes: Sequence[Change]
    fans: Collection[str]
    """The registered fans that would gain or lose something."""


def conflicts(facts: Iterable[Fact], types: IdentifierTypes, key: bytes) -> Conflicts:
    """Return what contradicts itself in a closed set of facts, strong contradictions first."""
    made = resolve(facts, types, key)
    found = []
    for of, label in made.left.labels.items():
        subject, store = of_key(of)
        claims = counting_in(store, made.index.stated.get(subject, ()), made.stores.get(subject, ()))
        fans = sorted({made.persons.of(each.fan) for each in claims})
        found.append(Conflict(_identifier(made, subject), label, fans, sorted(claims, key=lambda each: (each.from_ns, each.id))))
    found.sort(key=lambda each: (each.label != "conflict", each.label, each.identifier))
    return Conflicts(found, made.refused)


def largest(facts: Iterable[Fact], types: IdentifierTypes, key: bytes, limit: int = 20) -> list[Cluster]:
    """Return the fans of a closed set of facts with the most identifiers, the largest first, by whom each names last."""
    made = resolve(facts, types, key)
    members: dict[str, list[str]] = defaultdict(list)
    for subject, standing in made.standings.items():
        if subject in made.index.types and standing.spans:
            members[standing.spans[-1].fan].append(subject)
    joined = Counter(subject for join in made.left.joins for subject in (join.first, join.second))
    members.pop("", None)
    ordered = sorted(members.items(), key=lambda each: (-len(each[1]), each[0]))[:limit]
    found = [_cluster(made, fan, subjects, joined) for fan, subjects in ordered]
    beyond = [Cluster("", {made.index.types[subject]: 1}, [_identifier(made, subject)], True) for subject in sorted(set(made.left.beyond))]
    return [*beyond, *found]


def _cluster(made: Resolution, fan: str, subjects: Sequence[str], joined: Counter[str]) -> Cluster:
    bridges = sorted((subject for subject in subjects if joined[subject] > 1), key=lambda each: (-joined[each], each))[:BRIDGES]
    return Cluster(fan, Counter(made.index.types[each] for each in subjects), [_identifier(made, each) for each in bridges])


def _identifier(made: Resolution, subject: str) -> Identifier:
    return Identifier(made.index.types[subject], subject)


def preview(store: FactStore, types: IdentifierTypes, key: bytes, facts: Sequence[Fact]) -> Preview:
    """Return what would change if a store's facts were joined by these; the store stays as it is."""
    over = _Over(store)
    changed = Identity(over, types, key).take(facts)
    before = store.standings({each.name for each in changed})
    changes = [Change(each.name, before.get(each.name) or Standing(each.name, 0), each) for each in changed]
    fans: set[str] = set()
    for change in changes:
        own = [change.name.removeprefix("fan:")] if change.name.startswith("fan:") else []
        was, now = change.before.fans(), change.after.fans()
        fans.update(fan for fan in (*own, *(was ^ now or was | now)) if is_registered(fan))
    return Preview(changes, fans)


class _Over:
    """A store that keeps in memory what is added to another."""

    def __init__(self, store: FactStore) -> None:
        self._under: Final = store
        self._own: Final = MemoryFactStore()

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        return dict.fromkeys([*self._under.facts_naming(names), *self._own.facts_naming(names)])

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        return {**self._under.standings(names), **self._own.standings(names)}

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        return self._under.unkept(names)

    def bearing(self, names: Collection[str]) -> Collection[str]:
        return {*self._under.bearing(names), *self._own.bearing(names)}

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        return {*self._under.shared_refs(refs), *self._own.shared_refs(refs)}

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        self._own.add(facts, standings, quiet)
