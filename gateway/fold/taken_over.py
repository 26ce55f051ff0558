"""Takes over a day of a store that another gateway made: all that this state has of it is emitted, and what it has not is void.

What the other gateway stored is in the database alone, so the part names it. Its visits and dwells are void unless this state has them,
too. Its minutes and hours of coverage are emitted as they are here, with nothing where nothing is known.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

import numpy as np

from footfall.units import NS_PER_HOUR, NS_PER_MINUTE
from gateway.fold.coverage import NO_TASK, Coverage
from gateway.fold.dwell_fans import DwellFans
from gateway.fold.rebuilt import RebuiltPart, StoredPoint
from gateway.fold.state import State
from gateway.fold.store_counters import StoreCounters
from gateway.fold.visits import Visits
from gateway.points.rows import CoveragePoint, DwellPoint, VisitPoint


class TakenOver:
    """`begin` before a part is put in the place of what is there, `emit` after it."""

    def __init__(self, state: State, visits: Visits, dwells: DwellFans, coverage: Coverage, counters: StoreCounters) -> None:
        self._state: Final = state
        self._visits: Final = visits
        self._dwells: Final = dwells
        self._coverage: Final = coverage
        self._counters: Final = counters

    def begin(self, store: str, part: RebuiltPart) -> None:
        """Take that the store's history is ours from a time on. What was emitted before is filtered by what held then."""
        self._state.points.close()
        self._state.history.cut(store, part.ours_from_ns, part.is_all)

    def emit(self, store: str, part: RebuiltPart, subjects: Set[str]) -> None:
        """Emit what there is of a part's subjects, and in the first part the minutes of the store and its zones, and coverage."""
        for point in part.stored:
            self._empty(store, point)
        for subject in sorted(subjects | self._live(store, part)):
            self._visits.repeat(subject)
            self._dwells.repeat(subject)
        if part.part == 0:
            self._emit_minutes(store, part)

    def _live(self, store: str, part: RebuiltPart) -> set[str]:
        """Return the part's subjects of whom a track has something."""
        t = self._state.tracks
        here = np.flatnonzero(t.store[: t.size] == self._state.estate.stores.of(store))
        return {name for subject in np.unique(t.subject[here]).tolist() if part.is_of(name := f"{subject:016x}")}

    def _empty(self, store: str, point: StoredPoint) -> None:
        """Emit a point of the database as if nothing were known of it; what is emitted later stands in its place."""
        emit = self._state.points.emit
        if point.measurement == "visit":
            emit(VisitPoint(point.time_ns, point.agent, store, point.subject, "", False, False, False, 0, 0.0, 0, 0, 0, 0.0, True, "", 0))
        elif point.measurement == "dwell":
            emit(DwellPoint(point.time_ns, point.agent, store, point.zone, point.subject, "", 0.0, False, False, True, 0.0))
        elif point.measurement == "coverage":
            emit(CoveragePoint(point.time_ns, point.agent, store, NO_TASK, NO_TASK, 0))
        elif point.measurement == "zone_traffic":
            self._state.zones.touch(self._state.estate.zone(store, point.zone), point.time_ns // NS_PER_MINUTE)
        else:
            self._state.traffic.touch(self._state.estate.stores.of(store), point.time_ns // NS_PER_MINUTE)

    def _emit_minutes(self, store: str, part: RebuiltPart) -> None:
        code, estate = self._state.estate.stores.of(store), self._state.estate
        first, last = part.from_ns // NS_PER_MINUTE, (part.to_ns - 1) // NS_PER_MINUTE
        zones = [zone for zone, owner in enumerate(estate.zone_store.tolist()) if owner == code]
        for cells, owners in ((self._state.traffic, [code]), (self._state.zones, zones)):
            for owner in owners:
                for minute in cells.minutes(owner, first, last):
                    cells.touch(owner, minute)
        first_hour, last_hour = part.from_ns // NS_PER_HOUR, (part.to_ns - 1) // NS_PER_HOUR
        for agent, hours in self._coverage.minutes(code, first_hour, last_hour).items():
            for hour in hours:
                self._coverage.touch(code, agent, hour * NS_PER_HOUR)
        self._counters.count_again(code)
