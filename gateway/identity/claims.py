"""Claims: who says that one identifier is whose, for which span, and which of them are in force (rules 2 and 4). Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from footfall.units import NS_PER_MS, NS_PER_S
from gateway.identity.claim import Claim
from gateway.identity.facts import FOR_EVER_NS, Link, Mention, RevokeLink
from gateway.identity.handovers import hand_over
from gateway.identity.persons import Persons
from gateway.identity.spans import Interval, overlaps, united, without
from gateway.identity.types import IdentifierType

STRENGTHS: Final[Mapping[str, int]] = {"desk": 3, "crm": 2, "touch": 1, "inferred": 0}
_UNKNOWN_SOURCE: Final = "crm"
_SOURCES: Final = 1_000


class Piece(NamedTuple):
    """A span for which a claim is in force."""

    from_ns: int
    to_ns: int
    claim: Claim


class Holding(NamedTuple):
    """Who holds one identifier."""

    pieces: Sequence[Piece]
    boundaries: Sequence[int] = ()
    """Sorted: when somebody held it no longer: by a statement, another person's claim, or silence. What is named together joins only
    between two of them."""


NOBODY: Final = Holding(())


@lru_cache(_SOURCES)
def strength_of(source: str) -> int:
    """Return how strong the class of a source is: what stands before its first `.`, `:` or `-`."""
    name = source.replace(":", ".").replace("-", ".").partition(".")[0]
    return STRENGTHS.get(name, STRENGTHS[_UNKNOWN_SOURCE])


def holding_of(
    of_type: IdentifierType,
    stated: Sequence[Link | Mention],
    revokes: Sequence[RevokeLink],
    persons: Persons,
    seen: Mapping[str, Sequence[int]],
    returned_ns: Sequence[int] = (),
) -> Holding:
    """Return who holds an identifier, by the facts that claim it for a fan.

    `seen`, for identifiers that pass to others: by person the sorted times when it was named with them, and by "" all others, ns.
    `returned_ns`: when touches gave back what was lent.
    """
    latest = latest_of_each(stated) if len(stated) > 1 else stated
    if revokes and (never := ended_at_once(of_type, latest, revokes)):
        latest = [fact for fact in latest if fact not in never]
    claims = [each for fact in latest if (each := claim_of(of_type, fact, persons)).from_ns < each.to_ns]
    if len(claims) == 1 and not revokes and not returned_ns and of_type.unseen_s is None:
        (claim,) = claims
        return Holding((Piece(claim.from_ns, claim.to_ns, claim),), (claim.to_ns,) if claim.has_end else ())
    ends = {claim.to_ns for claim in claims if claim.has_end}
    if of_type.klass == "lent":
        _end_by_next(claims, returned_ns)
    ends |= _end_by_revokes(claims, revokes)
    if of_type.klass == "lent":
        _end_as_any(claims)
    seen = _with_learned(seen, claims)
    if of_type.handover and of_type.klass != "lent":
        recycled = of_type.recycled_after_s
        ends |= hand_over(claims, None if recycled is None else round(recycled * NS_PER_S), seen)
    if of_type.unseen_s is not None:
        ends |= _end_by_silence(claims, round(of_type.unseen_s * NS_PER_S), seen)
    if ends and of_type.klass != "lent":
        _end_touches(claims, ends)
    pieces = _not_suppressed([each for each in claims if each.from_ns < each.to_ns])
    return Holding(pieces, _departures(pieces, ends))


def latest_of_each(stated: Iterable[Link | Mention]) -> list[Link | Mention]:
    """Return facts without the links that another of one source, fan, store and `from` replaces: one learned later, or with an end."""
    links: dict[tuple[str, str, int, str], Link] = {}
    made: list[Link | Mention] = []
    for fact in stated:
        if isinstance(fact, Mention):
            made.append(fact)
            continue
        key = (fact.source, fact.fan, fact.from_ns, fact.store)
        other = links.get(key)
        if other is None or _order(other) < _order(fact):
            links[key] = fact
    return [*made, *links.values()]


def _order(link: Link) -> tuple[int, bool, str]:
    return link.learned_ns, link.to_ns < FOR_EVER_NS, link.id


def ended_at_once(of_type: IdentifierType, stated: Iterable[Link | Mention], revokes: Iterable[RevokeLink]) -> list[Link]:
    """Return the links that a revoke ends at their own `from`: they never hold. What is lent was given back before a handover then."""
    if of_type.klass == "lent":
        return []
    ends = {(revoke.fan, revoke.to_ns) for revoke in revokes}
    return [fact for fact in stated if isinstance(fact, Link) and (fact.fan, fact.from_ns) in ends]


def claim_of(of_type: IdentifierType, fact: Link | Mention, persons: Persons) -> Claim:
    """Return what a fact claims before others are heard; a touch claims for the default span of the type."""
    person = persons.standing_ids.get(fact.fan, fact.fan)
    time_ns = fact.from_ns
    if isinstance(fact, Mention):
        from_ns, to_ns = around(of_type, time_ns)
        return Claim(fact, person, from_ns, to_ns, time_ns, time_ns, -FOR_EVER_NS, False, False, STRENGTHS["touch"])
    is_open = time_ns <= -FOR_EVER_NS
    moment_ns = (fact.learned_ns if fact.learned_ns > 0 else -FOR_EVER_NS) if is_open else time_ns
    seen_ns = fact.learned_ns if fact.learned_ns > 0 and time_ns <= fact.learned_ns < fact.to_ns else -FOR_EVER_NS
    has_end, strength = fact.to_ns < FOR_EVER_NS, strength_of(fact.source)
    return Claim(fact, person, time_ns, fact.to_ns, time_ns, moment_ns, seen_ns, not is_open, has_end, strength)


def around(of_type: IdentifierType, time_ns: int) -> Interval:
    """Return the default span of a type around a touch, which is within it."""
    from_ns, to_ns = of_type.span_ns(time_ns)
    return from_ns, max(to_ns, time_ns + NS_PER_MS)


def _end_by_revokes(claims: Iterable[Claim], revokes: Iterable[RevokeLink]) -> set[int]:
    """End claims of the fans whose links are revoked, each by the earliest revoke behind its beginning; return when."""
    ended, by_fan = set(), defaultdict[str, list[int]](list)
    for revoke in sorted(revokes, key=lambda each: each.to_ns):
        by_fan[revoke.fan].append(revoke.to_ns)
    for claim in claims if revokes else ():
        ends = by_fan.get(claim.fact.fan, ())
        nth = bisect_right(ends, claim.began_ns)
        if nth < len(ends) and ends[nth] <= claim.to_ns:
            claim.to_ns, claim.has_end = ends[nth], True
            claim.seen_ns = claim.seen_ns if claim.seen_ns < ends[nth] else -FOR_EVER_NS
            ended.add(ends[nth])
    return ended


def _end_by_next(claims: list[Claim], returned_ns: Sequence[int]) -> None:
    """End what is lent when it is handed to the next, however late its return was stated, or right after the touch that returns it.

    A return in the millisecond of a handover gives back what was lent before.
    """
    begins = sorted({claim.began_ns for claim in claims})
    for claim in claims:
        nth = bisect_right(begins, claim.began_ns)
        if nth < len(begins):
            claim.to_ns = min(claim.to_ns, begins[nth])
        began_ms, until_ms = claim.began_ns // NS_PER_MS, claim.to_ns // NS_PER_MS
        back_ns = min((each for each in returned_ns if began_ms < each // NS_PER_MS <= until_ms), default=FOR_EVER_NS)
        if not claim.has_end and back_ns < FOR_EVER_NS:
            claim.to_ns, claim.has_end = min(claim.to_ns, back_ns + NS_PER_MS), True


def _end_as_any(claims: Sequence[Claim]) -> None:
    """End what is lent at the earliest end that anybody states of the same handover."""
    ends = defaultdict[tuple[int, str], list[int]](list)
    for claim in claims:
        if claim.has_end:
            ends[claim.began_ns, claim.person].append(claim.to_ns)
    for claim in claims if ends else ():
        if stated := ends.get((claim.began_ns, claim.person)):
            claim.to_ns, claim.has_end = min(claim.to_ns, *stated), True


def _with_learned(seen: Mapping[str, Sequence[int]], claims: Iterable[Claim]) -> Mapping[str, Sequence[int]]:
    """Return when an identifier was seen with each person, also by whoever stated a link: its CRM, say, when it was exported."""
    learned: dict[str, list[int]] = defaultdict(list)
    for claim in claims:
        if claim.seen_ns > -FOR_EVER_NS:
            learned[claim.person].append(claim.seen_ns)
    return {**seen, **{person: sorted([*seen.get(person, ()), *times]) for person, times in learned.items()}} if learned else seen


def _end_by_silence(claims: Iterable[Claim], unseen_ns: int, seen: Mapping[str, Sequence[int]]) -> set[int]:
    """End claims that were made at a known time and state no end once the identifier was not seen for so long; return when.

    A link vouches for the time from its `from` to when it was learned.
    """
    silences: dict[str, _Silences] = {}
    ended = set()
    for claim in claims:
        if isinstance(claim.fact, Link) and (not claim.states_from or claim.fact.to_ns < FOR_EVER_NS):
            continue
        if claim.person not in silences:
            silences[claim.person] = _Silences(sorted([*seen.get(claim.person, ()), *seen.get("", ())]), unseen_ns)
        end_ns = silences[claim.person].after(max(claim.moment_ns, claim.seen_ns))
        if end_ns < claim.to_ns:
            claim.to_ns = end_ns
            ended.add(end_ns)
    return ended


class _Silences:
    """When something was no longer seen, by the sorted times at which it was."""

    def __init__(self, times: Sequence[int], unseen_ns: int) -> None:
        self._times, self._unseen_ns = times, unseen_ns
        self._lasts: Final = list(times)
        for nth in range(len(times) - 2, -1, -1):
            if times[nth + 1] - times[nth] <= unseen_ns:
                self._lasts[nth] = self._lasts[nth + 1]

    def after(self, time_ns: int) -> int:
        """Return when it had not been seen for so long for the first time after a time at which it was."""
        nth = bisect_right(self._times, time_ns)
        is_seen = nth < len(self._times) and self._times[nth] - time_ns <= self._unseen_ns
        return (self._lasts[nth] if is_seen else time_ns) + self._unseen_ns


def _end_touches(claims: Sequence[Claim], ends: Container[int]) -> None:
    """Cut what touches claim where a claim of their own person ended, and begin it where any before did.

    Who has a number again has not had it meanwhile. An end counts if its claim was in force, and nobody states that its person keeps the
    identifier. What is inferred is weaker than a touch, so its ends cut none.
    """
    pieces = _not_suppressed([each for each in claims if each.strength >= STRENGTHS["touch"] and each.from_ns < each.to_ns])
    stated = _spans_by_person(each for each in pieces if isinstance(each.claim.fact, Link))
    own: dict[str, list[int]] = defaultdict(list)
    for piece in pieces:
        if piece.to_ns in ends and piece.to_ns == piece.claim.to_ns and not _holds(stated.get(piece.claim.person, ()), piece.to_ns):
            own[piece.claim.person].append(piece.to_ns)
    for each in own.values():
        each.sort()
    every = sorted(end_ns for each in own.values() for end_ns in each)
    for claim in claims if every else ():
        if isinstance(claim.fact, Mention):
            mine = own.get(claim.person, [])
            nth, next_own = bisect_right(every, claim.moment_ns), bisect_right(mine, claim.moment_ns)
            claim.from_ns = max(claim.from_ns, every[nth - 1]) if nth else claim.from_ns
            claim.to_ns = min(claim.to_ns, mine[next_own]) if next_own < len(mine) else claim.to_ns


def _departures(pieces: Sequence[Piece], ends: Container[int]) -> list[int]:
    """Return, sorted, when a person held the identifier no longer, because their last claim ended or a stronger one of another began.

    That the default span of what a touch claims is over is none: its joins end as well.
    """
    left = {(person, to_ns) for person, spans in _spans_by_person(pieces).items() for _, to_ns in spans}
    return sorted(
        {
            to_ns
            for _, to_ns, claim in pieces
            if (to_ns in ends or to_ns < claim.to_ns) and to_ns < FOR_EVER_NS and (claim.person, to_ns) in left
        }
    )


def _spans_by_person(pieces: Iterable[Piece]) -> dict[str, list[Interval]]:
    spans: dict[str, list[Interval]] = defaultdict(list)
    for from_ns, to_ns, claim in pieces:
        spans[claim.person].append((from_ns, to_ns))
    return {person: united(each) for person, each in spans.items()}


def _holds(spans: Sequence[Interval], time_ns: int) -> bool:
    """Return whether a moment lies in one of some spans, which are united."""
    return overlaps((time_ns, time_ns + 1), spans)


def _not_suppressed(claims: list[Claim]) -> list[Piece]:
    """Return the spans of claims in which no stronger source claims the identifier for another person."""
    if len({claim.strength for claim in claims}) < 2:
        return [Piece(each.from_ns, each.to_ns, each) for each in claims]
    spans: dict[tuple[int, str], list[Interval]] = defaultdict(list)
    for each in claims:
        spans[each.strength, each.person].append((each.from_ns, each.to_ns))
    stronger = {
        own: united(interval for key, mine in spans.items() if key[0] > own[0] and key[1] != own[1] for interval in mine) for own in spans
    }
    return [Piece(*left, each) for each in claims for left in without((each.from_ns, each.to_ns), stronger[each.strength, each.person])]
