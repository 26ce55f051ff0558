"""Links that stand alone: nothing else that is known or stated is of their identifier, of their id, or of their fan as such.

Most of a CRM's export is of this kind. Each comes to a standing of its own, so nothing of what decides between facts needs to be asked.
Pure but for the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from gateway.identity.claims import holding_of
from gateway.identity.facts import Fact, FactStore, Link, Span, Standing, fact_name, fan_name, names_of
from gateway.identity.persons import Persons
from gateway.identity.types import IdentifierTypes

_NONE_MERGED: Final = Persons({}, {})


class Parted(NamedTuple):
    """Facts, by whether they stand alone."""

    alone: Sequence[Link]
    others: Sequence[Fact]


def parted(store: FactStore, types: IdentifierTypes, facts: Iterable[Fact]) -> Parted:
    """Return which of some facts stand alone, beside each other and what a store knows. Links of what is lent never do."""
    links, others = list[Link](), list[Fact]()
    for fact in facts:
        if isinstance(fact, Link) and types.of(fact.identifier.type).klass != "lent":
            links.append(fact)
        else:
            others.append(fact)
    if not links:
        return Parted((), others)
    own = [(each.identifier.subject, fact_name(each.id)) for each in links]
    of_fans = [fan_name(each.fan) for each in links]
    known = _known(store, [subject for subject, _ in own], {*chain.from_iterable(own), *of_fans}, others)
    known.update(name for name, count in Counter(chain.from_iterable(own)).items() if count > 1)
    alone = [link for link, names, fan in zip(links, own, of_fans, strict=True) if known.isdisjoint(names) and fan not in known]
    if len(alone) < len(links):
        ids = {each.id for each in alone}
        others += [link for link in links if link.id not in ids]
    return Parted(alone, others)


def _known(store: FactStore, subjects: Sequence[str], names: set[str], others: Iterable[Fact]) -> set[str]:
    """Return what bears a fact that a store has, or one of others; of fans only what is stated of them as such, as merges are."""
    facts = chain(others, store.facts_naming(names), store.unkept(subjects))
    return {name for fact in facts for name in names_of(fact)}.union(store.standings(subjects))


def standings_of(types: IdentifierTypes, alone: Iterable[Link]) -> list[Standing]:
    """Return what links that stand alone come to, each the first standing of its identifier."""
    made = []
    for link in alone:
        of_type = types.of(link.identifier.type)
        pieces = holding_of(of_type, (link,), (), _NONE_MERGED, {}).pieces
        if pieces:
            spans = tuple([Span(from_ns, to_ns, claim.person) for from_ns, to_ns, claim in pieces])
            made.append(Standing(link.identifier.subject, 1, spans, of_type.rank, of_type.only_by_ref))
    return made
