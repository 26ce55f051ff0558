"""Which claims of one identifier hold when: ends, numbers that pass on, classes of sources, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from simulators.identity.oracle_facts import CLASSES_OF_SOURCE, Claim, Edge, Mentioned
from simulators.identity.oracle_types import CONTACT_QUIET_MS, CONTACT_UNSEEN_MS, EVER_MS, LEAST_DISTINCT, type_of

PersonOf = Callable[[str], str]


class Tenure(NamedTuple):
    """The times at which somebody held an identifier no longer: what was named with it stays in its time."""

    boundaries_ms: tuple[int, ...]

    def around(self, time_ms: int) -> tuple[int, int]:
        """Return the span between two boundaries in which a touch lies."""
        return _before(self.boundaries_ms, time_ms), _after(self.boundaries_ms, time_ms)


def _before(times_ms: Iterable[int], time_ms: int) -> int:
    return max((each for each in times_ms if each <= time_ms), default=-EVER_MS)


def _after(times_ms: Iterable[int], time_ms: int) -> int:
    return min((each for each in times_ms if each > time_ms), default=EVER_MS)


def ended(
    claims: Sequence[Claim], revoked: Sequence[tuple[str, int]], mentions: Sequence[Mentioned], person_of: PersonOf
) -> tuple[list[Claim], Tenure]:
    """Return the claims of one identifier with the ends that facts give them, and where it passed on. `revoked`: (fan, end)."""
    klass, passes_on = type_of(claims[0].identifier).klass, type_of(claims[0].identifier).passes_on
    claims = [each for each in claims if klass == "lent" or not _is_over_at_once(each, revoked)]
    found, ends = list(claims), {each.to_ms for each in claims if each.states_to}
    for nth, claim in enumerate(claims):
        end_ms = min((end_ms for fan, end_ms in revoked if fan == claim.fan and claim.began_ms < end_ms), default=EVER_MS)
        if end_ms < EVER_MS and end_ms <= (min(claim.to_ms, _next_ms(claim, claims)) if klass == "lent" else claim.to_ms):
            found[nth], ends = claim.until(end_ms), ends | {end_ms}
    if passes_on:
        mentions = [*mentions, *(Mentioned(each.at_ms, each.fan, frozenset([each.fan])) for each in found if _was_in_span(each))]
        passed, begins = _passed_on(claims, mentions, person_of)
        unseen = {each.id: _unseen_from(each, mentions, person_of) for each in found if klass == "contact"}
        last = {each: min(passed.get(each, EVER_MS), unseen.get(each, EVER_MS)) for each in {*passed, *unseen}}
        ends |= {some[each.id] for some in (passed, last) for each in found if some.get(each.id, EVER_MS) < each.to_ms}
        found = [
            replace(each, from_ms=begins.get(each.id, each.from_ms), to_ms=min(each.to_ms, last.get(each.id, EVER_MS))) for each in found
        ]
    if klass == "lent":
        back_ms = [each.time_ms for each in mentions if each.returned]
        found = [_until_handed_over(each, claims, [end_ms for fan, end_ms in revoked if fan == each.fan], back_ms) for each in claims]
        found = [_ended_as_any(each, found, person_of) for each in found]
        return [each for each in found if each.from_ms < each.to_ms], Tenure(())
    found = _cut(found, ends, person_of)
    return found, Tenure(_departures(found, ends, person_of))


def _cut(claims: Sequence[Claim], ends_ms: set[int], person_of: PersonOf) -> list[Claim]:
    """Return the claims, those of touches cut: ended where their person's claim ended, begun where anybody's before did.

    No end is one that a stronger claim of another covers, or that leaves the identifier with its person by another link, or that is only
    inferred. A stated link is not cut.
    """
    told = [each for each in claims if each.weakness < CLASSES_OF_SOURCE.index("inferred")]
    ended_of = set()
    for end_ms in ends_ms:
        stay = {person_of(each.fan) for each in in_force(told, end_ms, person_of) if not each.is_of_touch}
        ended_of |= {
            (person_of(each.fan), end_ms)
            for each in in_force(told, end_ms - 1, person_of)
            if each.to_ms == end_ms and person_of(each.fan) not in stay
        }
    found = []
    for each in claims:
        if each.is_of_touch:
            from_ms = _before((end_ms for _, end_ms in ended_of), each.at_ms)
            to_ms = _after((end_ms for person, end_ms in ended_of if person == person_of(each.fan)), each.at_ms)
            each = replace(each, from_ms=max(each.from_ms, from_ms), to_ms=min(each.to_ms, to_ms))
        found.append(each)
    return [each for each in found if each.from_ms < each.to_ms]


def _departures(claims: Sequence[Claim], ends_ms: set[int], person_of: PersonOf) -> tuple[int, ...]:
    """Return when a person held the identifier no longer: their last claim was ended, or another's stronger one began."""
    found = set()
    for time_ms in {time_ms for each in claims for time_ms in (each.from_ms, each.to_ms)} - {-EVER_MS, EVER_MS}:
        before, stay = in_force(claims, time_ms - 1, person_of), {person_of(each.fan) for each in in_force(claims, time_ms, person_of)}
        if any(person_of(each.fan) not in stay and (each.to_ms > time_ms or time_ms in ends_ms) for each in before):
            found.add(time_ms)
    return tuple(sorted(found))


