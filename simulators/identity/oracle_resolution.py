"""The rules of identity in their order, for all facts at once: limits, then what `same` gives, moment by moment."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, NamedTuple

from simulators.identity.oracle_claims import PersonOf, Tenure, ended, in_force, moments, passes_limit, unsuppressed
from simulators.identity.oracle_facts import Claim, Edge, FactSet
from simulators.identity.oracle_graph import component, on_way
from simulators.identity.oracle_persons import Persons
from simulators.identity.oracle_types import DAY_MS, HEARD_WITHIN_MS, type_of

HOUSEHOLD: Final = 4
"""Up to so many persons with one payment or contact identifier are a household; more only share it."""
ANON: Final = "anon-"


class Whose(NamedTuple):
    """Whom an identifier names at a time: a fan, `anon-…`, or "" with or without the reason."""

    fan: str = ""
    label: str = ""

    @property
    def is_registered(self) -> bool:
        return bool(self.fan) and not self.fan.startswith(ANON)


@dataclass(slots=True)
class Known:
    """What concerns one identifier. `dissolved`: spans, with the label, in which it names nobody on its own account."""

    claims: list[Claim] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    dissolved: list[tuple[int, int, str]] = field(default_factory=list)

    def label_at(self, time_ms: int) -> str:
        return min((label for from_ms, to_ms, label in self.dissolved if from_ms <= time_ms < to_ms), default="")


class Resolution:
    """Whom each identifier names, when. `visits`: (identifier, from_ms, to_ms) of presence, by which what was lent ends."""

    def __init__(self, facts: FactSet, persons: Persons, visits: Iterable[tuple[str, int, int]], on_share: Callable[[float], None]) -> None:
        self._facts: Final = facts
        self._persons: Final = persons
        self.known: Final = self._all_known(visits)
        self._moments: Final[dict[str, list[int]]] = {}
        self._answers: Final[dict[tuple[str, int], Whose]] = {}
        self._falling: Final[set[Claim | Edge]] = set()
        self._giving_way: Final[dict[Edge, set[tuple[int, int]]]] = defaultdict(set)
        """Edges that stand against what the desk decided, with the spans of those decisions."""
        self._resolve(on_share)

    def whose(self, identifier: str, time_ms: int) -> Whose:
        """Return whom a normal identifier names at a time, before consent."""
        times = self._moments.get(identifier)
        if times is None:
            return Whose()
        key = (identifier, max(0, bisect_right(times, time_ms) - 1))
        if key not in self._answers:
            self._answers[key] = self._whose_at(identifier, times[key[1]])
        return self._answers[key]

    # Whom an identifier names

    def _whose_at(self, identifier: str, time_ms: int) -> Whose:
        known = self.known[identifier]
        if label := known.label_at(time_ms):
            return Whose("", label)
        person_at: dict[str, str] = {}
        graph = self._graph_at(self._near(identifier, time_ms, person_at), time_ms)
        if identifier in person_at:
            return Whose(person_at[identifier])
        if len(self._claimed_by(identifier, time_ms)) > 1:
            return Whose("", "household")
        inside, border = component(graph, identifier, person_at)
        if persons := {person_at[each] for each in border}:
            return Whose(persons.pop() if len(persons) == 1 else "", "")
        return Whose(f"{ANON}{self._first_fact(inside, time_ms)}" if len(inside) > 1 else "")

    def _first_fact(self, inside: set[str], time_ms: int) -> str:
        """Return the smallest id of the facts that join some identifiers at a time: who is not known has the same id while more is learned.

        What two touches in a row state of one pair is one join, without a break between.
        """
        edges = {edge for each in inside for edge in self.known[each].edges if edge.one in inside and edge.other in inside}
        chained = {edge for edge in edges if edge.holds(time_ms)}
        while more := {edge for edge in edges - chained if any(edge.continues(other) for other in chained)}:
            chained |= more
        return min(edge.id for edge in chained)

    def _near(self, identifier: str, time_ms: int, person_at: dict[str, str]) -> set[str]:
        """Return the identifiers that hang together at a time; write into `person_at` the persons of those with a claim."""
        found, queue = {identifier}, deque([identifier])
        while queue:
            each = queue.popleft()
            if persons := self._claimed_by(each, time_ms):
                person_at |= {each: min(persons)} if len(persons) == 1 else {}
                continue
            for edge in self.known[each].edges:
                for other in (edge.one, edge.other) if edge.holds(time_ms) else ():
                    if other not in found:
                        found.add(other)
                        queue.append(other)
        return found

    def _claimed_by(self, identifier: str, time_ms: int) -> set[str]:
        """Return the persons whose claims are in force: more than one only of a type that several may have."""
        return {self._persons.of(each.fan) for each in in_force(self.known[identifier].claims, time_ms, self._persons.of)}

    def _graph_at(self, identifiers: Iterable[str], time_ms: int) -> dict[str, set[str]]:
        graph: dict[str, set[str]] = {each: set() for each in identifiers}
        for each in graph:
            for edge in self.known[each].edges:
                if edge.holds(time_ms) and edge.one in graph and edge.other in graph:
                    graph[edge.one].add(edge.other)
                    graph[edge.other].add(edge.one)
        return graph

    # The rules, in their order

    def _all_known(self, visits: Iterable[tuple[str, int, int]]) -> dict[str, Known]:
        known: dict[str, Known] = defaultdict(Known)
        revoked = defaultdict[str, list[tuple[str, int]]](list)
        for identifier, fan, end_ms in self._facts.revoked_links():
            revoked[identifier].append((fan, end_ms))
        stated = defaultdict[str, list[Claim]](list)
        for claim in self._facts.claims():
            stated[claim.identifier].append(claim)
        tenures = dict[str, Tenure]()
        for identifier, claims in stated.items():
            mentions = self._facts.mentions_of(identifier)
            known[identifier].claims, tenures[identifier] = ended(claims, revoked[identifier], mentions, self._persons.of)
        _end_with_visits(known, visits)
        for each in known.values():
            each.claims = unsuppressed(each.claims, self._persons.of)
        for edge in self._facts.edges():
            for tenure in (tenures[each] for each in (edge.one, edge.other) if each in tenures):
                edge = edge.within(tenure.around(edge.at_ms)) if edge.at_ms is not None else edge
            if edge.from_ms < edge.to_ms:
                known[edge.one].edges.append(edge)
                known[edge.other].edges.append(edge)
        return dict(known)

    def _resolve(self, on_share: Callable[[float], None]) -> None:
        for identifier, known in self.known.items():
            self._limit(identifier, known)
        self._drop_dissolved(self.known)
        done, total = 0, len(self.known)
        for members in list(self._components()):
            self._contradict(members)
            done += len(members)
            on_share(done / total)
        for members in self._components():
            times = moments(*self._all_of(members))
            for each in members:  # what dissolved is nobody's for a time, whatever else holds
                own = {time_ms for from_ms, to_ms, _ in self.known[each].dissolved for time_ms in (from_ms, to_ms)}
                self._moments[each] = sorted({*times, *own})

    def _limit(self, identifier: str, known: Known) -> None:
        for time_ms in moments(known.claims, known.edges):
            if passes_limit(identifier, known.claims, known.edges, time_ms, self._persons.of):
                self._dissolve(identifier, time_ms, {self._persons.of(each.fan) for each in known.claims if each.holds(time_ms)})

    def _contradict(self, members: Sequence[str]) -> None:
        """Dissolve what leads from one person to another at any moment: the weakest class first, as a whole, then the next if need be."""
        while between := list(self._between(members)):
            weakest = max(type_of(identifier).strength for identifier, _, _ in between)
            for identifier, time_ms, persons in between:
                if type_of(identifier).strength == weakest:
                    self._dissolve(identifier, time_ms, persons)
            self._drop_dissolved(members)

    def _between(self, members: Sequence[str]) -> Iterable[tuple[str, int, set[str]]]:
        claims, edges = self._all_of(members)
        for time_ms in moments(claims, edges)[:-1]:
            person_at = {each: min(persons) for each in members if (persons := self._claimed_by(each, time_ms))}
            if len(set(person_at.values())) > 1:
                for identifier, persons in on_way(self._graph_at(members, time_ms), person_at).items():
                    yield identifier, time_ms, persons

    def _dissolve(self, identifier: str, time_ms: int, persons: set[str]) -> None:
        """Note that all claims and edges of an identifier that are in force at a time fall, over their whole spans.

        Where the desk has decided whose it is, that stands, and the edges alone give way: for as long as the decision holds.
        """
        known, label = self.known[identifier], _label(identifier, persons)
        decisions = _decisions(identifier, known.claims, self._persons.of)
        held = [edge for edge in known.edges if edge.holds(time_ms)]
        if now := [(each.from_ms, each.to_ms) for each in decisions if each.holds(time_ms)]:
            for edge in held:
                self._giving_way[edge].update(now)
            return
        out = {each.id for each in in_force(known.claims, time_ms, self._persons.of)}
        falling: list[Claim | Edge] = [*(each for each in known.claims if each.id in out), *held]
        lost = [(*rest, label) for each in falling for rest in _outside((each.from_ms, each.to_ms), decisions)]
        known.dissolved = sorted({*known.dissolved, *lost})
        self._falling.update(falling)

    def _drop_dissolved(self, members: Iterable[str]) -> None:
        for known in map(self.known.__getitem__, members):
            known.claims = [each for each in known.claims if each not in self._falling]
            known.edges = [rest for each in known.edges if each not in self._falling for rest in self._left_of(each)]
        self._falling.clear()
        self._giving_way.clear()

    def _left_of(self, edge: Edge) -> list[Edge]:
        times = sorted({edge.from_ms, edge.to_ms, *(each for span in self._giving_way.get(edge, ()) for each in span)})
        spans = [each for each in pairwise(times) if edge.from_ms <= each[0] and each[1] <= edge.to_ms]
        gone = self._giving_way.get(edge, ())
        return [edge.within(each) for each in spans if not any(from_ms <= each[0] < to_ms for from_ms, to_ms in gone)]

    def _components(self) -> Iterable[list[str]]:
        """Yield the identifiers that hang together at any time, claims or not."""
        left = dict.fromkeys(self.known)
        while left:
            start = next(iter(left))
            found, queue = {start}, deque([start])
            while queue:
                for edge in self.known[queue.popleft()].edges:
                    for other in {edge.one, edge.other} - found:
                        found.add(other)
                        queue.append(other)
            for each in found:
                del left[each]
            yield sorted(found)

    def _all_of(self, members: Iterable[str]) -> tuple[list[Claim], list[Edge]]:
        claims, edges = list[Claim](), dict[Edge, None]()
        for each in members:
            claims += self.known[each].claims
            edges |= dict.fromkeys(self.known[each].edges)
        return claims, list(edges)


def _decisions(identifier: str, claims: Sequence[Claim], person_of: PersonOf) -> list[Claim]:
    """Return what the desk claims; not where it gives an identifier to more persons than its type may have at a time."""
    desk = [each for each in claims if each.weakness == 0]
    crowded = [
        time_ms
        for time_ms in moments(desk, ())
        if len({person_of(each.fan) for each in desk if each.holds(time_ms)}) > type_of(identifier).fans
    ]
    return [each for each in desk if not any(map(each.holds, crowded))]


def _outside(span: tuple[int, int], decisions: Sequence[Claim]) -> list[tuple[int, int]]:
    """Return what of a span lies outside all decisions, in pieces."""
    times = sorted({*span, *(time_ms for each in decisions for time_ms in (each.from_ms, each.to_ms) if span[0] < time_ms < span[1])})
    return [each for each in pairwise(times) if not any(decision.holds(each[0]) for decision in decisions)]


def _label(identifier: str, persons: set[str]) -> str:
    klass = type_of(identifier).klass
    if klass == "person":
        return "conflict"
    return "household" if klass in ("payment", "contact") and len(persons) <= HOUSEHOLD else "shared"


def _end_with_visits(known: dict[str, Known], visits: Iterable[tuple[str, int, int]]) -> None:
    """What is lent without a recorded return ends with the visit in which it began, or that begins soon after that.

    A silence that is no longer than that ends no visit, whoever is handed the thing in it, or is heard with it behind it.
    Without such a visit it ends where anybody is heard with it, and after a day.
    """
    spans = defaultdict[str, list[tuple[int, int]]](list)
    for identifier, from_ms, to_ms in visits:
        spans[identifier].append((from_ms, to_ms))
    for identifier, each in known.items():
        if type_of(identifier).klass == "lent":
            each.claims = [_with_visit_end(claim, sorted(spans[identifier])) for claim in each.claims]


def _with_visit_end(claim: Claim, visits: Sequence[tuple[int, int]]) -> Claim:
    if claim.states_to:
        return claim
    later = [each for each in visits if each[1] >= claim.from_ms]
    if later and later[0][0] <= claim.from_ms + HEARD_WITHIN_MS:
        return replace(claim, to_ms=min(claim.to_ms, _silent_from(later) + 1))
    return replace(claim, to_ms=min(claim.to_ms, claim.from_ms + DAY_MS, *(from_ms for from_ms, _ in later)))


def _silent_from(visits: Sequence[tuple[int, int]]) -> int:
    """Return when what was heard in visits, in their order, was heard last before the first silence that ends one."""
    last_ms = visits[0][1]
    for from_ms, to_ms in visits:
        if from_ms > last_ms + HEARD_WITHIN_MS:
            break
        last_ms = max(last_ms, to_ms)
    return last_ms
