"""A fold of one store beside the gateway's, with today's estate, on a ledger of its own in memory.

with Shadow("flagship", profiles) as shadow:
    shadow.take(as_of_now(records, "flagship", site))
    shadow.day(date(2026, 11, 3), stamp)      # what that day comes to, for the journal
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from device_profiles.registry import Registry
from footfall.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from gateway.fold.corrections import ADJUSTMENT
from gateway.fold.fold import Fold
from gateway.fold.minute_counts import stated_at_doors
from gateway.fold.rebuilt import CountAdjusted, CountInner, DoorMinute, RebuiltPart, dwells_of_rows, visits_of_rows
from gateway.fold.site_in_force import StaffSubjects
from gateway.fold.visits import RETIRE_NS
from gateway.records import Record
from gateway.site.recorded import RecordedSite, read_site
from gateway.state.ledger import Ledger

CHECKPOINT_RECORDS: Final = 200_000
"""After so many, minutes that are over leave memory for the ledger."""
RECORDS_AT_ONCE: Final = 1_000
"""Frames of one second are folded together: one by one each would cost as much as fifty."""


class Stamp(NamedTuple):
    """Who rebuilds, why and when."""

    actor: str
    reason: str
    learned_ns: int


class Shadow:
    """`take` records in their order, then ask for days."""

    def __init__(self, store: str, profiles: Registry, staff_subjects: StaffSubjects = RecordedSite.staff_and_assets) -> None:
        self.store: Final = store
        self.ledger: Final = Ledger(":memory:")
        self._fold: Final = Fold(profiles, self.ledger, staff_subjects, stay_points=False)
        self._taken = 0
        self.pos = 0
        self.received_ns = 0

    def __enter__(self) -> Shadow:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.ledger.close()

    def take(self, records: Iterable[Record]) -> None:
        """Fold records. Their points are nobody's."""
        rest = iter(records)
        while some := list(islice(rest, RECORDS_AT_ONCE)):
            self._fold.apply((record, None) for record in some)
            self.pos, self.received_ns = some[-1].pos, some[-1].received_ns
            self._taken += len(some)
            if self._taken >= CHECKPOINT_RECORDS:
                self._taken = 0
                self._settle()

    def _settle(self) -> None:
        self._fold.facts = []
        self._fold.arrivals.take()
        self._fold.checkpoint({})

    def span(self, day: date) -> tuple[int, int]:
        """Return the begin and the end of a day of the store, ns."""
        mine = next(each for each in read_site(self._fold.site_json()).stores if each.name == self.store)
        begin_s = datetime.combine(day, mine.day_start, ZoneInfo(mine.timezone)).timestamp()
        _, from_s, to_s = self._fold.state.estate.day_span(self._code, int(begin_s))
        return from_s * NS_PER_S, to_s * NS_PER_S

    def known_ns(self) -> int:
        """Return up to when days are over: what comes later may still be heard by a track."""
        as_of_ns = min(self._fold.counters.as_of_ns(self._code), self.received_ns)
        return as_of_ns - int(self._fold.state.estate.timeout_ns[self._code]) - 2 * RETIRE_NS

    def observed(self, from_ns: int, to_ns: int) -> Mapping[str, Mapping[int, int]]:
        """Return how many minutes of each hour of a span each agent of the store observed wholly."""
        return self._fold.observed(self.store, from_ns // NS_PER_HOUR, (to_ns - 1) // NS_PER_HOUR)

    def day_of(self, time_ns: int) -> date:
        """Return the day of the store that a time lies in."""
        about = datetime.fromtimestamp(time_ns / NS_PER_S, UTC).date()
        days = [about + timedelta(days=n) for n in (-1, 0, 1)]
        return next(day for day in days if self.span(day)[0] <= time_ns < self.span(day)[1])

    @property
    def _code(self) -> int:
        return self._fold.state.estate.stores.of(self.store)

    @property
    def zones(self) -> tuple[str, ...]:
        """The store's zones, in the order of their bits."""
        estate = self._fold.state.estate
        return tuple(name for store, name in zip(estate.zone_store.tolist(), estate.zone_name, strict=True) if store == self._code)

    def day(self, day: date, stamp: Stamp) -> RebuiltPart:
        """Return what a day comes to, in one part."""
        self._settle()
        from_ns, to_ns = self.span(day)
        between = self.store, from_ns, to_ns
        cells = self._fold.state.traffic
        minutes = cells.minutes(self._code, from_ns // NS_PER_MINUTE, (to_ns - 1) // NS_PER_MINUTE)
        doors = (DoorMinute(minute, *stated_at_doors(cells.get(self._code, minute))) for minute in minutes)
        counts = self.ledger.counts_between(*between)
        adjustments = {row.of for row in self.ledger.adjustments()}
        return RebuiltPart(
            from_ns=from_ns,
            to_ns=to_ns,
            day=day.isoformat(),
            actor=stamp.actor,
            reason=stamp.reason,
            learned_ns=stamp.learned_ns,
            zones=self.zones,
            visits=visits_of_rows(self.ledger.visits_between(*between)),
            dwells=dwells_of_rows(self.ledger.dwells_between(*between)),
            doors=tuple(each for each in doors if each.entered or each.left),
            counts=tuple(CountInner(row.id, row.inner) for row in counts if row.id and row.inner >= 0),
            adjusted=tuple(
                CountAdjusted(row.id, row.entered, row.left) for row in counts if row.id and f"{ADJUSTMENT}:{row.id}" in adjustments
            ),
        )
