"""What plain events state about identity, as the oracle reads them: a set, so that no order can matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from simulators.identity.oracle_types import EVER_MS, normal, priority, type_of

Event = Mapping[str, Any]
HUB: Final = 256
HUB_PERSON: Final = 2048
"""In what joins, at most so many fans and other identifiers may meet, at all times together."""
CLASSES_OF_SOURCE: Final = ("desk", "crm", "touch", "inferred")


def ms_of(text: str) -> int:
    """Return ISO 8601 as ms since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Touch:
    """`identifiers` are normal and not blocked, in their order, each once."""

    id: str
    time_ms: int
    identifiers: tuple[str, ...]
    fan: str
    ref: str
    returned: bool = False
    """Whether it gives back the one thing that it names, and no goods."""
    store: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """`identifier` is `fan`'s, in `store` if that is stated. `at_ms`: when it was, by the touch's time or the link's learned time."""

    identifier: str
    fan: str
    from_ms: int
    to_ms: int
    source: str
    at_ms: int
    id: str
    states_from: bool = False
    states_to: bool = False
    is_of_touch: bool = False
    store: str = ""

    @property
    def began_ms(self) -> int:
        """An open link never began; a touch claims from its time on, whatever else its span covers."""
        return self.at_ms if self.is_of_touch else self.from_ms

    @property
    def moment_ms(self) -> int:
        """When it was true for certain: since the stated time, or when it was stated."""
        return self.from_ms if self.states_from else self.at_ms

    @property
    def weakness(self) -> int:
        """0 is the strongest class of sources; a name that is none of them counts as the CRM."""
        head = self.source.replace(":", ".").replace("-", ".").partition(".")[0]
        return CLASSES_OF_SOURCE.index(head if head in CLASSES_OF_SOURCE else "crm")

    def holds(self, time_ms: int) -> bool:
        return self.from_ms <= time_ms < self.to_ms

    def until(self, end_ms: int) -> Claim:
        return replace(self, to_ms=min(self.to_ms, end_ms)) if self.began_ms < end_ms else self


@dataclass(frozen=True, slots=True)
class Edge:
    """Two identifiers were named together: by a touch at `at_ms`, or by a stated `same`, which has None."""

    one: str
    other: str
    from_ms: int
    to_ms: int
    id: str
    at_ms: int | None

    def continues(self, other: Edge) -> bool:
        """Return whether it is of the same pair, and no moment lies between the two."""
        is_same_pair = {self.one, self.other} == {other.one, other.other}
        return is_same_pair and self.from_ms <= other.to_ms and other.from_ms <= self.to_ms

    def within(self, span: tuple[int, int]) -> Edge:
        return replace(self, from_ms=max(self.from_ms, span[0]), to_ms=min(self.to_ms, span[1]))

    def holds(self, time_ms: int) -> bool:
        return self.from_ms <= time_ms < self.to_ms


class Mentioned(NamedTuple):
    """A touch with the identifier. `fan`: whom it named; `with_fans`: also whom the cards beside it were ever claimed for."""

    time_ms: int
    fan: str
    with_fans: frozenset[str]
    returned: bool = False


class Visit(NamedTuple):
    """Presence of an identifier in a store; "" where it does not matter."""

    identifier: str
    from_ms: int
    to_ms: int
    store: str = ""


