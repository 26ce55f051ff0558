"""Why a name means whom it means: the shortest path of facts, and the facts that do not count, with the rule. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from gateway.identity.claims import STRENGTHS, ended_at_once, latest_of_each
from gateway.identity.ended import End, Ends, taken_back
from gateway.identity.facts import Fact, Link, Mention, Merge, Standing, is_registered, names_of, ref_name
from gateway.identity.in_force import Refused
from gateway.identity.joins import Join
from gateway.identity.naming import held_in, named_by, standing_of_ref, whom
from gateway.identity.own_names import counting_in, key_of, of_key
from gateway.identity.resolve import Resolution, resolve
from gateway.identity.types import IdentifierTypes

REPLACED: Final = "another link of the same source, identifier, fan and `from` was learned later"
STRONGER: Final = "a stronger source claims the identifier for another fan"
ELSEWHERE: Final = "it is of what another store calls by that name"
DECIDED: Final = "the desk states whose an identifier is, which this names beside another fan's"
AT_ONCE: Final = "a revoke ends it at its own `from`, so it never holds"
NOT_THEN: Final = "it does not hold at that time"
_BY_END: Final = attrgetter("to_ns")
DISSOLVED: Final[Mapping[str, str]] = {
    "household": "a household shares the identifier: several fans hold it at once, so it names none",
    "shared": "several share the identifier, so it names nobody",
    "conflict": "fans contradict each other on the identifier: it names nobody until somebody decides",
}


class Because(NamedTuple):
    """Whom a name means at a time, and why."""

    fan: str | None
    """"" where consent is withdrawn; None if nobody is known."""
    path: Sequence[Fact]
    """From the name to the fan; each fact has its id, source, actor and when it was learned."""
    refused: Sequence[Refused]
    """Facts about the name that do not count."""
    label: str = ""
    lent: Standing | None = None
    """Of something lent: what it comes to, by facts alone."""
    ends: Sequence[End] = ()
    """Of what is nobody's: what ended that it was a fan's last. Of facts that somebody took back: who did."""


def why(facts: Iterable[Fact], types: IdentifierTypes, key: bytes, name: str, time_ns: int, store: str = "") -> Because:
    """Return why a subject, `fan_name` or `ref_name` means whom at a time, by a closed set of facts; of a reference, with its touches.

    Something lent is looked at in a store; with "" in all that have none of their own by its name.
    """
    facts = list(facts)
    because = _why(facts, types, key, name, time_ns, store)
    ends = [*because.ends, *taken_back(because.refused, facts)]
    return because._replace(ends=ends) if ends else because


def _why(facts: Iterable[Fact], types: IdentifierTypes, key: bytes, name: str, time_ns: int, store: str) -> Because:
    made = resolve(facts, types, key)
    by_id = {fact.id: fact for fact in made.counting}
    paths = _Paths(made, by_id, time_ns)
    if name.startswith("fan:"):
        fan = name.removeprefix("fan:")
        person = made.persons.of(fan)
        standing = made.standings.get(name)
        return Because(whom(standing, time_ns) if standing else fan, paths.merges(fan, person), _of_names(made.refused, {name}))
    if name.startswith("ref:"):
        return _of_ref(made, paths, name)
    spelled = made.index.spellings.get(name, name)
    standing = made.standings.get(name, Standing(name, 0))
    here, own = standing.within(store), key_of(spelled, store if store in made.stores.get(spelled, ()) else "")
    refused = [*_of_names(made.refused, {name, spelled}), *_unheld(made, types, own, time_ns)]
    now, lent = whom(here, time_ns), standing if standing.is_lent else None
    is_known = now is not None and (not now or is_registered(now))
    ended = () if is_known else tuple(_last_end(made, types, paths, here, own, time_ns))
    return Because(now, paths.of(own), refused, here.label, lent, ended)


def _last_end(made: Resolution, types: IdentifierTypes, paths: _Paths, here: Standing, own: str, time_ns: int) -> Iterator[End]:
    """Yield what ended that a name was a known fan's before a time, if it was one's."""
    last = max((each for each in here.spans if each.to_ns <= time_ns and is_registered(each.fan)), key=_BY_END, default=None)
    if last is not None and (end := Ends(made, types, of_key(own)[1], last.fan, last.to_ns).of(paths.at(last.to_ns - 1).of(own))):
        yield end


def _of_ref(made: Resolution, paths: _Paths, name: str) -> Because:
    mentions = [fact for fact in made.counting if isinstance(fact, Mention) and fact.ref and ref_name(fact.ref) == name]
    if not mentions:
        return Because(None, (), _of_names(made.refused, {name}))
    standing = standing_of_ref(made.standings.get, mentions[0].ref, mentions)
    fan = standing.spans[0].fan if standing.spans else None
    refused = _of_names(made.refused, {name})
    for mention in mentions:
        here = paths.at(mention.from_ns)
        if mention.fan and fan is not None:
            return Because(fan, [mention, *here.merges(mention.fan, made.persons.of(mention.fan))], refused, standing.label)
        for identifier in mention.identifiers:
            found = named_by([(held_in(mention.store, made.standings.get)(identifier.subject), mention.from_ns)], True)
            if fan and fan in (found.person, found.provisional):
                path = here.of(made.index.spellings.get(identifier.subject, identifier.subject))
                return Because(fan, [mention, *(each for each in path if each is not mention)], refused, standing.label)
    return Because(fan, (), refused, standing.label)


class _Paths:
    """Shortest paths in what counts at one time."""

    def __init__(self, made: Resolution, by_id: Mapping[str, Fact], time_ns: int) -> None:
        self._made, self._by_id, self._time_ns = made, by_id, time_ns

    def at(self, time_ns: int) -> _Paths:
        """Return the same at another time."""
        return _Paths(self._made, self._by_id, time_ns)

    def of(self, subject: str) -> list[Fact]:
        """Return the facts from an identifier to its person; those to the nearest identifier if nobody is known."""
        joined: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for join in self._made.left.joins:
            if join.from_ns <= self._time_ns < join.to_ns:
                joined[join.first].append((join.second, join.fact_id))
                joined[join.second].append((join.first, join.fact_id))
        path = _shortest(
            subject, lambda here: joined[here] if self._claim(here) is None else (), lambda here: self._claim(here) is not None
        )
        if path is None:
            return [self._by_id[fact_id] for _, fact_id in sorted(joined[subject], key=lambda each: each[1])[:1]]
        end, fact_ids = path
        claims = [claim] if (claim := self._claim(end)) else []
        merges = [merge for each in claims for merge in self.merges(each.fan, self._made.persons.of(each.fan))]
        return [*(self._by_id[each] for each in (*fact_ids, *(each.id for each in claims))), *merges]

    def _claim(self, subject: str) -> Link | Mention | None:
        held = (each for each in self._made.left.pieces.get(subject, ()) if each.from_ns <= self._time_ns < each.to_ns)
        return min((each.claim.fact for each in held), key=lambda each: (each.from_ns, each.id), default=None)

    def merges(self, fan: str, person: str) -> list[Fact]:
        """Return the merges from a fan to the id that stands."""
        out = {id(each.fact) for each in self._made.refused}
        joined: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for fact in self._by_id.values():
            if isinstance(fact, Merge) and id(fact) not in out:
                for one in fact.fans:
                    joined[one] += [(other, fact.id) for other in fact.fans if other != one]
        path = _shortest(fan, lambda here: joined[here], lambda here: here == person)
        return [self._by_id[each] for each in path[1]] if path else []


def _shortest(
    start: str, beside: Callable[[str], Iterable[tuple[str, str]]], is_end: Callable[[str], bool]
) -> tuple[str, list[str]] | None:
    """Return the end of a shortest path, and the ids of the facts on it; of paths of one length that with the smaller names."""
    came: dict[str, tuple[str, str]] = {}
    reached, seen = [start], {start}
    for here in reached:  # grows
        if is_end(here):
            ids: list[str] = []
            end = here
            while here != start:
                here, fact_id = came[here]
                ids.insert(0, fact_id)
            return end, ids
        for there, fact_id in sorted(beside(here)):
            if there not in seen:
                seen.add(there)
                came[there] = (here, fact_id)
                reached.append(there)
    return None


def _of_names(refused: Iterable[Refused], names: set[str]) -> list[Refused]:
    return [each for each in refused if names.intersection(names_of(each.fact))]


def _unheld(made: Resolution, types: IdentifierTypes, key: str, time_ns: int) -> Iterator[Refused]:
    """Return the claims and joins of an identifier, by its key, that do not name it at a time."""
    subject, store = of_key(key)
    stated = made.index.stated.get(subject, ())
    kept = {each.id for each in latest_of_each(stated)}
    never = ended_at_once(types.of(made.index.types.get(subject, "")), stated, made.index.revokes.get(subject, ()))
    held = made.holdings[key].pieces if key in made.holdings else ()
    left = {id(piece.claim) for piece in made.left.pieces.get(key, ())}
    label = made.left.labels.get(key, "")
    elsewhere = {each.id for each in stated} - {each.id for each in counting_in(store, stated, made.stores.get(subject, ()))}
    for fact in stated:
        pieces = [piece for piece in held if piece.claim.fact.id == fact.id]
        if fact.id not in kept:
            yield Refused(fact, REPLACED)
        elif fact.id in elsewhere:
            yield Refused(fact, ELSEWHERE)
        elif fact in never:
            yield Refused(fact, AT_ONCE)
        elif not pieces:
            yield Refused(fact, STRONGER)
        elif not any(id(piece.claim) in left for piece in pieces):
            yield Refused(fact, DISSOLVED[label])
        elif not any(piece.from_ns <= time_ns < piece.to_ns for piece in pieces):
            yield Refused(fact, NOT_THEN)
    by_id = {fact.id: fact for fact in made.counting}
    remaining = set(made.left.joins)
    then = {each[2:] for each in remaining if each.from_ns <= time_ns < each.to_ns}
    for join in made.joins:
        if subject in (join.first, join.second) and join not in remaining and join[2:] not in then:
            yield Refused(by_id[join.fact_id], _why_gone(made, join, subject))


def _why_gone(made: Resolution, join: Join, subject: str) -> str:
    labels = made.left.labels
    if label := labels.get(subject) or labels.get(join.other(subject)):
        return DISSOLVED[label]
    claims = (piece.claim for end in join[2:4] for piece in made.left.pieces.get(end, ()))
    return DECIDED if any(claim.strength == STRENGTHS["desk"] for claim in claims) else DISSOLVED["shared"]
