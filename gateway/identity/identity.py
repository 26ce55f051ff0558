"""The identity stage, for the whole brand, beside the fold and not inside it. Pure but for its store.

A shard sees the records of its own stores only, but a person visits stores of any shard. So each shard returns the facts that its records
state, and identity returns standings, which every shard is given. A standing depends on the set of facts alone, and has a number that only
grows: so facts and standings may travel with any delay, in any order, and more than once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from gateway.identity.facts import Fact, FactStore, Mention, Revoke, Standing, fact_name, names_of, ref_name
from gateway.identity.in_force import facts_in_force
from gateway.identity.naming import standing_of_ref
from gateway.identity.resolve import Resolution, resolve
from gateway.identity.types import IdentifierTypes

_REF: Final = "ref:"


class Identity:
    """Keeps the standings of all names up to date in `store`; `key` makes the ids of provisional fans, at most 64 bytes."""

    def __init__(self, store: FactStore, types: IdentifierTypes, key: bytes = b"") -> None:
        self._store: Final = store
        self._types, self._key = types, key

    def take(self, facts: Iterable[Fact]) -> list[Standing]:
        """Take facts, known or not, in any order. Return the standings that changed; they and the facts are in the store.

        Only the facts around those that are new are read again: what hangs together with them by identifiers and fans.
        """
        given = _FactSet()
        new = given.added(facts)
        around = facts_around(self._store, new)
        new = [fact for fact in new if not around.had(fact)]
        if not new:
            return []
        resolution = resolve(around.facts, self._types, self._key)
        changed = self._changed(around.names, resolution.standings)
        changed.update(self._of_refs(around.facts, new, resolution, changed))
        made = list(changed.values())
        self._store.add(new, made)
        return made

    def _changed(self, names: Collection[str], standings: dict[str, Standing]) -> dict[str, Standing]:
        """Return those of the standings of `names` that are not in the store, each with a higher number than the one there."""
        before = self._store.standings(names)
        changed = {}
        for name in dict.fromkeys((*standings, *before)):
            old, new = before.get(name), standings.get(name) or Standing(name, 0)
            if old is None or old[2:] != new[2:]:
                changed[name] = new._replace(number=old.number + 1 if old else 1)
        return changed

    def _of_refs(
        self, around: Iterable[Fact], new: Sequence[Fact], resolution: Resolution, changed: dict[str, Standing]
    ) -> dict[str, Standing]:
        """Return the standings of references that change, because touches with them came or went, or what those name changed."""
        touched = {fact.id for fact in new} | {fact.of for fact in new if isinstance(fact, Revoke)}
        mentions = [fact for fact in around if isinstance(fact, Mention) and fact.ref]
        refs = {each.ref for each in mentions if each.id in touched or any(name in changed for name in names_of(each))}
        if not refs:
            return {}
        by_ref = self._mentions_of(refs, new)
        subjects = {identifier.subject for each in by_ref.values() for one in each for identifier in one.identifiers}
        fans = {name for each in by_ref.values() for one in each for name in names_of(one) if one.fan}
        at_hand = {**self._store.standings(subjects | fans), **resolution.standings, **changed}
        standings = {ref_name(ref): standing_of_ref(at_hand.get, ref, each) for ref, each in by_ref.items() if len(each) > 1}
        shown = {name: each for name, each in standings.items() if each.spans or each.label}
        return self._changed({ref_name(ref) for ref in refs}, shown)

    def _mentions_of(self, refs: Collection[str], new: Iterable[Fact]) -> dict[str, list[Mention]]:
        """Return by reference the mentions with it that count."""
        found = [*self._store.facts_naming({ref_name(ref) for ref in refs}), *new]
        backs = self._store.facts_naming({fact_name(fact.id) for fact in found})
        by_ref: dict[str, list[Mention]] = defaultdict(list)
        for fact in facts_in_force(_FactSet().added([*found, *backs])).facts:
            if isinstance(fact, Mention) and fact.ref in refs:
                by_ref[fact.ref].append(fact)
        return by_ref


class _FactSet:
    """Facts, each once: by id, since two of one id are rare and facts are slow to compare."""

    def __init__(self) -> None:
        self._by_id: Final[dict[str, Fact]] = {}
        self._others: Final[dict[str, list[Fact]]] = {}

    def added(self, facts: Iterable[Fact]) -> list[Fact]:
        """Add facts; return those that were not there."""
        new = []
        for fact in facts:
            first = self._by_id.setdefault(fact.id, fact)
            if first is fact:
                new.append(fact)
            elif first != fact and fact not in (others := self._others.setdefault(fact.id, [])):
                others.append(fact)
                new.append(fact)
        return new

    def has(self, fact: Fact) -> bool:
        """Return whether it is there."""
        return self._by_id.get(fact.id) == fact or fact in self._others.get(fact.id, ())


class Around:
    """The closed set of facts around some: all that hang together with them by identifiers and fans, and not by references."""

    def __init__(self, facts: list[Fact], names: set[str], known: _FactSet) -> None:
        self.facts: Final = facts
        self.names: Final = names
        """Under which they hang together."""
        self._known: Final = known

    def had(self, fact: Fact) -> bool:
        """Return whether the store had a fact."""
        return self._known.has(fact)


def facts_around(store: FactStore, given: Iterable[Fact] = (), names: Collection[str] = ()) -> Around:
    """Return the closed set around facts, with them, or around names."""
    given = list(given)
    known, found = _FactSet(), list[Fact]()
    asked: set[str] = set()
    next_names = {*names, *_linking_names(given)}
    while next_names:
        asked |= next_names
        more = known.added(store.facts_naming(next_names))
        found += more
        next_names = _linking_names(more) - asked
    return Around([*found, *(fact for fact in given if not known.has(fact))], asked, known)


def _linking_names(facts: Iterable[Fact]) -> set[str]:
    """Return the names by which facts hang together: all but references."""
    return {name for fact in facts for name in names_of(fact) if not name.startswith(_REF)}