def _is_over_at_once(claim: Claim, revoked: Sequence[tuple[str, int]]) -> bool:
    """Return whether a link is ended at the moment at which it begins: it has no moment then, and ends nobody else's either."""
    return claim.states_from and any((claim.fan, claim.from_ms) == each for each in revoked)


def _was_in_span(claim: Claim) -> bool:
    """Return whether somebody stated, at a time for which they did, that it is the fan's: as good as seeing it with the fan."""
    return not claim.is_of_touch and claim.at_ms > 0 and claim.holds(claim.at_ms)


def _passed_on(claims: Sequence[Claim], mentions: Sequence[Mentioned], person_of: PersonOf) -> tuple[dict[str, int], dict[str, int]]:
    """Return the ends and new beginnings by claim: what somebody else has since a time is no longer the earlier owner's.

    A number that was quiet for long passes on to whoever comes next, also without a stated time; a device by every touch.
    """
    ends, begins = dict[str, int](), dict[str, int]()
    inferred = CLASSES_OF_SOURCE.index("inferred")
    for claim in claims:
        for other in claims:
            if person_of(other.fan) == person_of(claim.fan) or (claim.weakness == inferred and other.weakness < inferred):
                continue
            if claim.states_from:
                passes = other.began_ms < claim.from_ms
            elif passes := _passes_unstated(claim, other, claims, mentions, person_of):
                begins[claim.id] = claim.moment_ms
            if passes:
                ends[other.id] = min(ends.get(other.id, EVER_MS), claim.moment_ms)
    return ends, begins


def _passes_unstated(claim: Claim, other: Claim, claims: Sequence[Claim], mentions: Sequence[Mentioned], person_of: PersonOf) -> bool:
    if type_of(claim.identifier).klass == "device":
        return claim.is_of_touch and other.began_ms < claim.at_ms
    return claim.at_ms > 0 and other.moment_ms < claim.at_ms and _was_quiet(person_of(other.fan), claims, mentions, claim.at_ms, person_of)


def _was_quiet(person: str, claims: Sequence[Claim], mentions: Sequence[Mentioned], before_ms: int, person_of: PersonOf) -> bool:
    """Return whether the number was not mentioned with a person, by any of their fan ids, for long before a time."""
    times = [each.moment_ms for each in claims if person_of(each.fan) == person]
    times += [each.time_ms for each in mentions if person in map(person_of, each.with_fans)]
    return not any(before_ms - CONTACT_QUIET_MS <= each <= before_ms for each in times)


def _unseen_from(claim: Claim, mentions: Sequence[Mentioned], person_of: PersonOf) -> int:
    """Return when a claim ends because nobody has seen the number for long."""
    if claim.states_to or not (claim.is_of_touch or claim.states_from):
        return EVER_MS
    seen = [each.time_ms for each in mentions if not each.with_fans or person_of(claim.fan) in map(person_of, each.with_fans)]
    last_ms = max(claim.moment_ms, claim.at_ms) if _was_in_span(claim) else claim.moment_ms
    for time_ms in sorted(each for each in seen if each > last_ms):
        if time_ms - last_ms > CONTACT_UNSEEN_MS:
            break
        last_ms = time_ms
    return last_ms + CONTACT_UNSEEN_MS