class FactSet:
    """All that counts, after voids, amends, revokes and splits."""

    def __init__(self, touches: dict[str, Touch], facts: dict[str, Event]) -> None:
        self.touches: Final = touches
        self.facts: Final = facts
        self._touches_with: Final = defaultdict[str, list[Touch]](list)
        for touch in touches.values():
            for identifier in touch.identifiers:
                self._touches_with[identifier].append(touch)
        self._fans_of: Final = defaultdict[str, set[str]](set)
        for claim in (*self._links(), *self._claims_of_touches()):
            self._fans_of[claim.identifier].add(claim.fan)
        self.hubs: Final = self._hubs()
        self._apart: Final = defaultdict[str, set[str]](set)
        """By what is lent, the stores that have one of their own by that name."""
        for claim in self._latest_links():
            if claim.store and type_of(claim.identifier).klass == "lent":
                self._apart[claim.identifier].add(claim.store)

    def own(self, identifier: str, store: str) -> str:
        """Return what a store means by an identifier: an identifier of its own, if it has one by that name."""
        return f"{identifier}@{store}" if store in self._apart.get(identifier, ()) else identifier

    def _all_of(self, identifier: str, store: str) -> list[str]:
        """Return what a statement of a store may mean by an identifier: in a store that has none of its own it may be any."""
        if (own := self.own(identifier, store)) != identifier:
            return [own]
        return [identifier, *(f"{identifier}@{each}" for each in self._apart.get(identifier, ()))]

    def _hubs(self) -> frozenset[str]:
        """Return what far too many fans and identifiers meet in, at any time: the code or the card of a shop. It is nobody's."""
        named = [touch.identifiers for touch in self.touches.values()]
        named += [tuple(filter(None, map(normal, fact["identifiers"]))) for fact in self.of("same")]
        beside = defaultdict[str, set[str]](set)
        for identifiers in named:
            joining = {each for each in identifiers if type_of(each).joins}
            for each in joining:
                beside[each] |= joining - {each}
        meeting = {each: len(beside[each]) + len(self._fans_of.get(each, ())) for each in {*beside, *self._fans_of} if type_of(each).joins}
        return frozenset(each for each, count in meeting.items() if count > (HUB_PERSON if type_of(each).klass == "person" else HUB))

    def of(self, kind: str) -> list[Event]:
        return [fact for fact in self.facts.values() if fact["fact"] == kind]

    def claims(self) -> list[Claim]:
        """Return what links and touches claim, before any rule but that the latest link of one source replaces."""
        found = (each for each in (*self._latest_links(), *self._claims_of_touches()) if each.identifier not in self.hubs)
        return [replace(claim, identifier=own) for claim in found for own in self._all_of(claim.identifier, claim.store)]

    def _latest_links(self) -> Iterable[Claim]:
        latest: dict[tuple[str, str, str, int, str], Claim] = {}
        for claim in self._links():
            key = (claim.source, claim.identifier, claim.fan, claim.began_ms, claim.store)
            if key not in latest or _later(latest[key]) < _later(claim):
                latest[key] = claim
        return latest.values()

    def _links(self) -> Iterable[Claim]:
        for fact in self.of("link"):
            if identifier := normal(fact["identifier"]):
                from_ms, to_ms = _span(fact)
                stated = fact.get("from") is not None, fact.get("to") is not None
                held = from_ms, to_ms, fact.get("source", "crm"), ms_of(fact["learned"]), fact["id"], *stated
                yield Claim(identifier, fact["fan"], *held, store=fact.get("store") or "")

    def _claims_of_touches(self) -> Iterable[Claim]:
        for touch in self.touches.values():
            for identifier in touch.identifiers if touch.fan else ():
                from_ms, to_ms = _around(identifier, touch.time_ms)
                yield Claim(identifier, touch.fan, from_ms, to_ms, "touch", touch.time_ms, touch.id, is_of_touch=True, store=touch.store)

    def edges(self) -> list[Edge]:
        """Return stars around the highest priority for each touch and `same`, of the identifiers that may join at all."""
        found = []
        for touch in self.touches.values():
            found += _star(touch.id, set(touch.identifiers) - self.hubs, touch.time_ms, -EVER_MS, EVER_MS)
        for fact in self.of("same"):
            identifiers = {each for each in map(normal, fact["identifiers"]) if each} - self.hubs
            found += _star(fact["id"], identifiers, None, *_span(fact))
        return found

    def mentions_of(self, identifier: str) -> list[Mentioned]:
        """Return the touches with an identifier, with the fans for whom any fact ever claimed a card that was named beside it."""
        found = []
        named = identifier.partition("@")[0]
        for touch in self._touches_with.get(named, ()):
            if identifier not in self._all_of(named, touch.store):
                continue
            others = (each for each in touch.identifiers if each != named and type_of(each).klass == "person")
            fans = {fan for each in others for fan in self._fans_of.get(each, ())} | ({touch.fan} - {""})
            found.append(Mentioned(touch.time_ms, touch.fan, frozenset(fans), touch.returned))
        return found

    def revoked_links(self) -> list[tuple[str, str, int]]:
        """Return (identifier, fan, end) of facts that end links."""
        ends = [fact for fact in self.of("revoke") if "of_link" in fact]
        stated = ((normal(fact["of_link"][0]), fact["of_link"][1], ms_of(fact["to"])) for fact in ends)
        return [(own, fan, end_ms) for identifier, fan, end_ms in stated for own in self._all_of(identifier, "")]


