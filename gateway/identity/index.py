"""The facts that count, by what they name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from gateway.identity.facts import Fact, Identifier, Link, Mention, RevokeLink, Same
from gateway.identity.types import NATIONAL, IdentifierType, IdentifierTypes

PUBLIC: Final = 256
"""Beside more fans and identifiers than these, at all times together, an identifier is nobody's."""
PUBLIC_OF_PERSON: Final = 2_048
"""The same of what is given to one person only."""
_SECOND: Final = frozenset(NATIONAL.values())
"""Types of second spellings: one stands right behind the identifier that it spells."""


@dataclass(slots=True)
class Index:
    """Facts by identifier; a second spelling is the identifier that it spells."""

    types: dict[str, str] = field(default_factory=dict)
    """By subject, the name of its type: of several the last by alphabet, so that one with a name stands before none.

    What touches state that name it alone counts only where all others state none.
    """
    stated: dict[str, list[Link | Mention]] = field(default_factory=lambda: defaultdict(list))
    """By subject, what claims it."""
    revokes: dict[str, list[RevokeLink]] = field(default_factory=lambda: defaultdict(list))
    mentions: dict[str, list[Mention]] = field(default_factory=lambda: defaultdict(list))
    together: list[Same | Mention] = field(default_factory=list)
    """What names two identifiers or more."""
    spellings: dict[str, str] = field(default_factory=dict)
    """By the subject of a second spelling, the subject of the first."""
    public: dict[str, None] = field(default_factory=dict)
    """Subjects that nobody can have alone; no claim or join of them holds."""


def index_of(facts: Sequence[Fact], types: IdentifierTypes) -> Index:
    """Return facts that count, by what they name."""
    index = _indexed(facts)
    sames = defaultdict[str, list[Same]](list)
    for fact in index.together:
        if isinstance(fact, Same):
            for each in fact.identifiers:
                sames[each.subject].append(fact)
    widest = max((len(fact.identifiers) for fact in index.together), default=1)
    for subject, name in index.types.items():
        own = (index.mentions.get(subject, ()), index.stated.get(subject, ()), sames.get(subject, ()))
        if may_be_public(sum(map(len, own)), widest) and is_public(subject, [*chain(*own)], types.of(name), types):
            index.public[subject] = None
            index.stated.pop(subject, None)
    return index


def _indexed(facts: Sequence[Fact]) -> Index:
    index = Index()
    types, stated, mentions, together = index.types, index.stated, index.mentions, index.together
    alone: dict[str, str] = {}
    for fact in _spelled_once(facts, index.spellings):
        if isinstance(fact, Mention):
            known = alone if names_alone(fact) else types
            for name, subject in fact.identifiers:
                if known.get(subject, "") <= name:
                    known[subject] = name
                mentions[subject].append(fact)
                if fact.fan:
                    stated[subject].append(fact)
            if len(fact.identifiers) > 1:
                together.append(fact)
        elif isinstance(fact, Link | RevokeLink):
            name, subject = fact.identifier
            if types.get(subject, "") <= name:
                types[subject] = name
            if isinstance(fact, Link):
                stated[subject].append(fact)
            else:
                index.revokes[subject].append(fact)
        elif isinstance(fact, Same):
            together.append(fact)
            for name, subject in fact.identifiers:
                if types.get(subject, "") <= name:
                    types[subject] = name
    for subject, name in alone.items():
        if not types.get(subject):
            types[subject] = name
    return index


def names_alone(fact: Fact) -> bool:
    """Return whether a fact is of a touch that names one identifier, if any, and nobody: it claims and joins nothing."""
    return isinstance(fact, Mention) and not fact.fan and len(fact.identifiers) < 2


def subjects_of(fact: Fact) -> list[str]:
    """Return the subjects that a fact names."""
    return [each.subject for each in identifiers_of(fact)]


def identifiers_of(fact: Fact) -> Sequence[Identifier]:
    """Return the identifiers that a fact names."""
    if isinstance(fact, Mention | Same):
        return fact.identifiers
    return (fact.identifier,) if isinstance(fact, Link | RevokeLink) else ()


def may_be_public(facts: int, widest: int) -> bool:
    """Return whether so many facts, with at most so many identifiers each, are enough for an identifier to be public."""
    return facts * widest > PUBLIC


def is_public(subject: str, facts: Collection[Fact], of_type: IdentifierType, types: IdentifierTypes) -> bool:
    """Return whether an identifier that joins is claimed for, and named beside, so many that it can be no person's: a shop's code, say."""
    allowed = PUBLIC_OF_PERSON if of_type.klass == "person" else PUBLIC
    if of_type.joins == "no" or sum(len(each.identifiers) if isinstance(each, Mention | Same) else 1 for each in facts) <= allowed:
        return False
    beside = {each for fact in facts if isinstance(fact, Mention | Same) for each in fact.identifiers if each.subject != subject}
    fans = {fact.fan for fact in facts if isinstance(fact, Link | Mention)} - {""}
    return len(fans) + len({each.subject for each in beside if types.of(each.type).joins != "no"}) > allowed


def _spelled_once(facts: Sequence[Fact], spellings: dict[str, str]) -> Iterable[Fact]:
    """Return facts with the first spelling in place of every second one; `spellings` takes the pairs."""
    firsts: dict[str, Identifier] = {}
    for fact in facts:
        if isinstance(fact, Mention | Same):
            for first, second in zip(fact.identifiers, fact.identifiers[1:], strict=False):
                if second.type in _SECOND and NATIONAL.get(first.type) == second.type:
                    firsts[second.subject] = first
    if not firsts:
        return facts
    spellings.update((subject, first.subject) for subject, first in firsts.items())
    return [_respelled(fact, firsts) for fact in facts]


def _respelled(fact: Fact, firsts: dict[str, Identifier]) -> Fact:
    if isinstance(fact, Mention | Same):
        if any(each.subject in firsts for each in fact.identifiers):
            return replace(fact, identifiers=tuple(dict.fromkeys(firsts.get(each.subject, each) for each in fact.identifiers)))
    elif isinstance(fact, Link | RevokeLink) and fact.identifier.subject in firsts:
        return replace(fact, identifier=firsts[fact.identifier.subject])
    return fact
