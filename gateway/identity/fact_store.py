"""Where a brand's facts and standings are kept: what the identity stage asks of a store, and a store in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, takewhile
from typing import Final, NamedTuple, Protocol

from gateway.identity.facts import Fact, Mention, Standing, fan_name, names_of, ref_name


class KnownFacts(Protocol):
    """What is known of a brand. Facts are distinct by all their values; two of one id may differ."""

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact that `names_of` gives any of these names, each once, in any order."""

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings of those of these names that have one."""


class FactStore(KnownFacts, Protocol):
    """Where a brand's facts and standings are kept."""

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the facts of these names that `add` was given as `quiet` and did not keep, since the store has them as touches.

        They may be there before they are added, and others may be among them, which are kept.
        """

    def bearing(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names that a fact or a standing has here, of subjects and ids also those of touches. It may add."""

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        """Return those of these references that a kept fact bears, or several of those that are not kept; others, too, if it likes."""

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        """Keep new facts, and standings in the place of those of the same names; all of it or nothing is durable.

        `quiet` are touches that state nothing but a type and a reference, and that may have been added before.
        """


class Given(NamedTuple):
    """A standing that was given to all shards, and the place of that in the order in which standings were given."""

    place: int
    standing: Standing


class GivingFacts(FactStore, Protocol):
    """A store of facts beside several shards: what was given to them is durable with the facts that it comes of."""

    def given_after(self, place: int) -> Sequence[Given]:
        """Return what was given behind a place, in order: of each name the latest alone, which replaces all others of it."""


class NamedFacts(FactStore, Protocol):
    """A store of facts that knows all their names."""

    def names_of_facts(self) -> Iterable[Sequence[str]]:
        """Return, in parts, every name of a subject or of a fan that facts bear."""


class MemoryFactStore:
    """A store in memory, for tests and for what is asked of a set of facts."""

    def __init__(self) -> None:
        self._facts: Final[dict[str, dict[Fact, None]]] = {}
        self._standings: Final[dict[str, Standing]] = {}
        self._given: Final[dict[str, Given]] = {}
        """By name, in the order of their places."""
        self._place = 0

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return every fact of any of these names, each once."""
        found: dict[int, Fact] = {}
        for name in names:
            found.update((id(fact), fact) for fact in self._facts.get(name, ()))
        return found.values()

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Return the same without what touches state."""
        return [fact for fact in self.facts_naming(names) if not isinstance(fact, Mention)]

    def unkept(self, names: Collection[str]) -> Iterable[Fact]:
        """Return nothing: every fact is kept."""
        return ()

    def bearing(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names that a fact or a standing has."""
        return [name for name in names if name in self._facts or name in self._standings]

    def shared_refs(self, refs: Collection[str]) -> Collection[str]:
        """Return those of these references that a fact bears."""
        return [ref for ref in refs if ref_name(ref) in self._facts]

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Return the standings of those of these names that have one."""
        return {name: self._standings[name] for name in names if name in self._standings}

    def names_of_facts(self) -> Iterable[Sequence[str]]:
        """Return every name of a subject or of a fan that facts bear, in one part."""
        return [[name for name in self._facts if ":" not in name or name.startswith(fan_name(""))]]

    def add(self, facts: Sequence[Fact], standings: Sequence[Standing], quiet: Sequence[Fact] = ()) -> None:
        """Keep facts and standings."""
        for fact in chain(facts, quiet):
            for name in names_of(fact):
                self._facts.setdefault(name, {}).setdefault(fact)
        self._standings.update((each.name, each) for each in standings)
        for each in standings:
            self._place += 1
            self._given.pop(each.name, None)
            self._given[each.name] = Given(self._place, each)

    def given_after(self, place: int) -> Sequence[Given]:
        """Return what was given behind a place, in order."""
        return list(takewhile(lambda each: each.place > place, reversed(self._given.values())))[::-1]