def _ended_as_any(claim: Claim, claims: Sequence[Claim], person_of: PersonOf) -> Claim:
    """Return what is lent until the earliest end that anybody states of the same handover."""
    same = (each for each in claims if (each.began_ms, person_of(each.fan)) == (claim.began_ms, person_of(claim.fan)))
    ends = [each.to_ms for each in same if each.states_to]
    return replace(claim, to_ms=min(claim.to_ms, *ends), states_to=True) if ends else claim


def _next_ms(claim: Claim, claims: Sequence[Claim]) -> int:
    """Return when what is lent is handed to anybody again: what is stated to end it later ends nothing."""
    return min((each.began_ms for each in claims if each.began_ms > claim.began_ms), default=EVER_MS)


def _until_handed_over(claim: Claim, claims: Sequence[Claim], revoked_ms: Sequence[int], returned_ms: Sequence[int]) -> Claim:
    """Return what is lent until it is handed to anybody again. A return that a revoke, or a touch, states counts where it came first.

    One whose end was stated needs no touch. A return at the moment of a handover is of what was lent before.
    """
    next_ms = _next_ms(claim, claims)
    if claim.states_to:
        back = min((claim.until(end_ms) for end_ms in revoked_ms), key=lambda each: each.to_ms, default=claim)
        return replace(back, to_ms=min(back.to_ms, next_ms))
    given_back = [min(time_ms + 1, next_ms) for time_ms in returned_ms if claim.began_ms < time_ms <= next_ms]
    back_ms = min((*(end_ms for end_ms in revoked_ms if end_ms > claim.began_ms), *given_back), default=EVER_MS)
    return replace(claim, to_ms=min(claim.to_ms, next_ms, back_ms), states_to=back_ms <= next_ms and back_ms < EVER_MS)


def in_force(claims: Sequence[Claim], time_ms: int, person_of: PersonOf) -> list[Claim]:
    """Return the claims that hold at a time: what a weaker class of sources claims for another person does not."""
    holding = [each for each in claims if each.holds(time_ms)]
    return [
        each
        for each in holding
        if not any(other.weakness < each.weakness and person_of(other.fan) != person_of(each.fan) for other in holding)
    ]


def unsuppressed(claims: Sequence[Claim], person_of: PersonOf) -> list[Claim]:
    """Return the claims of one identifier as far as they are in force, in pieces if need be; each piece has the id of its claim."""
    pieces: list[Claim] = []
    for from_ms, to_ms in pairwise(moments(claims, ())):
        for claim in in_force(claims, from_ms, person_of):
            before = next((each for each in pieces if each.id == claim.id and each.to_ms == from_ms), None)
            if before:
                pieces[pieces.index(before)] = replace(before, to_ms=to_ms)
            else:
                pieces.append(replace(claim, from_ms=from_ms, to_ms=to_ms))
    return pieces


def passes_limit(identifier: str, claims: Sequence[Claim], edges: Sequence[Edge], time_ms: int, person_of: PersonOf) -> bool:
    """Return whether too many persons claim an identifier at a time, or too many identifiers of one type were named with it."""
    kind = type_of(identifier)
    if len({person_of(each.fan) for each in in_force(claims, time_ms, person_of)}) > kind.fans:
        return True
    if kind.klass == "person":
        return False
    named: dict[str, set[str]] = {}
    for edge in edges:
        if edge.holds(time_ms):
            other = edge.other if edge.one == identifier else edge.one
            named.setdefault(other.partition(":")[0], set()).add(other)
    return any(len(some) > max(LEAST_DISTINCT, type_of(next(iter(some))).per_fan) for some in named.values())


def moments(claims: Sequence[Claim], edges: Sequence[Edge]) -> list[int]:
    """Return all times at which something begins or ends: between two of them nothing changes."""
    times = {-EVER_MS}
    for span in ((each.from_ms, each.to_ms) for some in (claims, edges) for each in some):
        times |= {*span}
    return sorted(times)
