"""Growing: a cluster that was read is remembered, and a fact that only hangs new identifiers on it, or repeats it, does not read it again.

Most clusters are small, and read again in no time. One of 10,000 identifiers takes a second, and nearly all that is stated of it later is
known, or adds an identifier that nobody knew. What that comes to follows from the identifiers that the fact names alone:

- one that stands for one fan at all times passes that fan on, for as long as the join holds, whoever else there is;
- a join changes nothing if both of its two stand for one fan at all times, or if the two are joined for its span anyway.

It is so while nothing of the cluster is dissolved, cut off or beyond its work, and no identifier comes near a limit; all else is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

from gateway.identity.around import Around
from gateway.identity.fact_store import FactStore
from gateway.identity.facts import ANONYMOUS, Fact, Identifier, Link, Mention, Same, Span, Standing, fact_name, fan_name, names_of
from gateway.identity.groups import WORK, unbroken
from gateway.identity.index import PUBLIC_OF_PERSON, identifiers_of
from gateway.identity.joins import EVER, Join, joins_of
from gateway.identity.limits import DISTINCT
from gateway.identity.resolve import Resolution
from gateway.identity.spans import overlaps
from gateway.identity.types import NATIONAL, IdentifierTypes

LARGE: Final = 16
"""Where no fan has so many identifiers, they are read again."""
_SPELLINGS: Final = frozenset(NATIONAL.values())
_Spans = tuple[Span, ...]


class Grown(NamedTuple):
    """What a fact comes to that makes nothing be read."""

    standings: Mapping[str, Standing]
    """Of the identifiers that it adds, numbered 0; no other changes."""
    refs: Collection[str]
    """The references of touches that name those, and its own."""


class Growing:
    """Identifiers that were read together, and what hangs on them since."""

    def __init__(self, around: Around, resolution: Resolution, types: IdentifierTypes) -> None:
        index, joins, interned = resolution.index, resolution.left.joins, dict[_Spans, _Spans]()
        self._types: Final = types
        self._type_of: Final = {subject: index.types[subject] for subject in around.read if subject in index.types}
        self._spans: Final[dict[str, _Spans]] = {}
        """Of one that is nobody there are none: it is as good as new."""
        for subject in self._type_of:
            spans = resolution.standings[subject].spans if subject in resolution.standings else ()
            self._spans[subject] = interned.setdefault(spans, spans)
        self._beside: Final = _beside(around.facts, self._type_of, types)
        """By subject, what facts name it with, whether they count or not: identifiers that join, fans."""
        self._passing: Final = {subject for subject, held in resolution.holdings.items() if held.boundaries or self._may_pass(subject)}
        """Identifiers whose claims end, or may end otherwise once more touches name them."""
        self._joins = len(joins)
        self._times: Final = {*EVER, *(time for join in joins for time in join[:2])}
        self._times.update(time for pieces in resolution.left.pieces.values() for piece in pieces for time in piece[:2])
        self._first_ids: Final = self._first_ids_of(joins)
        """By provisional fan, the smallest fact that joins two who are it."""
        self._joined: Final[dict[tuple[str, str], list[Join]]] = defaultdict(list)
        """When pairs are joined, where it matters."""
        for join in unbroken([each for each in joins if not (self._is_free(each.first) and self._is_free(each.second))]):
            self._joined[join.first, join.second].append(join)

    def __len__(self) -> int:
        return len(self._type_of)

    def is_read_in(self, around: Around) -> bool:
        """Return whether any of its identifiers was read again, and may be another now."""
        return not self._type_of.keys().isdisjoint(around.read.keys())

    def has_any(self, fact: Fact) -> bool:
        """Return whether a fact names any of its identifiers."""
        return any(subject in self._type_of for _, subject in identifiers_of(fact))

    def grown_by(self, fact: Fact, store: FactStore) -> Grown | None:
        """Return what a fact comes to; None if what it names is to be read. It counts as taken if not."""
        if not isinstance(fact, Same | Mention) or (isinstance(fact, Mention) and (fact.fan or fact.returned)):
            return None
        named = {subject: name for name, subject in fact.identifiers}
        if len(named) < len(fact.identifiers) or not _SPELLINGS.isdisjoint(named.values()):
            return None
        joining = {subject: name for subject, name in named.items() if self._types.of(name).joins != "no"}
        known = [subject for subject in joining if self._spans.get(subject)]
        if not known or not self._is_as_remembered({subject: joining[subject] for subject in known}, store):
            return None
        beside = self._stated_beside(fact, {subject: name for subject, name in named.items() if subject not in known}, store)
        return None if beside is None else self._grown(fact, joining, known, beside)

    def _is_as_remembered(self, known: Mapping[str, str], store: FactStore) -> bool:
        """Return whether identifiers are of these types and stand as they did: what was taken before a crash is lost, and comes again."""
        if any(self._type_of[subject] != name or subject in self._passing for subject, name in known.items()):
            return False
        held = store.standings(known)
        return all(
            subject in held and held[subject][2:] == self._standing(subject, name, self._spans[subject])[2:]
            for subject, name in known.items()
        )

    def _stated_beside(self, fact: Same | Mention, others: Mapping[str, str], store: FactStore) -> list[Mention] | None:
        """Return the touches that name what is new; None if more is stated of it, or of the fact's id, or another type of any."""
        own = fact_name(fact.id)
        names, quiet = [own, *others], list[Mention]()
        kept = list(store.facts_naming(names))
        for each in [*kept, *(more for more in store.unkept(names) if more != fact)]:
            if own in names_of(each):
                return None
            for name, subject in identifiers_of(each):
                if others.get(subject, name) != name:
                    return None
                if subject not in others or self._types.of(name).joins == "no":
                    continue
                if not isinstance(each, Mention) or each.fan or each.returned or len(each.identifiers) > 1:
                    return None
                quiet.append(each)
        return quiet

    def _grown(self, fact: Same | Mention, joining: Mapping[str, str], known: Sequence[str], beside: Iterable[Mention]) -> Grown | None:
        type_of = {subject: self._types.of(name) for subject, name in joining.items()}
        joins = joins_of([fact], type_of.__getitem__, {}, joining)
        more = [join for join in joins if not self._is_joined(join)]
        changing = {subject for join in more for subject in (join.first, join.second)}
        new = [subject for subject in joining if subject not in known]
        spans = self._passed_on(fact.id, known, new, joins) if changing or new else ()
        if spans is None or not self._has_room(joining, changing, more):
            return None
        standings = {subject: self._standing(subject, joining[subject], spans) for subject in new if spans}
        self._take(joining, new, spans, more)
        refs = {each.ref for each in (fact, *beside) if isinstance(each, Mention) and each.ref}
        return Grown(standings, refs)

    def _passed_on(self, fact_id: str, known: Sequence[str], new: Sequence[str], joins: Sequence[Join]) -> _Spans | None:
        """Return what new identifiers are through known ones that are one fan at all times; None if these are not, or not that alone."""
        (fan, *others) = {self._fan_at_all_times(subject) for subject in known}
        if others or not fan or (fan.startswith(ANONYMOUS) and fact_id <= self._first_ids.get(fan, fact_id)):
            return None
        if not new:
            return ()
        if all(join[:2] == EVER for join in joins):
            return (Span(*EVER, fan),) if joins else ()
        return (Span(*joins[0][:2], fan),) if len(joins) == len(known) == len(new) == 1 else None

    def _has_room(self, joining: Mapping[str, str], changing: Collection[str], more: Sequence[Join]) -> bool:
        """Return whether what is named together, and joined for more than before, is within what an identifier and a group may have."""
        for subject in joining:
            beside = self._beside.get(subject, set()) | (joining.keys() - {subject})
            is_more = subject in changing or len(beside) > len(self._beside.get(subject, ()))
            if is_more and len(beside) > self._allowed(joining[subject]):
                return False
        times = self._times.union(time for join in more for time in join[:2])
        return len(times) == len(EVER) or (self._joins + len(more)) * len(times) <= WORK

    def _take(self, joining: Mapping[str, str], new: Iterable[str], spans: _Spans, more: Sequence[Join]) -> None:
        self._type_of.update((subject, joining[subject]) for subject in new)
        self._spans.update((subject, spans) for subject in new)
        for subject in joining:
            self._beside.setdefault(subject, set()).update(joining.keys() - {subject})
        self._joins += len(more)
        self._times.update(time for join in more for time in join[:2])
        for join in more:
            if not (self._is_free(join.first) and self._is_free(join.second)):
                self._joined.setdefault((join.first, join.second), []).append(join)

    def _is_joined(self, join: Join) -> bool:
        """Return whether two are joined for all of a span anyway, and no provisional fan would be called after the fact of this join."""
        stated = self._joined.get((join.first, join.second), ())
        around = next((each for each in stated if each.from_ns <= join.from_ns and join.to_ns <= each.to_ns), None)
        if around is None or around.fact_id < join.fact_id:
            return around is not None
        spans = {*self._spans[join.first], *self._spans[join.second]}
        fans = {each.fan for each in spans if each.fan.startswith(ANONYMOUS) and overlaps(each[:2], [around[:2]])}
        return all(self._first_ids.get(fan, join.fact_id) < join.fact_id for fan in fans)

    def _is_free(self, subject: str) -> bool:
        """Return whether it is one fan at all times and below every limit: what joins it with another such changes nothing."""
        is_below = len(self._beside.get(subject, ())) <= self._allowed(self._type_of.get(subject, ""))
        return is_below and self._fan_at_all_times(subject) != ""

    def _fan_at_all_times(self, subject: str) -> str:
        spans = self._spans.get(subject, ())
        return spans[0].fan if len(spans) == 1 and spans[0][:2] == EVER else ""

    def _allowed(self, name: str) -> int:
        """Return how much may stand beside an identifier of a type without a look at what it is."""
        return PUBLIC_OF_PERSON if self._types.of(name).klass == "person" else DISTINCT

    def _may_pass(self, subject: str) -> bool:
        of_type = self._types.of(self._type_of.get(subject, ""))
        return of_type.unseen_s is not None or of_type.recycled_after_s is not None

    def _standing(self, subject: str, name: str, spans: _Spans) -> Standing:
        of_type = self._types.of(name)
        return Standing(subject, 0, spans, of_type.rank, of_type.only_by_ref)

    def _first_ids_of(self, joins: Iterable[Join]) -> dict[str, str]:
        found: dict[str, str] = {}
        for join in joins:
            for one, other in product(self._spans.get(join.first, ()), self._spans.get(join.second, ())):
                is_while = max(one.from_ns, other.from_ns, join.from_ns) < min(one.to_ns, other.to_ns, join.to_ns)
                if is_while and one.fan == other.fan and one.fan.startswith(ANONYMOUS):
                    found[one.fan] = min(join.fact_id, found.get(one.fan, join.fact_id))
        return found


