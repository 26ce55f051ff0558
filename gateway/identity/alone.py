"""Clusters that stand alone: nothing else that is known or stated is of their identifiers, of their facts' ids, or of their fan as such.

Most of a CRM's export is of this kind: links of an identifier each, or some identifiers that are one person's at all times. What each comes
to is plain, so nothing of what decides between facts needs to be asked. Pure but for the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from gateway.identity.claims import holding_of
from gateway.identity.components import components
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import FOR_EVER_NS, Fact, Link, Same, Span, Standing, fact_name, fan_name, names_of
from gateway.identity.limits import DISTINCT
from gateway.identity.naming import provisional
from gateway.identity.persons import Persons
from gateway.identity.types import NATIONAL, IdentifierTypes

_PAIR: Final = 2
_SEVERAL: Final = "several types"
_NONE_MERGED: Final = Persons({}, {})
_SPELLINGS: Final = frozenset(NATIONAL.values())


class Cluster(NamedTuple):
    """Identifiers that facts name together, and those facts."""

    types: dict[str, str]
    """By subject, the name of its type; `_SEVERAL` where facts contradict each other."""
    links: list[Link]
    facts: list[Link | Same]
    """All, the links among them."""


class Parted(NamedTuple):
    """Facts, by whether they stand alone."""

    alone: Sequence[Cluster]
    others: Sequence[Fact]


def parted(store: FactStore, types: IdentifierTypes, facts: Iterable[Fact]) -> Parted:
    """Return which of some facts stand alone, beside each other and what a store knows. Nothing of what is lent ever does."""
    plain, others = list[Link | Same](), list[Fact]()
    for fact in facts:
        if isinstance(fact, Link | Same) and is_plain(fact, types):
            plain.append(fact)
        else:
            others.append(fact)
    if not plain:
        return Parted((), others)
    known = {name for name, count in Counter([fact_name(fact.id) for fact in plain]).items() if count > 1}
    known.update(name for fact in others for name in names_of(fact))
    clusters = _clusters(plain)
    names = [_names_in(cluster) for cluster in clusters]
    known.update(store.bearing({*chain.from_iterable(names)}))
    alone = list[Cluster]()
    for cluster, its_names in zip(clusters, names, strict=True):
        if known.isdisjoint(its_names) and _is_simple(cluster, types):
            alone.append(cluster)
        else:
            others += cluster.facts
    return Parted(alone, others)


def is_plain(fact: Link | Same, types: IdentifierTypes) -> bool:
    """Return whether a fact is a link of nothing lent, or states for all times that two identifiers are one person's that join."""
    if isinstance(fact, Link):
        return types.of(fact.identifier.type).klass != "lent"
    is_ever = fact.from_ns <= -FOR_EVER_NS and fact.to_ns >= FOR_EVER_NS
    if not is_ever or len(fact.identifiers) != _PAIR or fact.identifiers[0].subject == fact.identifiers[1].subject:
        return False
    return all(types.of(name).joins != "no" and name not in _SPELLINGS for name, _ in fact.identifiers)


def _clusters(facts: Iterable[Link | Same]) -> Collection[Cluster]:
    """Return what hangs together by facts."""
    roots = components([[each.subject for each in fact.identifiers] for fact in facts if isinstance(fact, Same)])
    found: dict[str, Cluster] = {}
    for fact in facts:
        identifiers = fact.identifiers if isinstance(fact, Same) else (fact.identifier,)
        subject = identifiers[0].subject
        cluster = found.get(root := roots.get(subject, subject)) or found.setdefault(root, Cluster({}, [], []))
        cluster.facts.append(fact)
        if isinstance(fact, Link):
            cluster.links.append(fact)
        for name, each in identifiers:
            if cluster.types.setdefault(each, name) != name:
                cluster.types[each] = _SEVERAL
    return found.values()


def _names_in(cluster: Cluster) -> list[str]:
    """Return under what else facts may be that concern a cluster; of fans only what is stated of them as such, as merges are."""
    return [
        *cluster.types,
        *[fact_name(fact.id) for fact in cluster.facts],
        *[fan_name(link.fan) for link in cluster.links],
    ]


def _is_simple(cluster: Cluster, types: IdentifierTypes) -> bool:
    """Return whether a cluster comes to one person, or to nobody known, at all times, and nothing of it may be over a limit."""
    links = cluster.links
    if len(cluster.facts) == 1 and links:
        return True
    if len(cluster.types) > DISTINCT + 1 or len(links) == len(cluster.facts) or _SEVERAL in cluster.types.values():
        return False
    is_ever = all(link.from_ns <= -FOR_EVER_NS and link.to_ns >= FOR_EVER_NS for link in links)
    is_claimed_once = len({link.identifier.subject for link in links}) == len(links) and len({link.fan for link in links}) < _PAIR
    return is_ever and is_claimed_once and all(types.of(link.identifier.type).unseen_s is None for link in links)


def standings_of(types: IdentifierTypes, key: bytes, alone: Iterable[Cluster]) -> list[Standing]:
    """Return what clusters that stand alone come to, each the first standing of its identifier; `key` makes ids of provisional fans."""
    made = []
    for cluster in alone:
        spans = _spans_of(types, cluster.links[0]) if len(cluster.facts) == 1 and cluster.links else _ever(cluster, key)
        for subject, name in cluster.types.items() if spans else ():
            of_type = types.of(name)
            made.append(Standing(subject, 1, spans, of_type.rank, of_type.only_by_ref))
    return made


def _spans_of(types: IdentifierTypes, link: Link) -> tuple[Span, ...]:
    """Return whom one link alone makes its identifier."""
    of_type = types.of(link.identifier.type)
    if of_type.unseen_s is None:  # nothing ends what it states
        return (Span(link.from_ns, link.to_ns, link.fan),) if link.from_ns < link.to_ns else ()
    pieces = holding_of(of_type, (link,), (), _NONE_MERGED, {}).pieces
    return tuple([Span(from_ns, to_ns, claim.person) for from_ns, to_ns, claim in pieces])


def _ever(cluster: Cluster, key: bytes) -> tuple[Span, ...]:
    """Return whom all identifiers of a cluster are at all times: its fan, or a provisional one."""
    fan = cluster.links[0].fan if cluster.links else provisional(min(fact.id for fact in cluster.facts), key)
    return (Span(-FOR_EVER_NS, FOR_EVER_NS, fan),)
