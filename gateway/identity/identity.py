"""The identity stage, for the whole brand, beside the fold and not inside it. Pure but for its store.

A shard sees the records of its own stores only, but a person visits stores of any shard. So each shard returns the facts that its records
state, and identity returns standings, which every shard is given. A standing depends on the set of facts alone, and has a number that only
grows: so facts and standings may travel with any delay, in any order, and more than once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from gateway.identity.around import Around, FactSet, facts_around
from gateway.identity.facts import Fact, FactStore, Mention, Standing, fact_name, fan_name, ref_name
from gateway.identity.in_force import facts_in_force
from gateway.identity.naming import standing_of_ref
from gateway.identity.resolve import resolve
from gateway.identity.types import IdentifierTypes


class Identity:
    """Keeps the standings of all names up to date in `store`; `key` makes the ids of provisional fans, at most 64 bytes."""

    def __init__(self, store: FactStore, types: IdentifierTypes, key: bytes = b"") -> None:
        self._store: Final = store
        self._types, self._key = types, key

    def take(self, facts: Iterable[Fact]) -> list[Standing]:
        """Take facts, known or not, in any order. Return the standings that changed; they and the facts are in the store.

        Only the facts around those that are new are read again.
        """
        around = facts_around(self._store, self._types, facts)
        if not around.new:
            return []
        resolution = resolve(around.facts, self._types, self._key, around.read)
        changed = self._changed(around.names, resolution.standings)
        changed.update(self._of_refs(around, changed))
        made = list(changed.values())
        made = list(changed.values())
        self._store.add(around.new, made)
        return made

    def _changed(self, names: Collection[str], standings: Mapping[str, Standing]) -> dict[str, Standing]:
        """Return those of the standings of `names` that are not in the store, each with a higher number than the one there."""
        before = self._store.standings(names)
        changed = {}
        for name in names:
            old, new = before.get(name), standings.get(name)
            if old is None:
                if new:
                    changed[name] = new._replace(number=1)
            elif old[2:] != (new := new or Standing(name, 0))[2:]:
                changed[name] = new._replace(number=old.number + 1)
        return changed

    def _of_refs(self, around: Around, changed: Mapping[str, Standing]) -> dict[str, Standing]:
        """Return the standings of references that change, because touches with them came or went, or what those name changed."""
        refs = {
            fact.ref
            for fact in around.facts
            if isinstance(fact, Mention) and fact.ref and (fact.id in around.touched or not changed.keys().isdisjoint(_naming(fact)))
        }
        if not refs:
            return {}
        by_ref = self._mentions_of(refs, around.new)
        at_hand = {**self._store.standings({name for each in by_ref.values() for one in each for name in _naming(one)}), **changed}
        standings = {ref_name(ref): standing_of_ref(at_hand.get, ref, each) for ref, each in by_ref.items() if len(each) > 1}
        shown = {name: each for name, each in standings.items() if each.spans or each.label}
        return self._changed({ref_name(ref) for ref in refs}, shown)

    def _mentions_of(self, refs: Collection[str], new: Iterable[Fact]) -> dict[str, list[Mention]]:
        """Return by reference the mentions with it that count."""
        known = FactSet()
        facts = known.added(new)
        names = {ref_name(ref) for ref in refs} | {fact_name(fact.id) for fact in facts}
        asked: set[str] = set()
        while names:  # what takes them back, and whatever else has the id of one of them
            asked |= names
            more = known.added(self._store.facts_naming(names))
            facts += more
            names = {fact_name(fact.id) for fact in more} - asked
        by_ref: dict[str, list[Mention]] = defaultdict(list)
        for fact in facts_in_force(facts).facts:
            if isinstance(fact, Mention) and fact.ref in refs:
                by_ref[fact.ref].append(fact)
        return by_ref


def _naming(mention: Mention) -> list[str]:
    """Return the names whose standings say whom a touch is, its reference aside."""
    return [*(each.subject for each in mention.identifiers), *([fan_name(mention.fan)] if mention.fan else [])]
