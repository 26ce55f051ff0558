"""What is known about identity, as values: the facts of a brand, and what they come to for one name. Pure.

A fact is true for a span of valid time, `from_ns <= time < to_ns`, and was learned at another time. What a set of facts comes to never
depends on the order in which they came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.identity.links import FOR_EVER_NS as FOR_EVER_NS

ANONYMOUS: Final = "anon-"
"""What the id of a provisional fan begins with: identifiers that belong together, of a person whom the brand does not know."""


class Identifier(NamedTuple):
    """One identifier; `type` is "" where a record of an earlier release has none."""

    type: str
    subject: str
    """16 hex digits."""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Fact:
    """What every fact has. `id` is its own throughout the brand; `source` is who states it, such as `crm` or `desk.shanghai`.

    Types hold its fields to be final. A frozen class would take three times as long to make, and imports make a million.
    """

    id: Final[str]
    learned_ns: Final[int]
    from_ns: Final[int] = -FOR_EVER_NS
    to_ns: Final[int] = FOR_EVER_NS
    source: Final[str] = ""
    actor: Final[str] = ""
    reason: Final[str] = ""
    taken_ns: Final[int] = field(default=0, compare=False)
    """When the gateway took it, 0 if that is not known. It is no part of what the fact holds, and decides nothing."""

    @property
    def known_ns(self) -> int:
        """Return since when it is known: when it was learned; when the gateway took it, where nobody stated that."""
        return self.learned_ns if self.learned_ns > 0 else self.taken_ns


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Link(Fact):
    """An identifier is a fan's."""

    identifier: Final[Identifier]
    fan: Final[str]
    store: Final[str] = ""
    """Where something lent was handed over: it is what this store calls so, and the fan's there alone. "" where nobody stated that."""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Same(Fact):
    """Identifiers, two or more, are one person's, whoever that is."""

    identifiers: Final[tuple[Identifier, ...]]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Merge(Fact):
    """Fans, two or more, are one person; at all times."""

    fans: Final[tuple[str, ...]]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Distinct(Fact):
    """Two fans are not one person; at all times."""

    fans: Final[tuple[str, ...]]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Split(Fact):
    """The merge of this id is undone, as if it had never been."""

    of: Final[str]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Revoke(Fact):
    """The fact of this id is taken back, as if it had never been."""

    of: Final[str]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class RevokeLink(Fact):
    """From `to_ns` on, an identifier is no longer the fan's, whoever linked it before."""

    identifier: Final[Identifier]
    fan: Final[str]


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Consent(Fact):
    """A fan grants a purpose, or withdraws it, from `from_ns` on until the fan's next consent."""

    fan: Final[str]
    purpose: Final[str]
    granted: Final[bool]
    version: Final[str] = ""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Ownership(Fact):
    """One of the staff, or a store, cares for a fan; it states nothing of who is who."""

    fan: Final[str]
    staff_id: Final[str] = ""
    store: Final[str] = ""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Mention(Fact):
    """What one touch states at its time, which is `from_ns` and `to_ns`; `fan` or `ref` is "" if it has none."""

    identifiers: Final[tuple[Identifier, ...]] = ()
    fan: Final[str] = ""
    ref: Final[str] = ""
    returned: Final[bool] = False
    """Whether it is the return of what it names and of no goods: what is lent ends with it."""
    store: Final[str] = field(default="", compare=False)
    """Where it was; "" of those that an earlier release kept. No two touches of one id are of different stores."""


class Span(NamedTuple):
    """Whom a name means for `from_ns <= time < to_ns`, to the millisecond; `fan` is "" while the person has withdrawn consent."""

    from_ns: int
    to_ns: int
    fan: str
    withdrawn: str = ""
    """Who withdrew consent, where `fan` is "" for that: a touch of such a time shows whose the others of its reference are, too."""


class InStore(NamedTuple):
    """What is known of something lent in one store that has one of its own by that name; fields are those of `Standing`."""

    store: str
    spans: tuple[Span, ...] = ()
    lent: tuple[int, ...] = ()
    given_back: tuple[int, ...] = ()
    label: str = ""


