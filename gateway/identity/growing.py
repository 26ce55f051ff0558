"""Growing: a large cluster that gets one more identifier is not read again, since nothing else changes. Pure but for the store.

Most clusters are small, and read again in no time. One of 100,000 identifiers takes seconds, and a fact that adds one to it joins an
identifier that nobody knows with one of it, for ever: so the new one is whoever the cluster is. It is so where the whole cluster is one
person's, or one provisional fan's, at all times, and nothing of it was refused, dissolved, or is near a limit; all else is read again.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from gateway.identity.alone import is_plain
from gateway.identity.around import Around
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import ANONYMOUS, Fact, Link, Mention, Same, Span, Standing, fact_name
from gateway.identity.index import identifiers_of
from gateway.identity.joins import EVER
from gateway.identity.limits import DISTINCT
from gateway.identity.resolve import Resolution
from gateway.identity.types import IdentifierTypes

LARGE: Final = 16
"""A cluster of fewer identifiers is read again."""


class Growing:
    """A cluster as it was read last, and what it got since."""

    def __init__(self, fan: str, first_id: str, types: dict[str, str], named: Counter[str]) -> None:
        self._spans: Final = (Span(*EVER, fan),)
        self._first_id: Final = first_id
        """The smallest of the facts that join two of it: if nobody knows whose it is, its fan is called after that."""
        self._types: Final = types
        """By subject; of several that facts state of one, the last by alphabet."""
        self._named: Final = named
        """By subject, how many identifiers and fans facts name it with; those of several facts count several times."""

    def __len__(self) -> int:
        return len(self._types)

    def is_read_in(self, around: Around) -> bool:
        """Return whether any of its identifiers was read again, and may be another now."""
        return not self._types.keys().isdisjoint(around.read.keys())

    def grown_by(self, fact: Fact, store: FactStore, types: IdentifierTypes) -> Standing | None:
        """Return the first standing of the identifier that a fact adds; None if it does anything else: the cluster is to be read then."""
        if not isinstance(fact, Same) or not is_plain(fact, types):
            return None
        known, new = sorted(fact.identifiers, key=lambda each: each.subject not in self._types)
        of_type = self._types.get(known.subject, "")
        if new.subject in self._types or known.type > of_type or types.of(of_type).joins == "no" or self._named[known.subject] >= DISTINCT:
            return None
        if self._spans[0].fan.startswith(ANONYMOUS) and fact.id < self._first_id:
            return None
        held = store.standings([known.subject]).get(known.subject)
        if held is None or held.spans != self._spans or store.bearing([new.subject, fact_name(fact.id)]):
            return None
        self._types[new.subject] = new.type
        self._named.update((known.subject, new.subject))
        new_type = types.of(new.type)
        return Standing(new.subject, 1, self._spans, new_type.rank, new_type.only_by_ref)


def growing(around: Around, resolution: Resolution) -> Growing | None:
    """Return the cluster that was read, if one more identifier would be whoever it is; None if it is small, or not as plain as that."""
    index, left = resolution.index, resolution.left
    if len(around.read) < LARGE or resolution.refused or index.public or index.spellings or left.labels or left.lost or left.beyond:
        return None
    spans = {each.spans for each in resolution.standings.values()}
    bounds = {join[:2] for join in left.joins} | {piece[:2] for mine in left.pieces.values() for piece in mine}
    if len(spans) != 1 or bounds != {EVER}:
        return None
    ((span, *others),) = spans
    if others or span[:2] != EVER or not span.fan:
        return None
    types = {subject: index.types[subject] for subject in around.read if subject in index.types}
    return Growing(span.fan, min((join.fact_id for join in left.joins), default=""), types, _named(around))


def _named(around: Around) -> Counter[str]:
    found: Counter[str] = Counter()
    for fact in around.facts:
        identifiers = identifiers_of(fact)
        more = len(identifiers) - 1 + (isinstance(fact, Link | Mention) and fact.fan != "")
        for _, subject in identifiers if more else ():
            found[subject] += more
    return found
