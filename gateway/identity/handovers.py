"""How an identifier passes from one person to another: a number that a carrier gave to somebody else, a beacon that was handed on. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.identity.claim import Claim
from gateway.identity.facts import FOR_EVER_NS, Link
from gateway.identity.spans import Interval, united

INFERRED: Final = 0
"""The strength of what nobody stated."""


def hand_over(claims: Sequence[Claim], recycled_after_ns: int | None, seen: Mapping[str, Sequence[int]]) -> set[int]:
    """End claims where one of another person begins, and return when.

    One that states its `from` ends all that began before. So does a touch with a beacon or card. Where carriers give a number to others,
    a touch, or a link without a `from`, ends those of a person with whom it was not seen for `recycled_after_ns`; else both hold at once.
    What is inferred ends only what is inferred.
    """
    if len({claim.person for claim in claims}) < 2:
        return set()
    told = [claim for claim in claims if claim.strength > INFERRED]
    ended = _pass_on(told, told, claims, _Reuse(told, claims, claims, recycled_after_ns, seen))
    if len(told) == len(claims):
        return ended
    inferred = [claim for claim in claims if claim.strength == INFERRED]
    return ended | _pass_on(inferred, claims, inferred, _Reuse(claims, inferred, claims, recycled_after_ns, seen))


def _pass_on(claims: Sequence[Claim], enders: Sequence[Claim], ended_by_them: Sequence[Claim], reuse: _Reuse) -> set[int]:
    """End claims by those of `enders`, of which one begins where it takes the identifier from any that they may end; return when."""
    is_contact = reuse.is_possible
    ends = _Next(each for each in enders if each.states_from or (not is_contact and not isinstance(each.fact, Link)))
    first = sorted(_first_by_person(ended_by_them).items(), key=lambda each: each[1])[:2]
    cuts = [(each, min(ends.after(each), reuse.after(each))) for each in claims]
    for claim in claims:
        if claim.states_from or claim.moment_ns <= -FOR_EVER_NS:
            continue
        is_ender = not isinstance(claim.fact, Link) and any(person != claim.person and ns < claim.moment_ns for person, ns in first)
        if reuse.is_in_gap(claim.moment_ns) if is_contact else is_ender:
            claim.from_ns = max(claim.from_ns, claim.moment_ns)
    ended = set()
    for claim, end_ns in cuts:
        if end_ns < claim.to_ns:
            claim.to_ns, claim.has_end = end_ns, True
            ended.add(end_ns)
    return ended


def _first_by_person(claims: Iterable[Claim]) -> dict[str, int]:
    first: dict[str, int] = {}
    for each in claims:
        first[each.person] = min(each.began_ns, first.get(each.person, FOR_EVER_NS))
    return first


class _Next:
    """For a claim, when the next one of another person begins; `claims` are those that end others."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._claims: Final = sorted((each.moment_ns, each.person) for each in claims)
        self._begins: Final = [begin_ns for begin_ns, _ in self._claims]
        self._other: Final = [len(self._claims)] * len(self._claims)
        for nth in range(len(self._claims) - 2, -1, -1):
            is_other = self._claims[nth + 1][1] != self._claims[nth][1]
            self._other[nth] = nth + 1 if is_other else self._other[nth + 1]

    def after(self, claim: Claim) -> int:
        """Return when a claim of another person begins after this one began; FOR_EVER_NS if none does."""
        nth = bisect_right(self._begins, claim.began_ns)
        if nth < len(self._claims) and self._claims[nth][1] == claim.person:
            nth = self._other[nth]
        return self._begins[nth] if nth < len(self._claims) else FOR_EVER_NS


class _Reuse:
    """When a number passes because nobody saw it with its person for so long."""

    def __init__(
        self,
        enders: Sequence[Claim],
        ended: Sequence[Claim],
        every: Sequence[Claim],
        after_ns: int | None,
        seen: Mapping[str, Sequence[int]],
    ) -> None:
        """`enders` may end those of `ended`; `every` claim shows when it was seen with whom, and so does `seen`. None: nobody reuses it."""
        self.is_possible: Final = after_ns is not None
        unsaid = sorted(each.moment_ns for each in enders if not each.states_from and each.moment_ns > -FOR_EVER_NS)
        gaps = {} if after_ns is None else _gaps(ended, every, after_ns, seen)
        self._passed: Final = {person: _first_in_each(unsaid, each) for person, each in gaps.items()}
        self._gaps: Final = united(gap for each in gaps.values() for gap in each)

    def after(self, claim: Claim) -> int:
        """Return when the number passes from the person of a claim to another after the claim was made; FOR_EVER_NS if never."""
        passed = self._passed.get(claim.person, ())
        nth = bisect_right(passed, claim.moment_ns)
        return passed[nth] if nth < len(passed) and claim.moment_ns > -FOR_EVER_NS else FOR_EVER_NS

    def is_in_gap(self, time_ns: int) -> bool:
        """Return whether a claim made at that time takes the number from somebody: from another, as its own person has it then."""
        nth = bisect_right(self._gaps, (time_ns, FOR_EVER_NS + 1)) - 1
        return nth >= 0 and time_ns < self._gaps[nth][1]


def _gaps(ended: Iterable[Claim], every: Iterable[Claim], after_ns: int, seen: Mapping[str, Sequence[int]]) -> dict[str, list[Interval]]:
    """Return for each person the times when a number was not seen with them for so long, since they first had it; bounds are outside."""
    since: dict[str, int] = {}
    for each in ended:
        if each.moment_ns > -FOR_EVER_NS:
            since[each.person] = min(each.moment_ns, since.get(each.person, FOR_EVER_NS))
    times: dict[str, set[int]] = defaultdict(set)
    for each in every:
        if each.moment_ns >= since.get(each.person, FOR_EVER_NS):
            times[each.person].add(each.moment_ns)
    gaps = {}
    for person, since_ns in since.items():
        ordered = sorted(times[person].union(each for each in seen.get(person, ()) if each > since_ns))
        pairs = zip(ordered, [*ordered[1:], FOR_EVER_NS], strict=True)
        gaps[person] = [(first + after_ns + 1, then) for first, then in pairs if then > first + after_ns + 1]
    return gaps


def _first_in_each(times: Sequence[int], gaps: Iterable[Interval]) -> list[int]:
    found = (bisect_left(times, from_ns) for from_ns, _ in gaps)
    return [times[nth] for nth, (_, to_ns) in zip(found, gaps, strict=True) if nth < len(times) and times[nth] < to_ns]
