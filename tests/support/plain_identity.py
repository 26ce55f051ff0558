"""An identity stage for tests of the fold: of links, and mentions that name a fan, the last begun of those that hold at once counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gateway.identity.facts import FOR_EVER_NS, Fact, Link, Mention, Revoke, Span, Standing


class PlainIdentity:
    """What subjects stand for is a function of the set of facts alone, as of the real stage."""

    def __init__(self) -> None:
        self._claims: defaultdict[str, dict[tuple[int, int, str, str], None]] = defaultdict(dict)
        self._revoked: set[str] = set()
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._number = 0

    def take(self, facts: Sequence[Fact]) -> list[Standing]:
        self._revoked |= {fact.of for fact in facts if isinstance(fact, Revoke)}
        for fact in facts:
            for subject, fan in _claims(fact):
                from_ns, to_ns = (fact.from_ns, fact.to_ns) if isinstance(fact, Link) else (-FOR_EVER_NS, FOR_EVER_NS)
                self._claims[subject][from_ns, to_ns, fan, fact.id] = None
        return [standing for subject in list(self._claims) if (standing := self._standing(subject))]

    def _standing(self, subject: str) -> Standing | None:
        claims = [claim for claim in self._claims[subject] if claim[3] not in self._revoked]
        bounds = sorted({each for from_ns, to_ns, _, _ in claims for each in (from_ns, to_ns)})
        spans: list[Span] = []
        for from_ns, to_ns in pairwise(bounds):
            held = [(claim[0], claim[2]) for claim in claims if claim[0] <= from_ns and claim[1] >= to_ns]
            if not held:
                continue
            fan = max(held)[1]
            if spans and spans[-1][1:] == (from_ns, fan):
                spans[-1] = spans[-1]._replace(to_ns=to_ns)
            else:
                spans.append(Span(from_ns, to_ns, fan))
        if self._spans.get(subject, ()) == tuple(spans):
            return None
        self._spans[subject] = tuple(spans)
        self._number += 1
        return Standing(subject, self._number, tuple(spans))


def _claims(fact: Fact) -> Iterable[tuple[str, str]]:
    if isinstance(fact, Link):
        yield fact.identifier.subject, fact.fan
    elif isinstance(fact, Mention) and fact.fan:
        yield from ((each.subject, fact.fan) for each in fact.identifiers)
