"""A slow oracle of the rules of identity: from the set of all facts, moment by moment, with nothing remembered in between.

It shares no code with the product and was written from the rules alone; where both differ, the rules decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from simulators.identity.oracle_facts import Event, FactSet, Touch, Visit, fact_set
from simulators.identity.oracle_persons import Persons
from simulators.identity.oracle_resolution import ANON, Resolution
from simulators.identity.oracle_types import priority, type_of


def _unwatched(share: float) -> None:
    """Nobody watches."""


class Oracle:
    """What was lent ends by `visits`. An event of a touch has its store as `store`, where that matters."""

    def __init__(self, events: Iterable[Event], visits: Iterable[Visit] = (), on_share: Callable[[float], None] = lambda _: None) -> None:
        self.facts: Final = fact_set(events)
        self._visits: Final = list(visits)
        self.persons: Final = Persons(self.facts)
        self._of_ref: Final = _by_ref(self.facts)
        heard = [(self.facts.own(each.identifier, each.store), each.from_ms, each.to_ms) for each in self._visits]
        self.resolution: Final = Resolution(self.facts, self.persons, heard, on_share)

    # What is asked

    def fan_of_identifier(self, identifier: str, time_ms: int, store: str = "") -> str:
        """Return the fan of presence in a store: "" while the person has withdrawn."""
        return self._consented(self.resolution.whose(self.facts.own(identifier, store), time_ms).fan, time_ms)

    def fan_of_touch(self, touch: Touch) -> str:
        """Return whom a touch is: the fan that it names, else by its identifiers, else by its reference, else provisional."""
        named = self._named(touch)
        if named is None and touch.ref in self._of_ref:
            named = self._by_reference(touch.ref)
        return self._provisional(touch) if named is None else self._consented(named, touch.time_ms)

    def names(self) -> dict[str | tuple[str, int], str]:
        """Return whom all rows name: touches by their ids, visits by (identifier, from_ms)."""
        return self.names_by(self)

    def visit_names(self) -> dict[str | tuple[str, int], str]:
        """Return whom visits name, by (identifier, from_ms): nobody where consent is withdrawn before they end."""
        return {
            (identifier, from_ms): self._throughout(self.fan_of_identifier(identifier, from_ms, store), from_ms, to_ms)
            for identifier, from_ms, to_ms, store in self._visits
        }

    def _throughout(self, fan: str, from_ms: int, to_ms: int) -> str:
        return "" if self.persons.is_withdrawn_within(fan, from_ms, to_ms) else fan

    def names_by(self, other: Oracle) -> dict[str | tuple[str, int], str]:
        """Return whom another oracle, which may know less, takes these rows to be."""
        names: dict[str | tuple[str, int], str] = {key: other.fan_of_touch(touch) for key, touch in self.facts.touches.items()}
        return names | {each[:2]: other.fan_of_identifier(each.identifier, each.from_ms, each.store) for each in self._visits}

    @property
    def shared(self) -> set[str]:
        """Return the identifiers that several persons have, at some time."""
        dissolved = {each for each, known in self.resolution.known.items() if any(label != "conflict" for _, _, label in known.dissolved)}
        return dissolved | self.facts.hubs

    @property
    def conflicts(self) -> set[str]:
        """Return the identifiers about which strong facts contradict each other, and pairs of fans that were merged against a statement."""
        found = {each for each, known in self.resolution.known.items() if any(label == "conflict" for _, _, label in known.dissolved)}
        return found | {"+".join(sorted(pair)) for pair in self.persons.conflicts}

    # Whom a touch names

    def _consented(self, fan: str, time_ms: int) -> str:
        return fan if self.persons.may_be_named(fan, time_ms) else ""

    def _named(self, touch: Touch) -> str | None:
        """Return the fan by the touch itself, "" if it names two, None if it names nobody."""
        if touch.fan:
            return self.persons.of(touch.fan)
        return _decided(self._candidates(touch))

    def _candidates(self, touch: Touch) -> list[tuple[int, str]]:
        shown = [each for each in touch.identifiers if touch.ref or not _only_by_ref(each)]
        found = ((each, self.resolution.whose(self.facts.own(each, touch.store), _asked_ms(touch, each))) for each in shown)
        return [(priority(each), whose.fan) for each, whose in found if whose.is_registered]

    def _by_reference(self, ref: str) -> str | None:
        touches = self._of_ref.get(ref, ())
        if fans := {self.persons.of(each.fan) for each in touches if each.fan}:
            return fans.pop() if len(fans) == 1 else ""
        return _decided([candidate for each in touches for candidate in self._candidates(each)])

    def _provisional(self, touch: Touch) -> str:
        """Return the provisional fan of its own identifiers, else of those of its reference."""
        return self._provisional_of([touch]) or (self._provisional_of(self._of_ref[touch.ref]) if touch.ref in self._of_ref else "")

    def _provisional_of(self, touches: Iterable[Touch]) -> str:
        found = ((each, self.resolution.whose(each, touch.time_ms).fan) for touch in touches for each in touch.identifiers)
        return _decided([(priority(each), fan) for each, fan in found if fan.startswith(ANON)]) or ""


def _decided(candidates: Sequence[tuple[int, str]]) -> str | None:
    """Return the one person of the highest rank, "" if that rank names two, None if there is nobody."""
    if not candidates:
        return None
    highest = min(rank for rank, _ in candidates)
    fans = {fan for rank, fan in candidates if rank == highest}
    return fans.pop() if len(fans) == 1 else ""


def _asked_ms(touch: Touch, identifier: str) -> int:
    """Return of when a touch asks whose an identifier is: what is lent is given back by whoever had it just before."""
    return touch.time_ms - (touch.returned and type_of(identifier).klass == "lent")


def _only_by_ref(identifier: str) -> bool:
    kind = type_of(identifier)
    return not kind.joins and kind.klass != "lent"


def _by_ref(facts: FactSet) -> dict[str, list[Touch]]:
    found = defaultdict[str, list[Touch]](list)
    for touch in facts.touches.values():
        if touch.ref:
            found[touch.ref].append(touch)
    return found
