"""The product's identity stage alone: facts of the simulated month in any order, standings, and whom they name."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final

from footfall.units import NS_PER_DAY, NS_PER_MS
from gateway.fold.lendings import Heard, as_given_back, ended_ns
from gateway.identity.fact_store import FactStore, MemoryFactStore
from gateway.identity.facts import (
    FOR_EVER_NS,
    Consent,
    Distinct,
    Fact,
    Identifier,
    Link,
    Mention,
    Merge,
    Revoke,
    RevokeLink,
    Same,
    Span,
    Split,
    Standing,
    names_of,
)
from gateway.identity.identity import Identity
from gateway.identity.naming import StandingOf, held_in, name_of_touch, whom
from gateway.identity.types import IdentifierTypes
from simulators.identity.oracle_facts import ms_of
from simulators.identity.oracle_types import HEARD_WITHIN_MS, normal
from simulators.identity.world import Sent, World, settled

_Visits = Mapping[tuple[str, str], Sequence[tuple[int, int]]]
"""By subject and store, when it was heard, ns."""
KEY: Final = b"the simulated brand"
BATCH: Final = 1000


def identifier_of(text: str) -> Identifier:
    """Return an identifier with its subject, by a hash that is no secret here."""
    return Identifier(text.partition(":")[0], hashlib.blake2b(text.encode(), digest_size=8).hexdigest())


def fact_of_event(event: Mapping[str, Any], store: str = "") -> Fact:
    """Return what a plain event states that a store sends."""
    if event["kind"] == "void":  # an amend states more than one
        return Revoke(id=event["id"], learned_ns=_ns(event["time"]), of=event["of"])
    if event["kind"] == "touch":
        time_ns = _ns(event["time"])
        found = tuple(identifier_of(each) for each in dict.fromkeys(map(normal, event["identifiers"])) if each)
        is_of_goods = event.get("items") or event.get("amount") or event.get("ref")
        values = {"fan": event.get("fan", ""), "ref": event.get("ref", ""), "store": store}
        values["returned"] = event["what"] == "return" and len(found) == 1 and not is_of_goods
        return Mention(id=event["id"], learned_ns=time_ns, from_ns=time_ns, to_ns=time_ns, source="touch", identifiers=found, **values)
    return _MADE[event["fact"]](event, _common(event))


def _ns(text: str) -> int:
    return ms_of(text) * NS_PER_MS


def _common(event: Mapping[str, Any]) -> dict[str, Any]:
    from_ns = -FOR_EVER_NS if event.get("from") is None else _ns(event["from"])
    to_ns = FOR_EVER_NS if event.get("to") is None else _ns(event["to"])
    more = {key: event.get(key, "") for key in ("source", "actor", "reason")}
    return {"id": event["id"], "learned_ns": _ns(event["learned"]), "from_ns": from_ns, "to_ns": to_ns, **more}


def _revoke(event: Mapping[str, Any], common: dict[str, Any]) -> Fact:
    if "of" in event:
        return Revoke(of=event["of"], **common)
    identifier, fan = event["of_link"]
    return RevokeLink(identifier=identifier_of(normal(identifier)), fan=fan, **common)


_MADE: Final[Mapping[str, Callable[[Mapping[str, Any], dict[str, Any]], Fact]]] = {
    "link": lambda event, common: Link(
        identifier=identifier_of(normal(event["identifier"])), fan=event["fan"], store=event.get("store", ""), **common
    ),
    "same": lambda event, common: Same(
        identifiers=tuple(identifier_of(each) for each in dict.fromkeys(map(normal, event["identifiers"])) if each), **common
    ),
    "merge": lambda event, common: Merge(fans=tuple(event["fans"]), **common),
    "distinct": lambda event, common: Distinct(fans=tuple(event["fans"]), **common),
    "split": lambda event, common: Split(of=event["of"], **common),
    "consent": lambda event, common: Consent(
        fan=event["fan"], purpose=event["purpose"], granted=event["granted"], version=event["version"], **common
    ),
    "revoke": _revoke,
}


class PureBrand:
    """The identity stage over a store in memory. `crashing`: it is made anew, from what the store has, before every batch."""

    def __init__(self, crashing: bool = False) -> None:
        self.store: Final[FactStore] = MemoryFactStore()
        self._crashing: Final = crashing
        self._types: Final = IdentifierTypes()
        self._identity = self._fresh()

    def _fresh(self) -> Identity:
        return Identity(self.store, self._types, KEY)

    def take(self, facts: Iterable[Fact], batch: int = BATCH) -> Iterator[int]:
        """Take facts in batches; yield how many were taken."""
        waiting: list[Fact] = []
        for fact in facts:
            waiting.append(fact)
            if len(waiting) == batch:
                self._take(waiting)
                yield batch
                waiting = []
        self._take(waiting)
        yield len(waiting)

    def _take(self, facts: Sequence[Fact]) -> None:
        if self._crashing:
            self._identity = self._fresh()
        self._identity.take(facts)

    def standing(self, name: str) -> Standing | None:
        return self.store.standings([name]).get(name)

    def standings_of(self, facts: Iterable[Fact]) -> dict[str, tuple[object, ...]]:
        """Return by name what facts name is now, without the numbers of standings."""
        names = {name for fact in facts for name in names_of(fact)}
        nobody = Standing("", 0)[2:]  # as a name is that never stood for anybody
        return {name: standing[2:] for name, standing in self.store.standings(names).items() if standing[2:] != nobody}

    def labels(self, world: World) -> Counter[str]:
        """Return how many identifiers of a month have each label, such as `shared`."""
        named = {each for sent in world.sent for each in (*sent.event.get("identifiers", ()), sent.event.get("identifier", ""))}
        standings = self.store.standings({identifier_of(each).subject for each in map(normal, named) if each})
        return Counter(standing.label for standing in standings.values() if standing.label)

    def names(self, world: World) -> dict[str | tuple[str, int], str]:
        """Return whom the rows of a month name."""
        voided = {each.event["of"] for each in world.sent if each.event["kind"] == "void"}
        touches = [each for each in settled(world.sent) if each.event["kind"] == "touch" and each.event["id"] not in voided]
        visits = _visits(world)
        held_in = cache(lambda store: cache(self._held_in(store, visits)))
        names: dict[str | tuple[str, int], str] = {each.event["id"]: self._of_touch(each, held_in(each.store)) for each in touches}
        for presence in world.presences:
            standing = held_in(presence.store)(identifier_of(normal(presence.identifier)).subject)
            names[presence.identifier, presence.from_ms] = whom(standing, presence.from_ms * NS_PER_MS) or ""
        return names

    def _of_touch(self, sent: Sent, standing_of: StandingOf) -> str:
        event = sent.event
        subjects = [identifier_of(each).subject for each in dict.fromkeys(map(normal, event["identifiers"])) if each]
        if event["what"] == "return":
            standing_of = self._given_back(sent, standing_of)
        return name_of_touch(standing_of, subjects, event.get("fan", ""), event.get("ref", ""), _ns(event["time"]))

    def _given_back(self, sent: Sent, standing_of: StandingOf) -> StandingOf:
        """Return what gives standings as the fold has them for a touch that gives back what is lent."""
        fact, time_ns = fact_of_event(sent.event, sent.store), _ns(sent.event["time"])

        def standing(name: str) -> Standing | None:
            here = standing_of(name)
            return as_given_back(here, time_ns) if here and here.is_lent and isinstance(fact, Mention) and fact.returned else here

        return standing

    def _held_in(self, store: str, visits: _Visits) -> StandingOf:
        """Return what gives standings as the fold has them in a store: what is lent ends with its visit unless its return is recorded."""
        stored = held_in(store, self.standing)

        def standing(name: str) -> Standing | None:
            here = stored(name)
            if here is None or not here.lent:
                return here
            return here._replace(spans=tuple(_cut(here, span, visits.get((name, store), ())) for span in here.spans))

        return standing


def _visits(world: World) -> _Visits:
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for presence in world.presences:
        subject = identifier_of(normal(presence.identifier)).subject
        found.setdefault((subject, presence.store), []).append((presence.from_ms * NS_PER_MS, presence.to_ms * NS_PER_MS))
    return {key: sorted(some) for key, some in found.items()}


def _cut(standing: Standing, span: Span, visits: Sequence[tuple[int, int]]) -> Span:
    since_ns = standing.lent_since(span)
    if since_ns is None:
        return span
    ended = ended_ns(span._replace(from_ns=since_ns), HEARD_WITHIN_MS * NS_PER_MS, partial(_heard_in, visits))
    return span if ended is None else span._replace(to_ns=min(span.to_ns, ended + NS_PER_MS))


def _heard_in(visits: Sequence[tuple[int, int]], from_ns: int, to_ns: int) -> list[Heard]:
    """Return those of visits, in order, that touch a span; none lasts longer than a day."""
    near = visits[bisect_left(visits, (from_ns - NS_PER_DAY, 0)) : bisect_right(visits, (to_ns, FOR_EVER_NS))]
    return [Heard(start_ns, last_ns, False) for start_ns, last_ns in near if last_ns >= from_ns]


def facts_of(sent: Sequence[Sent]) -> list[Fact]:
    """Return what events state, in their order. An amend takes back what its touch stated, and states it anew."""
    as_amended = {each.event["id"]: each for each in settled(sent)}
    found: list[Fact] = []
    for event, store in ((each.event, each.store) for each in sent):
        if event["kind"] != "amend":
            found.append(fact_of_event(event, store))
            continue
        found.append(Revoke(id=event["id"], learned_ns=_ns(event["time"]), of=event["of"]))
        if touch := as_amended.get(event["of"]):
            found.append(fact_of_event({**touch.event, "id": f"{touch.event['id']}#amended"}, touch.store))
    return found
