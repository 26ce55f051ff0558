"""Persons: which fan ids are one, under which of them, and from when to when none of them may be named. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from footfall.purposes import IDENTIFY
from gateway.identity.components import components
from gateway.identity.facts import FOR_EVER_NS, Consent, Distinct, Fact, Link, Mention, Merge
from gateway.identity.in_force import Refused
from gateway.identity.spans import Interval, united

DISTINCT: Final = "it names two fans that are stated to be distinct"
STILL_JOINED: Final = "with others it joins two fans that are stated to be distinct"
_NEVER: Final = (FOR_EVER_NS, "\U0010ffff")


@dataclass(frozen=True, slots=True)
class Persons:
    """What is known of the fans of a set of facts."""

    standing_ids: Mapping[str, str]
    """Of fans that were merged: whom each is now. One that is missing is itself."""
    withdrawn: Mapping[str, Sequence[Interval]]
    """By standing id: when consent was withdrawn by any of the person's fans."""
    refused: list[Refused] = field(default_factory=list)
    """Merges that do not count."""
    fans: Collection[str] = ()
    """Every fan that the facts mention."""

    def of(self, fan: str) -> str:
        """Return the standing id of a fan."""
        return self.standing_ids.get(fan, fan)


def persons_of(facts: Iterable[Fact]) -> Persons:
    """Return the persons of facts that count."""
    merges: list[Merge] = []
    distincts: list[Distinct] = []
    consents: list[Consent] = []
    registered: dict[str, tuple[int, str]] = {}
    for fact in facts:
        if isinstance(fact, Link | Mention):
            if fan := fact.fan:
                first = (fact.from_ns, fact.id)
                if first < registered.get(fan, _NEVER):
                    registered[fan] = first
        elif isinstance(fact, Merge):
            merges.append(fact)
        elif isinstance(fact, Distinct):
            distincts.append(fact)
        elif isinstance(fact, Consent):
            consents.append(fact)
    kept, refused = _without_distinct(merges, distincts)
    roots = components(each.fans for each in kept)
    ids = _standing_ids(roots, registered)
    more = [
        *(fan for each in merges for fan in each.fans),
        *(fan for each in distincts for fan in each.fans),
        *(each.fan for each in consents),
    ]
    return Persons(ids, _withdrawn(consents, ids), refused, dict.fromkeys((*registered, *more)))


def _standing_ids(roots: Mapping[str, str], registered: Mapping[str, tuple[int, str]]) -> dict[str, str]:
    """Return for each fan the one of its component that was registered first; those that never were come last."""
    best: dict[str, str] = {}
    for fan, root in roots.items():
        best[root] = min(fan, best.get(root, fan), key=lambda each: (registered.get(each, _NEVER), each))
    return {fan: best[root] for fan, root in roots.items()}


def _without_distinct(merges: list[Merge], distincts: list[Distinct]) -> tuple[list[Merge], list[Refused]]:
    """Return the merges without those that would join two distinct fans."""
    if not distincts or not merges:
        return merges, []
    pairs = [pair for each in distincts if len(pair := set(each.fans)) > 1]
    refused = [Refused(each, DISTINCT) for each in merges if any(pair <= set(each.fans) for pair in pairs)]
    out = {each.fact.id for each in refused}
    kept = [each for each in merges if each.id not in out]
    roots = components(each.fans for each in kept)
    joined = {root for pair in pairs for root in {roots.get(fan, fan) for fan in pair} if len({roots.get(fan, fan) for fan in pair}) == 1}
    refused += [Refused(each, STILL_JOINED) for each in kept if roots[each.fans[0]] in joined]
    return [each for each in kept if roots[each.fans[0]] not in joined], refused


def _withdrawn(consents: Iterable[Consent], ids: Mapping[str, str]) -> dict[str, Sequence[Interval]]:
    by_fan = defaultdict(list)
    for each in consents:
        if each.purpose == IDENTIFY:
            by_fan[each.fan].append(each)
    spans: dict[str, list[Interval]] = defaultdict(list)
    for fan, stated in by_fan.items():
        stated.sort(key=lambda each: (each.from_ns, each.learned_ns, not each.granted, each.id))  # of two at once a withdrawal counts
        ends = [*(each.from_ns for each in stated[1:]), FOR_EVER_NS]
        spans[ids.get(fan, fan)] += [(each.from_ns, end) for each, end in zip(stated, ends, strict=True) if not each.granted]
    return {person: joined for person, each in spans.items() if (joined := united(each))}