def _later(claim: Claim) -> tuple[int, bool, str]:
    return claim.at_ms, claim.states_to, claim.id


def _span(fact: Event) -> tuple[int, int]:
    from_ms = -EVER_MS if fact.get("from") is None else ms_of(fact["from"])
    return from_ms, EVER_MS if fact.get("to") is None else ms_of(fact["to"])


def _around(identifier: str, time_ms: int) -> tuple[int, int]:
    kind = type_of(identifier)
    from_ms = -EVER_MS if kind.before_ms == EVER_MS else time_ms - kind.before_ms
    return from_ms, EVER_MS if kind.after_ms == EVER_MS else time_ms + kind.after_ms + 1


def _star(of: str, identifiers: Iterable[str], time_ms: int | None, from_ms: int, to_ms: int) -> list[Edge]:
    joining = sorted({each for each in identifiers if type_of(each).joins}, key=lambda each: (priority(each), each))
    edges = []
    for nth, one in enumerate(joining):
        if priority(one) == priority(joining[0]):  # two of the highest priority may be two persons': the others are not one's alone
            for other in joining[nth + 1 :]:
                if nth == 0 or priority(other) != priority(one):
                    spans = [(from_ms, to_ms)] if time_ms is None else [_around(one, time_ms), _around(other, time_ms)]
                    edges.append(Edge(one, other, max(span[0] for span in spans), min(span[1] for span in spans), of, time_ms))
    return edges


def fact_set(events: Iterable[Event]) -> FactSet:
    """Return what events state, each id once, whatever their order. Times are texts, as they were sent."""
    by_id = {event["id"]: event for event in events}
    facts = {key: event for key, event in by_id.items() if event["kind"] == "fact"}
    taken_out = {fact["of"] for fact in facts.values() if "of" in fact and _may_take_out(fact, by_id.get(fact["of"]))}
    void = {event["of"] for event in by_id.values() if event["kind"] == "void"}
    touches = {key: _touch(event) for key, event in by_id.items() if event["kind"] == "touch" and key not in void | taken_out}
    amends = [event for key, event in by_id.items() if event["kind"] == "amend" and key not in void]
    for amend in sorted(amends, key=lambda each: (each.get("time", ""), each["id"])):
        if amend["of"] in touches:
            touches[amend["of"]] = _amended(touches[amend["of"]], amend["set"])
    return FactSet(touches, {key: fact for key, fact in facts.items() if key not in taken_out})


def _may_take_out(fact: Event, named: Event | None) -> bool:
    if fact["fact"] == "split":
        return named is None or named.get("fact") == "merge"
    takes_back = named is not None and (named.get("fact") == "split" or (named.get("fact") == "revoke" and "of" in named))
    return fact["fact"] == "revoke" and not takes_back


def _touch(event: Event) -> Touch:
    identifiers = tuple(dict.fromkeys(each for each in map(normal, event.get("identifiers", ())) if each))
    is_of_goods = event.get("items") or event.get("amount") or event.get("ref")
    returned = event.get("what") == "return" and len(identifiers) == 1 and not is_of_goods
    return Touch(
        event["id"], ms_of(event["time"]), identifiers, event.get("fan") or "", event.get("ref") or "", returned, event.get("store", "")
    )


def _amended(touch: Touch, values: Event) -> Touch:
    found = touch
    if "identifiers" in values:
        found = replace(found, identifiers=tuple(dict.fromkeys(each for each in map(normal, values["identifiers"]) if each)))
    if "time" in values:
        found = replace(found, time_ms=ms_of(values["time"]))
    return replace(found, fan=values.get("fan", found.fan) or "", ref=values.get("ref", found.ref) or "")
