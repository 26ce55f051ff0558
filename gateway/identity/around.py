"""Around: which facts of a store decide about the names that some facts touch. Pure but for the store it reads.

What an identifier is follows from its own facts, the persons of the fans that they name, and the identifiers that it is joined with,
as far as those pass anything on. So the way ends at what passes nothing on whatever is learned beyond it: types that never join, a card
that is one fan's at all times, a code that everybody uses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.identity.fact_store import FactStore
from gateway.identity.facts import (
    FOR_EVER_NS,
    Consent,
    Distinct,
    Fact,
    Identifier,
    Link,
    Mention,
    Merge,
    Revoke,
    RevokeLink,
    Same,
    Split,
    claims_name,
    fact_name,
    fan_name,
)
from gateway.identity.groups import PERSON
from gateway.identity.index import identifiers_of, is_public, may_be_public, names_alone, subjects_of
from gateway.identity.types import IdentifierType, IdentifierTypes

_OF_NO_TOUCH: Final = (fact_name(""), fan_name(""), claims_name(""))
"""Names of which nothing is read that the store does not keep."""


class FactSet:
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
            elif first != fact and fact not in self._others.get(fact.id, ()):
                self._others.setdefault(fact.id, []).append(fact)
                new.append(fact)
        return new

    @property
    def disputed(self) -> AbstractSet[str]:
        """Return the ids of which there are several contents."""
        return self._others.keys()

    def has(self, fact: Fact) -> bool:
        """Return whether it is there."""
        return self._by_id.get(fact.id) == fact or fact in self._others.get(fact.id, ())


class Around:
    """What decides about some names."""

    def __init__(self) -> None:
        self.facts: Final[list[Fact]] = []
        self.new: list[Fact] = []
        """Those of the given facts that the store does not have."""
        self.touched: set[str] = set()
        """Ids of the facts that are new, or that a new one takes back or contradicts."""
        self.read: Final[dict[str, None]] = {}
        """Subjects whose own facts are all here."""
        self.names: Final[dict[str, None]] = {}
        """Names whose standings follow from what is here: subjects, fan names."""


def facts_around(store: FactStore, types: IdentifierTypes, given: Iterable[Fact] = (), names: Iterable[str] = ()) -> Around:
    """Return what decides about all that facts touch, with them, or about names: subjects, fan names, reference names."""
    return _Walk(store, types).made(FactSet().added(given), list(names))


class _Walk:
    def __init__(self, store: FactStore, types: IdentifierTypes) -> None:
        self._store, self._types = store, types
        self._made: Final = Around()
        self._known: Final = FactSet()
        self._asked: Final[set[str]] = set()
        self._taken_back: Final[set[str]] = set()
        self._by_subject: Final[dict[str, list[Fact]]] = defaultdict(list)
        self._types_of: Final[dict[bool, dict[str, str]]] = {False: {}, True: {}}
        """By whether touches state it that name a subject alone, and by subject: the name of its type as `Index.types` has it."""
        self._widest = 1
        """The most identifiers of one fact."""
        self._claims: Final[dict[str, list[Link | Mention]]] = defaultdict(list)
        """By fan, those read."""
        self._beside: Final[dict[str, set[str]]] = defaultdict(set)
        """By fan, the others in its merges and distincts."""
        self._merged: Final[set[str]] = set()
        self._moved: Final[set[str]] = set()
        """Subjects whose claims may have changed, so that what they pass on may."""
        self._changed_fans: Final[set[str]] = set()
        self._registering: Final[set[str]] = set()
        """Fans of claims that changed: the id that stands may, if they are merged."""
        self._open: Final[dict[str, None]] = {}
        """Subjects that are not known to pass anything on yet."""
        self._wanted: dict[str, None] = {}

    def made(self, given: Sequence[Fact], names: Sequence[str]) -> Around:
        self._read_given(given)
        self._begin(names)
        for fact in self._made.facts:
            if fact.id in self._made.touched:
                self._change(fact)
        while True:
            self._follow_fans()
            self._follow_subjects()
            if not (wanted := self._wanted.keys() - self._asked):
                return self._made
            self._wanted = {}
            self._read(wanted)

    def _read_given(self, given: Sequence[Fact]) -> None:
        made = self._made
        own = {fact_name(fact.id) for fact in given}
        self._read(own)
        made.new = [fact for fact in given if not self._known.has(fact)]
        self._take(self._known.added(made.new))
        self._take(self._known.added(self._store.unkept(own)))  # a touch may have the id of another fact
        more = {fact.id for fact in made.new}
        while more:  # of two facts with one id the other may have taken something back, which counts again
            made.touched |= more
            self._read({name for each in more if (name := fact_name(each)) not in self._asked})
            backs = (fact for fact in made.facts if isinstance(fact, Revoke | Split) and fact.id in made.touched)
            more = {fact.of for fact in backs} - made.touched
            if more:
                self._take(self._known.added(self._store.unkept(list(map(fact_name, more)))))

    def _begin(self, names: Iterable[str]) -> None:
        for name in names:
            if name.startswith("fan:"):
                self._changed_fans.add(name.removeprefix("fan:"))
            elif name.startswith("ref:"):
                self._read({name})
                for fact in self._made.facts:
                    self._touch(subjects_of(fact))
            else:
                self._touch([name])

    def _change(self, fact: Fact) -> None:
        """Take a fact that is new, or that came to count or no longer does."""
        self._touch(subjects_of(fact))
        if isinstance(fact, Merge | Distinct):
            self._changed_fans.update(fact.fans)
        elif isinstance(fact, Consent):
            self._changed_fans.add(fact.fan)
        elif isinstance(fact, Link | Mention) and fact.fan:
            self._registering.add(fact.fan)
        if isinstance(fact, Link | RevokeLink) or (isinstance(fact, Mention) and fact.fan):
            self._moved.update(subjects_of(fact))

    def _touch(self, subjects: Iterable[str]) -> None:
        for subject in subjects:
            self._made.names[subject] = self._wanted[subject] = self._open[subject] = None

    def _read(self, names: Collection[str]) -> None:
        """Read facts under names, then what takes those back, and whatever else has the id of one of them."""
        while names:
            self._asked.update(names)
            new = self._known.added(self._store.facts_naming(names))
            if others := [name for name in names if not name.startswith(_OF_NO_TOUCH)]:
                new += self._known.added(self._store.unkept(others))
            self._take(new)
            names = {name for fact in new if (name := fact_name(fact.id)) not in self._asked}

    def _take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self._made.facts.append(fact)
            identifiers = identifiers_of(fact)
            self._widest = max(self._widest, len(identifiers))
            types = self._types_of[names_alone(fact)]
            for name, subject in identifiers:
                self._by_subject[subject].append(fact)
                if types.get(subject, "") <= name:
                    types[subject] = name
            if isinstance(fact, Link | Mention):
                if fact.fan:
                    self._claims[fact.fan].append(fact)
            elif isinstance(fact, Merge | Distinct):
                for fan in fact.fans:
                    self._beside[fan].update(fact.fans)
                if isinstance(fact, Merge):
                    self._merged.update(fact.fans)
            elif isinstance(fact, Revoke | Split):
                self._taken_back.add(fact.of)

    def _follow_fans(self) -> None:
        """Ask for the merges and consents of fans that claims name, and for the claims of merged ones: the first registration stands."""
        changed = self._together(self._changed_fans | (self._registering & self._merged))
        self._changed_fans.update(changed)
        for fan in (*changed, *self._registering):
            self._made.names[fan_name(fan)] = self._wanted[fan_name(fan)] = None
        for fan in changed:
            self._wanted[claims_name(fan)] = None
            for claim in self._claims[fan]:
                self._moved.update(subjects_of(claim))
                self._touch(subject for subject in subjects_of(claim) if subject not in self._made.names)
        for fan in self._together(self._merged):
            self._wanted[fan_name(fan)] = self._wanted[claims_name(fan)] = None

    def _together(self, fans: Iterable[str]) -> set[str]:
        found = set(fans)
        reached = list(found)
        for fan in reached:  # grows
            more = self._beside[fan] - found if fan in self._beside else ()
            found.update(more)
            reached.extend(more)
        return found

    def _follow_subjects(self) -> None:
        """Ask for what is joined with the subjects that pass something on."""
        for subject in list(self._open):
            if subject not in self._asked:
                continue
            self._made.read[subject] = None
            own = self._by_subject[subject]
            for fact in own:
                if isinstance(fact, Link | Mention) and fact.fan:
                    self._wanted[fan_name(fact.fan)] = None
            if not self._passes_on(subject, own):
                continue
            del self._open[subject]
            self._made.names[subject] = None
            for fact in own:
                if isinstance(fact, Mention | Same) and len(fact.identifiers) > 1:
                    for _, other in fact.identifiers:
                        if other not in self._asked:
                            self._wanted[other] = self._open[other] = None

    def _passes_on(self, subject: str, own: Sequence[Fact]) -> bool:
        """Return whether what is joined with an identifier may depend on it, or it on that."""
        identifier, is_alone = self._identifier(subject)
        if self._passes_on_of(self._types.of(identifier.type), subject, own):
            return True
        if not identifier.type or any(names_alone(fact) is is_alone and self._states(fact, identifier) for fact in own):
            return False
        named = (each for fact in own for each in identifiers_of(fact) if each.subject == subject)
        return any(self._types.of(each.type).joins != "no" for each in named)  # it may be, or have been, of another type

    def _passes_on_of(self, of_type: IdentifierType, subject: str, own: Sequence[Fact]) -> bool:
        """Return the same of an identifier that is and was of a type."""
        if of_type.joins == "no":
            return False
        if may_be_public(len(own), self._widest) and is_public(subject, own, of_type, self._types):
            return not self._is_public_still(subject, own, of_type)
        return subject in self._moved or of_type.klass != PERSON or not self._is_one_fan_s(own, of_type)

    def _is_public_still(self, subject: str, own: Sequence[Fact], of_type: IdentifierType) -> bool:
        """Return whether it was and is public by facts that neither came nor went now."""
        settled = [fact for fact in own if self._is_settled(fact)]
        return is_public(subject, settled, of_type, self._types)

    def _identifier(self, subject: str) -> tuple[Identifier, bool]:
        """Return a subject with the type that all facts about it come to, and whether only touches state that, which name it alone."""
        stated = self._types_of[False].get(subject, "")
        return Identifier(stated or self._types_of[True].get(subject, ""), subject), not stated

    def _states(self, fact: Fact, identifier: Identifier) -> bool:
        """Return whether a fact, which counts as it did before, states that something is of a type."""
        return identifier in identifiers_of(fact) and self._is_settled(fact)

    def _is_settled(self, fact: Fact) -> bool:
        """Return whether a fact counts, as it did before."""
        return fact.id not in self._taken_back and fact.id not in self._made.touched and fact.id not in self._known.disputed

    def _is_one_fan_s(self, own: Sequence[Fact], of_type: IdentifierType) -> bool:
        """Return whether an identifier of a person's class is one fan's at all times, by its own facts."""
        fans, is_always = set(), False
        is_ever = of_type.before_s is None and of_type.after_s is None
        for fact in own:
            if isinstance(fact, RevokeLink):
                return False
            if not isinstance(fact, Link | Mention) or not fact.fan:
                continue
            fans.add(fact.fan)
            counts = fact.id not in self._taken_back and fact.id not in self._known.disputed
            if isinstance(fact, Link):
                if fact.to_ns < FOR_EVER_NS:
                    return False
                is_always |= counts and fact.from_ns <= -FOR_EVER_NS
            else:
                is_always |= counts and is_ever
        return is_always and len(fans) == 1
