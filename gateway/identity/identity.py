"""The identity stage, for the whole brand, beside the fold and not inside it. Pure but for its store.

A shard sees the records of its own stores only, but a person visits stores of any shard. So each shard returns the facts that its records
state, and identity returns standings, which every shard is given. A standing depends on the set of facts alone, and has a number that only
grows: so facts and standings may travel with any delay, in any order, and more than once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from gateway.identity.alone import parted, standings_of
from gateway.identity.around import Around, FactSet, facts_around
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import Fact, Mention, Revoke, Split, Standing, fact_name, fan_name, is_registered, ref_name
from gateway.identity.growing import growing
from gateway.identity.in_force import facts_in_force
from gateway.identity.index import identifiers_of
from gateway.identity.naming import standing_of_ref
from gateway.identity.remembered import Remembered
from gateway.identity.resolve import resolve
from gateway.identity.types import IdentifierTypes

_FAN: Final = fan_name("")


class Identity:
    """Keeps the standings of all names up to date in `store`; `key` makes the ids of provisional fans, at most 64 bytes."""

    def __init__(self, store: FactStore, types: IdentifierTypes, key: bytes = b"") -> None:
        self._store: Final = store
        self._types, self._key = types, key
        self._read: Mapping[str, None] = {}
        """Identifiers that were looked at last."""
        self.read_again = 0
        """How many identifiers the last `take` looked at which the one before had looked at, too."""
        self._remembered: Final = Remembered()

    def take(self, facts: Iterable[Fact]) -> list[Standing]:
        """Take facts, known or not, in any order. Return the standings that changed; they and the facts are in the store.

        Only the facts around those that are new are read again; most touches change nothing but their reference, and read nothing.
        """
        self.read_again = 0
        quiet, others = list[Mention](), list[Fact]()
        for fact in facts:
            if isinstance(fact, Mention) and self._is_quiet(fact):
                quiet.append(fact)
            else:
                others.append(fact)
        changed = self._learn(others)
        if quiet:
            changed.update(self._take_quiet(quiet))
        return list(changed.values())

    def _is_quiet(self, touch: Mention) -> bool:
        """Return whether a touch states nothing about who is who, unless something else has its id or takes it back."""
        if touch.fan or touch.returned or len(touch.identifiers) > 1:
            return False
        return all(name != "" and self._types.of(name).unseen_s is None for name, _ in touch.identifiers)

    def _take_quiet(self, facts: Sequence[Mention]) -> dict[str, Standing]:
        own = Counter([fact.id for fact in facts])
        others = {fact_id for fact_id, count in own.items() if count > 1} if len(own) < len(facts) else set()
        for fact in self._store.facts_naming(list(map(fact_name, own))):
            others |= {fact.id, fact.of} if isinstance(fact, Revoke | Split) else {fact.id}
        before = self._store.standings({subject for fact in facts for _, subject in fact.identifiers})
        if before or others:
            others |= {fact.id for fact in facts if not self._is_as_before(fact, before)}
            changed = self._learn([fact for fact in facts if fact.id in others])
            facts = [fact for fact in facts if fact.id not in others]
        else:
            changed = {}
        refs = Counter([fact.ref for fact in facts if fact.ref])
        shared = {ref for ref, count in refs.items() if count > 1}.union(self._store.shared_refs(refs)) if refs else ()
        of_refs = self._of_refs(shared, facts, {})
        self._store.add([], list(of_refs.values()), facts)
        return {**changed, **of_refs}

    def _is_as_before(self, fact: Fact, before: Mapping[str, Standing]) -> bool:
        """Return whether the types of what a touch names alone are known already where it stands for anybody, or are unknown as before."""
        none = self._types.of("")
        known = ((before[subject].rank, name) for name, subject in identifiers_of(fact) if subject in before)
        return all(rank != none.rank or self._types.of(name) is none for rank, name in known)

    def _learn(self, facts: Sequence[Fact]) -> dict[str, Standing]:
        """Take facts of any kind."""
        alone, others = parted(self._store, self._types, facts)
        changed = {each.name: each for each in standings_of(self._types, self._key, alone)}
        if alone:
            self._store.add([fact for cluster in alone for fact in cluster.facts], list(changed.values()))
        others = [fact for fact in others if not self._grow(fact, changed)]
        around = facts_around(self._store, self._types, others) if others else None
        return {**changed, **self._settle(around)} if around and around.new else changed

    def _grow(self, fact: Fact, changed: dict[str, Standing]) -> bool:
        """Take a fact that only adds to a remembered cluster, or changes nothing of it; return whether it is one."""
        if (grown := self._remembered.grown_by(fact, self._store)) is None:
            return False
        standings = self._changed(grown.standings.keys(), grown.standings)
        standings.update(self._of_refs(grown.refs, [fact], standings))
        self._store.add([fact], list(standings.values()))
        changed.update(standings)
        return True

    def again(self, names: Iterable[str]) -> list[Standing]:
        """Return the standings of names, and of what hangs together with them, that are others with these types; they are in the store."""
        return list(self._settle(facts_around(self._store, self._types, names=names)).values())

    def _settle(self, around: Around) -> dict[str, Standing]:
        self.read_again, self._read = len(self._read.keys() & around.read.keys()), around.read
        resolution = resolve(around.facts, self._types, self._key, around.read)
        changed = self._changed(around.names, resolution.standings)
        changed.update(self._of_refs(_touched_refs(around, changed), around.new, changed))
        self._store.add(around.new, list(changed.values()))
        self._remembered.take(around, growing(around, resolution, self._types))
        return changed

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

    def _of_refs(self, refs: Collection[str], new: Iterable[Fact], changed: Mapping[str, Standing]) -> dict[str, Standing]:
        """Return the standings of references that change; one alone with its reference needs none."""
        by_ref = self._mentions_of(refs, new) if refs else {}
        if not by_ref:
            return {}
        at_hand = {**self._store.standings({name for each in by_ref.values() for one in each for name in _naming(one)}), **changed}
        persons = {fan_name(fan) for each in at_hand.values() for fan in each.persons() if is_registered(fan)}
        at_hand = {**self._store.standings(persons), **at_hand}
        standings = {ref_name(ref): standing_of_ref(at_hand.get, ref, each) for ref, each in by_ref.items() if len(each) > 1}
        shown = {name: each for name, each in standings.items() if each.spans or each.label}
        return self._changed({ref_name(ref) for ref in by_ref}, shown)

    def _mentions_of(self, refs: Collection[str], new: Iterable[Fact]) -> dict[str, list[Mention]]:
        """Return the mentions that count of each reference that ever had two."""
        known = FactSet()
        facts = known.added(new)
        for stored in (self._store.facts_naming, self._store.unkept):
            facts += known.added(stored([ref_name(ref) for ref in refs]))
        stated = Counter(fact.ref for fact in facts if isinstance(fact, Mention))
        by_ref: dict[str, list[Mention]] = {ref: [] for ref in refs if stated[ref] > 1}
        asked = set[str]()
        names = {
            fact_name(each.id) for each in facts if isinstance(each, Revoke | Split) or (isinstance(each, Mention) and each.ref in by_ref)
        }
        while names:  # what takes them back, and whatever else has the id of one of them or of a new one that takes back
            asked |= names
            more = known.added(self._store.facts_naming(names))
            facts += more
            names = {fact_name(fact.id) for fact in more} - asked
        for fact in facts_in_force(facts).facts:
            if isinstance(fact, Mention) and fact.ref in by_ref:
                by_ref[fact.ref].append(fact)
        return by_ref


def _touched_refs(around: Around, changed: Mapping[str, Standing]) -> set[str]:
    """Return the references of touches that came or went, or that name what changed; once a fan changed, those of all its touches."""
    is_fan = any(name.startswith(_FAN) for name in changed)
    return {
        fact.ref
        for fact in around.facts
        if isinstance(fact, Mention) and fact.ref and (is_fan or fact.id in around.touched or not changed.keys().isdisjoint(_naming(fact)))
    }


def _naming(mention: Mention) -> list[str]:
    """Return the names whose standings say whom a touch is, its reference aside."""
    return [*(each.subject for each in mention.identifiers), *([fan_name(mention.fan)] if mention.fan else [])]
