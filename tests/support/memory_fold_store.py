"""What the fold remembers, in dictionaries: the second implementation of `gateway.fold.store.FoldStore`, so that no law is SQLite's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from gateway.fold.handovers import may_pass
from gateway.fold.store import Claim, CorrectionRow, CountRow, DwellRow, TouchNameRow, TouchRow, VisitRow
from gateway.identity.facts import FOR_EVER_NS, Fact, Standing

NS_PER_MINUTE = 60_000_000_000


class MemoryStore:
    """`kept` is what a checkpoint made durable; one that is made of it goes on from there."""

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        self.kept: dict[str, Any] = kept if kept is not None else {}
        tables = _copied(self.kept)
        self._visits: dict[tuple[Any, ...], VisitRow] = tables.get("visits", {})
        self._dwells: dict[tuple[Any, ...], DwellRow] = tables.get("dwells", {})
        self._touches: dict[tuple[Any, ...], TouchRow] = tables.get("touches", {})
        self._touch_names: dict[tuple[Any, ...], TouchNameRow] = tables.get("touch_names", {})
        self._counts: dict[str | None, CountRow] = tables.get("counts", {})
        self._corrections: dict[tuple[Any, ...], CorrectionRow] = tables.get("corrections", {})
        self._standings: dict[str, Standing] = tables.get("standings", {})
        self._fans: dict[tuple[str, str], None] = tables.get("fans", {})
        self._claims: dict[tuple[int, int], Claim] = tables.get("claims", {})
        self._cells: dict[tuple[str, int, int], Sequence[float]] = tables.get("cells", {})
        self._state: dict[str, bytes] = tables.get("state", {})

    def state(self) -> dict[str, bytes]:
        return dict(self._state)

    def checkpoint(self, state: Iterable[tuple[str, bytes]]) -> None:
        self._state |= dict(state)
        self.kept.clear()
        self.kept.update(_copied({
            "visits": self._visits, "dwells": self._dwells, "touches": self._touches,
            "touch_names": self._touch_names, "counts": self._counts,
            "corrections": self._corrections, "standings": self._standings, "fans": self._fans,
            "claims": self._claims, "cells": self._cells, "state": self._state,
        }))  # fmt: skip

    def save_visits(self, rows: Iterable[VisitRow]) -> None:
        self._visits |= {(row.subject, row.store, row.key_ns, row.agent): row for row in rows}

    def visits(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        return [row for row in self.visits_of(subject) if row.store == store and row.last_ns >= from_ns and row.start_ns <= to_ns]

    def visits_of(self, subject: str) -> list[VisitRow]:
        return sorted((row for row in self._visits.values() if row.subject == subject), key=lambda row: (row.store, row.key_ns))

    def visits_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        found = (row for row in self._visits.values() if row.fan == fan != "" and row.store == store)
        return [row for row in found if row.last_ns >= from_ns and row.start_ns <= to_ns]

    def visits_between(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        return [row for row in self._visits.values() if row.store == store and from_ns <= row.key_ns < to_ns]

    def visits_of_fans(self, store: str, from_ns: int, to_ns: int) -> list[VisitRow]:
        return [row for row in self._visits.values() if row.store == store and row.fan and from_ns <= row.start_ns < to_ns]

    def delete_visits(self, rows: Iterable[VisitRow]) -> None:
        for row in rows:
            self._visits.pop((row.subject, row.store, row.key_ns, row.agent), None)

    def stores_of(self, subject: str) -> list[str]:
        return sorted({row.store for row in self._visits.values() if row.subject == subject})

    def save_dwells(self, rows: Iterable[DwellRow]) -> None:
        self._dwells |= {(row.subject, row.store, row.key_ns, row.agent, row.zone): row for row in rows}

    def dwells(self, subject: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        return [row for row in self._dwells_of(subject) if row.store == store and row.last_ns >= from_ns and row.start_ns <= to_ns]

    def has_dwells(self, subject: str) -> bool:
        return bool(self._dwells_of(subject))

    def dwells_touching(self, subject: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        return [row for row in self._dwells_of(subject) if row.last_ns >= from_ns and row.start_ns <= to_ns]

    def dwells_of_parts(self, subject: str, store: str, part_of_ns: int) -> list[DwellRow]:
        return [row for row in self._dwells_of(subject) if (row.store, row.part_of_ns) == (store, part_of_ns)]

    def _dwells_of(self, subject: str) -> list[DwellRow]:
        return sorted((row for row in self._dwells.values() if row.subject == subject), key=lambda row: (row.store, row.key_ns))

    def dwells_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[DwellRow]:
        found = (row for row in self._dwells.values() if row.fan == fan != "" and row.store == store)
        return [row for row in found if row.last_ns >= from_ns and row.start_ns <= to_ns]

    def delete_dwells(self, rows: Iterable[DwellRow]) -> None:
        for row in rows:
            self._dwells.pop((row.subject, row.store, row.key_ns, row.agent, row.zone), None)

    def dwell_end(self, subject: str, store: str, time_ns: int) -> int:
        covering = (row for row in self._dwells_of(subject) if row.store == store and row.start_ns <= time_ns <= row.last_ns)
        return max((row.last_ns for row in covering), default=0)

    def save_touches(self, rows: Iterable[TouchRow], names: Iterable[TouchNameRow] = ()) -> None:
        self._touches |= {(row.store, row.agent, row.row): row for row in rows}
        self._touch_names |= {row[:-1]: row for row in names}

    def touches_of(self, name: str, from_ns: int = -FOR_EVER_NS, to_ns: int = FOR_EVER_NS) -> list[TouchRow]:
        named = {(row.store, row.agent, row.row) for row in self._touch_names.values() if row.name == name}
        found = [row for key, row in sorted(self._touches.items()) if key in named or (name and row.subject == name)]
        return [row for row in found if from_ns <= row.time_ns <= to_ns]

    def names_with_rows(self, names: Collection[str]) -> set[str]:
        rows = (*self._visits.values(), *self._dwells.values(), *self._touches.values())
        return set(names) & ({row.subject for row in rows} | {row.name for row in self._touch_names.values()})

    def touches_of_fan(self, fan: str, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        found = (row for row in self._touches.values() if (row.fan, row.store, row.void) == (fan, store, 0))
        return sorted((row for row in found if from_ns <= row.time_ns <= to_ns), key=lambda row: (row.time_ns, row.agent, row.row))

    def touches_between(self, store: str, from_ns: int, to_ns: int) -> list[TouchRow]:
        found = (row for row in self._touches.values() if (row.store, row.void) == (store, 0) and from_ns <= row.time_ns < to_ns)
        return sorted(found, key=lambda row: (row.time_ns, row.agent, row.row))

    def touches_since(self, fan: str, from_ns: int) -> list[TouchRow]:
        found = (row for row in self._touches.values() if (row.fan, row.void) == (fan, 0) and row.time_ns >= from_ns)
        return sorted(found, key=lambda row: (row.time_ns, row.store, row.agent, row.row))

    def statements_naming(self, names: Collection[str]) -> Iterable[Fact]:
        """Identity is kept elsewhere."""
        return ()

    def touch_by_id(self, event_id: str) -> TouchRow | None:
        return min((row for row in self._touches.values() if row.id == event_id), key=lambda row: row[:3], default=None)

    def touch_by_key(self, store: str, agent: str, key_ns: int) -> TouchRow | None:
        return next((row for row in self._touches.values() if (row.store, row.agent, row.key_ns) == (store, agent, key_ns)), None)

    def save_count(self, row: CountRow) -> None:
        self._counts[row.id] = row

    def count_by_id(self, event_id: str) -> CountRow | None:
        return self._counts.get(event_id)

    def save_corrections(self, rows: Iterable[CorrectionRow]) -> None:
        self._corrections |= {row[:4]: row for row in rows}

    def corrections_of(self, event_id: str) -> list[CorrectionRow]:
        return [row for row in self._corrections.values() if row.of == event_id]

    def adjustments(self) -> list[CorrectionRow]:
        return [row for row in self._corrections.values() if row.kind == "adjustment"]

    def waiting_corrections(self) -> list[CorrectionRow]:
        return [row for row in self._corrections.values() if row.waits == 1]

    def save_standings(self, standings: Iterable[Standing]) -> None:
        for each in standings:
            self._standings[each.name] = each
            self._fans |= {(fan, each.name): None for fan in each.fans()}

    def standing(self, name: str) -> Standing | None:
        return self._standings.get(name)

    def standings_saved(self, names: Collection[str]) -> dict[str, Standing]:
        return {name: self._standings[name] for name in names if name in self._standings}

    def subjects_of(self, fan: str) -> list[str]:
        return sorted(name for whose, name in self._fans if whose == fan and ":" not in name)

    def names_with_standing(self) -> Iterator[str]:
        yield from self._standings

    def lent_subjects(self) -> list[str]:
        return [each.name for each in self._standings.values() if each.is_lent]

    def subjects_that_may_pass(self) -> list[str]:
        return [each.name for each in self._standings.values() if ":" not in each.name and may_pass(each)]

    def withdrawn_subjects(self) -> list[str]:
        return [each.name for each in self._standings.values() if ":" not in each.name and each.has_nobody]

    def claim_all(self, claims: Sequence[Claim]) -> bool:
        wanted = {(claim.owner, claim.key_ns): claim for claim in claims}
        if len(wanted) < len(claims) or wanted.keys() & self._claims.keys():
            return False
        self._claims |= wanted
        return True

    def claimed(self, owner: int, key_ns: int) -> Claim | None:
        return self._claims.get((owner, key_ns))

    def claim(self, claim: Claim) -> None:
        self._claims[claim.owner, claim.key_ns] = claim

    def forget_claims(self, up_to_number: int) -> None:
        self._claims = {place: claim for place, claim in self._claims.items() if claim.number > up_to_number}

    def load_cell(self, table: str, owner: int, minute: int) -> Sequence[float] | None:
        return self._cells.get((table, owner, minute))

    def load_cell_before(self, table: str, owner: int, minute: int) -> tuple[int, Sequence[float]] | None:
        before = [at for kind, whose, at in self._cells if (kind, whose) == (table, owner) and at < minute]
        return (max(before), self._cells[table, owner, max(before)]) if before else None

    def load_cells(self, table: str, owner: int, first: int, last: int) -> dict[int, Sequence[float]]:
        return {minute: self._cells[table, owner, minute] for minute in self.cell_minutes(table, owner, first, last)}

    def cell_minutes(self, table: str, owner: int, first: int, last: int) -> list[int]:
        return [at for kind, whose, at in self._cells if (kind, whose) == (table, owner) and first <= at <= last]

    def save_cells(self, table: str, cells: Sequence[tuple[int, int, Sequence[float]]]) -> None:
        self._cells |= {(table, owner, minute): list(values) for owner, minute, values in cells}

    def prune(self, before_ns: int) -> None:
        self._visits = {key: row for key, row in self._visits.items() if row.last_ns >= before_ns}
        self._dwells = {key: row for key, row in self._dwells.items() if row.last_ns >= before_ns}
        self._touches = {key: row for key, row in self._touches.items() if row.time_ns >= before_ns}
        self._touch_names = {key: row for key, row in self._touch_names.items() if row.time_ns >= before_ns}
        self._counts = {key: row for key, row in self._counts.items() if row.key_ns >= before_ns}
        self._cells = {key: values for key, values in self._cells.items() if key[2] >= before_ns // NS_PER_MINUTE}


def _copied(tables: dict[str, Any]) -> dict[str, Any]:
    """Return tables that share nothing that can change: rows are tuples, only the values of a cell are a list."""
    return {name: {key: list(row) if name == "cells" else row for key, row in table.items()} for name, table in tables.items()}
