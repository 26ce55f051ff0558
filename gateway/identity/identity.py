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
        given = list(dict.fromkeys(facts))
        if not given:
            return []
        around, new = self._around(given)
        if not new:
            return []
        resolution = resolve(around, self._types, self._key)
        changed = self._changed(_linking_names(around), resolution.standings)
        changed.update(self._of_refs(around, new, resolution, changed))
        made = list(changed.values())
        self._store.add(new, made)
        return made

    def _around(self, given: Sequence[Fact]) -> tuple[Collection[Fact], list[Fact]]:
        """Return the closed set around facts, and those of the given ones that the store does not have."""
        found: dict[Fact, None] = dict.fromkeys(given)
        asked: set[str] = set()
        names = _linking_names(given)
        known: set[Fact] = set()
        while names:
            asked |= names
            more = [fact for fact in self._store.facts_naming(names) if fact not in known]
            known.update(more)
            found.update(dict.fromkeys(more))
            names = _linking_names(more) - asked
        return found, [fact for fact in given if fact not in known]

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
        found = dict.fromkeys([*self._store.facts_naming({ref_name(ref) for ref in refs}), *new])
        backs = self._store.facts_naming({fact_name(fact.id) for fact in found})
        by_ref: dict[str, list[Mention]] = defaultdict(list)
        for fact in facts_in_force(dict.fromkeys([*found, *backs])).facts:
            if isinstance(fact, Mention) and fact.ref in refs:
                by_ref[fact.ref].append(fact)
        return by_ref


def _linking_names(facts: Iterable[Fact]) -> set[str]:
    """Return the names by which facts hang together: all but references."""
    return {name for fact in facts for name in names_of(fact) if not name.startswith(_REF)}
