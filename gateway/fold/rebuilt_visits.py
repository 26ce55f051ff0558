"""Visits that take the place of others: of a past day that was folded once more, or of a segment that was cut anew.

What is no more is void, and what is new is grouped with what lies around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final

from footfall.units import NS_PER_MINUTE
from gateway.fold.minute_counts import TRAFFIC_COLUMN
from gateway.fold.state import State
from gateway.fold.store import VisitRow, is_visit
from gateway.fold.visit_fans import VisitFans
from gateway.fold.visit_groups import VisitGroups
from gateway.fold.visit_parts import Key, VisitParts
from gateway.fold.visit_rows import Segment, VisitKey, emit, number_of_zones
from gateway.fold.visit_segments import VisitSegments
from gateway.identity.facts import is_registered

ProjectEach = Callable[[int, Iterable[Segment], set[VisitKey]], None]
_PASSERS: Final = TRAFFIC_COLUMN["passers_by"]


class RebuiltVisits:
    """Of visits that the store behind the fold alone has: no track has them."""

    def __init__(
        self, state: State, segments: VisitSegments, groups: VisitGroups, fans: VisitFans, parts: VisitParts, project_each: ProjectEach
    ) -> None:
        """`project_each` emits segments with their groups, but those whose keys are in a set."""
        self._state: Final = state
        self._segments: Final = segments
        self._groups: Final = groups
        self._fans: Final = fans
        self.parts: Final = parts
        self._project_each: Final = project_each

    def save(self) -> None:
        """Write what is kept to the store."""
        self._segments.save()

    def replace(self, store: int, gone: Mapping[Key, VisitRow], come: Mapping[Key, VisitRow], kept: Set[Key] = frozenset()) -> None:
        """Put rows in the place of others. A key that is in both is a visit that is another now; `kept` are those of tracks."""
        ledger = self._state.ledger
        for row in gone.values():
            self._count(store, row, -1)
        ledger.delete_visits(gone.values())
        ledger.save_visits(come.values())  # whose they are may depend on them
        named = [row._replace(fan=self._fan(store, row)) for row in come.values()]
        ledger.save_visits(named)
        for row in named:
            self._count(store, row, 1)
        visits = map(self._segments.from_row, filter(is_visit, [*named, *gone.values()]))
        self._project_each(store, [each for visit in visits for each in self._groups.of(store, visit)], set())
        for key in sorted(gone.keys() - come.keys() - kept):
            self._emit_void(gone[key])
        self._segments.save()

    def _fan(self, store: int, row: VisitRow) -> str:
        return self._fans.fan_of(store, row, row.key_ns) if is_visit(row) else ""

    def _count(self, store: int, row: VisitRow, sign: int) -> None:
        """Count what a row counts, or take it back. New visits count nothing before they are projected."""
        if is_visit(row):
            self._segments.count(store, self._segments.from_row(row).counted, sign)
        elif row.counted:
            self._state.traffic.add(store, row.start_ns // NS_PER_MINUTE, _PASSERS, sign)

    def _emit_void(self, row: VisitRow) -> None:
        if is_visit(row):
            zones = number_of_zones(row.zones & (1 << 64) - 1)
            emit(self._segments.writer, row._asdict(), zones, 1, is_registered(row.fan), void=True)