def growing(around: Around, resolution: Resolution, types: IdentifierTypes) -> Growing | None:
    """Return what was read, to be remembered; None if no fan has many identifiers of it, or anything of it was dissolved."""
    index, left = resolution.index, resolution.left
    if index.public or index.spellings or left.labels or left.lost or left.beyond or left.joins != resolution.joins:
        return None
    of_fans = Counter(each.spans[0].fan for each in resolution.standings.values() if each.spans)
    return Growing(around, resolution, types) if max(of_fans.values(), default=0) >= LARGE else None


def _beside(facts: Iterable[Fact], type_of: Mapping[str, str], types: IdentifierTypes) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for fact in facts:
        identifiers = identifiers_of(fact)
        fans = {fan_name(fact.fan)} if isinstance(fact, Link | Mention) and fact.fan else set[str]()
        if len(identifiers) < 2 and not fans:
            continue
        joining = {subject for each in identifiers for subject in [each.subject] if _may_join(each, type_of, types)}
        for _, subject in identifiers:
            found.setdefault(subject, set()).update(joining - {subject}, fans)
    return found


def _may_join(identifier: Identifier, type_of: Mapping[str, str], types: IdentifierTypes) -> bool:
    name, subject = identifier
    return types.of(name).joins != "no" or types.of(type_of.get(subject, name)).joins != "no"
