"""Touches as they were known at a time: with the voids and amends of then, and what they stated of who is who. Pure.

The ledger has a touch as it is now, beside it what each amended key was first, and its corrections by their own times.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from footfall.fan_ids import VOIDS
from gateway.fold.amends import TOUCH, VOID, amends_of
from gateway.fold.store import CorrectionRow, TouchRow
from gateway.fold.touch_facts import WAS, amended, facts_of_touch, first_values
from gateway.identity.facts import Fact, names_of
from gateway.identity.types import IdentifierTypes

Place = tuple[str, str, int]
"""Store, agent and row of a touch."""


def as_it_was(row: TouchRow, corrections: Iterable[CorrectionRow], until_ns: int, types: IdentifierTypes) -> TouchRow:
    """Return a touch with those of its corrections that are not after a time; one that an earlier release amended stays amended."""
    known = [each for each in corrections if each.time_ns <= until_ns]
    values: dict[str, Any] = json.loads(row.body)
    if WAS in values:
        values = amended(row, values, amends_of(TOUCH, first_values(values), known), types)
    is_void = any(each.kind == VOID for each in known)
    subject = next(iter(values["subjects"]), "")
    return row._replace(given_fan=values["fan"], subject=subject, void=int(is_void), body=json.dumps(values, ensure_ascii=False))


class NamedFacts(Protocol):
    """Facts by the names that they bear."""

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]: ...


class TouchesThen:
    """The touches that were corrected after a time, as they were then; all others are as they are."""

    def __init__(
        self, corrections: Sequence[CorrectionRow], touch_by_id: Callable[[str], TouchRow | None], until_ns: int, types: IdentifierTypes
    ) -> None:
        by_event: defaultdict[str, list[CorrectionRow]] = defaultdict(list)
        for each in corrections:
            by_event[each.of].append(each)
        later = [of for of, some in by_event.items() if any(each.time_ns > until_ns for each in some)]
        rows = {of: row for of in later if (row := touch_by_id(of)) is not None}
        self.rows: Final[Mapping[Place, TouchRow]] = {
            (row.store, row.agent, row.row): as_it_was(row, by_event[of], until_ns, types) for of, row in rows.items()
        }
        self._ids: Final = rows.keys()
        self._by_name: Final[defaultdict[str, list[Fact]]] = defaultdict(list)
        for row in self.rows.values():
            for fact in facts_of_touch(row, json.loads(row.body)):
                for name in names_of(fact):
                    self._by_name[name].append(fact)

    def facts_naming(self, names: Collection[str], now: Iterable[Fact]) -> list[Fact]:
        """Return the facts of these names, of which `now` are those that are known now, as they were then."""
        then = (fact for name in names for fact in self._by_name.get(name, ()))
        return list(dict.fromkeys([*(fact for fact in now if _touch_of(fact) not in self._ids), *then]))


def _touch_of(fact: Fact) -> str:
    """Return the id of the touch that states a fact; of others it is their own."""
    return fact.id.removeprefix(VOIDS).partition("#")[0]


class FactsThen:
    """What a store knew of facts at a time, as far as touches state them."""

    def __init__(self, now: NamedFacts, touches: TouchesThen) -> None:
        self._now: Final = now
        self._touches: Final = touches

    def facts_naming(self, names: Collection[str]) -> list[Fact]:
        """Return every fact that bears any of these names, each once."""
        return self._touches.facts_naming(names, self._now.facts_naming(names))
