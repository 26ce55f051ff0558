"""The truth of every row, and its class: whether what the brand was told can lead to the person at all.

It is worked out from who owns what, not from the rules that decide between contradicting facts:

- *known*: the row's own identifiers, or those of touches with its reference, reach the person by true facts;
- *nobody*: no fact leads to anybody but over what several have in common and have told facts about: it must stay unnamed;
- *undetectable*: an identifier that several people have in common leads to the only one of them who told a fact;
- *uncorrected*: a false fact leads to somebody, and nothing contradicts it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from simulators.identity.oracle_facts import Claim, FactSet, Touch, fact_set
from simulators.identity.oracle_types import EVER_MS, type_of
from simulators.identity.world import Presence, World


class Class(StrEnum):
    KNOWN = "known"
    NOBODY = "nobody"
    UNDETECTABLE = "undetectable"
    UNCORRECTED = "uncorrected"


class Row(NamedTuple):
    """A touch or a visit as it should be. `key`: the touch's id, or (identifier, from_ms) of presence.

    `reached`: what the person told leads to them, be it over what others have in common with them.
    """

    key: str | tuple[str, int]
    store: str
    time_ms: int
    person: int
    klass: Class
    reached: bool


class _Link(NamedTuple):
    """One identifier beside another, by a touch of `actor`, or by what is stated of them."""

    other: str
    from_ms: int
    to_ms: int
    actor: int
    is_false: bool


class Truth:
    """`rows`: every touch that was not taken back, and every visit."""

    def __init__(self, world: World) -> None:
        self._world: Final = world
        self._owners: Final = world.population.owners
        self._facts: Final = fact_set(world.events())
        self._store_of: Final = {each.event["id"]: each.store for each in world.sent}
        self._beside: Final = defaultdict[str, list[_Link]](list)
        self._claims: Final = defaultdict[str, list[Claim]](list)
        self._of_ref: Final = defaultdict[str, list[Touch]](list)
        self.person_of_fan: Final = {fan: each.number for each in world.people for fan in (each.fan, each.second_fan) if fan}
        self._read(self._facts)
        self._merged_wrongly: Final = {number for pair in world.wrongly_one for number in pair}
        self.rows: Final = [*map(self._of_touch, self._facts.touches.values()), *map(self._of_presence, world.presences)]

    def _read(self, facts: FactSet) -> None:
        for claim in facts.claims():
            if type_of(claim.identifier).klass != "lent":
                self._claims[claim.identifier].append(claim)
        ends = {(identifier, fan): end_ms for identifier, fan, end_ms in facts.revoked_links()}
        for identifier, some in self._claims.items():
            self._claims[identifier] = [
                each if (end_ms := ends.get((identifier, each.fan))) is None else each.until(end_ms) for each in some
            ]
        for touch in facts.touches.values():
            self._of_ref[touch.ref].append(touch)
            joining = [each for each in touch.identifiers if type_of(each).joins]
            for one in joining:
                for other in joining:
                    if one != other:
                        self._beside[one].append(self._link(touch, one, other))
        for fact in facts.of("same"):
            one, other = fact["identifiers"]
            actor = self._world.actor[fact["id"]]
            self._beside[one].append(_Link(other, -EVER_MS, EVER_MS, actor, False))
            self._beside[other].append(_Link(one, -EVER_MS, EVER_MS, actor, False))

    def _link(self, touch: Touch, one: str, other: str) -> _Link:
        before_ms = min(type_of(each).before_ms for each in (one, other))
        after_ms = min(type_of(each).after_ms for each in (one, other))
        actor, is_false = self._world.actor[touch.id], touch.id in self._world.false
        return _Link(other, touch.time_ms - before_ms, min(touch.time_ms + after_ms, EVER_MS) + 1, actor, is_false)

    # Rows

    def _of_touch(self, touch: Touch) -> Row:
        mates = [each for each in self._of_ref[touch.ref] if each.id != touch.id] if touch.ref else []
        return Row(touch.id, self._store_of[touch.id], touch.time_ms, *self._judged(self._world.actor[touch.id], [touch, *mates]))

    def _of_presence(self, presence: Presence) -> Row:
        as_touch = Touch("", presence.from_ms, (presence.identifier,), "", "", store=presence.store)
        key = (presence.identifier, presence.from_ms)
        return Row(key, presence.store, presence.from_ms, *self._judged(presence.person, [as_touch]))

    def _judged(self, person: int, touches: list[Touch]) -> tuple[int, Class, bool]:
        """Return the person, the class and whether they are reached: of the first touch, the others having its reference."""
        if self._has_withdrawn(person, touches[0].time_ms):
            return person, Class.NOBODY, False
        if any(self._reaches(each, person) for each in touches):
            return person, Class.UNCORRECTED if person in self._merged_wrongly else Class.KNOWN, True
        for each in touches:  # its own identifiers first, then those of its reference
            persons, is_false = self._led_to(each)
            if persons:
                return person, Class.UNCORRECTED if is_false else Class.UNDETECTABLE, person in persons
        return person, Class.NOBODY, False

    def _has_withdrawn(self, person: int, time_ms: int) -> bool:
        return any(from_ms <= time_ms < to_ms for from_ms, to_ms in self._world.people[person].withdrawn)

    # By true facts

    def _reaches(self, touch: Touch, person: int) -> bool:
        """Return whether a touch of a person names them, or leads to them over identifiers that are theirs alone."""
        if touch.fan:
            return self.person_of_fan[touch.fan] == person
        return any(
            self._is_known_by(each, touch.time_ms, person, touch.store)
            for each in touch.identifiers
            if self._is_own(each, person, touch.time_ms) and (touch.ref or not _only_by_ref(each))
        )

    def _is_known_by(self, identifier: str, time_ms: int, person: int, store: str = "") -> bool:
        kind = type_of(identifier)
        if kind.klass == "lent":
            return self._world.tag_holder(store, identifier, time_ms) == person
        seen, queue = {identifier}, deque([identifier])
        while queue:
            each = queue.popleft()
            if self._is_claimed(each, time_ms, person):
                return True
            for link in self._beside[each]:
                is_true = link.actor == person and not link.is_false and link.from_ms <= time_ms < link.to_ms
                if is_true and link.other not in seen and self._is_own(link.other, person, time_ms):
                    seen.add(link.other)
                    queue.append(link.other)
        return False

    def _is_own(self, identifier: str, person: int, time_ms: int) -> bool:
        return type_of(identifier).klass == "lent" or self._owners.at(identifier, time_ms) == {person}

    def _is_claimed(self, identifier: str, time_ms: int, person: int) -> bool:
        return any(each.holds(time_ms) and self.person_of_fan[each.fan] == person for each in self._claims[identifier])

    # By whatever was stated

    def _led_to(self, touch: Touch) -> tuple[set[int], bool]:
        """Return all to whom any statement leads from a touch, and whether a false one is among them."""
        persons, is_false = set[int](), touch.id in self._world.false
        for start in touch.identifiers:
            if type_of(start).joins or touch.ref:
                some, wrong = self._led_from(start, touch.time_ms)
                persons |= some
                is_false |= wrong
        return persons, is_false

    def _led_from(self, start: str, time_ms: int) -> tuple[set[int], bool]:
        persons, is_false, seen, queue = set[int](), False, {start}, deque([start])
        while queue:
            each = queue.popleft()
            owners = self._owners.at(each, time_ms)
            if len(owners) != 1 and len(self._tellers(each, time_ms)) > 1:
                continue  # several have told facts: that it is common property can be seen
            if claims := [claim for claim in self._claims[each] if claim.holds(time_ms)]:
                told = {self.person_of_fan[claim.fan] for claim in claims}
                persons |= told
                is_false |= bool(owners) and not told & owners
                continue
            for link in self._beside[each] if type_of(each).joins else ():
                if link.from_ms <= time_ms < link.to_ms and link.other not in seen:
                    seen.add(link.other)
                    queue.append(link.other)
                    is_false |= link.is_false
        return persons, is_false

    def _tellers(self, identifier: str, time_ms: int) -> set[int]:
        """Return who told a fact through what several have in common: who claim it, or named it beside what is known as theirs."""
        found = {self.person_of_fan[each.fan] for each in self._claims[identifier] if each.holds(time_ms)}
        for link in self._beside[identifier]:
            if link.from_ms <= time_ms < link.to_ms and link.actor not in found and self._is_own(link.other, link.actor, time_ms):
                found |= {link.actor} if self._is_known_by(link.other, time_ms, link.actor) else set()
        return found


def _only_by_ref(identifier: str) -> bool:
    kind = type_of(identifier)
    return not kind.joins and kind.klass != "lent"


def count_by_class(rows: Iterable[Row]) -> dict[Class, int]:
    """Return how many rows each class has."""
    found = dict.fromkeys(Class, 0)
    for row in rows:
        found[row.klass] += 1
    return found
