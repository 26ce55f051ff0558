"""A brand's facts and rows in memory, as `footfall fan` reads them from a ledger."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gateway.fold.store import DwellRow, TouchRow, VisitRow
from gateway.fold.touch_names import names_of
from gateway.identity.fact_store import MemoryFactStore
from gateway.identity.facts import Fact, Identifier, Link, Mention, Standing
from gateway.identity.facts import names_of as names_of_fact
from gateway.identity.identity import Identity
from gateway.identity.types import IdentifierTypes

S = 1_000_000_000
KEY = b"a key of tests"
TYPES = IdentifierTypes()


def card(number: int) -> Identifier:
    return Identifier("member", f"{number:016x}")


def link(number: int, fan: str, learned_ns: int = 0, source: str = "crm") -> Link:
    return Link(id=f"link-{number}-{fan}", learned_ns=learned_ns, source=source, actor="crm", identifier=card(number), fan=fan)


class Brand:
    """Takes facts and rows, and has the calls of a ledger that reads them."""

    def __init__(self, *facts: Fact) -> None:
        self._store = MemoryFactStore()
        self._visits: list[VisitRow] = []
        self._dwells: list[DwellRow] = []
        self._touches: list[TouchRow] = []
        self._names: set[str] = set()
        self.know(*facts)

    def know(self, *facts: Fact) -> None:
        self._names.update(name for fact in facts for name in names_of_fact(fact))
        Identity(self._store, TYPES, KEY).take(facts)

    def visit(self, number: int, start_s: int, store: str = "s1", seconds: int = 60, dwell_s: int = 30) -> None:
        key = card(number).subject, store
        self._visits.append(VisitRow(*key, start_s * S, "x", start_s * S, (start_s + seconds) * S, 1, 0, 0, "", 0, ""))
        self._dwells.append(DwellRow(*key, "shelf", start_s * S, "x", start_s * S, (start_s + dwell_s) * S, 0, 0, ""))

    def touch(self, what: str, at_s: int, amount: float, *numbers: int, ref: str = "", void: int = 0) -> None:
        identifiers = tuple(map(card, numbers))
        values: dict[str, Any] = {"what": what, "subjects": [each.subject for each in identifiers], "fan": "", "ref": ref, "amount": amount}
        row = len(self._touches)
        self._touches.append(
            TouchRow(
                "s1", "till", row, at_s * S, at_s * S, None, values["subjects"][0] if numbers else "", "", "", void, json.dumps(values)
            )
        )
        if identifiers or ref:
            mention = Mention(id=f"t{row}", learned_ns=at_s * S, from_ns=at_s * S, to_ns=at_s * S, identifiers=identifiers, ref=ref)
            self.know(mention)

    def visits_of(self, subject: str) -> list[VisitRow]:
        return [row for row in self._visits if row.subject == subject]

    def dwells_of(self, subject: str) -> list[DwellRow]:
        return [row for row in self._dwells if row.subject == subject]

    def touches_of(self, name: str) -> list[TouchRow]:
        return [row for row in self._touches if name in names_of(json.loads(row.body))]

    def names_of_fan(self, fan: str) -> list[str]:
        return sorted(name for name, standing in self.standings(self._names).items() if fan in standing.fans())

    def facts_naming(self, names: Collection[str]) -> Iterable[Fact]:
        return self._store.facts_naming(names)

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        return [fact for fact in self.facts_naming(names) if not isinstance(fact, Mention)]

    def standings(self, names: Collection[str]) -> Mapping[str, Standing]:
        return self._store.standings(names)
