"""Resolve: what a closed set of facts comes to, by the rules and in their order. Pure; no result depends on the order of the facts.

A set is closed if with a fact it has every other one that shares a name with it, references aside.

    limits -> links -> same -> merges and distinct -> conflicts -> consent     (what is blocked never became a fact)

Persons are worked out first, since limits count persons: whoever merges the two owners of a number un-shares it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from gateway.identity.claims import Holding, Piece, holding_of, latest_of_each
from gateway.identity.dissolve import Left
from gateway.identity.facts import FOR_EVER_NS, Fact, Link, Mention, Span, Standing, fan_name
from gateway.identity.groups import PERSON, Holder, holders_of, inherit
from gateway.identity.in_force import NOTHING_BEFORE, Refused, facts_in_force
from gateway.identity.index import Index, index_of
from gateway.identity.joins import Join, joins_of
from gateway.identity.naming import provisional
from gateway.identity.own_names import counting_in, key_of, stores_of, together
from gateway.identity.persons import Persons, persons_of
from gateway.identity.spans import Interval, united, within, without
from gateway.identity.types import IdentifierType, IdentifierTypes


@dataclass(slots=True)
class Resolution:
    """What a set comes to, and how."""

    counting: list[Fact]
    index: Index
    persons: Persons
    refused: list[Refused]
    holdings: dict[str, Holding]
    joins: list[Join]
    """All that were stated."""
    left: Left
    """The claims and joins that hold."""
    stores: Mapping[str, Sequence[str]]
    """By subject of something lent, the stores in which it is looked at apart (gateway.identity.own_names)."""
    standings: dict[str, Standing] = field(default_factory=dict)
    """By name, numbered 0; a name that has none is nobody, a fan that has none is itself."""


def resolve(facts: Iterable[Fact], types: IdentifierTypes, key: bytes, read: Collection[str] | None = None) -> Resolution:
    """Return what facts come to; `key` makes the ids of provisional fans, `read` are the subjects to look at, None for all."""
    return _Resolver(facts, types, key, read).made()


class _Resolver:
    def __init__(self, facts: Iterable[Fact], types: IdentifierTypes, key: bytes, read: Collection[str] | None) -> None:
        self._types, self._key = types, key
        counting, refused = facts_in_force(facts)
        self._counting: Final = counting
        self._index: Final = index_of(counting, types)
        self._read: Final = read
        self._persons: Final = persons_of(counting)
        self._refused: Final = [*refused, *self._persons.refused, *self._in_vain()]
        self._of_subject: Final = {subject: types.of(name) for subject, name in self._index.types.items()}
        self._stores: Final[dict[str, list[str]]] = {}
        """By subject of something lent, the stores that have one of their own by that name."""

    def _in_vain(self) -> Iterator[Refused]:
        """Yield the revokes of links that all began later: they end nothing."""
        for subject, revokes in self._index.revokes.items():
            first: dict[str, int] = {}
            for fact in self._index.stated.get(subject, ()):
                first[fact.fan] = min(fact.from_ns, first.get(fact.fan, FOR_EVER_NS))
            yield from (Refused(each, NOTHING_BEFORE) for each in revokes if first.get(each.fan, -FOR_EVER_NS) > each.to_ns)

    def type_of(self, subject: str) -> IdentifierType:
        return self._of_subject[subject]

    def made(self) -> Resolution:
        index = self._index
        read = index.types.keys() if self._read is None else {index.spellings.get(each, each) for each in self._read}
        holdings: dict[str, Holding] = {}
        for subject, stated in index.stated.items():
            if subject in read:
                holdings.update(self._holdings(subject, stated))
        joins = joins_of(index.together, self.type_of, holdings, read - index.public.keys())
        left = Left({subject: each.pieces for subject, each in holdings.items()}, joins, self.type_of)
        left.labels.update((subject, "shared") for subject in index.public)
        left.limit(index.types)
        left.separate()
        made = Resolution(self._counting, index, self._persons, self._refused, holdings, joins, left, self._stores)
        spans = {subject: _spans_of_pieces(mine) for subject, mine in left.pieces.items()}
        self._inherit(left, spans)
        for subject in dict.fromkeys((*spans, *left.labels)):
            self._stand(subject, spans.get(subject, []), made)
        self._stand_together(made.standings)
        for subject, spelled in index.spellings.items():
            if standing := made.standings.get(spelled):
                made.standings[subject] = standing._replace(name=subject)
        for fan in self._persons.fans:
            person = self._persons.of(fan)
            mine = self._with_consent([(-FOR_EVER_NS, FOR_EVER_NS, person)])
            if mine != (Span(-FOR_EVER_NS, FOR_EVER_NS, fan),):
                made.standings[fan_name(fan)] = Standing(fan_name(fan), 0, mine)
        return made

    def _holdings(self, subject: str, stated: Sequence[Link | Mention]) -> Iterator[tuple[str, Holding]]:
        """Yield who holds an identifier, by its key in each store that has something lent of its own by that name."""
        of_type = self.type_of(subject)
        if of_type.klass != "lent":
            seen = self._seen(subject) if of_type.unseen_s is not None or of_type.recycled_after_s is not None else {}
            yield subject, holding_of(of_type, stated, self._index.revokes.get(subject, ()), self._persons, seen)
            return
        latest = latest_of_each(stated)
        stores = self._stores[subject] = stores_of(latest)
        returns = [each for each in self._index.mentions.get(subject, ()) if each.returned]
        for store in ("", *stores):
            self._of_subject[key := key_of(subject, store)] = of_type
            returned_ns = [each.from_ns for each in counting_in(store, returns, stores)]
            some = counting_in(store, latest, stores)
            yield key, holding_of(of_type, some, self._index.revokes.get(subject, ()), self._persons, {}, returned_ns)

    def _seen(self, subject: str) -> Mapping[str, list[int]]:
        """Return when touches named an identifier with a person, by their fan or another identifier; under "" with nobody."""
        seen: dict[str, list[int]] = defaultdict(list)
        stated = self._index.stated
        for mention in self._index.mentions.get(subject, ()):
            persons = {self._persons.of(mention.fan)} if mention.fan else set()
            for other in mention.identifiers:
                if other.subject != subject and other.subject in stated and self.type_of(other.subject).klass == PERSON:
                    persons.update(self._persons.of(each.fan) for each in stated[other.subject])
            for person in persons or ("",):
                seen[person].append(mention.from_ns)
        return {person: sorted(times) for person, times in seen.items()}

    def _inherit(self, left: Left, spans: dict[str, list[tuple[int, int, str]]]) -> None:
        groups = left.groups()
        holders = holders_of(left.pieces) if groups else {}
        for group in groups:
            for moment, part in inherit(group, holders):
                fan = next(iter(part.persons), "") or provisional(part.fact_id, self._key)
                for subject in part.subjects:
                    spans.setdefault(subject, []).append((*moment, fan))

    def _stand(self, subject: str, spans: list[tuple[int, int, str]], made: Resolution) -> None:
        left = made.left
        of_type, label, pieces = self.type_of(subject), left.labels.get(subject, ""), left.pieces.get(subject, ())
        if lost := united(left.lost.get(subject, ())):
            spans = [(*rest, fan) for from_ns, to_ns, fan in spans for rest in without((from_ns, to_ns), lost)]
        if not label and of_type.klass == "payment" and not _is_one_at_a_time(holders_of({subject: pieces}).get(subject, ())):
            label = "household"
        is_lent = of_type.klass == "lent"
        mine = self._with_consent(_each_until_next(spans) if is_lent else _glued(spans))
        if mine or label:
            lent, given_back = (
                tuple(sorted({each.from_ns for each in pieces if is_lent and each.claim.has_end is has_end})) for has_end in (False, True)
            )
            made.standings[subject] = Standing(subject, 0, mine, of_type.rank, of_type.only_by_ref, lent, label, given_back)

    def _stand_together(self, standings: dict[str, Standing]) -> None:
        for subject, stores in self._stores.items():
            if stores and (standing := together(subject, stores, standings)):
                standings[subject] = standing
                for store in stores:
                    standings.pop(key_of(subject, store), None)

    def _with_consent(self, spans: Iterable[tuple[int, int, str]]) -> tuple[Span, ...]:
        made = []
        for from_ns, to_ns, fan in spans:
            if withdrawn := self._persons.withdrawn.get(fan):
                made += [Span(*left, fan) for left in without((from_ns, to_ns), withdrawn)]
                made += [Span(*part, "", fan) for part in within((from_ns, to_ns), withdrawn)]
            else:
                made.append(Span(from_ns, to_ns, fan))
        return tuple(sorted(made) if self._persons.withdrawn else made)


def _spans_of_pieces(pieces: Sequence[Piece]) -> list[tuple[int, int, str]]:
    """Return whom the claims of an identifier name: nobody while two persons hold it."""
    if len({piece.claim.person for piece in pieces}) < 2 or _is_one_at_a_time(pieces):
        return [(piece.from_ns, piece.to_ns, piece.claim.person) for piece in pieces]
    by_person: dict[str, list[Interval]] = defaultdict(list)
    for piece in pieces:
        by_person[piece.claim.person].append(piece[:2])
    made = []
    for person, mine in by_person.items():
        others = united(interval for other, intervals in by_person.items() if other != person for interval in intervals)
        made += [(*left, person) for each in mine for left in without(each, others)]
    return made


def _is_one_at_a_time(pieces: Sequence[Piece | Holder]) -> bool:
    """Return whether no two overlap, as with a tag that was lent and returned a thousand times."""
    ordered = sorted(piece[:2] for piece in pieces)
    return all(one[1] <= other[0] for one, other in pairwise(ordered))


def _each_until_next(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return spans by time, each no longer than until the next begins."""
    ordered = sorted(spans)
    begins = [*(from_ns for from_ns, _, _ in ordered[1:]), *([FOR_EVER_NS] if ordered else [])]
    return [(from_ns, min(to_ns, end_ns), fan) for (from_ns, to_ns, fan), end_ns in zip(ordered, begins, strict=True) if from_ns < end_ns]


def _glued(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return spans by time, those of one fan that touch or overlap as one."""
    if len(spans) < 2:
        return spans
    made: list[tuple[int, int, str]] = []
    for from_ns, to_ns, fan in sorted(spans):
        if made and made[-1][2] == fan and from_ns <= made[-1][1]:
            made[-1] = (made[-1][0], max(to_ns, made[-1][1]), fan)
        else:
            made.append((from_ns, to_ns, fan))
    return made
