"""Groups: identifiers without a claim that hang together, and whom they inherit, moment by moment (rule 5). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.identity.claims import Piece
from gateway.identity.components import root
from gateway.identity.facts import FOR_EVER_NS
from gateway.identity.joins import EVER, Join, TypeOf
from gateway.identity.spans import Interval, united
from gateway.identity.ways import on_the_way

WORK: Final = 1_000_000
"""Moments times joins that one group may take; beyond that its joins that end do not hold, then none does."""
PERSON: Final = "person"
"""The class of what is given to one person only: it never gives way to what was named beside it."""
SEVERAL: Final = ""
"""Holds an identifier that several persons hold within its limit: it is claimed, and names nobody."""


class Group(NamedTuple):
    """What hangs together by joins between identifiers that are not claimed at all times; claimed ones are at its rim."""

    joins: list[Join]


class Between(NamedTuple):
    """An identifier that several persons share at a moment, through what was named together."""

    subject: str
    moment: Interval
    persons: int


class Part(NamedTuple):
    """Some identifiers that hang together at one time: their persons, and the smallest fact that joins two of them."""

    subjects: list[str]
    persons: set[str]
    fact_id: str


def groups_of(joins: Iterable[Join], is_claimed: Collection[str]) -> list[Group]:
    """Return the groups of joins; `is_claimed` are identifiers with a claim at all times, through which nothing hangs together."""
    parents: dict[str, str] = {}
    kept = [each for each in joins if each.first not in is_claimed or each.second not in is_claimed]
    for each in kept:
        if each.first not in is_claimed and each.second not in is_claimed:
            parents[root(parents, each.second)] = root(parents, each.first)
    by_root: dict[str, list[Join]] = defaultdict(list)
    for each in kept:
        by_root[root(parents, each.second if each.first in is_claimed else each.first)].append(each)
    return [Group(each) for each in by_root.values()]


class Holder(NamedTuple):
    """A span in which claims of one person hold an identifier without a break."""

    from_ns: int
    to_ns: int
    person: str


Holders = Mapping[str, Sequence[Holder]]
"""By subject."""


def holders_of(pieces: Mapping[str, Sequence[Piece]]) -> dict[str, Sequence[Holder]]:
    """Return who holds identifiers, however many claims there are."""
    return {subject: _held(mine) for subject, mine in pieces.items() if mine}


def _held(pieces: Sequence[Piece]) -> list[Holder]:
    if len(pieces) == 1:
        return [Holder(pieces[0].from_ns, pieces[0].to_ns, pieces[0].claim.person)]
    by_person: dict[str, list[Interval]] = defaultdict(list)
    for piece in pieces:
        by_person[piece.claim.person].append(piece[:2])
    return [Holder(*interval, person) for person, intervals in by_person.items() for interval in united(intervals)]


def within_work(group: Group, holders: Holders) -> Sequence[Join]:
    """Return the joins of a group that hold: all, unless they would take more work than is allowed; then those for ever, or none."""
    for kept in (group.joins, [each for each in group.joins if each[:2] == EVER]):
        as_one = unbroken(kept)
        if len(as_one) * len(_moments(as_one, holders)) <= max(WORK, len(as_one)):
            return kept
    return ()


def inherit(group: Group, holders: Holders) -> Iterator[tuple[Interval, Part]]:
    """Return for every moment the unclaimed identifiers of a group that hang together, if they are two or more or have a person."""
    joins = unbroken(group.joins)
    for moment in _moments(joins, holders):
        for part in _walk(*_at(joins, holders, moment[0])):
            if part.persons or len(part.subjects) > 1:
                yield moment, part


def between(group: Group, holders: Holders, type_of: TypeOf) -> Iterator[Between]:
    """Return what lies between persons at a moment: unclaimed identifiers on a way, and claimed ones below a person's class at its ends."""
    subjects = {subject for each in group.joins for subject in (each.first, each.second)}
    if len({each.person for subject in subjects for each in holders.get(subject, ())}) < 2:
        return
    joins = unbroken(group.joins)
    for moment in _moments(joins, holders):
        neighbours, held_by = _at(joins, holders, moment[0])
        for part in _walk(neighbours, held_by):
            if len(part.persons) > 1:
                graph = {subject: dict(neighbours[subject]) for subject in part.subjects}
                ends = {other for others in graph.values() for other in others if held_by.get(other)}
                below = {end for end in ends if type_of(end).klass != PERSON}
                for subject in on_the_way(graph, held_by) | below:
                    yield Between(subject, moment, len(part.persons))


