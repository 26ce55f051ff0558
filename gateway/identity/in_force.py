"""Which facts of a set count: each id once, without what was taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.identity.facts import Fact, Merge, Revoke, Split
from gateway.identity.facts_json import content_of

SAME_ID: Final = "its id has other content elsewhere, which counts"
REVOKED: Final = "it was revoked"
SPLIT: Final = "it was split"
NO_EFFECT: Final = "a revoke or split cannot be taken back"
NOTHING_BEFORE: Final = "all that gives the identifier to that fan begins later, so it ends nothing"
NO_MERGE: Final = "what it names is no merge"


class Refused(NamedTuple):
    """A fact that does not count, and the rule why."""

    fact: Fact
    rule: str


class InForce(NamedTuple):
    """The facts that count, and those that do not."""

    facts: list[Fact]
    refused: list[Refused]


def facts_in_force(facts: Iterable[Fact]) -> InForce:
    """Return what counts of a set of facts; the order of neither list depends on the order of the set."""
    by_id, refused = _each_id_once(facts)
    backs = [each for each in by_id.values() if isinstance(each, Revoke | Split)]
    if not backs:
        return InForce(list(by_id.values()), refused)
    revoked = {each.of for each in backs if isinstance(each, Revoke)}
    split = {each.of for each in backs if isinstance(each, Split)}
    kept = []
    for fact in by_id.values():
        if rule := _taken_back(fact, revoked, split):
            refused.append(Refused(fact, rule))
        else:
            kept.append(fact)
    refused += [Refused(each, rule) for each in backs if (rule := without_effect(each, by_id.get(each.of)))]
    return InForce(kept, refused)


def _each_id_once(facts: Iterable[Fact]) -> tuple[dict[str, Fact], list[Refused]]:
    by_id: dict[str, Fact] = {}
    refused = []
    for fact in facts:
        other = by_id.setdefault(fact.id, fact)
        if other is not fact and other != fact:
            by_id[fact.id], less = (other, fact) if content_of(other) < content_of(fact) else (fact, other)
            refused.append(Refused(less, SAME_ID))
    return by_id, refused


def _taken_back(fact: Fact, revoked: set[str], split: set[str]) -> str:
    if isinstance(fact, Revoke | Split):
        return ""
    if fact.id in revoked:
        return REVOKED
    return SPLIT if isinstance(fact, Merge) and fact.id in split else ""


def without_effect(back: Revoke | Split, of: Fact | None) -> str:
    """Return why a fact takes back nothing of what it names; "" if it does, or waits for it."""
    if of is None:  # it waits
        return ""
    if isinstance(back, Split):
        return "" if isinstance(of, Merge) else NO_MERGE
    return NO_EFFECT if isinstance(of, Revoke | Split) else ""
