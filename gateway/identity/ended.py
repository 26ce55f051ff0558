"""What ended that a name was a fan's, and who took back what would name one: the fact, so that whoever asks finds whom to ask. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from footfall.units import NS_PER_MS
from gateway.identity.facts import Fact, Identifier, Link, Mention, Revoke, Same, Split
from gateway.identity.in_force import REVOKED, SPLIT, Refused
from gateway.identity.own_names import counting_in, key_of, of_key
from gateway.identity.resolve import Resolution
from gateway.identity.types import IdentifierTypes

OWN_END: Final = "it states that end"
UNLINKED: Final = "the link was ended"
GIVEN_BACK: Final = "what was lent was given back"
STRONGER: Final = "a stronger source claims it for another fan from then on"
PASSED_ON: Final = "it passed on to another fan"
UNSEEN: Final = "nobody had seen it with that fan for too long"
SPAN_OVER: Final = "the time is over for which a touch states it"
_BY_ID: Final = attrgetter("id")
_TAKEN_BACK: Final = {REVOKED, SPLIT}


class End(NamedTuple):
    """Why a name is a fan's no longer, or why a fact does not count."""

    fact: Fact
    """The one that made it the fan's."""
    rule: str
    by: Fact | None = None
    """The one that ended it, or took it back."""
    fan: str = ""
    """Whose it was; "" where the fact is as if it had never been."""
    until_ns: int | None = None
    """Up to when it was the fan's; None where it never was."""


def taken_back(refused: Iterable[Refused], facts: Iterable[Fact]) -> list[End]:
    """Return, for each refused fact that somebody took back, who did it."""
    of = {each.fact.id: each for each in refused if each.rule in _TAKEN_BACK}
    backs = sorted((each for each in facts if isinstance(each, Revoke | Split) and each.of in of), key=_BY_ID) if of else ()
    return [End(of[each.of].fact, of[each.of].rule, each) for each in backs if isinstance(each, Split) == (of[each.of].rule == SPLIT)]


class Ends:
    """Why a name was a fan's up to a moment, by the facts that led to the fan right before it."""

    def __init__(self, made: Resolution, types: IdentifierTypes, store: str, fan: str, until_ns: int) -> None:
        self._made, self._types, self._store, self._fan, self._until_ns = made, types, store, fan, until_ns

    def of(self, path: Sequence[Fact]) -> End | None:
        """Return the end; None if nothing led to the fan. What is nearest to the fan is looked at first."""
        for fact in reversed(path):
            for rule, by in self._of_fact(fact):
                return End(fact, rule, by, self._fan, self._until_ns)
        return End(path[-1], self._by_time(path[-1]), None, self._fan, self._until_ns) if path else None

    def _of_fact(self, fact: Fact) -> Iterator[tuple[str, Fact]]:
        if isinstance(fact, Link | Same) and fact.to_ns == self._until_ns:
            yield OWN_END, fact
        for identifier in _identifiers_of(fact):
            key = self._key_of(self._made.index.spellings.get(identifier.subject, identifier.subject))
            yield from self._stated(key)
            yield from self._of_others(key)

    def _by_time(self, fact: Fact) -> str:
        is_claim = isinstance(fact, Link) or (isinstance(fact, Mention) and fact.fan != "")
        forgets = any(self._types.of(each.type).unseen_s is not None for each in _identifiers_of(fact))
        return UNSEEN if is_claim and forgets else SPAN_OVER

    def _key_of(self, subject: str) -> str:
        return key_of(subject, self._store if self._store in self._made.stores.get(subject, ()) else "")

    def _stated(self, key: str) -> Iterator[tuple[str, Fact]]:
        """Yield what states that the fan has an identifier no longer."""
        subject, store = of_key(key)
        index, stores = self._made.index, self._made.stores.get(subject, ())
        revokes = (each for each in index.revokes.get(subject, ()) if self._is_own(each.fan) and each.to_ns == self._until_ns)
        yield from ((UNLINKED, each) for each in sorted(revokes, key=_BY_ID))
        links = (each for each in index.stated.get(subject, ()) if isinstance(each, Link) and self._is_own(each.fan))
        yield from ((OWN_END, each) for each in sorted(counting_in(store, links, stores), key=_BY_ID) if each.to_ns == self._until_ns)
        returns = (each for each in index.mentions.get(subject, ()) if each.returned)
        is_then = range(self._until_ns - NS_PER_MS, self._until_ns + 1)
        yield from ((GIVEN_BACK, each) for each in sorted(counting_in(store, returns, stores), key=_BY_ID) if each.from_ns in is_then)

    def _of_others(self, key: str) -> Iterator[tuple[str, Fact]]:
        """Yield the claims of others that begin then, the strongest first."""
        pieces = self._made.holdings[key].pieces if key in self._made.holdings else ()
        own = max((each.claim.strength for each in pieces if each.claim.person == self._fan), default=0)
        others = (each for each in pieces if each.claim.person != self._fan and self._until_ns in (each.from_ns, each.claim.moment_ns))
        for each in sorted(others, key=lambda each: (-each.claim.strength, each.claim.fact.id)):
            yield (STRONGER if each.claim.strength > own else PASSED_ON), each.claim.fact

    def _is_own(self, fan: str) -> bool:
        return self._made.persons.of(fan) == self._fan


def _identifiers_of(fact: Fact) -> Collection[Identifier]:
    if isinstance(fact, Mention | Same):
        return fact.identifiers
    return (fact.identifier,) if isinstance(fact, Link) else ()
