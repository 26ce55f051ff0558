"""Who was who by what had been learned up to a time: the same rules, over the facts of then. Pure but for the store that it asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.fans.effect import Rows, named
from gateway.fans.history import FanRows
from gateway.fans.known_touches import NamedFacts, TouchesThen
from gateway.fans.whose_then import WhoseThen
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Standing, claims_name, fan_name, names_of
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes

_REF: Final = "ref:"
_OF_FANS: Final = (fan_name(""), claims_name(""))


def all_around(store: NamedFacts, names: Collection[str]) -> list[Fact]:
    """Return every fact that hangs together with names by identifiers and fans, and the same of touches with their references."""
    found: dict[Fact, None] = {}
    asked: set[str] = set()
    _reach(store, set(names), found, asked)
    refs = {name for fact in found for name in names_of(fact) if name.startswith(_REF)}
    if refs:
        beside = [fact for fact in store.facts_naming(refs) if fact not in found]
        found.update(dict.fromkeys(beside))
        _reach(store, _linking(beside) - asked, found, asked)
    return list(found)


def _reach(store: NamedFacts, names: set[str], found: dict[Fact, None], asked: set[str]) -> None:
    while names:
        asked |= names
        more = [fact for fact in store.facts_naming(names) if fact not in found]
        found.update(dict.fromkeys(more))
        names = _linking(more) - asked


def _linking(facts: Iterable[Fact]) -> set[str]:
    """Return the names by which facts hang together: all but references, and of a fan both."""
    names = {name for fact in facts for name in names_of(fact) if not name.startswith(_REF)}
    fans = {name.partition(":")[2] for name in names if name.startswith(_OF_FANS)}
    return names | {of(fan) for fan in fans for of in (fan_name, claims_name)}


def as_known_on(facts: Iterable[Fact], until_ns: int, types: IdentifierTypes, key: bytes) -> dict[str, Standing]:
    """Return by name what facts come to that were known at a time: learned until then; taken until then, where nobody stated that."""
    found = Identity(MemoryFactStore(), types, key).take(fact for fact in facts if fact.known_ns <= until_ns)
    return {standing.name: standing for standing in found}


@dataclass(frozen=True, slots=True)
class Then:
    """What was known at a time."""

    until_ns: int
    standings: Mapping[str, Standing]
    touches: TouchesThen
    """Touches with the corrections of then."""


def rows_as_known(rows: Rows, then: Then, person: str, timeout_ns: Mapping[str, int]) -> FanRows:
    """Return the rows up to a time that what was known then gives a person, cut by that. `rows` has also those that are not over."""
    whose, until_ns = WhoseThen(rows.visits_of, then.standings.get, timeout_ns), then.until_ns
    names = [name for name, each in then.standings.items() if person in each.fans()]
    subjects = [name for name in names if ":" not in name]
    now = {(row.store, row.agent, row.row): row for name in {*names, fan_name(person)} for row in rows.touches_of(name)}
    touches = [row for row in {**now, **then.touches.rows}.values() if row.time_ns <= until_ns and not row.void]
    visited = [row for subject in subjects for row in whose.parts_of(subject) if row.start_ns <= until_ns]
    dwells = [row for subject in subjects for row in whose.dwells_of(subject, rows.dwells_of(subject)) if row.start_ns <= until_ns]
    return FanRows(
        visits=[row for row in visited if whose.of_visit(row, until_ns) == person],
        dwells=[row for row in dwells if row.fan == person],
        touches=[row for row in touches if named(whose.at(row), row) == person],
        timeout_ns=timeout_ns,
    )
