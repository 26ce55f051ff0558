"""Joins: which identifiers were named together, for which span each such pair holds (rule 5). Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.identity.claims import NOBODY, Holding, around
from gateway.identity.facts import FOR_EVER_NS, Identifier, Mention, Same
from gateway.identity.spans import Interval
from gateway.identity.types import IdentifierType

TypeOf = Callable[[str], IdentifierType]
"""By subject."""
EVER = (-FOR_EVER_NS, FOR_EVER_NS)


class Join(NamedTuple):
    """Two identifiers are one person's while it holds."""

    from_ns: int
    to_ns: int
    first: str
    """A subject."""
    second: str
    fact_id: str
    """The smallest of the facts that state the same."""

    def other(self, subject: str) -> str:
        """Return the other of its two."""
        return self.second if subject == self.first else self.first


def joins_of(facts: Iterable[Same | Mention], type_of: TypeOf, holdings: Mapping[str, Holding], able: Collection[str]) -> list[Join]:
    """Return the joins of facts that name two identifiers or more: each with those of the highest rank among them, not all pairs.

    Only `able` subjects are joined.
    """
    found: dict[tuple[int, int, str, str], str] = {}
    for fact in facts:
        for first, second in star(fact.identifiers, type_of, able):
            from_ns, to_ns = _span(fact, first, second, type_of, holdings)
            key = (from_ns, to_ns, *((first, second) if first < second else (second, first)))
            if from_ns < to_ns and (key not in found or fact.id < found[key]):
                found[key] = fact.id
    return [Join(*key, fact_id) for key, fact_id in found.items()]


def star(identifiers: Sequence[Identifier], type_of: TypeOf, able: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs that a fact joins, of identifiers that are able.

    Where several have the highest rank, the others are joined with each of them: whose they are is never decided by which comes first.
    """
    known = [(type_of(each.subject), each) for each in identifiers if each.subject in able]
    ranked = sorted((-of_type.rank, each) for of_type, each in known if of_type.joins != "no")
    if len(ranked) < 2:
        return []
    highest = ranked[0][0]
    first, *equals = [each.subject for rank, each in ranked if rank == highest]
    lower = [each.subject for rank, each in ranked if rank != highest]
    return [(first, each) for each in equals] + [(top, each) for top in (first, *equals) for each in lower]


def _span(fact: Same | Mention, first: str, second: str, type_of: TypeOf, holdings: Mapping[str, Holding]) -> Interval:
    """Return when a join holds: a touch's for the default spans of both types, and no longer than either stays with the same person."""
    if isinstance(fact, Same):
        return fact.from_ns, fact.to_ns
    from_ns, to_ns = EVER
    for subject in (first, second):
        of_type = type_of(subject)
        if of_type.before_s is not None or of_type.after_s is not None:
            since_ns, until_ns = around(of_type, fact.from_ns)
            from_ns, to_ns = max(from_ns, since_ns), min(to_ns, until_ns)
        if boundaries := holdings.get(subject, NOBODY).boundaries:
            nth = bisect_right(boundaries, fact.from_ns)
            from_ns = max(from_ns, boundaries[nth - 1]) if nth else from_ns
            to_ns = min(to_ns, boundaries[nth]) if nth < len(boundaries) else to_ns
    return from_ns, to_ns