def directly_between(joins: Iterable[Join], holders: Holders, type_of: TypeOf) -> Iterator[Between]:
    """Return the claimed identifiers below a person's class that a join holds beside one that is claimed for another person."""
    opposed = [join for join in joins if join.first in holders and join.second in holders and _is_opposed(join, holders)]
    for join in unbroken(opposed):
        for mine in holders[join.first]:
            for other in holders[join.second]:
                moment = max(join.from_ns, mine.from_ns, other.from_ns), min(join.to_ns, mine.to_ns, other.to_ns)
                if mine.person != other.person and moment[0] < moment[1]:
                    for subject in (join.first, join.second):
                        if type_of(subject).klass != PERSON:
                            yield Between(subject, moment, 2)


def _is_opposed(join: Join, holders: Holders) -> bool:
    first, second = holders[join.first], holders[join.second]
    return len(first) > 1 or len(second) > 1 or first[0].person != second[0].person


def unbroken(joins: Sequence[Join]) -> Sequence[Join]:
    """Return joins with those of one pair that touch or overlap as one, with the smallest of their facts."""
    by_pair: dict[tuple[str, str], list[Join]] = {}
    for each in joins:
        by_pair.setdefault((each.first, each.second), []).append(each)
    if len(by_pair) == len(joins):
        return joins
    made: list[Join] = []
    for stated in by_pair.values():
        last: Join | None = None
        for each in sorted(stated):
            if last and each.from_ns <= last.to_ns:
                last = last._replace(to_ns=max(last.to_ns, each.to_ns), fact_id=min(last.fact_id, each.fact_id))
            else:
                made += [last] if last else []
                last = each
        made += [last] if last else []
    return made


def _moments(joins: Iterable[Join], holders: Holders) -> list[Interval]:
    """Return the spans between two times at which a join or a claim begins or ends."""
    times = {-FOR_EVER_NS, FOR_EVER_NS}
    subjects: dict[str, None] = {}
    for each in joins:
        times.add(each.from_ns)
        times.add(each.to_ns)
        subjects[each.first] = subjects[each.second] = None
    for subject in subjects:
        for held in holders.get(subject, ()):
            times.add(held.from_ns)
            times.add(held.to_ns)
    return list(pairwise(sorted(times)))


_Neighbours = dict[str, list[tuple[str, str]]]


def _at(joins: Iterable[Join], holders: Holders, time_ns: int) -> tuple[_Neighbours, dict[str, str]]:
    """Return, at one time, what every identifier is joined with and by which fact, and who holds those with a claim."""
    neighbours: _Neighbours = {}
    for from_ns, to_ns, first, second, fact_id in joins:
        if from_ns <= time_ns < to_ns:
            neighbours.setdefault(first, []).append((second, fact_id))
            neighbours.setdefault(second, []).append((first, fact_id))
    held_by = {}
    for subject in neighbours:
        if mine := holders.get(subject):
            persons = [each.person for each in mine if each.from_ns <= time_ns < each.to_ns]
            if persons:
                held_by[subject] = persons[0] if len(persons) == 1 else SEVERAL
    return neighbours, held_by


def _walk(neighbours: _Neighbours, held_by: Mapping[str, str]) -> Iterator[Part]:
    """Return the parts of identifiers without a claim."""
    reached: set[str] = set()
    for start in neighbours:
        if start in reached or start in held_by:
            continue
        part = Part([start], set(), "")
        reached.add(start)
        fact_ids = []
        for here in part.subjects:  # grows
            for there, fact_id in neighbours[here]:
                if there in held_by:
                    part.persons.add(held_by[there])
                    continue
                fact_ids.append(fact_id)
                if there not in reached:
                    reached.add(there)
                    part.subjects.append(there)
        part.persons.discard(SEVERAL)
        yield part._replace(fact_id=min(fact_ids, default=""))