class Standing(NamedTuple):
    """All that is known of one name now. It replaces every standing of the name with a lower `number`."""

    name: str
    """A subject, `fan_name`, `ref_name`."""
    number: int
    spans: tuple[Span, ...] = ()
    """Disjoint, by time. Where there is none, the name means nobody."""
    rank: int = 0
    """Of an identifier: the priority of its type; the highest names a touch."""
    only_by_ref: bool = False
    """It names a touch only if that has a reference."""
    lent: tuple[int, ...] = ()
    """`from_ns` of the spans of something lent whose end nobody stated: they end with the visit in which they began, if not before."""
    label: str = ""
    """`shared`, `household` or `conflict`: why it names nobody for a time."""
    given_back: tuple[int, ...] = ()
    """`from_ns` of the spans of something lent whose end somebody stated."""
    in_stores: tuple[InStore, ...] = ()
    """By name, the stores in which something lent stands otherwise than above, since they have one of their own by that name."""

    @property
    def is_lent(self) -> bool:
        """Return whether it is of something that is, or was, lent."""
        return bool(self.lent or self.given_back or self.in_stores)

    def lent_since(self, span: Span) -> int | None:
        """Return since when what a span is of is lent whose end nobody stated; None of all else.

        Who withdrew consent meanwhile and granted it again was lent it before that.
        """
        if not (self.lent or self.given_back):
            return None
        for nth in range(bisect_left(self.spans, span), -1, -1):
            if (from_ns := self.spans[nth].from_ns) in self.lent:
                return from_ns
            if from_ns in self.given_back:
                return None
        return None

    def within(self, store: str) -> Standing:
        """Return it as it holds in a store, in which no other store has a say."""
        for each in self.in_stores:
            if each.store == store:
                _, spans, lent, given_back, label = each
                return self._replace(spans=spans, lent=lent, given_back=given_back, label=label, in_stores=())
        return self._replace(in_stores=()) if self.in_stores else self

    def everywhere(self) -> list[Standing]:
        """Return it as it holds in each store that has one of its own, behind itself as it holds in all others."""
        return [self.within(""), *(self.within(each.store) for each in self.in_stores)]

    def fans(self) -> set[str]:
        """Return all whom it ever means, wherever; without ""."""
        fans = set(self._fans())
        fans.discard("")
        return fans

    def persons(self) -> set[str]:
        """Return all whose it ever is, wherever, also those who withdrew consent; without ""."""
        here = (span.fan or span.withdrawn for span in self.spans)
        apart = (span.fan or span.withdrawn for each in self.in_stores for span in each.spans)
        return {*here, *apart} - {""}

    @property
    def has_nobody(self) -> bool:
        """Return whether it is anywhere nobody's for a time since consent is withdrawn."""
        return "" in self._fans()

    def _fans(self) -> list[str]:
        fans = [span.fan for span in self.spans]
        return fans + [span.fan for each in self.in_stores for span in each.spans] if self.in_stores else fans


def is_registered(fan: str) -> bool:
    """Return whether a field `fan` holds a fan whom the brand knows: not nobody, not a provisional fan."""
    return fan != "" and not fan.startswith(ANONYMOUS)


def fan_name(fan: str) -> str:
    """Return the name under which the standing of a fan id is kept: whom that id is now."""
    return f"fan:{fan}"


def claims_name(fan: str) -> str:
    """Return the name under which the facts are found that state what is a fan's."""
    return f"claims:{fan}"


def owner_name(fan: str) -> str:
    """Return the name under which the facts are found that state whose a fan is to care for."""
    return f"owner:{fan}"


def ref_name(ref: str) -> str:
    """Return the name under which the standing of a reference is kept: whose the touches with it are."""
    return f"ref:{ref}"


def fact_name(fact_id: str) -> str:
    """Return the name under which a fact, and those that take it back, are found."""
    return f"fact:{fact_id}"


def names_of(fact: Fact) -> tuple[str, ...]:
    """Return every name under which a store must find a fact: first its own id, then subjects, fans, reference, the id that it takes back.

    What joins fans or withdraws stands under `fan_name`, what is a fan's under `claims_name`.
    """
    return (fact_name(fact.id), *_NAMES[type(fact)](fact))


_NAMES: Final[Mapping[type[Fact], Callable[..., Iterable[str]]]] = {
    Link: lambda fact: (fact.identifier.subject, f"claims:{fact.fan}"),
    Same: lambda fact: dict.fromkeys(each.subject for each in fact.identifiers),
    Merge: lambda fact: dict.fromkeys(map(fan_name, fact.fans)),
    Distinct: lambda fact: dict.fromkeys(map(fan_name, fact.fans)),
    Split: lambda fact: (fact_name(fact.of),),
    Revoke: lambda fact: (fact_name(fact.of),),
    RevokeLink: lambda fact: (fact.identifier.subject, claims_name(fact.fan)),
    Consent: lambda fact: (fan_name(fact.fan),),
    Ownership: lambda fact: (owner_name(fact.fan),),
    Mention: lambda fact: (
        *dict.fromkeys(each.subject for each in fact.identifiers),
        *((claims_name(fact.fan),) if fact.fan else ()),
        *((ref_name(fact.ref),) if fact.ref else ()),
    ),
}
